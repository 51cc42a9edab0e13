"""What supermarkets' purchase orders mean for their suppliers, posted in bulk: held until the supermarket has paid.

A receipt, a return and a correction are posted when they are entered, rebate and fees when the statement is confirmed,
and all of it is let go when the statement is paid whole (domain handbook §4.3). What is let go is what the journal
itself holds of a row, so nothing is left of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.ids import first_id, made_at

EVER = datetime(2000, 1, 1, tzinfo=UTC)
_MARGIN = timedelta(days=3)

# Rows are posted in the order of their ids, which is that of their entering; what was entered at the same time and
# committed later is found within three days, and with the next statements in any case.
_LATEST = text("SELECT source_id FROM settlement_posting WHERE kind = 'receipt' ORDER BY source_id DESC LIMIT 1")

POST_RECEIPTS = text("""
WITH due AS (
    SELECT t.id, t.sku, t.received_units - t.deducted_units AS units, t.payable_fen, l.supplier_id, l.name, l.category,
           p.po_no, r.received_at, r.received_on
    FROM wholesale_receipt_line t JOIN wholesale_receipt r ON r.id = t.receipt_id
    JOIN wholesale_po_line l ON l.id = t.line_id JOIN wholesale_po p ON p.id = l.po_id
    WHERE t.id >= :first AND t.payable_fen > 0
      AND NOT EXISTS (SELECT FROM settlement_posting x WHERE x.kind = 'receipt' AND x.source_id = t.id)
    ORDER BY t.id LIMIT :limit
)
INSERT INTO settlement_posting (kind, source_id, line_id, supplier_id, po_no, sku, name, quantity, rate_bp, occurred_at,
    release_at, posted_at, receivable_fen, unearned_fen, pending_fen)
SELECT 'receipt', d.id, d.id, d.supplier_id, d.po_no, d.sku, d.name, d.units, c.rate_bp, d.received_at, d.received_at,
    :now, d.payable_fen, -f.fen, f.fen - d.payable_fen
FROM due d CROSS JOIN LATERAL (
    SELECT rate_bp FROM settlement_commission_rule
    WHERE valid_from <= d.received_on AND (supplier_id IS NULL OR supplier_id = d.supplier_id)
      AND (category IS NULL OR category = d.category)
    ORDER BY supplier_id IS NULL, category IS NULL, valid_from DESC LIMIT 1) c
CROSS JOIN LATERAL (SELECT div(2 * d.payable_fen * CAST(c.rate_bp AS numeric) + 10000, 20000) AS fen) f
ORDER BY d.id
ON CONFLICT DO NOTHING RETURNING 1
""")

# What goes back of the commission is its share of the row, as a running total over returns and corrections.
POST_RETURNS = text("""
WITH fresh AS (
    SELECT b.id, b.receipt_line_id, -b.units AS units, b.amount_fen AS fen, r.returned_at AS at
    FROM wholesale_return_line b JOIN wholesale_return r ON r.id = b.return_id
    WHERE b.id >= :first AND b.amount_fen > 0
    UNION ALL
    SELECT id, receipt_line_id, units, -amount_fen, at FROM wholesale_correction
    WHERE id >= :first AND amount_fen < 0
), back AS (
    SELECT f.*, p.id AS whole_id, p.receivable_fen AS whole, -p.unearned_fen AS fee,
           coalesce(prior.fen, 0) + sum(f.fen) OVER (PARTITION BY f.receipt_line_id ORDER BY f.id) AS upto
    FROM fresh f JOIN settlement_posting p ON p.kind = 'receipt' AND p.source_id = f.receipt_line_id
    LEFT JOIN LATERAL (SELECT -sum(x.receivable_fen) AS fen FROM settlement_posting x
                       WHERE x.kind = 'return' AND x.line_id = f.receipt_line_id) prior ON true
    WHERE NOT EXISTS (SELECT FROM settlement_posting x WHERE x.kind = 'return' AND x.source_id = f.id)
), parts AS (
    SELECT b.*, div(2 * fee * upto + whole, 2 * whole) - div(2 * fee * (upto - fen) + whole, 2 * whole) AS fee_back
    FROM back b
)
INSERT INTO settlement_posting (kind, source_id, line_id, supplier_id, po_no, sku, name, quantity, rate_bp, occurred_at,
    release_at, posted_at, receivable_fen, unearned_fen, pending_fen, reverses)
