"""What every change of the stock-room ends with: the new numbers and their movements, and who is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.core.events import emit
from app.inventory import queries
from app.inventory.events import crossings
from app.inventory.rules import Kind, Movement, StockState, spoil
from app.inventory.service.presale import fill

RECALLED = "批次召回 / recalled"

_NUMBERS = """stock AS (
    UPDATE inventory_stock s
    SET on_hand = c.on_hand, reserved = c.reserved, counted_at = c.counted_at
    FROM unnest(CAST(:skus AS text[]), CAST(:on_hands AS bigint[]), CAST(:reserveds AS bigint[]),
                CAST(:counts AS timestamptz[])) AS c(sku, on_hand, reserved, counted_at)
    WHERE s.sku = c.sku
      AND (s.on_hand, s.reserved, s.counted_at) IS DISTINCT FROM (c.on_hand, c.reserved, c.counted_at)
), lot AS (
    UPDATE inventory_lot l SET on_hand = c.on_hand, counted_at = c.counted_at
    FROM unnest(CAST(:lots AS uuid[]), CAST(:lot_on_hands AS bigint[]), CAST(:lot_counts AS timestamptz[]))
         AS c(id, on_hand, counted_at)
    WHERE l.id = c.id
      AND (l.on_hand, l.counted_at) IS DISTINCT FROM (c.on_hand, c.counted_at)
)"""
_WITHDRAWN = """shrunk AS (
    UPDATE inventory_reservation r SET quantity = r.quantity - h.quantity
    FROM unnest(CAST(:held_skus AS text[]), CAST(:held_quantities AS bigint[])) AS h(sku, quantity)
    WHERE r.reference = :holder AND r.sku = h.sku AND r.quantity > h.quantity
), finished AS (
    DELETE FROM inventory_reservation r
    USING unnest(CAST(:held_skus AS text[]), CAST(:held_quantities AS bigint[])) AS h(sku, quantity)
    WHERE r.reference = :holder AND r.sku = h.sku AND r.quantity = h.quantity
)"""
_ARRIVED = """arrived AS (
    UPDATE inventory_presale p SET arrived = p.arrived + a.quantity
    FROM (SELECT m.sku, CAST(sum(m.on_hand_delta) AS bigint) AS quantity
          FROM unnest(CAST(:moved_skus AS text[]), CAST(:on_hand_deltas AS bigint[])) AS m(sku, on_hand_delta)
          GROUP BY m.sku) a
    WHERE p.sku = a.sku AND p.settled_at IS NULL AND a.quantity > 0
)"""
_MOVEMENTS = """
INSERT INTO inventory_movement
    (sku, lot_id, kind, on_hand_delta, reserved_delta, reference, reason, by_account, on_behalf, effective_at,
     recorded_at)
SELECT m.sku, m.lot_id, m.kind, m.on_hand_delta, m.reserved_delta, :reference, m.reason, :by, :on_behalf,
       m.effective_at, :now
FROM unnest(CAST(:moved_skus AS text[]), CAST(:moved_lots AS uuid[]), CAST(:kinds AS text[]),
            CAST(:on_hand_deltas AS bigint[]), CAST(:reserved_deltas AS bigint[]), CAST(:reasons AS text[]),
            CAST(:effective_ats AS timestamptz[])) WITH ORDINALITY
     AS m(sku, lot_id, kind, on_hand_delta, reserved_delta, reason, effective_at, position)
ORDER BY m.position
"""


@cache
def _statement(*, withdraws: bool, brings: bool) -> TextClause:
    """What has nothing to do costs a part of a statement nearly as much as work: it is left out."""
    parts = [_NUMBERS, *([_WITHDRAWN] if withdraws else ()), *([_ARRIVED] if brings else ())]
    return text(f"WITH {', '.join(parts)} {_MOVEMENTS}")


async def write(
    session: AsyncSession,
    stocks: Collection[StockState],
    movements: Sequence[Movement],
    *,
    now: datetime,
    by: UUID | None,
    on_behalf: bool = False,
    reference: UUID | None = None,
    holder: UUID | None = None,
    withdrawn: Mapping[str, int] | None = None,
) -> None:
    """Write the planned state of locked rows and the movements that explain it. One statement.

    ``withdrawn`` is how much of its reservations ``holder`` loses, by SKU; ``on_behalf`` that ``by`` is not of the
    supplier.
    """
    lots = [lot for stock in stocks for lot in stock.lots]
    withdrawn = withdrawn or {}
    await ask(
        session,
        _statement(withdraws=bool(withdrawn), brings=any(moved.on_hand_delta > 0 for moved in movements)),
        {
            "skus": array(stock.sku for stock in stocks),
            "on_hands": array(stock.on_hand for stock in stocks),
            "reserveds": array(stock.reserved for stock in stocks),
            "counts": array(stock.counted_at for stock in stocks),
            "lots": array(lot.id for lot in lots),
            "lot_on_hands": array(lot.on_hand for lot in lots),
            "lot_counts": array(lot.counted_at for lot in lots),
            "held_skus": array(withdrawn),
            "held_quantities": array(withdrawn.values()),
            "holder": holder,
            "moved_skus": array(moved.sku for moved in movements),
            "moved_lots": array(moved.lot_id for moved in movements),
            "kinds": array(moved.kind.value for moved in movements),
            "on_hand_deltas": array(moved.on_hand_delta for moved in movements),
            "reserved_deltas": array(moved.reserved_delta for moved in movements),
            "reasons": array(moved.reason for moved in movements),
            "effective_ats": array(moved.effective_at for moved in movements),
            "reference": reference,
            "by": by,
            "on_behalf": on_behalf,
            "now": now,
        },
    )


async def serve(
    session: AsyncSession, stocks: Mapping[str, StockState], before: Mapping[str, int], *, now: datetime
) -> None:
    """After a change of locked rows: what is free goes to those who wait, and what is left of it is told.

    Recalled pieces are never free: they leave the book as soon as nobody holds them any more.
    """
    if any(stock.available and any(lot.recalled and lot.on_hand for lot in stock.lots) for stock in stocks.values()):
        await _freeze(session, stocks, now)
    wanted = [sku for sku, stock in stocks.items() if stock.waiting and stock.available]
    taken = await fill(session, wanted, now=now) if wanted else {}
    for sku in sorted(stocks):
        announce_stock(session, sku, before[sku], stocks[sku].available - taken.get(sku, 0), now)


async def freeze(session: AsyncSession, skus: Collection[str], *, now: datetime) -> dict[str, int]:
    """Take recalled pieces of these SKUs that nobody holds off the book; returns how many of each."""
    return await _freeze(session, await queries.lock(session, skus), now)


async def _freeze(session: AsyncSession, stocks: Mapping[str, StockState], now: datetime) -> dict[str, int]:
    movements = [
        Movement(sku, lot.id if lot else None, Kind.ADJUSTED, -taken, 0, now, RECALLED)
        for sku, stock in sorted(stocks.items())
        for lot, taken in spoil(stock, None)
    ]
    if movements:
        await write(session, stocks.values(), movements, now=now, by=None)
    frozen: dict[str, int] = {}
    for moved in movements:
        frozen[moved.sku] = frozen.get(moved.sku, 0) - moved.on_hand_delta
    return frozen


def announce_stock(session: AsyncSession, sku: str, before: int, after: int, now: datetime) -> None:
    """Tell what a change of the available pieces from ``before`` to ``after`` amounts to."""
    for fact in crossings(sku, before, after, now):
        emit(session, fact)
