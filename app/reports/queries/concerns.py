"""What waits for somebody, and an order's way to the ledger."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.errors import NotFound
from app.reports.rules.concerns import Concern, Dispute, Found, Trail, TrailEntry, TrailLine

_CONCERNS = text("""
SELECT 'facts_parked', count(*) FILTER (WHERE d.parked_at IS NOT NULL),
       min(e.at) FILTER (WHERE d.parked_at IS NOT NULL) FROM core_delivery d JOIN core_event e ON e.id = d.event_id
WHERE d.lane = 'assistance'
UNION ALL
SELECT 'facts_waiting', count(*), min(e.at) FROM core_delivery d JOIN core_event e ON e.id = d.event_id
WHERE d.lane = 'assistance' AND d.parked_at IS NULL
UNION ALL
SELECT 'claims_disputed', count(*), min(opened_at) FROM claims_claim WHERE status IN ('disputed', 'arbitration')
UNION ALL
SELECT 'statements_disputed', count(*), min(issued_at) FROM settlement_statement WHERE status = 'disputed'
UNION ALL
SELECT 'proposals_waiting', count(*), min(proposed_at) FROM assistance_proposal p
WHERE NOT EXISTS (SELECT FROM assistance_decision d WHERE d.proposal_id = p.id)
UNION ALL
SELECT 'figures_waiting', count(*), min(entered_at) FROM assistance_progress p
WHERE NOT EXISTS (SELECT FROM assistance_progress_decision d WHERE d.progress_id = p.id)
""")

_DISPUTES = text("""
SELECT c.order_number, s.name, c.kind, c.status, c.refund_fen, c.opened_at
FROM claims_claim c JOIN suppliers_supplier s ON s.id = c.supplier_id
WHERE c.status IN ('disputed', 'arbitration') ORDER BY c.opened_at, c.id LIMIT :limit
""")

_ORDER = text("SELECT id, number, channel, division_code, placed_at, paid_at FROM orders_order WHERE number = :number")
_LINES = text("""
SELECT l.id, l.sku, l.name, l.supplier_name, o.status, l.township, coalesce(t.village, l.village), l.quantity,
       l.amount_fen, l.refunded_fen, l.assisted, l.self_purchase, l.lot_code, t.trace_code, t.harvested_on,
       t.produced_on
FROM orders_line l JOIN orders_supplier_order o ON o.id = l.supplier_order_id
LEFT JOIN inventory_lot t ON t.sku = l.sku AND t.code = l.lot_code
WHERE l.order_id = :order ORDER BY l.position
""")
# A purchase order's lines are what was received: their sales in the ledger name the lot of each.
_PURCHASE = text("""
SELECT id, po_no, 'supermarket', division_code, ordered_at, NULL FROM wholesale_po
WHERE po_no = :number AND (CAST(:line AS uuid) IS NULL OR id IN (
    SELECT order_id FROM assistance_entry WHERE kind = 'sale' AND line_id = CAST(:line AS uuid)))
ORDER BY ordered_at DESC LIMIT 1
""")
_RECEIVED = text("""
SELECT e.line_id, e.sku, e.product_name, e.supplier_name, 'completed', e.township, coalesce(t.village, l.village, ''),
       e.quantity, e.amount_fen, -coalesce(b.amount_fen, 0), true, false, e.lot_code, t.trace_code, t.harvested_on,
       t.produced_on
FROM assistance_entry e
LEFT JOIN inventory_lot t ON t.sku = e.sku AND t.code = e.lot_code
LEFT JOIN LATERAL (SELECT village FROM wholesale_po_line WHERE po_id = e.order_id AND sku = e.sku LIMIT 1) l ON true
LEFT JOIN LATERAL (SELECT CAST(sum(amount_fen) AS bigint) AS amount_fen FROM assistance_entry r
                   WHERE r.reverses = e.id AND r.kind = 'refund') b ON true
WHERE e.order_id = :order AND e.kind = 'sale' ORDER BY e.counted_on, e.id
""")
_ENTRIES = text("""
SELECT line_id, counted_on, posted_at, kind, evidence, product_name, lot_code, quantity, amount_fen, reason
FROM assistance_entry WHERE order_id = :order ORDER BY counted_on, id
""")


async def concerns(session: AsyncSession) -> list[Found]:
    """Everything that may be looked into, with how much of it there is; one statement."""
    return [Found(Concern(name), count, since) for name, count, since in await ask(session, _CONCERNS, {})]


async def disputes(session: AsyncSession, *, limit: int) -> list[Dispute]:
    """Claims about which buyer and supplier disagree, the oldest first."""
    return [Dispute(*row) for row in await ask(session, _DISPUTES, {"limit": limit})]


async def trail(session: AsyncSession, number: str, *, line_id: UUID | None = None) -> Trail:
    """An order by its number, with lots and ledger entries. Raises ``NotFound``.

    Supermarkets number their purchase orders themselves, so two of them may have the same number: ``line_id``, a line
    of the ledger, tells which is meant, else it is the latest.
    """
    found, of_lines = await ask(session, _ORDER, {"number": number}), _LINES
    if not found:
        found, of_lines = await ask(session, _PURCHASE, {"number": number, "line": line_id}), _RECEIVED
    if not found:
        raise NotFound
    ((order, said, channel, division_code, placed_at, paid_at),) = found
    lines = await ask(session, of_lines, {"order": order})
    entries = await ask(session, _ENTRIES, {"order": order})
    return Trail(
        number=said,
        channel=channel,
        division_code=division_code,
        placed_at=placed_at,
        paid_at=paid_at,
        lines=[TrailLine(*row) for row in lines],
        entries=[TrailEntry(*row) for row in entries],
    )
