"""The journal: what completed sales, refunds and goods sent again mean for who is owed what, posted in bulk.

What supermarkets took in is posted beside them (``service.purchases``).

The journal is behind the facts by a chore's turn at most and is not told of each: one statement posts everything that
has no posting yet. The unique source makes that exactly once; a lock makes postings wait for one another, because what
a refund takes back depends on what was taken back before it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.settlement.service import purchases

BATCH = 2_000
"""How many supplier orders, and rows of receipts, are posted in one transaction."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('settlement.journal'))")

# Completions are posted in their order, so what is new lies behind the last of them. What was written down later than
# it happened is found within three days, and with the next statements in any case.
_SINCE = text("""
SELECT coalesce((SELECT occurred_at - interval '3 days' FROM settlement_posting WHERE kind = 'sale'
                 ORDER BY id DESC LIMIT 1), :ever)
""")

# What came by bank transfer is in the platform's own account, not with a provider: it is debited there, and the
# platform pays it in when the supplier is paid (domain handbook §6.1, E).
_POST_SALES = text("""
WITH due AS (
    SELECT s.id, s.order_id, s.supplier_id, s.freight_fen, s.completed_at, s.delivered_at
    FROM orders_supplier_order s
    WHERE s.status = 'completed' AND s.completed_at >= :since
      AND NOT EXISTS (SELECT FROM settlement_posting p WHERE p.kind = 'sale' AND p.source_id = s.id)
    ORDER BY s.completed_at, s.id LIMIT :limit
), lines AS (
    SELECT d.id AS part_id, d.completed_at, d.delivered_at, l.*,
           coalesce(f.platform, 0) AS by_platform, coalesce(f.district, 0) AS by_district
    FROM due d JOIN orders_line l ON l.supplier_order_id = d.id
    LEFT JOIN LATERAL (
        SELECT sum(x.amount_fen) FILTER (WHERE x.funder = 'platform') AS platform,
               sum(x.amount_fen) FILTER (WHERE x.funder = 'district') AS district
        FROM orders_line_discount x WHERE x.line_id = l.id AND l.subsidy_fen > 0) f ON true
), released AS (
    SELECT part_id, greatest(
        max(completed_at), max(delivered_at + claim_hours * interval '1 hour'),
        max(CASE WHEN return_days > 0 THEN CAST(CAST(delivered_at AT TIME ZONE 'Asia/Shanghai' AS date)
                 + return_days + 1 AS timestamp) AT TIME ZONE 'Asia/Shanghai' END)) AS at
    FROM lines GROUP BY part_id
), worth AS (
    SELECT l.part_id, l.order_id, l.supplier_id, l.completed_at, l.position, l.id AS line_id, l.sku, l.name,
           l.quantity, l.amount_fen, l.by_platform, l.by_district, t.rate_bp,
           div(2 * (l.amount_fen + l.subsidy_fen) * CAST(t.rate_bp AS numeric) + 10000, 20000) AS fee
    FROM lines l JOIN orders_order o ON o.id = l.order_id
    CROSS JOIN LATERAL (
        SELECT rate_bp FROM settlement_commission_rule
        WHERE valid_from <= CAST(o.paid_at AT TIME ZONE 'Asia/Shanghai' AS date)
          AND (supplier_id IS NULL OR supplier_id = l.supplier_id) AND (category IS NULL OR category = l.category)
        ORDER BY supplier_id IS NULL, category IS NULL, valid_from DESC LIMIT 1) t
    UNION ALL
    SELECT d.id, d.order_id, d.supplier_id, d.completed_at, 32767, NULL, NULL, NULL, NULL, d.freight_fen, 0, 0, NULL, 0
    FROM due d WHERE d.freight_fen > 0
)
INSERT INTO settlement_posting (kind, source_id, line_id, supplier_id, supplier_order_id, order_number, sku, name,
    quantity, rate_bp, paid_at, occurred_at, release_at, posted_at, clearing_fen, cash_fen, platform_fen, district_fen,
    commission_fen, payable_fen)
SELECT 'sale', w.part_id, w.line_id, w.supplier_id, w.part_id, o.number, w.sku, w.name, w.quantity, w.rate_bp,
    o.paid_at, w.completed_at, r.at, :now, CASE y.provider WHEN 'bank_transfer' THEN 0 ELSE w.amount_fen END,
    CASE y.provider WHEN 'bank_transfer' THEN w.amount_fen ELSE 0 END, w.by_platform, w.by_district, -w.fee,
    w.fee - w.amount_fen - w.by_platform - w.by_district
FROM worth w JOIN released r ON r.part_id = w.part_id JOIN orders_order o ON o.id = w.order_id
LEFT JOIN payments_payment y ON y.id = o.payment_id
ORDER BY w.completed_at, w.part_id, w.position
ON CONFLICT DO NOTHING RETURNING 1
""")

