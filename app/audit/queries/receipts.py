"""What must be true of goods that supermarkets took in and sent back: counts, credit, and the ledger of them."""

from __future__ import annotations

from app.audit.queries.waiting import WAITING_FOR_LEDGER
from app.audit.rules import Rule

_ELIGIBLE = """
    l.assisted AND NOT l.self_purchase AND l.township_code LIKE '433125%' AND p.division_code LIKE '37%'
    AND t.payable_fen > 0 AND r.received_at >= '2016-01-01T00:00:00+08:00'
"""

RECEIPTS: tuple[Rule, ...] = (
    Rule(
        "receipt.total",
        "验收单金额与其各行之和不符",
        "a receipt is not worth the sum of its lines",
        """
        SELECT r.id AS receipt_id, r.receipt_no, r.payable_fen AS found, coalesce(t.total, 0) AS expected
        FROM wholesale_receipt r
        LEFT JOIN (SELECT receipt_id, sum(payable_fen) AS total FROM wholesale_receipt_line GROUP BY receipt_id) t
          ON t.receipt_id = r.id
        WHERE r.payable_fen <> coalesce(t.total, 0)
        """,
    ),
    Rule(
        "po.received",
        "采购订单行的到货、验收或应付与其各验收单之和不符",
        "what a line of a purchase order has received is not the sum of its receipts",
        """
        SELECT l.po_id, l.id AS line_id,
               concat_ws(' × ', l.delivered_units, l.received_units, l.payable_fen) AS found,
               concat_ws(' × ', coalesce(t.delivered, 0), coalesce(t.received, 0), coalesce(t.payable, 0)) AS expected
        FROM wholesale_po_line l
        LEFT JOIN (SELECT line_id, sum(delivered_units) AS delivered, sum(received_units) AS received,
                          sum(payable_fen) AS payable FROM wholesale_receipt_line GROUP BY line_id) t
          ON t.line_id = l.id
        WHERE (l.delivered_units, l.received_units, l.payable_fen)
              <> (coalesce(t.delivered, 0), coalesce(t.received, 0), coalesce(t.payable, 0))
        """,
    ),
    Rule(
        "po.taken_in",
        "采购订单行验收的数量多于已发货的数量",
        "more of a line came to the dock than left the house",
        """
        SELECT po_id, id AS line_id, delivered_units AS found, shipped_units AS expected
        FROM wholesale_po_line WHERE delivered_units > shipped_units
        """,
    ),
    Rule(
        "po.missing",
        "未收到的货物与其订单行、退库不符",
        "what is asked for of a closed order is not what was sent and not received, or another amount came back",
        """
        SELECT m.id AS missing_id, m.po_id, concat_ws(' / ', m.units, m.returned_units) AS found,
               concat_ws(' / ', l.shipped_units - l.delivered_units, coalesce(b.units, 0)) AS expected
        FROM wholesale_missing m JOIN wholesale_po_line l ON l.id = m.line_id JOIN wholesale_po p ON p.id = m.po_id
        LEFT JOIN (SELECT reference, sum(on_hand_delta) AS units FROM inventory_movement
                   WHERE kind = 'returned' GROUP BY reference) b ON b.reference = m.id
        WHERE m.units <> l.shipped_units - l.delivered_units OR p.status <> 'closed' OR l.po_id <> m.po_id
           OR coalesce(m.returned_units, 0) <> coalesce(b.units, 0)
        """,
    ),
    Rule(
        "po.complete",
        "采购订单已全部到货而状态不是已验收，或相反",
        "a purchase order counts as received although something is to come",
        """
        SELECT p.id AS po_id, p.po_no, p.status AS found, 'partially_received' AS expected
        FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id
        WHERE p.status = 'received' AND l.delivered_units < l.promised_units
        """,
    ),
    Rule(
        "receipt.credit",
        "验收单对授信的影响与其应付金额不符",
        "what a receipt changed of the partner's credit is not what is payable less what was promised of it",
        """
        SELECT r.id AS receipt_id, r.receipt_no, coalesce(e.amount_fen, 0) AS found, t.change AS expected
        FROM wholesale_receipt r
        JOIN (SELECT receipt_id, sum(payable_fen - delivered_units * unit_price_fen) AS change
              FROM wholesale_receipt_line GROUP BY receipt_id) t ON t.receipt_id = r.id
        LEFT JOIN partners_credit_entry e ON e.kind = 'received' AND e.source_id = r.id AND e.reference = r.po_id
        WHERE coalesce(e.amount_fen, 0) <> t.change
        """,
    ),
    Rule(
        "return.total",
        "退货单金额与其各行之和，或与其对授信的影响不符",
        "a return is not worth the sum of its lines, or changed the partner's credit by something else",
        """
        SELECT r.id AS return_id, r.return_no, concat_ws(' / ', r.amount_fen, coalesce(e.amount_fen, 0)) AS found,
               concat_ws(' / ', coalesce(t.total, 0), -coalesce(t.total, 0)) AS expected
        FROM wholesale_return r
        LEFT JOIN (SELECT return_id, sum(amount_fen) AS total FROM wholesale_return_line GROUP BY return_id) t
          ON t.return_id = r.id
        LEFT JOIN partners_credit_entry e ON e.kind = 'returned' AND e.source_id = r.id AND e.reference = r.po_id
        WHERE r.amount_fen <> coalesce(t.total, 0) OR coalesce(e.amount_fen, 0) <> -coalesce(t.total, 0)
        """,
    ),
    Rule(
        "po.returned",
        "采购订单行的退货数量与其各退货单之和不符",
        "what a line of a purchase order has sent back is not the sum of its returns",
        """
        SELECT l.po_id, l.id AS line_id, l.returned_units AS found, coalesce(t.units, 0) AS expected
        FROM wholesale_po_line l
        LEFT JOIN (SELECT line_id, sum(units) AS units FROM wholesale_return_line GROUP BY line_id) t
          ON t.line_id = l.id
        WHERE l.returned_units <> coalesce(t.units, 0)
        """,
    ),
    Rule(
        "return.too_much",
        "退货多于该验收行应付的数量",
        "more of a receipt's line went back than was to be paid of it",
        """
        SELECT t.id AS receipt_line_id, sum(b.units) AS found, t.received_units - t.deducted_units AS expected
        FROM wholesale_receipt_line t JOIN wholesale_return_line b ON b.receipt_line_id = t.id
        GROUP BY t.id HAVING sum(b.units) > t.received_units - t.deducted_units
        """,
    ),
    Rule(
        "return.without_consent",
        "需经同意的退货没有同意，或超出同意的数量",
        "goods went back for a reason that needs a consent without one, or more than it allows",
        """
        SELECT b.return_id, b.id AS line_id, coalesce(c.used, 0) AS found, coalesce(c.units, 0) AS expected
        FROM wholesale_return_line b JOIN wholesale_return r ON r.id = b.return_id
        LEFT JOIN (SELECT c.id, c.reason, c.line_id, c.units, sum(u.units) AS used FROM wholesale_return_consent c
                   JOIN wholesale_return_line u ON u.consent_id = c.id GROUP BY c.id) c ON c.id = b.consent_id
        WHERE (r.reason <> 'quality' AND c.id IS NULL)
           OR (c.id IS NOT NULL AND (c.used > c.units OR c.line_id <> b.line_id OR c.reason <> r.reason))
        """,
    ),
    Rule(
        "ledger.receipt_missing",
        "已验收的行既未入帮扶台账，也未登记不计入的原因，或应计入而未计入",
        "a line that was taken in is not in the ledger although it counts, nor among those that do not count",
        f"""
        SELECT r.po_id, r.id AS receipt_id, t.id AS line_id, 0 AS found, t.payable_fen AS expected
        FROM wholesale_receipt r JOIN wholesale_po p ON p.id = r.po_id
        JOIN wholesale_receipt_line t ON t.receipt_id = r.id JOIN wholesale_po_line l ON l.id = t.line_id
        LEFT JOIN assistance_entry e ON e.line_id = t.id AND e.kind = 'sale'
        LEFT JOIN assistance_exclusion x ON x.line_id = t.id
        WHERE e.id IS NULL AND (x.id IS NULL OR {_ELIGIBLE}) AND r.po_id NOT IN ({WAITING_FOR_LEDGER})
        """,
    ),
    Rule(
        "ledger.receipt_without_cause",
        "台账分录没有应计入的验收行与之对应",
        "an entry of the ledger has no line of a receipt that counts behind it, or says something else than that line",
        f"""
        SELECT e.id AS entry_id, e.source_id AS receipt_id, e.line_id
        FROM assistance_entry e LEFT JOIN wholesale_receipt_line t ON t.id = e.line_id
        LEFT JOIN wholesale_receipt r ON r.id = t.receipt_id LEFT JOIN wholesale_po p ON p.id = r.po_id
        LEFT JOIN wholesale_po_line l ON l.id = t.line_id
        WHERE e.kind = 'sale' AND e.po_no IS NOT NULL AND e.evidence = 'platform' AND NOT coalesce(
            {_ELIGIBLE} AND e.counted_on >= r.received_on
            AND (e.source_id, e.order_id, e.po_no, e.sku, e.product_id, e.category, e.supplier_id, e.township_code,
                 e.channel, e.division_code, e.partner_id, CAST(e.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date),
                 e.quantity, e.amount_fen, e.weight_g)
              = (r.id, p.id, p.po_no, l.sku, l.product_id, l.category, l.supplier_id, l.township_code,
                 'supermarket', p.division_code, p.partner_id, r.received_on, t.received_units - t.deducted_units,
                 t.payable_fen, (t.received_units - t.deducted_units) * CAST(l.net_weight_g AS bigint)), false)
        """,
    ),
    Rule(
        "ledger.return",
        "台账中该验收行的冲销与其退货不符",
        "what the ledger took back of a receipt's line is not what went back of it",
        f"""
        SELECT t.id AS line_id, r.po_id, concat_ws(' × ', coalesce(e.quantity, 0), coalesce(e.amount_fen, 0)) AS found,
               concat_ws(' × ', coalesce(b.units, 0), coalesce(b.amount_fen, 0)) AS expected
        FROM wholesale_receipt_line t JOIN wholesale_receipt r ON r.id = t.receipt_id
        JOIN assistance_entry s ON s.line_id = t.id AND s.kind = 'sale'
        LEFT JOIN (SELECT receipt_line_id, sum(units) AS units, sum(amount_fen) AS amount_fen
                   FROM wholesale_return_line GROUP BY receipt_line_id) b ON b.receipt_line_id = t.id
        LEFT JOIN (SELECT e.line_id, -sum(e.quantity) AS quantity, -sum(e.amount_fen) AS amount_fen
                   FROM assistance_entry e JOIN wholesale_return x ON x.id = e.source_id
                   WHERE e.kind = 'refund' GROUP BY e.line_id) e ON e.line_id = t.id
        WHERE (coalesce(e.quantity, 0), coalesce(e.amount_fen, 0))
              <> (coalesce(b.units, 0), coalesce(b.amount_fen, 0))
          AND r.po_id NOT IN ({WAITING_FOR_LEDGER})
        """,
    ),
)
