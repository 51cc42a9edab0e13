"""What must be true of what suppliers are owed for goods that supermarkets took in: journal and documents agree."""

from __future__ import annotations

from app.audit.queries.owed import POSTED_BY
from app.audit.rules import Rule

_GOODS = "('receipt', 'return', 'correction')"
# Every row of a receipt, return or correction with what it changes of what its partner owes.
_DOCUMENTS = f"""
    SELECT 'receipt' AS kind, t.id, t.id AS line_id, r.partner_id, l.supplier_id, p.po_no, p.contract_id,
           t.received_units - t.deducted_units AS units, t.payable_fen AS fen, r.entered_at >= {POSTED_BY} AS fresh
    FROM wholesale_receipt r JOIN wholesale_po p ON p.id = r.po_id
    JOIN wholesale_receipt_line t ON t.receipt_id = r.id JOIN wholesale_po_line l ON l.id = t.line_id
    UNION ALL
    SELECT 'return', b.id, b.receipt_line_id, r.partner_id, l.supplier_id, p.po_no, p.contract_id, -b.units,
           -b.amount_fen, EXISTS (SELECT FROM core_event e WHERE e.subject = p.id
                                  AND e.name = 'wholesale.goods_returned' AND e.at >= {POSTED_BY})
    FROM wholesale_return r JOIN wholesale_po p ON p.id = r.po_id
    JOIN wholesale_return_line b ON b.return_id = r.id JOIN wholesale_po_line l ON l.id = b.line_id
    UNION ALL
    SELECT 'return', c.id, c.receipt_line_id, p.partner_id, l.supplier_id, p.po_no, p.contract_id, c.units,
           c.amount_fen, c.at >= {POSTED_BY}
    FROM wholesale_correction c JOIN wholesale_po p ON p.id = c.po_id JOIN wholesale_po_line l ON l.id = c.line_id
"""
_STATED = f"""
    SELECT s.id AS statement_id, s.partner_id, s.status, s.paid_at, s.confirmed_at, y.source_id, y.amount_fen AS fen
    FROM wholesale_statement s JOIN wholesale_statement_line y ON y.statement_id = s.id AND y.revision = s.revision
    WHERE y.kind IN {_GOODS}
"""
_FEE = "div(2 * {fen} * CAST({rate} AS numeric) + 10000, 20000)"