SELECT 'return', b.id, b.receipt_line_id, p.supplier_id, p.po_no, p.sku, p.name, b.units, p.rate_bp, b.at, b.at, :now,
    -b.fen, b.fee_back, b.fen - b.fee_back, p.id
FROM parts b JOIN settlement_posting p ON p.id = b.whole_id
ORDER BY b.id
ON CONFLICT DO NOTHING RETURNING 1
""")

# Each rebate is borne by the suppliers of the goods that it is on (those of its contract, where it names one) in
# proportion to what they come to net; a fee is the platform's, and lies on the rows by their size alone. Whole fen go
# to the largest remainders, of equal ones to the first row.
POST_DEDUCTIONS = text("""
WITH due AS (
    SELECT s.id, s.revision, s.confirmed_at FROM wholesale_statement s
    WHERE s.confirmed_at >= :since AND (s.rebate_fen <> 0 OR s.fees_fen <> 0)
      AND NOT EXISTS (
          SELECT FROM wholesale_statement_line y JOIN settlement_posting x
          ON x.kind = 'deduction' AND x.source_id = y.source_id
          WHERE y.statement_id = s.id AND y.revision = s.revision)
), goods AS (
    SELECT d.id AS statement_id, d.confirmed_at, y.source_id, y.position, y.amount_fen AS fen, t.id AS line_id, t.sku,
           l.name, l.supplier_id, p.po_no, p.contract_id
    FROM due d JOIN wholesale_statement_line y ON y.statement_id = d.id AND y.revision = d.revision
    LEFT JOIN wholesale_return_line b ON y.kind = 'return' AND b.id = y.source_id
    LEFT JOIN wholesale_correction c ON y.kind = 'correction' AND c.id = y.source_id
    JOIN wholesale_receipt_line t
      ON t.id = CASE y.kind WHEN 'receipt' THEN y.source_id ELSE coalesce(b.receipt_line_id, c.receipt_line_id) END
    JOIN wholesale_po_line l ON l.id = t.line_id JOIN wholesale_po p ON p.id = l.po_id
), taken AS (
    SELECT y.id, y.statement_id, y.kind, -y.amount_fen AS fen,
           (SELECT g.contract_id FROM goods g
            WHERE y.kind = 'rebate' AND g.statement_id = d.id AND g.contract_id = y.source_id LIMIT 1) AS contract_id
    FROM due d JOIN wholesale_statement_line y ON y.statement_id = d.id AND y.revision = d.revision
    WHERE y.kind IN ('rebate', 'fee')
), weighed AS (
    SELECT k.id, k.kind, CAST(k.fen AS numeric) AS fen, g.source_id, g.position,
           CASE k.kind WHEN 'rebate' THEN g.fen ELSE abs(g.fen) END AS weight
    FROM taken k JOIN goods g ON g.statement_id = k.statement_id
     AND (k.contract_id IS NULL OR k.contract_id = g.contract_id)
), even AS (
    SELECT *, CASE WHEN sum(weight) OVER whole = 0 THEN 1 ELSE weight * sign(sum(weight) OVER whole) END AS part,
           CASE WHEN sum(weight) OVER whole = 0 THEN count(*) OVER whole ELSE abs(sum(weight) OVER whole) END AS parts
    FROM weighed WINDOW whole AS (PARTITION BY id)
), rest AS (
    SELECT *, mod(mod(fen * part, parts) + parts, parts) AS over FROM even
), ranked AS (
    SELECT *, div(fen * part - over, parts) AS share,
           row_number() OVER (PARTITION BY id ORDER BY over DESC, position) AS place FROM rest
), laid AS (
    SELECT kind, source_id, share + CASE WHEN place <= fen - sum(share) OVER (PARTITION BY id) THEN 1 ELSE 0 END AS fen
    FROM ranked
), borne AS (
    SELECT source_id, coalesce(sum(fen) FILTER (WHERE kind = 'rebate'), 0) AS rebate,
           coalesce(sum(fen) FILTER (WHERE kind = 'fee'), 0) AS fee
    FROM laid GROUP BY source_id
)
INSERT INTO settlement_posting (kind, source_id, line_id, supplier_id, po_no, sku, name, occurred_at, release_at,
    posted_at, receivable_fen, pending_fen, platform_fen)
