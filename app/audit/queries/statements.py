"""What must be true of partners' statements: they are their documents, and credit follows them."""

from __future__ import annotations

from app.audit.queries.waiting import WAITING_FOR_LEDGER
from app.audit.rules import Rule

STATEMENTS: tuple[Rule, ...] = (
    Rule(
        "statement.total",
        "对账单金额与其当前版本各行之和不符",
        "a statement does not come to the sum of its newest rows",
        """
        SELECT s.id AS statement_id, s.number,
               concat_ws(' / ', s.goods_fen, s.rebate_fen, s.fees_fen, s.carried_fen) AS found,
               concat_ws(' / ', t.goods, t.rebate, t.fees, t.carried) AS expected
        FROM wholesale_statement s CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_fen) FILTER (WHERE kind NOT IN ('rebate', 'fee', 'carried')), 0) AS goods,
                   coalesce(-sum(amount_fen) FILTER (WHERE kind = 'rebate'), 0) AS rebate,
                   coalesce(-sum(amount_fen) FILTER (WHERE kind = 'fee'), 0) AS fees,
                   coalesce(-sum(amount_fen) FILTER (WHERE kind = 'carried'), 0) AS carried
            FROM wholesale_statement_line WHERE statement_id = s.id AND revision = s.revision) t
        WHERE (s.goods_fen, s.rebate_fen, s.fees_fen, s.carried_fen) <> (t.goods, t.rebate, t.fees, t.carried)
        """,
    ),
    Rule(
        "statement.document",
        "对账单的行与其单据不符",
        "a row of a statement is not what its document says",
        """
        SELECT l.statement_id, l.position, concat_ws(' × ', l.units, l.amount_fen) AS found,
               concat_ws(' × ', coalesce(r.units, b.units, c.units), coalesce(r.fen, b.fen, c.fen)) AS expected
        FROM wholesale_statement_line l
        LEFT JOIN (SELECT id, received_units - deducted_units AS units, payable_fen AS fen
                   FROM wholesale_receipt_line) r ON l.kind = 'receipt' AND r.id = l.source_id
        LEFT JOIN (SELECT id, -units AS units, -amount_fen AS fen FROM wholesale_return_line) b
          ON l.kind = 'return' AND b.id = l.source_id
        LEFT JOIN (SELECT id, units, amount_fen AS fen FROM wholesale_correction) c
          ON l.kind = 'correction' AND c.id = l.source_id
        WHERE l.kind NOT IN ('rebate', 'fee', 'carried')
          AND (l.units, l.amount_fen) IS DISTINCT FROM (coalesce(r.units, b.units, c.units),
                                                        coalesce(r.fen, b.fen, c.fen))
        """,
    ),
    Rule(
        "statement.once",
        "同一单据出现在两张对账单上",
        "a document stands on two statements, or twice on one",
        """
        SELECT l.kind, l.source_id, count(*) AS found, 1 AS expected
        FROM wholesale_statement s JOIN wholesale_statement_line l ON l.statement_id = s.id AND l.revision = s.revision
        WHERE l.kind IN ('receipt', 'return', 'correction', 'carried') GROUP BY l.kind, l.source_id HAVING count(*) > 1
        """,
    ),
    Rule(
        "statement.carried_over",
        "结转金额与所结转的对账单不符",
        "what a statement takes over is not what an earlier statement of the partner was closed with below zero",
        """
        SELECT s.id AS statement_id, l.position, l.amount_fen AS found, o.payable_fen AS expected
        FROM wholesale_statement s JOIN wholesale_statement_line l ON l.statement_id = s.id AND l.revision = s.revision
        LEFT JOIN wholesale_statement o ON o.id = l.source_id
        WHERE l.kind = 'carried'
          AND (l.amount_fen >= 0 OR o.month >= s.month
               OR (l.amount_fen, s.partner_id, 'paid') IS DISTINCT FROM (o.payable_fen, o.partner_id, o.status))
        """,
    ),
    Rule(
        "statement.credit",
        "对账单的返利与费用对授信的影响不符",
        "what a statement took off a partner's used credit is not its rebate and fees, once it was confirmed",
        """
        SELECT s.id AS statement_id, s.number, coalesce(e.total, 0) AS found, x.expected
        FROM wholesale_statement s
        LEFT JOIN (SELECT source_id, sum(amount_fen) AS total FROM partners_credit_entry
                   WHERE kind = 'stated' GROUP BY source_id) e ON e.source_id = s.id
        CROSS JOIN LATERAL (SELECT CASE WHEN s.confirmed_at IS NULL THEN 0
                                        ELSE -(s.rebate_fen + s.fees_fen) END AS expected) x
        WHERE coalesce(e.total, 0) <> x.expected
        """,
    ),
    Rule(
        "statement.disputed",
        "仍有未处理争议的对账单状态不是有争议，或相反",
        "a statement with open disputes is not disputed, or a disputed one has none",
        """
        SELECT s.id AS statement_id, s.status AS found, CASE WHEN d.n > 0 THEN 'disputed' ELSE 'sent' END AS expected
        FROM wholesale_statement s CROSS JOIN LATERAL (
            SELECT count(*) AS n FROM wholesale_dispute WHERE statement_id = s.id AND decided_at IS NULL) d
        WHERE (d.n > 0) <> (s.status = 'disputed')
        """,
    ),
    Rule(
        "correction.credit",
        "更正对授信的影响与其金额不符，或更正多于应付",
        "what a correction changed of a partner's credit is not its amount, or more was corrected than was to be paid",
        """
        SELECT c.id AS correction_id, coalesce(e.amount_fen, 0) AS found, c.amount_fen AS expected
        FROM wholesale_correction c
        LEFT JOIN partners_credit_entry e ON e.kind = 'corrected' AND e.source_id = c.id AND e.reference = c.po_id
        WHERE coalesce(e.amount_fen, 0) <> c.amount_fen
        UNION ALL
        SELECT t.id, t.payable_fen + coalesce(c.fen, 0) - coalesce(b.fen, 0), 0
        FROM wholesale_receipt_line t
        JOIN (SELECT receipt_line_id, sum(amount_fen) AS fen FROM wholesale_correction GROUP BY receipt_line_id) c
          ON c.receipt_line_id = t.id
        LEFT JOIN (SELECT receipt_line_id, sum(amount_fen) AS fen FROM wholesale_return_line
                   GROUP BY receipt_line_id) b ON b.receipt_line_id = t.id
        WHERE t.payable_fen + c.fen - coalesce(b.fen, 0) < 0
        """,
    ),
    Rule(
        "statement.paid",
        "对账单已付金额与其收款及授信不符",
        "what was paid of a statement is not the sum of its payments, or freed another amount of credit",
        """
        SELECT s.id AS statement_id, s.number, concat_ws(' / ', s.paid_fen, -coalesce(e.total, 0)) AS found,
               coalesce(p.total, 0) AS expected
        FROM wholesale_statement s
        LEFT JOIN (SELECT statement_id, sum(amount_fen) AS total FROM wholesale_payment GROUP BY statement_id) p
          ON p.statement_id = s.id
        LEFT JOIN (SELECT reference, sum(amount_fen) AS total FROM partners_credit_entry
                   WHERE kind = 'paid' GROUP BY reference) e ON e.reference = s.id
        WHERE s.paid_fen <> coalesce(p.total, 0) OR s.paid_fen <> -coalesce(e.total, 0)
           OR s.paid_fen > greatest(s.payable_fen, 0)
        """,
    ),
    Rule(
        "remittance.applied",
        "商超来款与银行流水或其冲抵的对账单不符",
        "money of a partner is not its bank entry, or pays another amount of statements than it says",
        """
        SELECT m.id AS remittance_id, concat_ws(' / ', m.amount_fen, m.applied_fen, m.refunded_fen) AS found,
               concat_ws(' / ', coalesce(b.amount_fen, 0), coalesce(p.total, 0), coalesce(f.total, 0)) AS expected
        FROM wholesale_remittance m
        LEFT JOIN payments_bank_entry b ON b.id = m.entry_id AND b.status = 'assigned' AND b.reference = m.partner_id
        LEFT JOIN (SELECT entry_id, sum(amount_fen) AS total FROM wholesale_payment GROUP BY entry_id) p
          ON p.entry_id = m.entry_id
        LEFT JOIN (SELECT remittance_id, sum(amount_fen) AS total FROM wholesale_refund WHERE status <> 'declined'
                   GROUP BY remittance_id) f ON f.remittance_id = m.id
        WHERE m.amount_fen IS DISTINCT FROM b.amount_fen OR m.applied_fen <> coalesce(p.total, 0)
           OR m.refunded_fen <> coalesce(f.total, 0)
        """,
    ),
    Rule(
        "refund.partner",
        "商超退款与其来源或授信不符，或由同一人发起并批准",
        "a refund of a partner is not what its statement was closed with, changed another credit, or had one operator",
        """
        SELECT f.id AS refund_id, concat_ws(' / ', f.amount_fen, coalesce(e.total, 0)) AS found,
               concat_ws(' / ', coalesce(-s.payable_fen, m.amount_fen - m.applied_fen), x.credit) AS expected
        FROM wholesale_refund f
        LEFT JOIN wholesale_statement s ON s.id = f.statement_id
        LEFT JOIN wholesale_remittance m ON m.id = f.remittance_id
        LEFT JOIN (SELECT source_id, sum(amount_fen) AS total FROM partners_credit_entry WHERE kind = 'refunded'
                   GROUP BY source_id) e ON e.source_id = f.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN f.status = 'paid' AND s.id IS NOT NULL THEN f.amount_fen ELSE 0 END AS credit) x
        WHERE coalesce(e.total, 0) <> x.credit
           OR (s.id IS NOT NULL AND (f.amount_fen, f.partner_id) <> (-s.payable_fen, s.partner_id))
           OR (m.id IS NOT NULL AND f.status <> 'declined' AND f.amount_fen <> m.amount_fen - m.applied_fen)
           OR f.decided_by = f.drafted_by
           OR (s.id IS NOT NULL AND f.status <> 'declined' AND EXISTS (
               SELECT FROM wholesale_statement_line y
               JOIN wholesale_statement t ON t.id = y.statement_id AND t.revision = y.revision
               WHERE y.source_id = s.id))
        """,
    ),
    Rule(
        "ledger.correction",
        "台账的冲销与对账单更正不符",
        "what the ledger took back for a correction is not what was corrected",
        f"""
        SELECT c.id AS correction_id, concat_ws(' × ', coalesce(e.quantity, 0), coalesce(e.amount_fen, 0)) AS found,
               concat_ws(' × ', c.units, c.amount_fen) AS expected
        FROM wholesale_correction c
        JOIN assistance_entry s ON s.line_id = c.receipt_line_id AND s.kind = 'sale'
        LEFT JOIN (SELECT source_id, sum(quantity) AS quantity, sum(amount_fen) AS amount_fen
                   FROM assistance_entry WHERE kind = 'refund' GROUP BY source_id) e ON e.source_id = c.id
        WHERE (coalesce(e.quantity, 0), coalesce(e.amount_fen, 0)) <> (c.units, c.amount_fen)
          AND c.po_id NOT IN ({WAITING_FOR_LEDGER})
        """,
    ),
)