PURCHASES: tuple[Rule, ...] = (
    Rule(
        "journal.receivable",
        "结算账上商超应付的货款与其验收、退货、更正、对账及付款不符",
        "what supermarkets owe by the journal is not what their receipts, returns, corrections, statements and "
        "payments come to, row by row and together",
        f"""
        SELECT d.partner_id, d.id AS source_id, CAST(coalesce(p.receivable_fen, 0) AS text) AS found,
               CAST(d.fen AS text) AS expected
        FROM ({_DOCUMENTS}) d LEFT JOIN settlement_posting p
          ON (p.kind, p.source_id, p.line_id, p.supplier_id, p.po_no, p.quantity)
             = (d.kind, d.id, d.line_id, d.supplier_id, d.po_no, d.units)
        WHERE coalesce(p.receivable_fen, 0) <> d.fen AND NOT d.fresh
        UNION ALL
        SELECT y.partner_id, y.source_id, concat_ws(' / ', j.receivable, j.pending, j.unearned, j.let_go),
               CASE y.status WHEN 'paid' THEN '0 / 0 / 0' ELSE y.status END
        FROM ({_STATED}) y JOIN (
            SELECT source_id, sum(receivable_fen) AS receivable, sum(pending_fen) AS pending,
                   sum(unearned_fen) AS unearned, count(*) FILTER (WHERE kind IN ('purchase', 'purchase_return'))
                   AS let_go
            FROM settlement_posting WHERE po_no IS NOT NULL GROUP BY source_id) j ON j.source_id = y.source_id
        WHERE CASE y.status WHEN 'paid' THEN (j.receivable, j.pending, j.unearned) <> (0, 0, 0)
                                             AND y.paid_at < {POSTED_BY} ELSE j.let_go > 0 END
        UNION ALL
        SELECT o.partner_id, NULL, CAST(coalesce(j.fen, 0) AS text), CAST(o.fen AS text)
        FROM (
            SELECT partner_id, sum(fen) AS fen FROM (
                SELECT partner_id, payable_fen AS fen FROM wholesale_receipt
                UNION ALL SELECT partner_id, -amount_fen FROM wholesale_return
                UNION ALL SELECT p.partner_id, c.amount_fen
                          FROM wholesale_correction c JOIN wholesale_po p ON p.id = c.po_id
                UNION ALL SELECT partner_id, CASE status WHEN 'paid' THEN -goods_fen ELSE -rebate_fen - fees_fen END
                          FROM wholesale_statement WHERE confirmed_at IS NOT NULL) changes
            GROUP BY partner_id) o
        LEFT JOIN (SELECT r.partner_id, sum(p.receivable_fen) AS fen FROM settlement_posting p
                   JOIN wholesale_receipt_line t ON t.id = p.line_id JOIN wholesale_receipt r ON r.id = t.receipt_id
                   WHERE p.po_no IS NOT NULL GROUP BY r.partner_id) j ON j.partner_id = o.partner_id
        WHERE coalesce(j.fen, 0) <> o.fen
          AND NOT EXISTS (SELECT FROM ({_DOCUMENTS}) d WHERE d.partner_id = o.partner_id AND d.fresh)
          AND NOT EXISTS (SELECT FROM wholesale_statement s WHERE s.partner_id = o.partner_id
                          AND greatest(s.confirmed_at, s.paid_at) >= {POSTED_BY})
        """,
    ),
    Rule(
        "journal.unearned",
        "商超货款的平台佣金与验收当日的佣金规则不符",
        "the commission on a row that a supermarket took in is not that of the day of the receipt, less what went back",
        f"""
        SELECT t.id AS receipt_line_id, concat_ws(' ', j.rate, j.fee) AS found, concat_ws(' ', c.rate_bp, w.fee) AS
               expected
        FROM wholesale_receipt_line t JOIN wholesale_receipt r ON r.id = t.receipt_id
        JOIN wholesale_po_line l ON l.id = t.line_id
        JOIN (SELECT line_id, max(rate_bp) FILTER (WHERE kind = 'receipt') AS rate, -sum(unearned_fen) AS fee,
                     -sum(receivable_fen) FILTER (WHERE kind = 'return') AS back
              FROM settlement_posting WHERE kind IN ('receipt', 'return') GROUP BY line_id) j ON j.line_id = t.id
        CROSS JOIN LATERAL (
            SELECT rate_bp FROM settlement_commission_rule
            WHERE valid_from <= r.received_on AND (supplier_id IS NULL OR supplier_id = l.supplier_id)
              AND (category IS NULL OR category = l.category)
            ORDER BY supplier_id IS NULL, category IS NULL, valid_from DESC LIMIT 1) c
        CROSS JOIN LATERAL (SELECT {_FEE.format(fen="t.payable_fen", rate="c.rate_bp")} AS whole) f
        CROSS JOIN LATERAL (SELECT f.whole - div(2 * f.whole * coalesce(j.back, 0) + t.payable_fen, 2 * t.payable_fen)
                            AS fee) w
        WHERE t.payable_fen > 0 AND (j.rate, j.fee) IS DISTINCT FROM (c.rate_bp, w.fee)
        """,
    ),
    Rule(
        "journal.deducted",
        "结算账上由供货方承担的返利、由平台承担的费用与对账单不符",
        "what suppliers bear of a statement's rebate, or the platform of its fees, is not what was agreed to",
        f"""
        SELECT s.id AS statement_id, NULL AS source_id, concat_ws(' / ', coalesce(j.rebate, 0), coalesce(j.fees, 0)) AS
               found, concat_ws(' / ', w.rebate, w.fees) AS expected
        FROM wholesale_statement s
        LEFT JOIN (SELECT y.statement_id, sum(p.pending_fen) AS rebate, sum(p.platform_fen) AS fees
                   FROM ({_STATED}) y JOIN settlement_posting p ON p.kind = 'deduction' AND p.source_id = y.source_id
                   GROUP BY y.statement_id) j ON j.statement_id = s.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN s.confirmed_at IS NULL THEN 0 ELSE s.rebate_fen END AS rebate,
                   CASE WHEN s.confirmed_at IS NULL THEN 0 ELSE s.fees_fen END AS fees) w
        WHERE (coalesce(j.rebate, 0), coalesce(j.fees, 0)) <> (w.rebate, w.fees)
          AND (s.confirmed_at IS NULL OR s.confirmed_at < {POSTED_BY})
        UNION ALL
        SELECT z.statement_id, z.source_id, CAST(coalesce(p.pending_fen, 0) AS text), CAST(round(z.share, 2) AS text)
        FROM (
            SELECT g.statement_id, g.source_id, count(*) AS rebates,
                   sum(CAST(-k.amount_fen AS numeric) * g.fen
                       / nullif(CASE WHEN k.source_id IS NULL THEN g.whole ELSE g.of_contract END, 0)) AS share
            FROM (
                SELECT y.*, d.contract_id, sum(y.fen) OVER (PARTITION BY y.statement_id) AS whole,
                       sum(y.fen) OVER (PARTITION BY y.statement_id, d.contract_id) AS of_contract
                FROM ({_STATED}) y JOIN ({_DOCUMENTS}) d ON d.id = y.source_id) g
            JOIN wholesale_statement s ON s.id = g.statement_id
            JOIN wholesale_statement_line k ON k.statement_id = s.id AND k.revision = s.revision AND k.kind = 'rebate'
             AND coalesce(k.source_id, g.contract_id) = g.contract_id
            WHERE g.confirmed_at IS NOT NULL GROUP BY g.statement_id, g.source_id) z
        LEFT JOIN settlement_posting p ON p.kind = 'deduction' AND p.source_id = z.source_id
        JOIN wholesale_statement s ON s.id = z.statement_id AND s.confirmed_at < {POSTED_BY}
        WHERE abs(coalesce(p.pending_fen, 0) - z.share) >= z.rebates
        """,
    ),
)
