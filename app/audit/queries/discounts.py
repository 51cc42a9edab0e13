"""What must be true of discounts, voucher budgets and coupons."""

from __future__ import annotations

from app.audit.rules import Rule

DISCOUNTS: tuple[Rule, ...] = (
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
)
