"""What must be true of supermarkets' purchase orders: what they hold, what they are worth, what was sent for them."""

from __future__ import annotations

from app.audit.rules import Rule

PURCHASE_ORDERS: tuple[Rule, ...] = (
    Rule(
        "reservation.of_purchase_order",
        "采购订单的占用与其已承诺未发货的数量不符",
        "what is reserved for a purchase order is not what it has promised and not shipped",
        """
        SELECT coalesce(r.reference, d.po_id) AS po_id, coalesce(r.sku, d.sku) AS sku,
               coalesce(r.quantity, 0) AS found, coalesce(d.units, 0) AS expected
        FROM (SELECT r.reference, r.sku, r.quantity FROM inventory_reservation r
              WHERE r.reference IN (SELECT id FROM wholesale_po)) r
        FULL JOIN (SELECT l.po_id, l.sku, sum(l.promised_units - l.shipped_units) AS units
                   FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id
                   WHERE p.status IN ('confirmed', 'shipped', 'partially_received')
                   GROUP BY l.po_id, l.sku HAVING sum(l.promised_units - l.shipped_units) > 0) d
          ON d.po_id = r.reference AND d.sku = r.sku
        WHERE coalesce(r.quantity, 0) <> coalesce(d.units, 0)
        """,
    ),
    Rule(
        "po.total",
        "采购订单金额与其各行承诺之和不符",
        "a purchase order is not worth the sum of what its lines promise",
        """
        SELECT p.id AS po_id, p.po_no, p.total_fen AS found, coalesce(l.total, 0) AS expected
        FROM wholesale_po p
        LEFT JOIN (SELECT po_id, sum(promised_units * unit_price_fen) AS total FROM wholesale_po_line GROUP BY po_id) l
          ON l.po_id = p.id
        WHERE p.total_fen <> coalesce(l.total, 0)
        """,
    ),
    Rule(
        "po.credit",
        "采购订单占用的授信与其承诺的金额不符",
        "the credit that a purchase order took is not what it promises",
        """
        SELECT p.id AS po_id, p.po_no, coalesce(e.total, 0) AS found, x.expected
        FROM wholesale_po p
        LEFT JOIN (SELECT reference, sum(amount_fen) AS total FROM partners_credit_entry
                   WHERE kind IN ('ordered', 'amended', 'cancelled') GROUP BY reference) e ON e.reference = p.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN p.status IN ('needs_approval', 'rejected', 'cancelled', 'expired') THEN 0
                        WHEN p.status = 'closed' THEN sum(l.delivered_units * l.unit_price_fen)
                        ELSE p.total_fen END AS expected
            FROM wholesale_po_line l WHERE l.po_id = p.id) x
        WHERE coalesce(e.total, 0) <> x.expected
        """,
    ),
    Rule(
        "po.shipped",
        "采购订单行的已发数量与其送货单不符",
        "what a line has shipped is not the sum of its delivery notes",
        """
        SELECT l.po_id, l.id AS line_id, l.shipped_units AS found, coalesce(d.units, 0) AS expected
        FROM wholesale_po_line l
        LEFT JOIN (SELECT line_id, sum(units) AS units FROM wholesale_delivery_line GROUP BY line_id) d
          ON d.line_id = l.id
        WHERE l.shipped_units <> coalesce(d.units, 0)
        """,
    ),
    Rule(
        "po.version",
        "采购订单的版本号与其保存的各版本不符",
        "a purchase order is not at the last of its versions",
        """
        SELECT p.id AS po_id, p.po_no, p.version AS found, coalesce(v.last, 0) AS expected
        FROM wholesale_po p
        LEFT JOIN (SELECT po_id, max(version) AS last, count(*) AS kept FROM wholesale_po_version GROUP BY po_id) v
          ON v.po_id = p.id
        WHERE p.version IS DISTINCT FROM v.last OR p.version <> v.kept
        """,
    ),
    Rule(
        "po.history",
        "采购订单的状态与其历史的最后一步不符",
        "a purchase order does not stand where its history ends",
        """
        SELECT p.id AS po_id, p.po_no, p.status AS found, e.status AS expected
        FROM wholesale_po p
        LEFT JOIN LATERAL (SELECT status FROM wholesale_po_event WHERE po_id = p.id ORDER BY id DESC LIMIT 1) e ON true
        WHERE p.status IS DISTINCT FROM e.status
        """,
    ),
)
