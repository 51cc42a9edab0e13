"""The statements behind the auditor's questions: each finds the cases of one check in a span of days.

Each answers rows of (on_day, number, line_id, sku, supplier_id, supplier, amount_fen, facts).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_end, day_start
from app.reports.rules.exceptions import (
    FEWEST_AT_YEAR_END,
    FEWEST_DEALS,
    PRICE_LIMIT_PCT,
    SPIKE_FACTOR,
    Check,
    Finding,
    finding,
)

_SALE = """e.counted_on AS on_day, coalesce(e.order_number, e.po_no) AS number, e.line_id, e.sku, e.supplier_id,
       e.supplier_name AS supplier"""
_IN_SPAN = "e.kind = 'sale' AND e.counted_on BETWEEN :first AND :last"

# A fact that is still on its way to the ledger is not missing from it.
_ON_THEIR_WAY = "NOT EXISTS (SELECT FROM core_delivery d WHERE d.lane = 'assistance' AND d.subject = {subject})"

_CLAIMED_ELSEWHERE = f"""
SELECT {_SALE}, e.amount_fen, jsonb_build_object('other', o.ext_832_order_no) AS facts
FROM assistance_entry e JOIN orders_order o ON o.id = e.order_id
WHERE {_IN_SPAN} AND o.ext_832_order_no IS NOT NULL
UNION ALL
SELECT {_SALE}, e.amount_fen, jsonb_build_object('other', c.source || ' ' || c.invoice_no)
FROM assistance_entry e JOIN orders_order o ON o.id = e.order_id
JOIN assistance_external_claim c ON c.invoice_no = o.number OR c.invoice_no = o.ext_832_order_no
WHERE {_IN_SPAN} AND c.entry_id <> e.id
"""

_REFUND_NOT_DEDUCTED = f"""
SELECT {_SALE}, b.refunded - g.reversed AS amount_fen,
       jsonb_build_object('refunded', b.refunded, 'reversed', g.reversed) AS facts
FROM assistance_entry e
JOIN LATERAL (
    SELECT CAST(sum(l.amount_fen) AS bigint) AS refunded FROM orders_refund_line l JOIN orders_refund r
    ON r.id = l.refund_id WHERE l.line_id = e.line_id AND r.status = 'settled' AND r.settled_at > e.occurred_at) b
    ON b.refunded > 0
CROSS JOIN LATERAL (
    SELECT coalesce(-CAST(sum(x.amount_fen) AS bigint), 0) AS reversed FROM assistance_entry x
    WHERE x.reverses = e.id) g
WHERE {_IN_SPAN} AND b.refunded > g.reversed AND g.reversed < e.amount_fen
  AND {_ON_THEIR_WAY.format(subject="e.source_id")}
"""

_COUNTED_THEN_CANCELLED = f"""
SELECT {_SALE}, e.amount_fen, jsonb_build_object('status', s.status) AS facts
FROM assistance_entry e JOIN orders_supplier_order s ON s.id = e.source_id
WHERE {_IN_SPAN} AND s.completed_at IS NULL
"""

# Those that the frozen score kept out of the ledger are shown beside those that it let in and today's links betray.
_SELF_PURCHASE = f"""
SELECT CAST(x.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date) AS on_day, coalesce(x.order_number, x.po_no) AS number,
       x.line_id, x.sku, x.supplier_id, x.supplier_name AS supplier, x.net_fen AS amount_fen,
       jsonb_build_object('why', 'score', 'state', 'excluded') AS facts
FROM assistance_exclusion x
WHERE x.reason = 'self_purchase' AND x.occurred_at >= :since AND x.occurred_at < :until
UNION ALL
SELECT {_SALE}, e.amount_fen, jsonb_build_object('why', w.why, 'state', 'counted')
FROM assistance_entry e JOIN orders_order o ON o.id = e.order_id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN EXISTS (SELECT FROM identity_grant g WHERE g.account_id = o.buyer_id AND g.role = 'supplier'
                     AND g.scope_id = e.supplier_id) THEN 'staff'
        WHEN EXISTS (SELECT FROM buyers_organisation b JOIN suppliers_supplier s ON s.uscc = b.uscc
                     WHERE b.id = o.organisation_id AND s.id = e.supplier_id) THEN 'same_uscc'
        WHEN e.division_code LIKE '433125%' THEN 'baojing'
    END AS why) w
WHERE {_IN_SPAN} AND w.why IS NOT NULL
"""

_REFUND_AFTER_YEAR_END = """
SELECT r.counted_on AS on_day, coalesce(r.order_number, r.po_no) AS number, r.line_id, r.sku, r.supplier_id,
       r.supplier_name AS supplier, -r.amount_fen AS amount_fen,
       jsonb_build_object('sold_on', e.counted_on, 'refunded_on', r.counted_on) AS facts