SELECT 'deduction', g.source_id, g.line_id, g.supplier_id, g.po_no, g.sku, g.name, g.confirmed_at, g.confirmed_at, :now,
    -b.rebate - b.fee, b.rebate, b.fee
FROM borne b JOIN goods g ON g.source_id = b.source_id
WHERE b.rebate <> 0 OR b.fee <> 0
ORDER BY g.statement_id, g.position
ON CONFLICT DO NOTHING RETURNING 1
""")

# A statement is let go at once and whole, when everything on it stands in the journal.
POST_PURCHASES = text("""
WITH due AS (
    SELECT s.id, s.revision, s.paid_at FROM wholesale_statement s
    WHERE s.status = 'paid' AND s.paid_at >= :since
      AND NOT EXISTS (
          SELECT FROM wholesale_statement_line y WHERE y.statement_id = s.id AND y.revision = s.revision
          AND y.kind IN ('receipt', 'return', 'correction') AND y.amount_fen <> 0
          AND NOT EXISTS (SELECT FROM settlement_posting x
                          WHERE x.kind = CASE y.kind WHEN 'receipt' THEN 'receipt' ELSE 'return' END
                            AND x.source_id = y.source_id))
      AND ((s.rebate_fen = 0 AND s.fees_fen = 0) OR EXISTS (
          SELECT FROM wholesale_statement_line y JOIN settlement_posting x
          ON x.kind = 'deduction' AND x.source_id = y.source_id
          WHERE y.statement_id = s.id AND y.revision = s.revision))
), worth AS (
    SELECT d.paid_at, y.position, y.statement_id, x.source_id, x.line_id, x.supplier_id, x.po_no, x.sku, x.name,
           bool_or(x.kind = 'return') AS back, max(x.quantity) AS quantity, max(x.rate_bp) AS rate_bp,
           sum(x.receivable_fen) AS receivable, sum(x.pending_fen) AS pending, sum(x.unearned_fen) AS unearned
    FROM due d JOIN wholesale_statement_line y ON y.statement_id = d.id AND y.revision = d.revision
    JOIN settlement_posting x ON x.kind IN ('receipt', 'return', 'deduction') AND x.source_id = y.source_id
    WHERE y.kind IN ('receipt', 'return', 'correction')
      AND NOT EXISTS (SELECT FROM settlement_posting z
                      WHERE z.kind IN ('purchase', 'purchase_return') AND z.source_id = y.source_id)
    GROUP BY d.paid_at, y.position, y.statement_id, x.source_id, x.line_id, x.supplier_id, x.po_no, x.sku, x.name
)
INSERT INTO settlement_posting (kind, source_id, line_id, supplier_id, po_no, sku, name, quantity, rate_bp, paid_at,
    occurred_at, release_at, posted_at, cash_fen, receivable_fen, payable_fen, pending_fen, commission_fen,
    unearned_fen)
SELECT CASE WHEN w.back THEN 'purchase_return' ELSE 'purchase' END, w.source_id, w.line_id, w.supplier_id, w.po_no,
    w.sku, w.name, w.quantity, w.rate_bp, w.paid_at, w.paid_at, w.paid_at, :now, w.receivable, -w.receivable,
    w.pending, -w.pending, w.unearned, -w.unearned
FROM worth w WHERE (w.receivable, w.pending, w.unearned) <> (0, 0, 0)
ORDER BY w.paid_at, w.statement_id, w.position
ON CONFLICT DO NOTHING RETURNING 1
""")


async def latest(session: AsyncSession) -> datetime:
    """From when on something of purchase orders may have no posting yet."""
    found = await ask(session, _LATEST, {})
    made = made_at(found[0][0]) if found else None
    return EVER if made is None else made - _MARGIN


async def post(session: AsyncSession, *, since: datetime, now: datetime, limit: int | None) -> int:
    """Post what was entered, confirmed or paid since then and has no posting; the journal is held."""
    rows = {"first": first_id(since), "now": now}
    span = {"since": since, "now": now}
    posted = await ask(session, POST_RECEIPTS, {**rows, "limit": limit})
    posted += await ask(session, POST_RETURNS, rows)
    posted += await ask(session, POST_DEDUCTIONS, span)
    posted += await ask(session, POST_PURCHASES, span)
    return len(posted)
