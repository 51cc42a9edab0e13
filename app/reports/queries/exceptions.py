"""The statements behind the auditor's questions: each finds the cases of one check in a span of days.

Each answers rows of (on_day, number, line_id, sku, supplier_id, supplier, amount_fen, facts).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import REGISTERED_HOUSEHOLDS, YIELDS
from app.core.clock import day_end, day_start, local_day
from app.reports.rules.exceptions import (
    FEWEST_AT_YEAR_END,
    FEWEST_DEALS,
    PRICE_LIMIT_PCT,
    SPIKE_FACTOR,
    UNPAID_DAYS,
    Check,
    Finding,
    finding,
)

_SALE = """e.counted_on AS on_day, coalesce(e.order_number, e.po_no, (
           SELECT n.voucher_no FROM assistance_declared_sale n WHERE n.id = e.source_id)) AS number,
       e.line_id, e.sku, e.supplier_id, e.supplier_name AS supplier"""
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

# Where the marketplace itself began no earlier, there are no twelve days to compare with.
_YEAR_END_SPIKE = f"""
WITH paid AS (
    SELECT s.supplier_id, o.id, s.amount_fen, CAST(o.paid_at AT TIME ZONE 'Asia/Shanghai' AS date) AS paid_on,
           CAST(s.completed_at AT TIME ZONE 'Asia/Shanghai' AS date) AS signed_on
    FROM orders_supplier_order s JOIN orders_order o ON o.id = s.order_id
    WHERE s.completed_at IS NOT NULL AND o.paid_at >= :year_since AND o.paid_at < :until
), years AS (
    SELECT supplier_id, extract(year FROM paid_on) AS year,
           count(DISTINCT id) FILTER (WHERE to_char(paid_on, 'MM-DD') BETWEEN '12-08' AND '12-19') AS usual,
           count(DISTINCT id) FILTER (WHERE to_char(paid_on, 'MM-DD') BETWEEN '12-20' AND '12-31'
               AND extract(year FROM signed_on) > extract(year FROM paid_on)) AS orders,
           sum(amount_fen) FILTER (WHERE to_char(paid_on, 'MM-DD') BETWEEN '12-20' AND '12-31'
               AND extract(year FROM signed_on) > extract(year FROM paid_on)) AS fen
    FROM paid GROUP BY 1, 2
)
SELECT make_date(CAST(y.year AS integer), 12, 31) AS on_day, p.code AS number, CAST(NULL AS uuid) AS line_id,
       CAST(NULL AS text) AS sku, y.supplier_id, p.name AS supplier, CAST(y.fen AS bigint) AS amount_fen,
       jsonb_build_object('orders', y.orders, 'usual', y.usual) AS facts
FROM years y JOIN suppliers_supplier p ON p.id = y.supplier_id
WHERE y.orders >= {FEWEST_AT_YEAR_END} AND y.orders >= {SPIKE_FACTOR} * y.usual
  AND make_date(CAST(y.year AS integer), 12, 8) > (
      SELECT CAST(min(paid_at) AT TIME ZONE 'Asia/Shanghai' AS date) FROM orders_order)
  AND make_date(CAST(y.year AS integer), 12, 31) BETWEEN :first AND :last
"""

# What an order froze when it was placed cannot be younger; what is entered afterwards can: a declared sale's day is all
# that there is of its order.
_CERTIFICATE_AFTER_ORDER = f"""
SELECT {_SALE}, e.amount_fen, jsonb_build_object('ordered_on', t.ordered_on, 'valid_from', c.since) AS facts
FROM assistance_entry e
LEFT JOIN orders_order o ON o.id = e.order_id LEFT JOIN assistance_declared_sale d ON d.id = e.source_id
CROSS JOIN LATERAL (
    SELECT coalesce(CAST(o.placed_at AT TIME ZONE 'Asia/Shanghai' AS date), d.sold_on) AS ordered_on) t
JOIN LATERAL (
    SELECT min(greatest(k.valid_from, CAST(k.listed_at AT TIME ZONE 'Asia/Shanghai' AS date))) AS since
    FROM catalogue_certification k
    WHERE k.listed_at IS NOT NULL AND k.supplier_id = e.supplier_id
      AND (k.product_id IS NULL OR e.product_id IS NULL OR k.product_id = e.product_id)) c ON c.since > t.ordered_on
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