FROM assistance_entry r JOIN assistance_entry e ON e.id = r.reverses
WHERE r.kind = 'refund' AND r.counted_on BETWEEN :first AND :last
  AND date_trunc('year', CAST(r.counted_on AS timestamp)) > date_trunc('year', CAST(e.counted_on AS timestamp))
"""

_YEAR_END_SPIKE = f"""
WITH years AS (
    SELECT s.supplier_id, extract(year FROM o.paid_at AT TIME ZONE 'Asia/Shanghai') AS year,
           count(DISTINCT o.id) * 12.0 / 365 AS usual,
           count(DISTINCT o.id) FILTER (
               WHERE to_char(o.paid_at AT TIME ZONE 'Asia/Shanghai', 'MM-DD') BETWEEN '12-20' AND '12-31'
                 AND extract(year FROM s.completed_at AT TIME ZONE 'Asia/Shanghai')
                     > extract(year FROM o.paid_at AT TIME ZONE 'Asia/Shanghai')) AS orders,
           sum(s.amount_fen) FILTER (
               WHERE to_char(o.paid_at AT TIME ZONE 'Asia/Shanghai', 'MM-DD') BETWEEN '12-20' AND '12-31'
                 AND extract(year FROM s.completed_at AT TIME ZONE 'Asia/Shanghai')
                     > extract(year FROM o.paid_at AT TIME ZONE 'Asia/Shanghai')) AS fen
    FROM orders_supplier_order s JOIN orders_order o ON o.id = s.order_id
    WHERE s.completed_at IS NOT NULL AND o.paid_at >= :year_since AND o.paid_at < :until
    GROUP BY 1, 2
)
SELECT make_date(CAST(y.year AS integer), 12, 31) AS on_day, p.code AS number, CAST(NULL AS uuid) AS line_id,
       CAST(NULL AS text) AS sku, y.supplier_id, p.name AS supplier, CAST(y.fen AS bigint) AS amount_fen,
       jsonb_build_object('orders', y.orders, 'usual', CAST(ceil(y.usual) AS integer)) AS facts
FROM years y JOIN suppliers_supplier p ON p.id = y.supplier_id
WHERE y.orders >= {FEWEST_AT_YEAR_END} AND y.orders >= {SPIKE_FACTOR} * y.usual
  AND make_date(CAST(y.year AS integer), 12, 31) BETWEEN :first AND :last
"""

_CERTIFICATE_AFTER_ORDER = f"""
SELECT {_SALE}, e.amount_fen, jsonb_build_object('ordered_on', t.ordered_on, 'valid_from', c.since) AS facts
FROM assistance_entry e JOIN orders_order o ON o.id = e.order_id
CROSS JOIN LATERAL (SELECT CAST(o.placed_at AT TIME ZONE 'Asia/Shanghai' AS date) AS ordered_on) t
JOIN LATERAL (
    SELECT min(greatest(k.valid_from, CAST(k.listed_at AT TIME ZONE 'Asia/Shanghai' AS date))) AS since
    FROM catalogue_certification k
    WHERE k.listed_at IS NOT NULL AND k.supplier_id = e.supplier_id
      AND (k.product_id IS NULL OR k.product_id = e.product_id)) c ON c.since > t.ordered_on
WHERE {_IN_SPAN} AND t.ordered_on >= DATE '2020-04-23'
"""

_PRICE_ABOVE_MEDIAN = f"""
SELECT {_SALE}, (l.unit_price_fen - m.median) * l.quantity AS amount_fen,
       jsonb_build_object('price', l.unit_price_fen, 'median', m.median) AS facts
FROM assistance_entry e JOIN orders_line l ON l.id = e.line_id JOIN orders_order o ON o.id = l.order_id
JOIN LATERAL (
    SELECT count(*) AS deals, CAST(percentile_disc(0.5) WITHIN GROUP (ORDER BY k.unit_price_fen) AS bigint) AS median
    FROM orders_line k JOIN orders_order p ON p.id = k.order_id
    WHERE k.sku = l.sku AND p.paid_at >= o.placed_at - interval '30 days' AND p.paid_at < o.placed_at) m
    ON m.deals >= {FEWEST_DEALS} AND l.unit_price_fen * 100 > m.median * {PRICE_LIMIT_PCT}
WHERE {_IN_SPAN}
"""

_INVOICE_DIFFERS = """
SELECT CAST(i.issued_at AT TIME ZONE 'Asia/Shanghai' AS date) AS on_day, i.order_number AS number,
       CAST(NULL AS uuid) AS line_id, CAST(NULL AS text) AS sku, i.supplier_id, i.seller_name AS supplier,
       abs(t.invoiced - t.owed) AS amount_fen, jsonb_build_object('invoiced', t.invoiced, 'owed', t.owed) AS facts
