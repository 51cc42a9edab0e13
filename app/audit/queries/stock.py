"""What must be true of stock, lots, pre-sales and what is reserved."""

from __future__ import annotations

from app.audit.rules import Rule
from app.catalogue import PICKS, picked

_SPANS = ", ".join(
    f"('{name}', '{span.first}', '{span.last}')"
    for name in PICKS
    for year in range(2019, 2036)
    if (span := picked(name, year)) is not None
)

STOCK: tuple[Rule, ...] = (
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
          AND coalesce(r.reference, d.order_id) NOT IN (SELECT id FROM wholesale_po)
        """,
    ),
)
