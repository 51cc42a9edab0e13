"""Seal the ledger: give entries their places, and hash them into the chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.queries.seals import ENTRY_DIGEST, SEAL_FORM, seal_digest
from app.core.db import ask

BATCH = 5_000
"""How many entries one link of the chain holds at most: what one transaction of the chore seals."""

_HOLD = text("SELECT pg_advisory_xact_lock(hashtext('assistance.seal'))")
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtext('assistance.seal'))")

# The lock comes in a statement of its own, so that this one sees what the holder before it has committed. An entry that
# was noted and is not there (of a transaction that was undone by other means) leaves the list and gets no place.
SEAL = text(f"""
WITH last AS (
    SELECT coalesce(max(seq_to), 0) AS seq,
           coalesce((SELECT digest FROM assistance_seal ORDER BY seq_to DESC LIMIT 1), '') AS digest
    FROM assistance_seal
), taken AS (
    DELETE FROM assistance_unsealed u USING (
        SELECT entry_id FROM assistance_unsealed ORDER BY entry_id LIMIT :limit) w
    WHERE u.entry_id = w.entry_id RETURNING u.entry_id
), placed AS (
    SELECT last.seq + row_number() OVER (ORDER BY e.id) AS seq, e.id, e.amount_fen, {ENTRY_DIGEST} AS digest
    FROM taken JOIN assistance_entry e ON e.id = taken.entry_id CROSS JOIN last
), kept AS (
    INSERT INTO assistance_sealed_entry (seq, entry_id, digest) SELECT seq, id, digest FROM placed
), link AS (
    SELECT CAST({SEAL_FORM} AS smallint) AS form, min(p.seq) AS seq_from, max(p.seq) AS seq_to,
           CAST(sum(p.amount_fen) AS bigint) AS sum_fen, last.digest AS previous,
           string_agg(p.digest, CAST('' AS bytea) ORDER BY p.seq) AS digests
    FROM placed p CROSS JOIN last GROUP BY last.digest
)
INSERT INTO assistance_seal (seq_from, seq_to, entries, sum_fen, form, previous, digest, sealed_at)
SELECT seq_from, seq_to, seq_to - seq_from + 1, sum_fen, form, previous, {seal_digest("link", "link.digests")}, :now
FROM link RETURNING entries
""")


async def seal_due(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Seal what waits, up to ``limit`` entries, in the order of their ids; return how many.

    Whoever comes while another seals does nothing. All of it happens in the database: no entry comes this way.
    """
    if not (await ask(session, _TRY, {}))[0][0]:
        return 0
    return await _seal(session, now, limit)


async def seal_everything(session: AsyncSession, *, now: datetime) -> int:
    """Seal whatever this transaction can see, waiting for others who seal; return how many entries that were."""
    await ask(session, _HOLD, {})
    total = 0
    while sealed := await _seal(session, now, BATCH):
        total += sealed
    return total


async def _seal(session: AsyncSession, now: datetime, limit: int) -> int:
    rows = await ask(session, SEAL, {"limit": limit, "now": now})
    return sum(entries for (entries,) in rows)