FROM invoicing_invoice i JOIN orders_supplier_order s ON s.id = i.supplier_order_id
CROSS JOIN LATERAL (
    SELECT i.total_fen + coalesce((SELECT CAST(sum(r.total_fen) AS bigint) FROM invoicing_invoice r
                                   WHERE r.reverses = i.id AND r.status <> 'cancelled'), 0) AS invoiced,
           s.amount_fen - coalesce((SELECT CAST(sum(f.amount_fen) AS bigint) FROM orders_refund f
                                    WHERE f.supplier_order_id = s.id AND f.status = 'settled'
                                      AND (f.id = ANY (i.netted) OR EXISTS (
                                          SELECT FROM invoicing_invoice r WHERE r.refund_id = f.id
                                            AND r.status <> 'cancelled'))), 0) AS owed) t
WHERE i.current AND i.status = 'issued' AND i.issued_at >= :since AND i.issued_at < :until AND t.invoiced <> t.owed
"""

_RED_INVOICE_MISSING = """
SELECT CAST(f.settled_at AT TIME ZONE 'Asia/Shanghai' AS date) AS on_day, i.order_number AS number,
       CAST(NULL AS uuid) AS line_id, CAST(NULL AS text) AS sku, i.supplier_id, i.seller_name AS supplier, f.amount_fen,
       jsonb_build_object('refunded_on', CAST(f.settled_at AT TIME ZONE 'Asia/Shanghai' AS date)) AS facts
FROM orders_refund f JOIN invoicing_invoice i ON i.supplier_order_id = f.supplier_order_id AND i.current
WHERE f.status = 'settled' AND i.status = 'issued' AND f.settled_at >= :since AND f.settled_at < :until
  AND f.settled_at > i.issued_at AND f.id <> ALL (i.netted) AND f.settled_at < :day_before
  AND NOT EXISTS (SELECT FROM invoicing_invoice r WHERE r.refund_id = f.id AND r.status <> 'cancelled')
"""

_SUBSIDY_COUNTED = f"""
SELECT {_SALE}, e.amount_fen - l.amount_fen AS amount_fen,
       jsonb_build_object('counted', e.amount_fen, 'paid', l.amount_fen) AS facts
FROM assistance_entry e JOIN orders_line l ON l.id = e.line_id
WHERE {_IN_SPAN} AND e.amount_fen > l.amount_fen
"""

_NOT_SEALED = f"""
SELECT {_SALE}, e.amount_fen,
       jsonb_build_object('posted_on', CAST(e.posted_at AT TIME ZONE 'Asia/Shanghai' AS date)) AS facts
FROM assistance_unsealed u JOIN assistance_entry e ON e.id = u.entry_id
WHERE e.counted_on BETWEEN :first AND :last AND e.posted_at < :day_before
"""

_STATEMENTS: Mapping[Check, TextClause] = {
    check: text(f"SELECT * FROM ({statement}) AS found ORDER BY on_day, number, line_id LIMIT :limit")
    for check, statement in (
        (Check.CLAIMED_ELSEWHERE, _CLAIMED_ELSEWHERE),
        (Check.REFUND_NOT_DEDUCTED, _REFUND_NOT_DEDUCTED),
        (Check.COUNTED_THEN_CANCELLED, _COUNTED_THEN_CANCELLED),
        (Check.SELF_PURCHASE, _SELF_PURCHASE),
        (Check.REFUND_AFTER_YEAR_END, _REFUND_AFTER_YEAR_END),
        (Check.YEAR_END_SPIKE, _YEAR_END_SPIKE),
        (Check.CERTIFICATE_AFTER_ORDER, _CERTIFICATE_AFTER_ORDER),
        (Check.PRICE_ABOVE_MEDIAN, _PRICE_ABOVE_MEDIAN),
        (Check.INVOICE_DIFFERS, _INVOICE_DIFFERS),
        (Check.RED_INVOICE_MISSING, _RED_INVOICE_MISSING),
        (Check.SUBSIDY_COUNTED, _SUBSIDY_COUNTED),
        (Check.NOT_SEALED, _NOT_SEALED),
    )
}


async def exceptions(
    session: AsyncSession, check: Check, first: date, last: date, *, now: datetime, limit: int
) -> list[Finding]:
    """What one check finds between two days, oldest first: one statement."""
    values = {
        "first": first,
        "last": last,
        "since": day_start(first),
        "until": day_end(last),
        "year_since": day_start(first.replace(month=1, day=1)),
        "day_before": now - timedelta(days=1),
        "limit": limit,
    }
    return [finding(check, dict(row)) for row in (await session.execute(_STATEMENTS[check], values)).mappings()]
