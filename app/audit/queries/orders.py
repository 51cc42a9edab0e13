"""What must be true of orders, their parts and their lines."""

from __future__ import annotations

from app.audit.queries.waiting import WAITING_FOR_ORDERS
from app.audit.rules import Rule

ORDERS: tuple[Rule, ...] = (
    Rule(
        "order.line_amount",
        "订单行金额不等于单价乘数量减优惠",
        "an order line is not its price times its quantity less its discount",
        """
        SELECT order_id, id AS line_id, amount_fen AS found, unit_price_fen * quantity - discount_fen AS expected
        FROM orders_line WHERE amount_fen <> unit_price_fen * quantity - discount_fen
        """,
    ),
    Rule(
        "order.part_amount",
        "供应商订单金额与其各行加运费不符",
        "a supplier order is not its lines plus freight",
        """
        SELECT p.order_id, p.id AS supplier_order_id, p.amount_fen AS found,
               coalesce(l.goods - l.discount, 0) + p.freight_fen AS expected
        FROM orders_supplier_order p
        LEFT JOIN (SELECT supplier_order_id, sum(unit_price_fen * quantity) AS goods, sum(discount_fen) AS discount
                   FROM orders_line GROUP BY supplier_order_id) l ON l.supplier_order_id = p.id
        WHERE (p.goods_fen, p.discount_fen) IS DISTINCT FROM (l.goods, l.discount)
           OR p.amount_fen <> p.goods_fen - p.discount_fen + p.freight_fen
        """,
    ),
    Rule(
        "order.total",
        "订单总额与其各供应商订单不符",
        "an order is not the sum of its supplier orders",
        """
        SELECT o.id AS order_id, o.number, o.total_fen AS found, coalesce(p.amount, 0) AS expected
        FROM orders_order o
        LEFT JOIN (SELECT order_id, sum(goods_fen) AS goods, sum(discount_fen) AS discount, sum(freight_fen) AS freight,
                          sum(amount_fen) AS amount FROM orders_supplier_order GROUP BY order_id) p ON p.order_id = o.id
        WHERE (o.goods_fen, o.discount_fen, o.freight_fen, o.total_fen)
              IS DISTINCT FROM (p.goods, p.discount, p.freight, p.amount)
        """,
    ),
    Rule(
        "order.status",
        "供应商订单的状态与其时间不符",
        "the status of a supplier order does not agree with its timestamps",
        """
        SELECT p.order_id, p.id AS supplier_order_id, p.status
        FROM orders_supplier_order p JOIN orders_order o ON o.id = p.order_id
        WHERE o.paid_at IS DISTINCT FROM p.paid_at OR NOT CASE p.status
            WHEN 'pending_payment' THEN num_nonnulls(p.paid_at, p.shipped_at, p.delivered_at, p.completed_at,
                                                     p.closed_at) = 0
            WHEN 'paid' THEN p.paid_at IS NOT NULL
                             AND num_nonnulls(p.shipped_at, p.delivered_at, p.completed_at, p.closed_at) = 0
            WHEN 'shipped' THEN num_nulls(p.paid_at, p.shipped_at) = 0
                                AND num_nonnulls(p.delivered_at, p.completed_at, p.closed_at) = 0
            WHEN 'delivered' THEN num_nulls(p.paid_at, p.shipped_at, p.delivered_at) = 0
                                  AND num_nonnulls(p.completed_at, p.closed_at) = 0
            WHEN 'completed' THEN num_nulls(p.paid_at, p.shipped_at, p.delivered_at, p.completed_at) = 0
                                  AND p.closed_at IS NULL
            WHEN 'expired' THEN p.closed_at IS NOT NULL
                                AND num_nonnulls(p.paid_at, p.shipped_at, p.delivered_at, p.completed_at) = 0
            WHEN 'cancelled' THEN p.closed_at IS NOT NULL
                                  AND num_nonnulls(p.shipped_at, p.delivered_at, p.completed_at) = 0
            WHEN 'refunded' THEN num_nulls(p.paid_at, p.closed_at) = 0
                                 AND num_nonnulls(p.shipped_at, p.delivered_at, p.completed_at) = 0
            ELSE false END
        """,
    ),
    Rule(
        "order.shipped",
        "发货数量与包裹内容或订单状态不符",
        "what a line has shipped is not what its parcels hold, or not what its status says",
        """
        SELECT l.order_id, l.id AS line_id, l.shipped_quantity AS found,
               CASE WHEN p.status IN ('shipped', 'delivered', 'completed') THEN l.quantity - l.cancelled_quantity
                    ELSE coalesce(f.quantity, 0) END AS expected
        FROM orders_line l JOIN orders_supplier_order p ON p.id = l.supplier_order_id
        LEFT JOIN (SELECT line_reference, sum(quantity) AS quantity FROM fulfilment_shipment_line
                   GROUP BY line_reference) f ON f.line_reference = l.id
        WHERE l.shipped_quantity <> coalesce(f.quantity, 0)
           OR (p.status IN ('shipped', 'delivered', 'completed')
               AND l.shipped_quantity + l.cancelled_quantity <> l.quantity)
        """,
    ),
    Rule(
        "order.cancelled",
        "已取消的件数没有退款",
        "the money for cancelled pieces of a paid order was not sent back",
        """
        SELECT l.order_id, l.id AS line_id, l.refunded_fen AS found,
               l.amount_fen * l.cancelled_quantity / l.quantity AS expected
        FROM orders_line l JOIN orders_supplier_order p ON p.id = l.supplier_order_id
        WHERE p.paid_at IS NOT NULL AND l.refunded_fen < l.amount_fen * l.cancelled_quantity / l.quantity
        """,
    ),
    Rule(
        "order.weights",
        "重量更正的金额与其退款不符",
        "what corrected weights give back is not what their refund says, or the refund takes pieces back",
        """
        SELECT coalesce(c.refund_id, b.refund_id) AS refund_id, coalesce(c.line_id, b.line_id) AS line_id,
               coalesce(b.amount_fen, 0) AS found, coalesce(c.fen, 0) AS expected
        FROM (SELECT refund_id, line_id, sum(refund_fen) AS fen FROM orders_weight_correction
              WHERE refund_id IS NOT NULL GROUP BY refund_id, line_id) c
        FULL JOIN (SELECT * FROM orders_refund_line
                   WHERE refund_id IN (SELECT refund_id FROM orders_weight_correction)) b
               ON b.refund_id = c.refund_id AND b.line_id = c.line_id
        WHERE c.fen IS DISTINCT FROM b.amount_fen OR b.quantity <> 0
        """,
    ),
    Rule(
        "order.weighed",
        "登记重量的件数超过发货件数，或退款与短缺不成比例",
        "more pieces were weighed than sent, or one gave back more than its share of what was paid",
        """
        SELECT c.line_id, c.id AS correction_id, c.refund_fen AS found, c.owed AS expected
        FROM (SELECT w.*, l.shipped_quantity, sum(w.quantity) OVER (PARTITION BY w.line_id) AS weighed,
                     CASE WHEN w.promised_g - w.stated_g > w.tolerance_g
                          THEN div(2 * l.amount_fen * w.quantity * (w.promised_g - w.stated_g)
                                   + CAST(l.quantity AS bigint) * w.promised_g,
                                   2 * CAST(l.quantity AS bigint) * w.promised_g) ELSE 0 END AS owed
              FROM orders_weight_correction w JOIN orders_line l ON l.id = w.line_id) c
        WHERE c.weighed > c.shipped_quantity OR c.refund_fen > c.owed
        """,
    ),
    Rule(
        "order.of_bulk",
        "批量订单的收件人数或金额与其各订单不符",
        "a bulk order is not the sum of its orders",
        """
        SELECT b.id AS bulk_id, concat_ws(' ', b.recipients, b.total_fen) AS found,
               concat_ws(' ', coalesce(o.recipients, 0), coalesce(o.total, 0)) AS expected
        FROM orders_bulk b LEFT JOIN (SELECT bulk_id, count(*) AS recipients, sum(total_fen) AS total
                                      FROM orders_order GROUP BY bulk_id) o ON o.bulk_id = b.id
        WHERE (b.recipients, b.total_fen) IS DISTINCT FROM (coalesce(o.recipients, 0), coalesce(o.total, 0))
        """,
    ),
    Rule(
        "order.delivered",
        "包裹均已签收而订单仍为已发货",
        "all parcels of a supplier order have arrived, and it still says that it was shipped",
        f"""
        SELECT p.order_id, p.id AS supplier_order_id, p.status
        FROM orders_supplier_order p JOIN fulfilment_shipment s ON s.reference = p.id
        WHERE p.status = 'shipped' AND p.id NOT IN ({WAITING_FOR_ORDERS})
        GROUP BY p.id HAVING count(s.delivered_at) = count(*)
        """,
    ),
)
