"""The rules. Each is one statement, so each looks at one snapshot; none locks anything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.queries.owed import OWED, SETTLED
from app.audit.rules import Break, Rule, as_break
from app.catalogue import PICKS, picked

# What is on its way is not yet a break: a fact that waits for its listener explains a difference.
_WAITING_FOR_LEDGER = "SELECT subject FROM core_delivery WHERE lane = 'assistance'"
_WAITING_FOR_ORDERS = "SELECT subject FROM core_delivery WHERE lane = 'orders'"
_WAITING_FOR_INVOICING = "SELECT subject FROM core_delivery WHERE lane = 'invoicing'"

_WAITING_FOR_CLAIMS = "SELECT subject FROM core_delivery WHERE lane = 'claims'"
_OPEN_CLAIMS = (
    "'applied', 'supplier_review', 'disputed', 'arbitration', 'agreed', 'reshipping', 'returning', 'returned'"
)

_LEDGER = """
    SELECT line_id, sum(amount_fen) AS amount_fen, sum(quantity) AS quantity
    FROM assistance_entry WHERE po_no IS NULL AND kind IN ('sale', 'refund') GROUP BY line_id
"""
_ELIGIBLE = """
    l.assisted AND NOT l.self_purchase AND l.township_code LIKE '433125%' AND o.division_code LIKE '37%'
    AND o.ext_832_order_no IS NULL AND p.completed_at >= '2016-01-01T00:00:00+08:00'
