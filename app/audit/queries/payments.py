"""What must be true of payments and refunds."""

from __future__ import annotations

from app.audit.queries.waiting import WAITING_FOR_ORDERS
from app.audit.rules import Rule

PAYMENTS: tuple[Rule, ...] = (
    Rule(
        "payment.of_order",
        "已付订单没有等额的到账款",
        "a paid order has no captured payment of its total, or a payment without a time",
        """
        SELECT o.id AS order_id, o.number, o.payment_id, coalesce(p.amount_fen, 0) AS found, o.total_fen AS expected
        FROM orders_order o LEFT JOIN payments_payment p ON p.id = o.payment_id
        WHERE (o.paid_at IS NULL) <> (o.payment_id IS NULL)
           OR (o.payment_id IS NOT NULL AND o.bulk_id IS NULL AND (p.status, p.reference, p.amount_fen)
               IS DISTINCT FROM ('captured', o.id, o.total_fen))
           OR (o.payment_id IS NOT NULL AND o.bulk_id IS NOT NULL AND (p.status, p.reference)
               IS DISTINCT FROM ('captured', o.bulk_id))
        """,
    ),
    Rule(
        "payment.of_bulk",
        "批量订单的到账款扣除多付退款后，不等于其已付订单之和",
        "what was paid for a bulk order, less what was too much, is not the sum of its paid orders",
        """
        SELECT b.id AS bulk_id, p.amount_fen - coalesce(s.total, 0) AS found, coalesce(o.total, 0) AS expected
        FROM orders_bulk b JOIN payments_payment p ON p.id = b.payment_id
        LEFT JOIN (SELECT payment_id, sum(total_fen) AS total FROM orders_order GROUP BY payment_id) o
               ON o.payment_id = p.id
        LEFT JOIN (SELECT r.payment_id, sum(r.amount_fen) AS total FROM payments_refund r
                   WHERE r.status <> 'failed' AND NOT EXISTS (SELECT FROM orders_refund f WHERE f.id = r.reference)
                   GROUP BY r.payment_id) s ON s.payment_id = p.id
        WHERE p.amount_fen - coalesce(s.total, 0) <> coalesce(o.total, 0)
        """,
    ),
    Rule(
        "payment.has_purpose",
        "到账款既不属于任何订单，也没有全额退回",
        "captured money belongs to no order and was not sent back",
        f"""
        SELECT p.id AS payment_id, p.reference, p.amount_fen - p.refunded_fen AS found, 0 AS expected
        FROM payments_payment p LEFT JOIN orders_order o ON o.payment_id = p.id
        WHERE p.status = 'captured' AND o.id IS NULL AND p.refunded_fen <> p.amount_fen
          AND p.id NOT IN ({WAITING_FOR_ORDERS}) AND p.reference NOT IN ({WAITING_FOR_ORDERS})
        """,
    ),
    Rule(
        "payment.by_transfer",
        "银行转账到账款与已认领的银行流水不符",
        "a captured transfer has no entry of a bank statement of its amount, or an entry no captured transfer",
        """
        SELECT p.id AS payment_id, e.id AS entry_id, e.amount_fen AS found, p.amount_fen AS expected
        FROM (SELECT id, amount_fen FROM payments_payment WHERE provider = 'bank_transfer' AND status = 'captured') p
        FULL JOIN (SELECT id, payment_id, amount_fen FROM payments_bank_entry
                   WHERE status = 'assigned' AND reference IS NULL) e
               ON e.payment_id = p.id
        WHERE e.amount_fen IS DISTINCT FROM p.amount_fen
        """,
    ),
    Rule(
        "payment.refunded",
        "到账款的已退金额与其退款单之和不符",
        "the refunded amount of a payment is not the sum of its refunds",
        """
        SELECT p.id AS payment_id, p.refunded_fen AS found, coalesce(r.total, 0) AS expected FROM payments_payment p
        LEFT JOIN (SELECT payment_id, sum(amount_fen) AS total FROM payments_refund WHERE status <> 'failed'
                   GROUP BY payment_id) r ON r.payment_id = p.id
        WHERE p.refunded_fen <> coalesce(r.total, 0) OR p.refunded_fen > p.amount_fen
        """,
    ),
    Rule(
        "refund.amount",
        "退款金额与其各行加运费不符",
        "a refund is not its lines plus freight",
        """
        SELECT r.order_id, r.id AS refund_id, r.amount_fen AS found, coalesce(b.total, 0) + r.freight_fen AS expected
        FROM orders_refund r LEFT JOIN (SELECT refund_id, sum(amount_fen) AS total FROM orders_refund_line
                                        GROUP BY refund_id) b ON b.refund_id = r.id
        WHERE r.amount_fen <> coalesce(b.total, 0) + r.freight_fen
        """,
    ),
    Rule(
        "refund.asked_for",
        "退款没有相应的支付渠道退款单，或两者状态、金额不同，或渠道退款失败",
        "a refund and its order to the payment provider do not agree, or the provider could not pay it back",
        f"""
        SELECT r.order_id, r.id AS refund_id, concat_ws(' ', b.status, b.amount_fen) AS found,
               concat_ws(' ', r.status, r.amount_fen) AS expected
        FROM orders_refund r LEFT JOIN payments_refund b ON b.reference = r.id
        WHERE (b.payment_id, b.amount_fen) IS DISTINCT FROM (r.payment_id, r.amount_fen) OR b.status = 'failed'
           OR (((r.status = 'settled') <> (b.status = 'succeeded') OR (r.status = 'failed') <> (b.status = 'failed'))
               AND b.id NOT IN ({WAITING_FOR_ORDERS}) AND r.id NOT IN ({WAITING_FOR_ORDERS})
               AND b.payment_id NOT IN ({WAITING_FOR_ORDERS}))
        """,
    ),
    Rule(
        "refund.of_line",
        "订单行的已退金额或数量与其退款之和不符",
        "what a line has given back is not the sum of its refunds",
        """
        SELECT l.order_id, l.id AS line_id, concat_ws(' × ', l.refunded_quantity, l.refunded_fen) AS found,
               concat_ws(' × ', coalesce(b.quantity, 0), coalesce(b.total, 0)) AS expected
        FROM orders_line l LEFT JOIN (SELECT line_id, sum(amount_fen) AS total, sum(quantity) AS quantity
                                      FROM orders_refund_line GROUP BY line_id) b ON b.line_id = l.id
        WHERE (l.refunded_fen, l.refunded_quantity) <> (coalesce(b.total, 0), coalesce(b.quantity, 0))
        """,
    ),
    Rule(
        "refund.of_part",
        "供应商订单的已退金额与其退款之和不符，或已付的取消订单没有全额退款",
        "what a supplier order has given back is not the sum of its refunds, or less than all after it was cancelled",
        """
        SELECT p.order_id, p.id AS supplier_order_id, p.refunded_fen AS found,
               CASE WHEN p.closed_at IS NOT NULL AND p.paid_at IS NOT NULL THEN p.amount_fen
                    ELSE coalesce(r.total, 0) END AS expected
        FROM orders_supplier_order p
        LEFT JOIN (SELECT supplier_order_id, sum(amount_fen) AS total FROM orders_refund GROUP BY supplier_order_id) r
               ON r.supplier_order_id = p.id
        WHERE p.refunded_fen <> coalesce(r.total, 0)
           OR (p.closed_at IS NOT NULL AND p.paid_at IS NOT NULL AND p.refunded_fen <> p.amount_fen)
        """,
    ),
)