_NO_LINE = "CAST(NULL AS uuid) AS line_id, CAST(NULL AS text) AS sku"
_APPROVED = "JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'"
_YIELDS = "VALUES " + ", ".join(
    f"('{one.category}', DATE '{one.since}', {one.raw_per_finished.numerator}, {one.raw_per_finished.denominator})"
    for one in YIELDS
)

# Each span of days for which a capacity is declared is looked at as a whole, by the yield of its last day.
_CAPACITY_EXCEEDED = f"""
SELECT least(f.ends_on, CAST(:last AS date)) AS on_day, s.code AS number, {_NO_LINE}, f.supplier_id, s.name AS supplier,
       CAST(o.amount_fen * (n.needed_g - f.value) / n.needed_g AS bigint) AS amount_fen,
       jsonb_build_object('category', c.name, 'needed', CAST(round(n.needed_g / 1000) AS text),
                          'capacity', CAST(div(f.value, 1000) AS text)) AS facts
FROM (SELECT DISTINCT ON (supplier_id, category, starts_on, ends_on) supplier_id, category, starts_on, ends_on,
             CAST(value AS numeric) AS value FROM assistance_supplier_figure
      WHERE kind = 'raw_capacity_g' AND starts_on <= :last AND ends_on >= :first
      ORDER BY supplier_id, category, starts_on, ends_on, id DESC) f
JOIN suppliers_supplier s ON s.id = f.supplier_id JOIN catalogue_category c ON c.slug = f.category
JOIN LATERAL (SELECT y.* FROM ({_YIELDS}) AS y (category, since, part, whole)
              WHERE y.category = f.category AND y.since <= f.ends_on ORDER BY y.since DESC LIMIT 1) y ON true
CROSS JOIN LATERAL (SELECT sum(e.weight_g) AS weight_g, sum(e.amount_fen) AS amount_fen FROM assistance_entry e
                    WHERE e.supplier_id = f.supplier_id AND e.category = f.category
                      AND e.counted_on BETWEEN f.starts_on AND f.ends_on) o
CROSS JOIN LATERAL (SELECT CAST(o.weight_g AS numeric) * y.part / y.whole AS needed_g) n
WHERE n.needed_g > f.value
"""

_CONTRACT_UNPAID = f"""
SELECT greatest(k.valid_from, CAST(:first AS date)) AS on_day, k.contract_no AS number, {_NO_LINE}, k.supplier_id,
       s.name AS supplier, coalesce(k.yearly_fen, 0) AS amount_fen,
       jsonb_build_object('since', k.valid_from, 'kind', k.kind) AS facts
FROM assistance_linkage k JOIN suppliers_supplier s ON s.id = k.supplier_id
WHERE k.valid_from <= least(CAST(:last AS date), CAST(:today AS date)) - {UNPAID_DAYS}
  AND (k.valid_to IS NULL OR k.valid_to >= :first)
  AND NOT EXISTS (SELECT FROM assistance_household_payment p {_APPROVED}
                  WHERE p.household_id = k.household_id AND p.supplier_id = k.supplier_id AND p.kind = k.kind
                    AND p.paid_on >= k.valid_from)
"""

# Nothing here tells who a household is: cases are named by the register's own ids.
_HOUSEHOLD_SHARED = f"""
SELECT max(p.paid_on) AS on_day, CAST(p.household_id AS text) AS number, {_NO_LINE}, CAST(NULL AS uuid) AS supplier_id,
       CAST(NULL AS text) AS supplier, CAST(sum(p.amount_fen) AS bigint) AS amount_fen,
       jsonb_build_object('suppliers', string_agg(DISTINCT s.code, '、')) AS facts
FROM assistance_household_payment p {_APPROVED} JOIN suppliers_supplier s ON s.id = p.supplier_id
WHERE p.paid_on BETWEEN :first AND :last
GROUP BY p.household_id HAVING count(DISTINCT p.supplier_id) > 1
"""

_OF_PAYMENT = f"""p.paid_on AS on_day, CAST(p.id AS text) AS number, {_NO_LINE}, p.supplier_id, s.name AS supplier,
       p.amount_fen"""
