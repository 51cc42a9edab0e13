"""What must be true of the chain of hashes over the ledger: whoever changes the past is named the place.

Entries are hashed anew one by one, in parallel and without sorting them; the links are hashed from what was kept of
their entries, so that a link need not be read as a whole.
"""

from __future__ import annotations

from app.assistance import ENTRY_DIGEST, seal_digest
from app.audit.rules import Rule

SEALS: tuple[Rule, ...] = (
    Rule(
        "ledger.entry_changed",
        "已封存的台账分录被改动或删除",
        "a sealed entry of the ledger was changed or removed",
        f"""
        SELECT z.seq, z.entry_id FROM assistance_sealed_entry z LEFT JOIN assistance_entry e ON e.id = z.entry_id
        WHERE z.digest IS DISTINCT FROM {ENTRY_DIGEST}
        """,
    ),
    Rule(
        "ledger.seal",
        "台账封存链断裂：该段与其分录或前一段不符",
        "a link of the chain over the ledger does not agree with its entries or with the link before it",
        f"""
        SELECT s.seq_from, s.seq_to, encode(s.digest, 'hex') AS found, encode({seal_digest("s", "z.digests")}, 'hex')
               AS expected
        FROM (SELECT *, lag(digest, 1, '') OVER following AS before, lag(seq_to, 1, 0) OVER following AS upto
              FROM assistance_seal WINDOW following AS (ORDER BY seq_from)) s
        CROSS JOIN LATERAL (
            SELECT coalesce(string_agg(digest, CAST('' AS bytea) ORDER BY seq), '') AS digests, count(*) AS entries
            FROM assistance_sealed_entry WHERE seq BETWEEN s.seq_from AND s.seq_to) z
        WHERE s.previous <> s.before OR s.seq_from <> s.upto + 1 OR s.entries <> z.entries
           OR s.digest <> {seal_digest("s", "z.digests")}
        UNION ALL
        SELECT z.seq, z.seq, 'no link', 'a link' FROM assistance_sealed_entry z
        WHERE z.seq > (SELECT coalesce(max(seq_to), 0) FROM assistance_seal)
           OR z.seq < (SELECT coalesce(min(seq_from), 1) FROM assistance_seal)
        """,
    ),
    Rule(
        "ledger.unsealed",
        "台账分录既未封存也不在待封存之列，或两者皆是",
        "an entry of the ledger is neither sealed nor waiting for it, or both",
        """
        SELECT e.id AS entry_id, num_nonnulls(z.entry_id, u.entry_id) AS found, 1 AS expected
        FROM assistance_entry e LEFT JOIN assistance_sealed_entry z ON z.entry_id = e.id
        LEFT JOIN assistance_unsealed u ON u.entry_id = e.id WHERE num_nonnulls(z.entry_id, u.entry_id) <> 1
        """,
    ),
)