"""

_SPANS = ", ".join(
    f"('{name}', '{span.first}', '{span.last}')"
    for name in PICKS
    for year in range(2019, 2036)
    if (span := picked(name, year)) is not None
)

RULES: tuple[Rule, ...] = (
    Rule(
        "stock.on_hand",
        "库存数与出入库流水之和不符",
        "stock on hand is not the sum of its movements",
        """
        SELECT s.sku, s.on_hand AS found, coalesce(m.total, 0) AS expected FROM inventory_stock s
        LEFT JOIN (SELECT sku, sum(on_hand_delta) AS total FROM inventory_movement GROUP BY sku) m USING (sku)
        WHERE s.on_hand <> coalesce(m.total, 0)
        """,
    ),
    Rule(
        "stock.reserved",
        "占用数与占用流水之和不符",
        "reserved stock is not the sum of its movements",
        """
        SELECT s.sku, s.reserved AS found, coalesce(m.total, 0) AS expected FROM inventory_stock s
        LEFT JOIN (SELECT sku, sum(reserved_delta) AS total FROM inventory_movement GROUP BY sku) m USING (sku)
        WHERE s.reserved <> coalesce(m.total, 0)
        """,
    ),
    Rule(
        "stock.bounds",
        "占用数为负，或多于库存数",
        "reserved stock is negative or more than there is",
        """
        SELECT sku, reserved AS found, on_hand AS expected FROM inventory_stock WHERE NOT reserved BETWEEN 0 AND on_hand
        """,
    ),
    Rule(
        "lot.on_hand",
        "批次库存与其流水之和不符",
        "a lot is not the sum of its movements",
        """
        SELECT l.id AS lot_id, l.sku, l.code, l.on_hand AS found, coalesce(m.total, 0) AS expected FROM inventory_lot l
        LEFT JOIN (SELECT lot_id, sum(on_hand_delta) AS total FROM inventory_movement
                   WHERE lot_id IS NOT NULL GROUP BY lot_id) m ON m.lot_id = l.id
        WHERE l.on_hand <> coalesce(m.total, 0)
        """,
    ),
    Rule(
        "lot.season",
        "批次的采收日期不能证明商品名称中的采摘季（社前、明前、雨前）",
        "a lot was not harvested in the days that its tea's name promises",
        f"""
        SELECT l.id AS lot_id, l.sku, l.code, l.harvested_on AS found, p.attributes ->> 'pick_season' AS expected
        FROM inventory_lot l JOIN catalogue_sku k USING (sku) JOIN catalogue_product p ON p.id = k.product_id
        WHERE p.attributes ->> 'pick_season' IN {PICKS} AND NOT EXISTS (
            SELECT FROM (VALUES {_SPANS}) AS span (name, first_day, last_day)
            WHERE span.name = p.attributes ->> 'pick_season'
              AND l.harvested_on BETWEEN CAST(first_day AS date) AND CAST(last_day AS date))
        """,
    ),
    Rule(
        "lot.recalled",
        "召回批次仍有库存，而该货号有可售数量",
        "pieces of a recalled lot are left although some of the SKU are free",
        """
        SELECT l.id AS lot_id, l.sku, l.code, l.on_hand AS found, 0 AS expected
        FROM inventory_lot l JOIN inventory_stock s USING (sku)
        WHERE l.recalled_at IS NOT NULL AND l.on_hand > 0 AND s.on_hand > s.reserved
        """,
    ),
    Rule(
        "lot.within_stock",
        "各批次之和多于该货号的库存数",
        "the lots of a SKU hold more than its stock",
        """
        SELECT s.sku, sum(l.on_hand) AS found, s.on_hand AS expected
        FROM inventory_stock s JOIN inventory_lot l USING (sku) GROUP BY s.sku, s.on_hand
        HAVING sum(l.on_hand) > s.on_hand
        """,
    ),
    Rule(
        "reservation.of_stock",
        "占用明细之和与占用数不符",
        "the reservations of a SKU do not add up to its reserved stock",
        """
        SELECT s.sku, s.reserved AS found, coalesce(r.total, 0) AS expected FROM inventory_stock s
        LEFT JOIN (SELECT sku, sum(quantity) AS total FROM inventory_reservation GROUP BY sku) r USING (sku)
        WHERE s.reserved <> coalesce(r.total, 0)
        """,
    ),
    Rule(
        "presale.promised",
        "预售已承诺数与其各笔承诺之和不符，或超过上限",
        "what a pre-sale has promised is not the sum of its promises, or more than its cap",
        """
        SELECT w.id AS presale_id, w.sku, w.promised AS found, coalesce(p.total, 0) AS expected FROM inventory_presale w
        LEFT JOIN (SELECT presale_id, sum(quantity) AS total FROM inventory_promise GROUP BY presale_id) p
               ON p.presale_id = w.id
        WHERE w.promised <> coalesce(p.total, 0) OR w.promised > w.cap
        """,
    ),
    Rule(
        "stock.waiting",
        "待到货数与其各笔承诺之和不符，或有人等货而库存仍有余",
        "what buyers wait for is not the sum of the promises, or stock is free while somebody waits",
        """
        SELECT s.sku, s.waiting AS found, coalesce(p.total, 0) AS expected FROM inventory_stock s
        LEFT JOIN (SELECT sku, sum(quantity) AS total FROM inventory_promise GROUP BY sku) p USING (sku)
        WHERE s.waiting <> coalesce(p.total, 0) OR (s.waiting > 0 AND s.on_hand > s.reserved)
        """,
    ),
    Rule(
        "reservation.of_order",
        "占用与待到货之和与未发货的订单行不符",
        "what is reserved and promised for an order is not what it has yet to ship",
        """
        SELECT coalesce(r.reference, d.order_id) AS order_id, coalesce(r.sku, d.sku) AS sku,
               coalesce(r.quantity, 0) AS found, coalesce(d.quantity, 0) AS expected
        FROM (SELECT reference, sku, sum(quantity) AS quantity
              FROM (SELECT reference, sku, quantity FROM inventory_reservation
                    UNION ALL SELECT reference, sku, quantity FROM inventory_promise) kept GROUP BY reference, sku) r
        FULL JOIN (SELECT l.order_id, l.sku, l.quantity - l.shipped_quantity - l.cancelled_quantity AS quantity
                   FROM orders_supplier_order p JOIN orders_line l ON l.supplier_order_id = p.id
                   WHERE p.status IN ('pending_payment', 'paid')
                     AND l.quantity > l.shipped_quantity + l.cancelled_quantity) d
          ON d.order_id = r.reference AND d.sku = r.sku
        WHERE coalesce(r.quantity, 0) <> coalesce(d.quantity, 0)
          AND coalesce(r.reference, d.order_id) NOT IN (SELECT id FROM claims_claim)
        """,
    ),
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
        "discount.of_line",
        "订单行的优惠或补贴与其优惠明细之和不符",
        "the discount or the subsidy of a line is not the sum of what promotions took off it",
        """
        SELECT l.order_id, l.id AS line_id, concat_ws(' / ', l.discount_fen, l.subsidy_fen) AS found,
               concat_ws(' / ', coalesce(d.total, 0), coalesce(d.subsidy, 0)) AS expected
        FROM orders_line l LEFT JOIN (
            SELECT line_id, sum(amount_fen) AS total, sum(amount_fen) FILTER (WHERE funder <> 'supplier') AS subsidy
            FROM orders_line_discount GROUP BY line_id) d ON d.line_id = l.id
        WHERE (l.discount_fen, l.subsidy_fen) <> (coalesce(d.total, 0), coalesce(d.subsidy, 0))
        """,
    ),
    Rule(
        "discount.of_order",
        "促销使用记录与订单的优惠明细不符",
        "what an order took of a promotion is not what it took off the order's lines",
        """
        SELECT coalesce(u.reference, d.order_id) AS order_id, coalesce(u.promotion_id, d.promotion_id) AS promotion_id,
               coalesce(u.amount_fen, 0) AS found, coalesce(d.total, 0) AS expected
        FROM pricing_promotion_use u FULL JOIN (
            SELECT l.order_id, d.promotion_id, sum(d.amount_fen) AS total
            FROM orders_line_discount d JOIN orders_line l ON l.id = d.line_id GROUP BY 1, 2) d
          ON d.order_id = u.reference AND d.promotion_id = u.promotion_id
        WHERE coalesce(u.amount_fen, 0) <> coalesce(d.total, 0)
        """,
    ),
    Rule(
        "discount.returned",
        "优惠退回与订单的取消、退款不符",
        "what came back of a promotion is not what the end of the order or its refunds give back",
        """
        SELECT u.reference AS order_id, u.promotion_id, u.returned_fen AS found, d.expected
        FROM pricing_promotion_use u JOIN (
            SELECT l.order_id, d.promotion_id, o.closed,
                   CASE WHEN o.closed THEN sum(d.amount_fen)
                        ELSE sum(d.amount_fen * l.refunded_fen / l.amount_fen) END AS expected
            FROM orders_line_discount d JOIN orders_line l ON l.id = d.line_id
            JOIN (SELECT order_id, bool_and(closed_at IS NOT NULL) AS closed
                  FROM orders_supplier_order GROUP BY order_id) o ON o.order_id = l.order_id
            GROUP BY l.order_id, d.promotion_id, o.closed) d
          ON d.order_id = u.reference AND d.promotion_id = u.promotion_id
        WHERE u.returned_fen <> d.expected OR (u.released_at IS NOT NULL) <> d.closed
        """,
    ),
    Rule(
        "budget.used",
        "补贴预算的已用额与各订单所用之和不符",
        "what is used of a voucher budget is not the sum of what orders took and did not give back",
        """
        SELECT b.id AS budget_id, b.used_fen AS found, coalesce(u.total, 0) AS expected
        FROM pricing_budget b LEFT JOIN (
            SELECT budget_id, sum(amount_fen - returned_fen) AS total FROM pricing_promotion_use GROUP BY budget_id) u
          ON u.budget_id = b.id
        WHERE b.used_fen <> coalesce(u.total, 0) OR b.used_fen > b.total_fen
        """,
    ),
    Rule(
        "coupon.used",
        "优惠码的使用次数与订单数不符",
        "the uses of a coupon are not the orders that have it",
        """
        SELECT c.id AS coupon_id, c.code, concat_ws(' / ', c.used_count, coalesce(b.uses, 0)) AS found,
               coalesce(u.orders, 0) AS expected
        FROM pricing_coupon c
        LEFT JOIN (SELECT coupon_id, count(*) AS orders FROM pricing_promotion_use
                   WHERE released_at IS NULL GROUP BY coupon_id) u ON u.coupon_id = c.id
        LEFT JOIN (SELECT coupon_id, sum(used_count) AS uses FROM pricing_coupon_use GROUP BY coupon_id) b
               ON b.coupon_id = c.id
        WHERE (c.used_count, coalesce(b.uses, 0)) <> (coalesce(u.orders, 0), coalesce(u.orders, 0))
        """,
    ),
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
        "payment.has_purpose",
        "到账款既不属于任何订单，也没有全额退回",
        "captured money belongs to no order and was not sent back",
        f"""
        SELECT p.id AS payment_id, p.reference, p.amount_fen - p.refunded_fen AS found, 0 AS expected
        FROM payments_payment p LEFT JOIN orders_order o ON o.payment_id = p.id
        WHERE p.status = 'captured' AND o.id IS NULL AND p.refunded_fen <> p.amount_fen
          AND p.id NOT IN ({_WAITING_FOR_ORDERS}) AND p.reference NOT IN ({_WAITING_FOR_ORDERS})
        """,
    ),
    Rule(
        "payment.by_transfer",
        "银行转账到账款与已认领的银行流水不符",
        "a captured transfer has no entry of a bank statement of its amount, or an entry no captured transfer",
        """
        SELECT p.id AS payment_id, e.id AS entry_id, e.amount_fen AS found, p.amount_fen AS expected
        FROM (SELECT id, amount_fen FROM payments_payment WHERE provider = 'bank_transfer' AND status = 'captured') p
        FULL JOIN (SELECT id, payment_id, amount_fen FROM payments_bank_entry WHERE status = 'assigned') e
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
               AND b.id NOT IN ({_WAITING_FOR_ORDERS}) AND r.id NOT IN ({_WAITING_FOR_ORDERS})
               AND b.payment_id NOT IN ({_WAITING_FOR_ORDERS}))
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
    Rule(
        "order.delivered",
        "包裹均已签收而订单仍为已发货",
        "all parcels of a supplier order have arrived, and it still says that it was shipped",
        f"""
        SELECT p.order_id, p.id AS supplier_order_id, p.status
        FROM orders_supplier_order p JOIN fulfilment_shipment s ON s.reference = p.id
        WHERE p.status = 'shipped' AND p.id NOT IN ({_WAITING_FOR_ORDERS})
        GROUP BY p.id HAVING count(s.delivered_at) = count(*)
        """,
    ),
    Rule(
        "claim.holds_confirmation",
        "供应商订单的进行中售后数不符",
        "a supplier order does not wait for as many claims as are open",
        f"""
        SELECT p.order_id, p.id AS supplier_order_id, p.open_claims AS found, coalesce(c.open, 0) AS expected
        FROM orders_supplier_order p
        LEFT JOIN (SELECT supplier_order_id, count(*) AS open FROM claims_claim WHERE status IN ({_OPEN_CLAIMS})
                   GROUP BY supplier_order_id) c ON c.supplier_order_id = p.id
        WHERE p.open_claims <> coalesce(c.open, 0)
        """,
    ),
    Rule(
        "claim.refund",
        "售后与其退款不符",
        "a claim and its refund do not agree",
        f"""
        SELECT c.id AS claim_id, c.order_id, concat_ws(' ', r.status, r.amount_fen) AS found,
               concat_ws(' ', c.status, c.refund_fen) AS expected
        FROM claims_claim c LEFT JOIN orders_refund r ON r.id = c.refund_id
        LEFT JOIN (SELECT claim_id, sum(refund_fen) AS total FROM claims_line GROUP BY claim_id) l ON l.claim_id = c.id
        WHERE c.refund_fen <> c.freight_fen + l.total
           OR (c.refund_id IS NOT NULL AND (r.supplier_order_id, r.amount_fen)
               IS DISTINCT FROM (c.supplier_order_id, c.refund_fen))
           OR (c.status = 'refunded') <> (c.refund_id IS NOT NULL AND r.status = 'settled')
              AND c.supplier_order_id NOT IN ({_WAITING_FOR_CLAIMS})
        """,
    ),
    Rule(
        "claim.reshipment",
        "补发的占用或包裹与售后单不符",
        "what is held or was sent to make a claim good is not what it promised",
        """
        SELECT c.id AS claim_id, l.sku, coalesce(r.quantity, 0) + coalesce(s.quantity, 0) AS found,
               CASE WHEN c.status IN ('reshipping', 'reshipped') THEN l.quantity ELSE coalesce(s.quantity, 0) END
               AS expected
        FROM claims_claim c JOIN claims_line l ON l.claim_id = c.id
        LEFT JOIN inventory_reservation r ON r.reference = c.id AND r.sku = l.sku
        LEFT JOIN (SELECT i.line_reference, sum(i.quantity) AS quantity FROM fulfilment_shipment_line i
                   JOIN fulfilment_shipment p ON p.id = i.shipment_id WHERE NOT p.inbound
                   GROUP BY i.line_reference) s ON s.line_reference = l.id
        WHERE coalesce(r.quantity, 0) + coalesce(s.quantity, 0)
              <> CASE WHEN c.status IN ('reshipping', 'reshipped') THEN l.quantity ELSE coalesce(s.quantity, 0) END
        """,
    ),
    Rule(
        "claim.returned",
        "退回可售的商品未入库，或入库与售后单不符",
        "goods that came back and can be sold again are not in the stock ledger as the claim says",
        """
        SELECT c.id AS claim_id, l.sku, coalesce(m.quantity, 0) AS found,
               CASE WHEN c.sellable THEN l.quantity ELSE 0 END AS expected
        FROM claims_claim c JOIN claims_line l ON l.claim_id = c.id
        LEFT JOIN (SELECT reference, sku, sum(on_hand_delta) AS quantity FROM inventory_movement
                   WHERE kind = 'returned' GROUP BY reference, sku) m ON m.reference = c.id AND m.sku = l.sku
        WHERE coalesce(m.quantity, 0) <> CASE WHEN c.sellable THEN l.quantity ELSE 0 END
        """,
    ),
    Rule(
        "claim.returned_lot",
        "退货入库超过该批次发出的数量",
        "a lot got more goods back than left it",
        """
        SELECT m.sku, m.lot_id, sum(m.on_hand_delta) FILTER (WHERE m.kind = 'returned') AS found,
               coalesce(-sum(m.on_hand_delta) FILTER (WHERE m.kind = 'shipped'), 0) AS expected
        FROM inventory_movement m
        WHERE m.kind IN ('returned', 'shipped')
          AND m.lot_id IN (SELECT lot_id FROM inventory_movement WHERE kind = 'returned')
        GROUP BY m.sku, m.lot_id
        HAVING sum(m.on_hand_delta) > 0
        """,
    ),
    Rule(
        "ledger.sale_missing",
        "已完成且应计入的订单行未入帮扶台账",
        "a completed line that counts is not in the ledger",
        f"""
        SELECT l.order_id, l.supplier_order_id, l.id AS line_id, 0 AS found,
               l.amount_fen - coalesce(s.amount_fen, 0) AS expected
        FROM orders_supplier_order p JOIN orders_line l ON l.supplier_order_id = p.id
        JOIN orders_order o ON o.id = p.order_id LEFT JOIN ({SETTLED}) s ON s.line_id = l.id
        LEFT JOIN assistance_entry e ON e.line_id = l.id AND e.kind = 'sale'
        WHERE p.status = 'completed' AND e.id IS NULL AND {_ELIGIBLE}
          AND l.amount_fen > coalesce(s.amount_fen, 0) AND p.id NOT IN ({_WAITING_FOR_LEDGER})
        """,
    ),
    Rule(
        "ledger.amount",
        "台账中该订单行的净额与销售减退款不符",
        "the ledger's net of a line is not what was sold less what was refunded",
        f"""
        SELECT l.order_id, l.supplier_order_id, l.id AS line_id, concat_ws(' × ', e.quantity, e.amount_fen) AS found,
               concat_ws(' × ', l.quantity - coalesce(s.quantity, 0), l.amount_fen - coalesce(s.amount_fen, 0))
               AS expected
        FROM ({_LEDGER}) e JOIN orders_line l ON l.id = e.line_id LEFT JOIN ({SETTLED}) s ON s.line_id = l.id
        WHERE (e.amount_fen, e.quantity)
              <> (l.amount_fen - coalesce(s.amount_fen, 0), l.quantity - coalesce(s.quantity, 0))
          AND l.supplier_order_id NOT IN ({_WAITING_FOR_LEDGER})
        """,
    ),
    Rule(
        "ledger.sale_without_cause",
        "台账分录没有应计入的已完成订单行与之对应",
        "an entry of the ledger has no completed line that counts behind it, or says something else than the line",
        f"""
        SELECT e.id AS entry_id, e.source_id AS supplier_order_id, e.line_id
        FROM assistance_entry e LEFT JOIN orders_line l ON l.id = e.line_id
        LEFT JOIN orders_supplier_order p ON p.id = l.supplier_order_id
        LEFT JOIN orders_order o ON o.id = p.order_id
        WHERE e.kind = 'sale' AND e.po_no IS NULL AND NOT coalesce(
            p.status = 'completed' AND {_ELIGIBLE}
            AND (e.source_id, e.order_id, e.order_number, e.sku, e.product_id, e.category, e.supplier_id,
                 e.township_code, e.channel, e.division_code, e.counted_on)
              = (p.id, o.id, o.number, l.sku, l.product_id, l.category, l.supplier_id, l.township_code, o.channel,
                 o.division_code, CAST(p.completed_at AT TIME ZONE 'Asia/Shanghai' AS date)), false)
        """,
    ),
    Rule(
        "ledger.reversal",
        "冲销分录与其退款行不符",
        "a reversing entry is not its refund line",
        """
        SELECT e.id AS entry_id, e.source_id AS refund_id, e.line_id,
               concat_ws(' × ', e.quantity, e.amount_fen) AS found,
               concat_ws(' × ', -b.quantity, -b.amount_fen) AS expected
        FROM assistance_entry e LEFT JOIN assistance_entry s ON s.id = e.reverses
        LEFT JOIN orders_refund r ON r.id = e.source_id AND r.status = 'settled'
        LEFT JOIN orders_refund_line b ON b.refund_id = r.id AND b.line_id = e.line_id
        WHERE e.kind = 'refund' AND e.po_no IS NULL AND NOT coalesce(
            s.kind = 'sale' AND s.line_id = e.line_id AND (e.quantity, e.amount_fen) = (-b.quantity, -b.amount_fen)
            AND (e.supplier_id, e.sku, e.category, e.township_code, e.channel, e.division_code)
              = (s.supplier_id, s.sku, s.category, s.township_code, s.channel, s.division_code)
            AND e.counted_on = CAST(r.settled_at AT TIME ZONE 'Asia/Shanghai' AS date), false)
        """,
    ),
    Rule(
        "ledger.over_reversed",
        "冲销多于原计入的销售",
        "more was reversed than was counted",
        """
        SELECT line_id, sum(amount_fen) AS found, 0 AS expected FROM assistance_entry WHERE kind IN ('sale', 'refund')
        GROUP BY line_id HAVING sum(amount_fen) < 0 OR sum(quantity) < 0 OR sum(weight_g) < 0
        """,
    ),
    Rule(
        "invoice.net",
        "蓝字发票减红字发票不等于已付未退的金额",
        "the blue invoices of a supplier order less the red ones are not what was paid and not refunded",
        f"""
        SELECT i.supplier_order_id, sum(i.total_fen) AS found, p.amount_fen - coalesce(r.total, 0) AS expected
        FROM invoicing_invoice i JOIN orders_supplier_order p ON p.id = i.supplier_order_id
        LEFT JOIN (SELECT supplier_order_id, sum(amount_fen) AS total FROM orders_refund WHERE status = 'settled'
                   GROUP BY supplier_order_id) r ON r.supplier_order_id = i.supplier_order_id
        WHERE i.status NOT IN ('requested', 'cancelled')
          AND i.supplier_order_id NOT IN ({_WAITING_FOR_INVOICING})
        GROUP BY i.supplier_order_id, p.amount_fen, r.total
        HAVING sum(i.total_fen) <> p.amount_fen - coalesce(r.total, 0)
               AND count(*) FILTER (WHERE i.colour = 'blue' AND i.status = 'rejected') = 0
        """,
    ),
    Rule(
        "invoice.red",
        "红字发票冲销的金额或税额超过蓝字发票",
        "red invoices take back more, or other tax, than their blue one billed",
        """
        SELECT b.id AS invoice_id, concat_ws(' + ', -sum(r.amount_fen), -sum(r.tax_fen)) AS found,
               concat_ws(' + ', b.amount_fen, b.tax_fen) AS expected
        FROM invoicing_invoice b JOIN invoicing_invoice r ON r.reverses = b.id AND r.status <> 'cancelled'
        GROUP BY b.id HAVING -sum(r.amount_fen) > b.amount_fen OR -sum(r.tax_fen) > b.tax_fen
        """,
    ),
    Rule(
        "invoice.items",
        "发票合计与其各项之和不符",
        "an invoice is not the sum of its items",
        """
        SELECT i.id AS invoice_id, concat_ws(' + ', i.amount_fen, i.tax_fen) AS found,
               concat_ws(' + ', coalesce(l.amount, 0), coalesce(l.tax, 0)) AS expected
        FROM invoicing_invoice i LEFT JOIN LATERAL (
            SELECT sum(CAST(item ->> 'amount_fen' AS bigint)) AS amount, sum(CAST(item ->> 'tax_fen' AS bigint)) AS tax
            FROM jsonb_array_elements(i.items) AS item) l ON true
        WHERE (i.amount_fen, i.tax_fen) <> (coalesce(l.amount, 0), coalesce(l.tax, 0))
        """,
    ),
    Rule(
        "certificate.sums",
        "采购证明的净额与其类别或乡镇明细之和不符",
        "what a certificate certifies is not the sum of its categories, or not of its townships",
        """
        SELECT c.id AS certificate_id, CAST(c.content ->> 'net_fen' AS bigint) AS expected,
               concat_ws(' / ', l.categories, l.townships) AS found
        FROM assistance_certificate c CROSS JOIN LATERAL (
            SELECT (SELECT sum(CAST(share ->> 'net_fen' AS bigint)) FROM jsonb_array_elements(c.content -> 'categories')
                    AS share) AS categories,
                   (SELECT sum(CAST(share ->> 'net_fen' AS bigint)) FROM jsonb_array_elements(c.content -> 'townships')
                    AS share) AS townships) l
        WHERE (l.categories, l.townships) IS DISTINCT FROM
              (CAST(c.content ->> 'net_fen' AS numeric), CAST(c.content ->> 'net_fen' AS numeric))
        """,
    ),
    *OWED,
    Rule(
        "file.content",
        "文件缺少内容或图片缺少缩略图",
        "a file has no bytes anywhere, or a picture no small variant",
        """
        SELECT f.id AS file_id, count(c.variant) AS found, CASE WHEN f.width IS NULL THEN 1 ELSE 2 END AS expected
        FROM files_file f LEFT JOIN files_content c ON c.file_id = f.id
        GROUP BY f.id HAVING count(c.variant) <> CASE WHEN f.width IS NULL THEN 1 ELSE 2 END
        """,
    ),
    Rule(
        "review.rating",
        "商品评分与其评价之和不符",
        "the rating of a product is not the sum of its reviews",
        """
        SELECT coalesce(r.product_id, w.product_id) AS product_id, concat_ws(' / ', r.stars, r.reviews) AS found,
               concat_ws(' / ', w.stars, w.reviews) AS expected
        FROM storefront_rating r
        FULL JOIN (SELECT product_id, sum(stars) AS stars, count(*) AS reviews FROM reviews_review
                   GROUP BY product_id) w ON w.product_id = r.product_id
        WHERE (r.stars, r.reviews) IS DISTINCT FROM (w.stars, w.reviews) AND coalesce(r.product_id, w.product_id) NOT IN
              (SELECT subject FROM core_delivery WHERE listener = 'storefront.rate')
        """,
    ),
    Rule(
        "facts.parked",
        "有事件多次投递失败，已搁置",
        "a fact could not be delivered and was put aside",
        """
        SELECT d.id AS delivery_id, d.listener, d.subject, d.last_error FROM core_delivery d
        WHERE d.parked_at IS NOT NULL
        """,
    ),
    Rule(
        "facts.late",
        "有事件超过 10 分钟仍未投递",
        "a fact has waited for its listener for more than 10 minutes",
        # A courier whose far end is away backs off for hours, and what comes after it waits its turn: neither is late.
        """
        SELECT d.id AS delivery_id, d.listener, d.subject, e.name AS fact
        FROM core_delivery d JOIN core_event e ON e.id = d.event_id
        CROSS JOIN (SELECT coalesce(CAST(:now AS timestamptz), now()) - interval '10 minutes' AS at) late
        WHERE d.parked_at IS NULL AND e.at < late.at AND NOT EXISTS (
            SELECT FROM core_delivery w
            WHERE w.lane = d.lane AND w.subject = d.subject AND w.position <= d.position
              AND w.by_courier AND w.parked_at IS NULL AND w.due_at > late.at)
        """,
    ),
    Rule(
        "webhooks.pending",
        "待投递的消息没有投递任务",
        "a webhook message waits for a delivery that does not exist",
        """
        SELECT m.id AS message_id, m.endpoint_id FROM webhooks_message m
        WHERE m.status = 'pending' AND NOT EXISTS (
            SELECT FROM core_delivery d JOIN core_event e ON e.id = d.event_id
            WHERE d.listener = 'webhooks.send_message' AND e.payload ->> 'message_id' = CAST(m.id AS text))
        """,
    ),
)
"""Every rule, in the order in which it is checked."""


async def check(session: AsyncSession, *, now: datetime | None = None) -> list[Break]:
    """Look for breaks of every rule; read-only.

    ``now`` (the database's clock by default) tells which facts are late.
    """
    found: list[Break] = []
    for rule in RULES:
        statement = text(rule.sql)
        values = {"now": now} if ":now" in rule.sql else {}
        rows = await session.execute(statement, values)
        found += [as_break(rule, dict(row)) for row in rows.mappings()]
    return found
