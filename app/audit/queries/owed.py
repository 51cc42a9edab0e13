"""What must be true of the journal, the statements and the payouts."""

from __future__ import annotations

from app.audit.rules import Rule
from app.settlement import ACCOUNTS, DIGEST

# The journal is written by a chore: what happened less than ten minutes ago may not stand in it yet.
POSTED_BY = "coalesce(CAST(:now AS timestamptz), now()) - interval '10 minutes'"
_NOT_POSTED_YET = f"""EXISTS (
    SELECT FROM orders_refund f WHERE f.supplier_order_id = s.id AND f.settled_at >= {POSTED_BY})"""
SETTLED = """
    SELECT b.line_id, sum(b.amount_fen) AS amount_fen, sum(b.quantity) AS quantity
    FROM orders_refund_line b JOIN orders_refund r ON r.id = b.refund_id WHERE r.status = 'settled' GROUP BY b.line_id
"""

OWED: tuple[Rule, ...] = (
    Rule(
        "journal.balance",
        "结算分录借贷不平",
        "a posting of the journal does not sum to nothing",
        f"""
        SELECT p.id AS posting_id, p.source_id, {" + ".join(ACCOUNTS)} AS found, 0 AS expected
        FROM settlement_posting p WHERE {" + ".join(ACCOUNTS)} <> 0
        """,
    ),
    Rule(
        "journal.source",
        "结算分录没有与之对应的业务",
        "a posting of the journal has no completed sale, settled refund, ended claim, dispute, payout or supermarket's "
        "document behind it",
        """
        SELECT p.id AS posting_id, p.kind, p.source_id FROM settlement_posting p WHERE NOT CASE p.kind
            WHEN 'sale' THEN EXISTS (SELECT FROM orders_supplier_order s WHERE s.id = p.source_id
                AND s.status = 'completed' AND s.supplier_id = p.supplier_id)
            WHEN 'refund' THEN EXISTS (SELECT FROM orders_refund r WHERE r.id = p.source_id AND r.status = 'settled'
                AND r.supplier_order_id = p.supplier_order_id)
            WHEN 'reshipment' THEN EXISTS (SELECT FROM claims_claim c WHERE c.id = p.source_id
                AND c.status = 'reshipped' AND c.liable IN ('platform', 'carrier'))
            WHEN 'adjustment' THEN EXISTS (SELECT FROM settlement_statement_event e WHERE e.statement_id = p.source_id
                AND e.party = 'operator' AND e.status = 'confirmed')
            WHEN 'receipt' THEN p.source_id = p.line_id AND EXISTS (
                SELECT FROM wholesale_receipt_line t WHERE t.id = p.line_id)
            WHEN 'return' THEN EXISTS (
                SELECT FROM wholesale_return_line b WHERE b.id = p.source_id AND b.receipt_line_id = p.line_id
                UNION ALL
                SELECT FROM wholesale_correction c WHERE c.id = p.source_id AND c.receipt_line_id = p.line_id)
            WHEN 'deduction' THEN EXISTS (SELECT FROM wholesale_statement_line y WHERE y.source_id = p.source_id)
            WHEN 'purchase' THEN p.source_id = p.line_id AND EXISTS (
                SELECT FROM wholesale_statement_line y WHERE y.source_id = p.source_id AND y.kind = 'receipt')
            WHEN 'purchase_return' THEN EXISTS (SELECT FROM wholesale_statement_line y
                WHERE y.source_id = p.source_id AND y.kind IN ('return', 'correction'))
            ELSE EXISTS (SELECT FROM settlement_payout y WHERE y.id = p.source_id AND y.status = 'paid') END
        """,
    ),
    Rule(
        "journal.collected",
        "已完成供应商订单在结算账上的收款不等于订单金额减退款",
        "what the journal says of a completed supplier order's money is not its amount less its refunds",
        f"""
        SELECT s.id AS supplier_order_id, s.supplier_id, coalesce(p.total, 0) AS found,
               s.amount_fen - coalesce(r.total, 0) AS expected
        FROM orders_supplier_order s
        LEFT JOIN (SELECT supplier_order_id, sum(clearing_fen + cash_fen) AS total FROM settlement_posting
                   GROUP BY supplier_order_id) p ON p.supplier_order_id = s.id
        LEFT JOIN (SELECT supplier_order_id, sum(amount_fen) AS total FROM orders_refund WHERE status = 'settled'
                   GROUP BY supplier_order_id) r ON r.supplier_order_id = s.id
        WHERE s.status = 'completed' AND s.completed_at < {POSTED_BY} AND NOT {_NOT_POSTED_YET}
          AND p.total IS DISTINCT FROM s.amount_fen - coalesce(r.total, 0)
        """,
    ),
    Rule(
        "journal.owed",
        "订单行的应结额不等于销售（含补贴）减退款减佣金",
        "what is owed for a line is not its sale with subsidies less refunds less commission",
        f"""
        SELECT s.id AS supplier_order_id, l.id AS line_id, concat_ws(' − ', j.owed + j.fee, j.fee) AS found,
               concat_ws(' − ', w.gross, w.fee) AS expected
        FROM orders_supplier_order s JOIN orders_line l ON l.supplier_order_id = s.id
        LEFT JOIN ({SETTLED}) b ON b.line_id = l.id
        JOIN (SELECT line_id, -sum(payable_fen) AS owed, -sum(commission_fen) AS fee, max(rate_bp) AS rate
              FROM settlement_posting WHERE kind IN ('sale', 'refund') GROUP BY line_id) j ON j.line_id = l.id
        LEFT JOIN LATERAL (SELECT sum(div(d.amount_fen * b.amount_fen, l.amount_fen)) AS total
                           FROM orders_line_discount d WHERE d.line_id = l.id AND d.funder <> 'supplier') d ON true
        CROSS JOIN LATERAL (
            SELECT div(2 * (l.amount_fen + l.subsidy_fen) * CAST(j.rate AS numeric) + 10000, 20000) AS whole) f
        CROSS JOIN LATERAL (
            SELECT l.amount_fen + l.subsidy_fen - coalesce(b.amount_fen + coalesce(d.total, 0), 0) AS gross,
                   f.whole - div(2 * f.whole * coalesce(b.amount_fen, 0) + l.amount_fen, 2 * l.amount_fen) AS fee) w
        WHERE s.status = 'completed' AND NOT {_NOT_POSTED_YET} AND NOT EXISTS (
            SELECT FROM claims_claim c WHERE c.supplier_order_id = s.id AND c.liable IN ('platform', 'carrier'))
          AND (j.owed, j.fee) IS DISTINCT FROM (w.gross - w.fee, w.fee)
        """,
    ),
    Rule(
        "statement.rows",
        "结算单与其明细行不符，或明细与出具时的校验值不符",
        "a statement is not the sum of its rows, or they are not those that it was issued with",
        f"""
        SELECT t.id AS statement_id, t.number, concat_ws(' ', t.row_count, t.net_fen, t.sha256) AS found,
               concat_ws(' ', w.row_count, w.net, w.sha256) AS expected
        FROM settlement_statement t LEFT JOIN (
            SELECT r.statement_id, count(*) AS row_count, {DIGEST} AS sha256,
                   coalesce(sum(p.clearing_fen + p.cash_fen)
                            FILTER (WHERE p.kind = 'sale' AND p.line_id IS NOT NULL), 0)
                   - coalesce(sum(p.payable_fen + p.commission_fen) FILTER (WHERE p.kind = 'purchase'), 0) AS goods,
                   coalesce(sum(p.platform_fen + p.district_fen) FILTER (WHERE p.kind = 'sale'), 0) AS subsidy,
                   coalesce(sum(p.clearing_fen + p.cash_fen) FILTER (WHERE p.kind = 'sale' AND p.line_id IS NULL), 0)
                   AS freight,
                   coalesce(-sum(p.commission_fen) FILTER (WHERE p.kind IN ('sale', 'purchase')), 0) AS commission,
                   coalesce(sum(p.payable_fen) FILTER (WHERE p.kind IN ('refund', 'purchase_return')), 0) AS refund,
                   -sum(p.payable_fen) AS net
            FROM settlement_statement_row r JOIN settlement_posting p ON p.id = r.posting_id
            GROUP BY r.statement_id) w ON w.statement_id = t.id
        WHERE (t.row_count, t.sha256, t.goods_fen, t.subsidy_fen, t.freight_fen, t.commission_fen, t.refund_fen,
               t.net_fen)
              IS DISTINCT FROM (w.row_count, w.sha256, w.goods, w.subsidy, w.freight, w.commission, w.refund, w.net)
           OR t.net_fen <> t.goods_fen + t.subsidy_fen + t.freight_fen - t.commission_fen - t.refund_fen + t.other_fen
        """,
    ),
    Rule(
        "statement.carried",
        "结算单的期初余额不是上期结转的余额，或余额不等于期初加本期",
        "what opens a statement is not what the one before carried, or its balance is not that and its own",
        """
        SELECT t.id AS statement_id, t.number, concat_ws(' / ', t.opening_fen, t.balance_fen) AS found,
               concat_ws(' / ', t.carried, t.carried + t.net_fen) AS expected
        FROM (SELECT t.*, CASE WHEN lag(t.status) OVER before = 'carried' THEN lag(t.balance_fen) OVER before ELSE 0 END
                     AS carried
              FROM settlement_statement t WINDOW before AS (PARTITION BY t.supplier_id ORDER BY t.month)) t
        WHERE (t.opening_fen, t.balance_fen) <> (t.carried, t.carried + t.net_fen)
           OR (t.status = 'carried') <> (t.balance_fen <= 0)
        """,
    ),
    Rule(
        "payout.of_statement",
        "结算单的付款与其状态、余额或分录不符",
        "a statement's payout is not what its status and balance say, or is not in the journal as it was made",
        """
        SELECT t.id AS statement_id, t.number, concat_ws(' ', w.live, w.amount, w.platform, w.posted) AS found,
               concat_ws(' ', t.status, t.balance_fen) AS expected
        FROM settlement_statement t LEFT JOIN (
            SELECT y.statement_id, count(*) FILTER (WHERE y.status <> 'failed') AS live,
                   count(*) FILTER (WHERE y.status = 'paid') AS paid, count(*) FILTER (WHERE y.status = 'failed')
                   AS failed, sum(y.amount_fen) FILTER (WHERE y.status <> 'failed') AS amount,
                   sum(y.platform_fen) FILTER (WHERE y.status <> 'failed') AS platform,
                   sum(p.payable_fen) AS posted, sum(p.cash_fen) AS passed, -sum(p.clearing_fen) AS cleared
            FROM settlement_payout y
            LEFT JOIN settlement_posting p ON p.kind = 'payout' AND p.source_id = y.id
            GROUP BY y.statement_id) w ON w.statement_id = t.id
        WHERE NOT CASE t.status
            WHEN 'paid' THEN coalesce((w.live, w.paid, w.amount, w.platform, w.posted, w.passed, w.cleared)
                = (1, 1, t.balance_fen, t.clearing_fen - t.balance_fen, t.balance_fen, t.clearing_fen - t.balance_fen,
                   t.clearing_fen), false)
            WHEN 'paying' THEN coalesce((w.live, w.paid, w.amount, w.platform)
                = (1, 0, t.balance_fen, t.clearing_fen - t.balance_fen), false) AND w.posted IS NULL
            WHEN 'failed' THEN coalesce(w.live = 0 AND w.failed > 0, false) AND w.posted IS NULL
            ELSE w.live IS NULL END
        """,
    ),
    Rule(
        "payout.second_operator",
        "付款批次未经另一位运营人员批准，或与所批准的不一致",
        "a run that was drafted paid before a second operator's word, or something else than was approved",
        """
        SELECT d.id AS draft_id, concat_ws(' ', d.status, w.paid, w.other) AS found, d.count AS expected
        FROM settlement_draft d CROSS JOIN LATERAL (
            SELECT count(y.id) AS paid, count(*) FILTER (WHERE (y.account_id, a.amount_fen, a.platform_fen)
                       IS DISTINCT FROM (a.account_id, t.balance_fen, t.clearing_fen - t.balance_fen)) AS other
            FROM (SELECT * FROM settlement_payout WHERE run_id = d.id) y
            FULL JOIN (SELECT * FROM settlement_drafted WHERE draft_id = d.id) a ON a.statement_id = y.statement_id
            LEFT JOIN settlement_statement t ON t.id = a.statement_id) w
        WHERE d.kind = 'payout_run' AND CASE d.status WHEN 'approved' THEN w.paid <> d.count OR w.other > 0
                                        ELSE w.paid > 0 END
        """,
    ),
    Rule(
        "payout.of_splits",
        "已付款的分账请求未全部完成，或平台所得与结算单不符",
        "a payout is paid whose requests to the provider are not all done, or gave the platform another share",
        """
        SELECT y.id AS payout_id, y.number, concat_ws(' ', w.undone, w.moved) AS found, y.platform_fen AS expected
        FROM settlement_payout y JOIN LATERAL (
            SELECT count(*) FILTER (WHERE x.payout_id = y.id) AS mine,
                   count(*) FILTER (WHERE x.payout_id = y.id AND x.status <> 'finished') AS undone,
                   coalesce(sum(CASE x.kind WHEN 'give_back' THEN -x.amount_fen ELSE x.amount_fen END)
                            FILTER (WHERE x.status = 'finished'), 0) AS moved
            FROM settlement_split x WHERE x.statement_id = y.statement_id) w ON true
        WHERE y.status = 'paid' AND w.mine > 0
          AND (w.undone > 0 OR w.moved NOT BETWEEN y.platform_fen AND greatest(y.platform_fen, 0))
        """,
    ),
)