# What a refund takes back of the commission and of each subsidy is its share of the line, as a running total: rounded
# half up for the commission, down for each subsidy, which is how budgets get them back (decision 0012). Whoever is
# liable for a claim bears it; the supplier then keeps what it was owed, and the platform its commission.
_POST_REFUNDS = text("""
WITH fresh AS (
    SELECT r.id, r.supplier_order_id, r.freight_fen, r.settled_at, coalesce(c.liable, 'supplier') AS liable
    FROM orders_refund r LEFT JOIN claims_claim c ON c.refund_id = r.id
    WHERE r.status = 'settled' AND r.id IN (
        SELECT id FROM orders_refund WHERE settled_at >= :since
        UNION ALL
        SELECT b.id FROM orders_supplier_order s JOIN orders_refund b ON b.supplier_order_id = s.id
        WHERE s.completed_at >= :since AND s.refunded_fen > 0)
      AND NOT EXISTS (SELECT FROM settlement_posting p WHERE p.kind = 'refund' AND p.source_id = r.id)
), back AS (
    SELECT f.id, f.settled_at, f.liable, b.line_id, b.quantity, b.amount_fen, p.id AS sale,
           p.clearing_fen + p.cash_fen AS whole,
           -p.commission_fen AS fee, p.platform_fen + p.district_fen AS subsidy,
           coalesce(prior.fen, 0) + sum(b.amount_fen) OVER (PARTITION BY b.line_id ORDER BY f.settled_at, f.id) AS upto
    FROM fresh f JOIN orders_refund_line b ON b.refund_id = f.id AND b.amount_fen > 0
    JOIN settlement_posting p ON p.kind = 'sale' AND p.source_id = f.supplier_order_id AND p.line_id = b.line_id
    LEFT JOIN LATERAL (SELECT -sum(x.clearing_fen + x.cash_fen) AS fen FROM settlement_posting x
                       WHERE x.kind = 'refund' AND x.line_id = b.line_id) prior ON true
), parts AS (
    SELECT b.*, coalesce(d.platform, 0) AS platform, coalesce(d.district, 0) AS district,
           CASE WHEN liable IN ('platform', 'carrier') THEN 0
                ELSE div(2 * fee * upto + whole, 2 * whole) - div(2 * fee * (upto - amount_fen) + whole, 2 * whole)
           END AS fee_back
    FROM back b LEFT JOIN LATERAL (
        SELECT sum(share) FILTER (WHERE funder = 'platform') AS platform,
               sum(share) FILTER (WHERE funder = 'district') AS district
        FROM (SELECT x.funder, div(x.amount_fen * upto, whole) - div(x.amount_fen * (upto - b.amount_fen), whole)
                     AS share
              FROM orders_line_discount x WHERE x.line_id = b.line_id AND b.subsidy > 0) shares) d ON true
    UNION ALL
    SELECT f.id, f.settled_at, f.liable, NULL, 0, f.freight_fen, p.id, f.freight_fen, 0, 0, f.freight_fen, 0, 0, 0
    FROM fresh f JOIN settlement_posting p ON p.kind = 'sale' AND p.source_id = f.supplier_order_id
         AND p.line_id IS NULL
    WHERE f.freight_fen > 0
)
INSERT INTO settlement_posting (kind, source_id, line_id, supplier_id, supplier_order_id, order_number, sku, name,
    quantity, rate_bp, paid_at, occurred_at, release_at, posted_at, clearing_fen, cash_fen, platform_fen, district_fen,
    carrier_fen, commission_fen, payable_fen, reverses)
SELECT 'refund', b.id, b.line_id, s.supplier_id, s.supplier_order_id, s.order_number, s.sku, s.name,
    -b.quantity, s.rate_bp, s.paid_at, b.settled_at, greatest(b.settled_at, s.release_at), :now,
    CASE WHEN s.cash_fen > 0 THEN 0 ELSE -b.amount_fen END, CASE WHEN s.cash_fen > 0 THEN -b.amount_fen ELSE 0 END,
    CASE liable WHEN 'platform' THEN b.amount_fen + b.district ELSE -b.platform END, -b.district,
    CASE liable WHEN 'carrier' THEN b.amount_fen + b.platform + b.district ELSE 0 END, b.fee_back,
    CASE WHEN liable IN ('platform', 'carrier') THEN 0
         ELSE b.amount_fen + b.platform + b.district - b.fee_back END, s.id
FROM parts b JOIN settlement_posting s ON s.id = b.sale
ORDER BY b.settled_at, b.id, s.id
ON CONFLICT DO NOTHING RETURNING 1
""")

