"""What must be true of the ledger of counted sales and the certificates of it."""

from __future__ import annotations

from app.audit.queries.owed import SETTLED
from app.audit.queries.waiting import WAITING_FOR_LEDGER
from app.audit.rules import Rule

_LEDGER = """
    SELECT line_id, sum(amount_fen) AS amount_fen, sum(quantity) AS quantity,
           coalesce(sum(amount_fen) FILTER (WHERE kind = 'adjustment'), 0) AS adjusted_fen,
           coalesce(sum(quantity) FILTER (WHERE kind = 'adjustment'), 0) AS adjusted
    FROM assistance_entry WHERE po_no IS NULL AND evidence = 'platform' GROUP BY line_id
"""
# What was adjusted before it was refunded is refunded by as much less: never below nothing.
_FEN = "greatest(l.amount_fen - coalesce(s.amount_fen, 0) + e.adjusted_fen, 0)"
_PIECES = "greatest(l.quantity - coalesce(s.quantity, 0) + e.adjusted, 0)"
# What is heard of when its month is closed counts on the first day after what is closed.
_AFTER_CLOSING = """EXISTS (SELECT FROM assistance_closing c
    WHERE e.counted_on = c.month + interval '1 month' AND {day} < e.counted_on)"""
_COMPLETED_ON = "CAST(p.completed_at AT TIME ZONE 'Asia/Shanghai' AS date)"
_SETTLED_ON = "CAST(r.settled_at AT TIME ZONE 'Asia/Shanghai' AS date)"
_ELIGIBLE = """
    l.assisted AND NOT l.self_purchase AND l.township_code LIKE '433125%' AND o.division_code LIKE '37%'
    AND o.ext_832_order_no IS NULL AND p.completed_at >= '2016-01-01T00:00:00+08:00'
"""

# The first test that fails names the reason; what came back before completion left nothing to count.
_REASON = """CASE
    WHEN p.completed_at < '2016-01-01T00:00:00+08:00' THEN 'no_programme'
    WHEN NOT l.assisted THEN 'not_assisted'
    WHEN l.township_code NOT LIKE '433125%' THEN 'other_origin'
    WHEN o.division_code NOT LIKE '37%' THEN 'other_destination'
    WHEN l.self_purchase THEN 'self_purchase'
    WHEN o.ext_832_order_no IS NOT NULL THEN 'on_832'
    WHEN x.net_fen <= 0 THEN 'nothing_paid' END"""

LEDGER: tuple[Rule, ...] = (
    Rule(
        "ledger.sale_missing",
        "已完成的订单行既未入帮扶台账，也未登记不计入的原因",
        "a completed line is neither in the ledger nor among those that do not count",
        f"""
        SELECT l.order_id, l.supplier_order_id, l.id AS line_id, 0 AS found,
               l.amount_fen - coalesce(s.amount_fen, 0) AS expected
        FROM orders_supplier_order p JOIN orders_line l ON l.supplier_order_id = p.id
        LEFT JOIN ({SETTLED}) s ON s.line_id = l.id
        LEFT JOIN assistance_entry e ON e.line_id = l.id AND e.kind = 'sale'
        LEFT JOIN assistance_exclusion x ON x.line_id = l.id
        WHERE p.status = 'completed' AND p.completed_at IS NOT NULL AND e.id IS NULL AND x.id IS NULL
          AND p.id NOT IN ({WAITING_FOR_LEDGER})
        """,
    ),
    Rule(
        "ledger.exclusion",
        "不计入的订单行没有成立的原因，或同时已入台账",
        "a line is excluded without the reason that it names, or is counted as well",
        f"""
        SELECT x.id AS exclusion_id, x.line_id, x.reason AS found,
               CASE WHEN e.id IS NOT NULL THEN 'counted' ELSE coalesce(w.reason, 'completed') END AS expected
        FROM assistance_exclusion x LEFT JOIN assistance_entry e ON e.line_id = x.line_id AND e.kind = 'sale'
        LEFT JOIN LATERAL (
            SELECT {_REASON} AS reason FROM orders_line l JOIN orders_supplier_order p ON p.id = l.supplier_order_id
            JOIN orders_order o ON o.id = l.order_id WHERE l.id = x.line_id AND p.status = 'completed') w ON true
        WHERE e.id IS NOT NULL OR (x.po_no IS NULL AND x.reason IS DISTINCT FROM w.reason)
        """,
    ),
    Rule(
        "ledger.amount",
        "台账中该订单行的净额与销售减退款不符",
        "the ledger's net of a line is not what was sold less what was refunded",
        f"""
        SELECT l.order_id, l.supplier_order_id, l.id AS line_id, concat_ws(' × ', e.quantity, e.amount_fen) AS found,
               concat_ws(' × ', {_PIECES}, {_FEN}) AS expected
        FROM ({_LEDGER}) e JOIN orders_line l ON l.id = e.line_id LEFT JOIN ({SETTLED}) s ON s.line_id = l.id
        WHERE (e.amount_fen, e.quantity) <> ({_FEN}, {_PIECES})
          AND l.supplier_order_id NOT IN ({WAITING_FOR_LEDGER})
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
        WHERE e.kind = 'sale' AND e.po_no IS NULL AND e.evidence = 'platform' AND NOT coalesce(
            p.status = 'completed' AND {_ELIGIBLE}
            AND (e.source_id, e.order_id, e.order_number, e.sku, e.product_id, e.category, e.supplier_id,
                 e.township_code, e.channel, e.division_code)
              = (p.id, o.id, o.number, l.sku, l.product_id, l.category, l.supplier_id, l.township_code, o.channel,
                 o.division_code)
            AND (e.counted_on = {_COMPLETED_ON} OR {_AFTER_CLOSING.format(day=_COMPLETED_ON)}), false)
        """,
    ),
    Rule(
        "ledger.reversal",
        "冲销分录与其退款行不符",
        "a reversing entry is not its refund line",
        f"""
        SELECT e.id AS entry_id, e.source_id AS refund_id, e.line_id,
               concat_ws(' × ', e.quantity, e.amount_fen) AS found,
               concat_ws(' × ', -b.quantity, -b.amount_fen) AS expected
        FROM assistance_entry e LEFT JOIN assistance_entry s ON s.id = e.reverses
        LEFT JOIN orders_refund r ON r.id = e.source_id AND r.status = 'settled'
        LEFT JOIN orders_refund_line b ON b.refund_id = r.id AND b.line_id = e.line_id
        WHERE e.kind = 'refund' AND e.po_no IS NULL AND NOT coalesce(
            s.kind = 'sale' AND s.line_id = e.line_id
            AND ((e.quantity, e.amount_fen) = (-b.quantity, -b.amount_fen)
                 OR (-e.quantity <= b.quantity AND -e.amount_fen <= b.amount_fen AND EXISTS (
                     SELECT FROM assistance_entry a WHERE a.reverses = s.id AND a.kind = 'adjustment')))
            AND (e.supplier_id, e.sku, e.category, e.township_code, e.channel, e.division_code)
              = (s.supplier_id, s.sku, s.category, s.township_code, s.channel, s.division_code)
            AND (e.counted_on = {_SETTLED_ON} OR {_AFTER_CLOSING.format(day=_SETTLED_ON)}), false)
        """,
    ),
    Rule(
        "ledger.over_reversed",
        "冲销多于原计入的销售",
        "more was reversed than was counted",
        """
        SELECT line_id, sum(amount_fen) AS found, 0 AS expected FROM assistance_entry
        GROUP BY line_id HAVING sum(amount_fen) < 0 OR sum(quantity) < 0 OR sum(weight_g) < 0
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
)
