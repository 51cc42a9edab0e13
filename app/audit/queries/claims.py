"""What must be true of claims."""

from __future__ import annotations

from app.audit.queries.waiting import WAITING_FOR_CLAIMS
from app.audit.rules import Rule

_OPEN_CLAIMS = (
    "'applied', 'supplier_review', 'disputed', 'arbitration', 'agreed', 'reshipping', 'returning', 'returned'"
)

CLAIMS: tuple[Rule, ...] = (
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
              AND c.supplier_order_id NOT IN ({WAITING_FOR_CLAIMS})
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
)