_PAYMENTS = f"""
FROM assistance_household_payment p {_APPROVED} JOIN suppliers_supplier s ON s.id = p.supplier_id
JOIN LATERAL ({REGISTERED_HOUSEHOLDS.format(day="p.paid_on")}) h ON h.id = p.household_id
WHERE p.paid_on BETWEEN :first AND :last AND p.amount_fen > 0
  AND NOT EXISTS (SELECT FROM assistance_household_payment r
                  JOIN assistance_payment_list_decision x ON x.list_id = r.list_id AND x.verdict = 'approved'
                  WHERE r.reverses = p.id)
"""
_PAID_AFTER_LEAVING = f"""
SELECT {_OF_PAYMENT}, jsonb_build_object('left_on', h.left_on, 'paid_on', p.paid_on) AS facts
{_PAYMENTS} AND p.paid_on > h.left_on
"""
_NOT_OWN_ACCOUNT = f"""
SELECT {_OF_PAYMENT}, jsonb_build_object('kind', p.kind, 'paid_on', p.paid_on) AS facts
{_PAYMENTS} AND NOT p.to_own_account
"""

_DIVIDEND_ABOVE_REGISTER = f"""
SELECT t.on_day, CAST(t.household_id AS text) AS number, {_NO_LINE}, t.supplier_id, s.name AS supplier,
       t.paid_fen - a.allowed_fen AS amount_fen,
       jsonb_build_object('year', CAST(t.year AS text), 'paid', t.paid_fen, 'allowed', a.allowed_fen) AS facts
FROM (SELECT p.household_id, p.supplier_id, extract(year FROM p.paid_on) AS year, max(p.paid_on) AS on_day,
             CAST(sum(p.amount_fen) AS bigint) AS paid_fen
      FROM assistance_household_payment p {_APPROVED}
      WHERE p.kind = 'DIVIDEND' AND p.paid_on BETWEEN :first AND :last GROUP BY 1, 2, 3) t
JOIN suppliers_supplier s ON s.id = t.supplier_id
CROSS JOIN LATERAL (
    SELECT CAST(coalesce(sum(k.yearly_fen), 0) AS bigint) AS allowed_fen FROM assistance_linkage k
    WHERE k.household_id = t.household_id AND k.supplier_id = t.supplier_id AND k.kind = 'DIVIDEND'
      AND k.valid_from <= t.on_day AND (k.valid_to IS NULL OR extract(year FROM k.valid_to) >= t.year)) a
WHERE t.paid_fen > a.allowed_fen
"""

# A supplier of which no household is registered yet says nothing about the register; the amount is its counted sales.
_PERSONS_ABOVE_REGISTER = f"""
SELECT greatest(c.valid_from, CAST(:first AS date)) AS on_day, s.code AS number, {_NO_LINE}, c.supplier_id,
       s.name AS supplier, n.amount_fen,
       jsonb_build_object('claimed', CAST(c.people_linked AS text), 'registered', CAST(r.persons AS text)) AS facts
FROM catalogue_certification c JOIN suppliers_supplier s ON s.id = c.supplier_id
JOIN LATERAL (
    SELECT sum(h.persons) AS persons FROM ({REGISTERED_HOUSEHOLDS.format(day=":last")}) h
    WHERE EXISTS (SELECT FROM assistance_linkage k WHERE k.household_id = h.id AND k.supplier_id = c.supplier_id
                    AND k.valid_from <= :last)) r ON r.persons < c.people_linked
CROSS JOIN LATERAL (SELECT coalesce(CAST(sum(e.amount_fen) AS bigint), 0) AS amount_fen FROM assistance_entry e
                    WHERE e.supplier_id = c.supplier_id AND e.counted_on BETWEEN :first AND :last) n
WHERE c.listed_at IS NOT NULL AND c.valid_from <= :last AND c.valid_to > :first
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
        (Check.CAPACITY_EXCEEDED, _CAPACITY_EXCEEDED),
        (Check.CONTRACT_UNPAID, _CONTRACT_UNPAID),
        (Check.HOUSEHOLD_SHARED, _HOUSEHOLD_SHARED),
        (Check.PAID_AFTER_LEAVING, _PAID_AFTER_LEAVING),
        (Check.NOT_OWN_ACCOUNT, _NOT_OWN_ACCOUNT),
        (Check.DIVIDEND_ABOVE_REGISTER, _DIVIDEND_ABOVE_REGISTER),
        (Check.PERSONS_ABOVE_REGISTER, _PERSONS_ABOVE_REGISTER),
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
        "today": local_day(now),
        "day_before": now - timedelta(days=1),
        "limit": limit,
    }
    return [finding(check, dict(row)) for row in (await session.execute(_STATEMENTS[check], values)).mappings()]