# Goods that a supplier sent again although somebody else is liable are owed to it like the first ones.
_POST_RESHIPMENTS = text("""
INSERT INTO settlement_posting (kind, source_id, line_id, supplier_id, supplier_order_id, order_number, sku, name,
    quantity, paid_at, occurred_at, release_at, posted_at, platform_fen, carrier_fen, payable_fen)
SELECT 'reshipment', c.id, l.line_id, s.supplier_id, s.supplier_order_id, s.order_number, s.sku, s.name, l.quantity,
    s.paid_at, c.closed_at, greatest(c.closed_at, s.release_at), :now,
    CASE c.liable WHEN 'platform' THEN v.fen ELSE 0 END, CASE c.liable WHEN 'carrier' THEN v.fen ELSE 0 END, -v.fen
FROM claims_claim c JOIN claims_line l ON l.claim_id = c.id
JOIN settlement_posting s ON s.kind = 'sale' AND s.source_id = c.supplier_order_id AND s.line_id = l.line_id
CROSS JOIN LATERAL (SELECT div(-2 * s.payable_fen * l.quantity + s.quantity, 2 * s.quantity) AS fen) v
WHERE c.status = 'reshipped' AND c.liable IN ('platform', 'carrier') AND v.fen > 0
  AND (c.closed_at >= :since OR c.supplier_order_id IN (
      SELECT id FROM orders_supplier_order WHERE status = 'completed' AND completed_at >= :since))
  AND NOT EXISTS (SELECT FROM settlement_posting p WHERE p.kind = 'reshipment' AND p.source_id = c.id)
ON CONFLICT DO NOTHING RETURNING 1
""")


async def hold_journal(session: AsyncSession) -> None:
    """Keep everybody else from posting and from drawing statements until this transaction ends."""
    await ask(session, _LOCK, {})


async def post_due(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Post what has happened since the last time. Returns how many postings that were; the rest comes next time."""
    await hold_journal(session)
    ((since,),) = await ask(session, _SINCE, {"ever": purchases.EVER})
    bought = await purchases.post(session, since=await purchases.latest(session), now=now, limit=limit)
    return bought + await _post(session, since, now, limit)


async def post_everything(session: AsyncSession, *, now: datetime) -> int:
    """Post whatever has no posting yet, whenever it happened; holds the journal."""
    await hold_journal(session)
    bought = await purchases.post(session, since=purchases.EVER, now=now, limit=None)
    return bought + await _post(session, purchases.EVER, now, None)


async def _post(session: AsyncSession, since: datetime, now: datetime, limit: int | None) -> int:
    span = {"since": since, "now": now}
    sales = await ask(session, _POST_SALES, {**span, "limit": limit})
    refunds = await ask(session, _POST_REFUNDS, span)
    again = await ask(session, _POST_RESHIPMENTS, span)
    return len(sales) + len(refunds) + len(again)
