"""What must be true of closed months, submitted reports, and of what two persons changed in the ledger."""

from __future__ import annotations

from app.assistance import CSV_HEADER, CSV_LINE
from app.audit.rules import Rule

_LARGEST = 500_000
"""A month with more entries is held against its sums alone here: its bytes would not fit into one value."""

_OF_MONTH = "e.counted_on >= c.month AND e.counted_on < c.month + interval '1 month'"

PERIODS: tuple[Rule, ...] = (
    Rule(
        "period.changed",
        "已结账月份的分录与结账时的快照不符",
        "the entries of a closed month are not those of its snapshot",
        f"""
        SELECT to_char(c.month, 'YYYY-MM') AS month, concat_ws(' / ', s.entries, s.net_fen, s.sha256) AS found,
               concat_ws(' / ', c.entries, c.net_fen, c.sha256) AS expected
        FROM assistance_closing c CROSS JOIN LATERAL (
            SELECT count(*) AS entries, coalesce(sum(e.amount_fen) FILTER (WHERE e.kind = 'sale'), 0) AS sales_fen,
                   coalesce(sum(e.amount_fen) FILTER (WHERE e.kind = 'refund'), 0) AS refunds_fen,
                   coalesce(sum(e.amount_fen), 0) AS net_fen,
                   coalesce(sum(e.amount_fen) FILTER (WHERE e.evidence = 'declared'), 0) AS declared_fen,
                   CASE WHEN c.entries > {_LARGEST} THEN c.sha256 ELSE encode(sha256(convert_to(
                       '{CSV_HEADER}' || coalesce(string_agg({CSV_LINE}, '' ORDER BY e.counted_on, e.id)
                       FILTER (WHERE c.entries <= {_LARGEST}), ''), 'UTF8')), 'hex') END AS sha256
            FROM assistance_entry e JOIN assistance_sealed_entry z ON z.entry_id = e.id
            WHERE {_OF_MONTH} AND z.seq <= c.cut_off) s
        WHERE (s.entries, s.sales_fen, s.refunds_fen, s.net_fen, s.declared_fen, s.sha256)
              <> (c.entries, c.sales_fen, c.refunds_fen, c.net_fen, c.declared_fen, c.sha256)
        """,
    ),
    Rule(
        "period.late",
        "分录计入了结账之后的月份",
        "an entry counts in a month that was closed before it came",
        f"""
        SELECT to_char(c.month, 'YYYY-MM') AS month, e.id AS entry_id
        FROM assistance_closing c JOIN assistance_entry e ON {_OF_MONTH}
        LEFT JOIN assistance_sealed_entry z ON z.entry_id = e.id
        WHERE z.seq IS NULL OR z.seq > c.cut_off
        """,
    ),
    Rule(
        "period.chain",
        "已结账月份记下的封存链摘要与台账不符",
        "the chain over the ledger is not the one that a closed month has written down",
        """
        SELECT to_char(c.month, 'YYYY-MM') AS month, coalesce(encode(s.digest, 'hex'), '') AS found,
               c.chain AS expected
        FROM assistance_closing c LEFT JOIN assistance_seal s ON s.seq_to = c.cut_off
        WHERE coalesce(encode(s.digest, 'hex'), '') <> c.chain
        """,
    ),
    Rule(
        "submission.content",
        "已报送报告的内容与其摘要不符",
        "a report that was handed in is not what its hash says",
        """
        SELECT id AS submission_id, encode(sha256(content), 'hex') AS found, sha256 AS expected
        FROM assistance_submission WHERE encode(sha256(content), 'hex') <> sha256
        """,
    ),
    Rule(
        "ledger.two_persons",
        "调整分录与两人经手的申请不符",
        "an adjustment is not what one person proposed and another approved, or was approved and not posted",
        """
        SELECT p.id AS proposal_id, e.id AS entry_id
        FROM (SELECT * FROM assistance_entry WHERE kind = 'adjustment') e
        FULL JOIN (SELECT p.*, d.decided_by FROM assistance_proposal p JOIN assistance_decision d
                   ON d.proposal_id = p.id AND d.verdict = 'approved' WHERE p.kind <> 'declared') p
               ON p.id = e.source_id
        WHERE (e.reverses, e.quantity, e.weight_g, e.amount_fen, e.reason, e.by_account, e.approved_by)
              IS DISTINCT FROM (p.entry_id, p.quantity, p.weight_g, p.amount_fen, p.reason, p.proposed_by, p.decided_by)
           OR p.proposed_by = p.decided_by
        """,
    ),
    Rule(
        "declared.two_persons",
        "申报分录与两人经手、附有凭证的申报不符",
        "a declared entry is not what one person declared with a voucher and another approved, or was not posted",
        """
        SELECT p.id AS declared_id, e.id AS entry_id
        FROM (SELECT * FROM assistance_entry WHERE kind = 'sale' AND evidence = 'declared') e
        FULL JOIN (SELECT p.*, d.decided_by, s.supplier_id, s.township_code, s.category, s.channel, s.division_code
                   FROM assistance_proposal p JOIN assistance_declared_sale s ON s.id = p.id
                   JOIN assistance_decision d ON d.proposal_id = p.id AND d.verdict = 'approved') p
               ON p.id = e.source_id
        WHERE (e.quantity, e.weight_g, e.amount_fen, e.by_account, e.approved_by, e.supplier_id, e.township_code,
               e.category, e.channel, e.division_code)
              IS DISTINCT FROM (p.quantity, p.weight_g, p.amount_fen, p.proposed_by, p.decided_by, p.supplier_id,
               p.township_code, p.category, p.channel, p.division_code)
           OR p.proposed_by = p.decided_by
           OR NOT EXISTS (SELECT FROM assistance_voucher v WHERE v.declared_id = p.id)
        """,
    ),
)
