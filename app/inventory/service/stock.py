"""What comes into the stock-room, what is counted there and what is written off.

Every change locks stock rows in SKU order and writes its movements beside itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, files
from app.core.clock import local_day
from app.core.db import ask
from app.core.errors import NotFound
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import queries
from app.inventory.rules import Kind, Lot, LotCalledBack, LotExpired, LotState, Movement, new_trace_code, spoil
from app.inventory.rules.dates import check_dates
from app.inventory.rules.updates import Update, UpdateResult, UpdatesRejected, faults_of, plan_updates
from app.inventory.service.opening import open_new
from app.inventory.service.presale import fill
from app.inventory.service.writing import RECALLED, freeze
from app.inventory.service.writing import announce_stock as _announce
from app.inventory.service.writing import serve as _serve
from app.inventory.service.writing import write as _write

_RECEIVE = text("""
WITH stock AS (
    UPDATE inventory_stock SET on_hand = on_hand + :quantity WHERE sku = :sku
    RETURNING sku, on_hand - reserved AS available, waiting
), arrived AS (
    UPDATE inventory_presale p SET arrived = p.arrived + :quantity FROM stock s
    WHERE p.sku = s.sku AND p.settled_at IS NULL
), lot AS (
    INSERT INTO inventory_lot
        (id, sku, code, harvested_on, produced_on, best_before, village, on_hand, trace_code, received_at,
         certificate_file_id)
    SELECT :id, sku, :code, CAST(:harvested_on AS date), CAST(:produced_on AS date), CAST(:best_before AS date),
           CAST(:village AS text), :quantity, :trace_code, CAST(:now AS timestamptz), CAST(:certificate AS uuid)
    FROM stock
), moved AS (
    INSERT INTO inventory_movement
        (sku, lot_id, kind, on_hand_delta, reserved_delta, by_account, effective_at, recorded_at)
    SELECT sku, :id, 'received', :quantity, 0, CAST(:by AS uuid), CAST(:now AS timestamptz),
           CAST(:now AS timestamptz)
    FROM stock WHERE :quantity > 0
)
SELECT available, waiting,
       EXISTS (SELECT FROM inventory_lot f WHERE f.sku = :sku AND f.recalled_at IS NOT NULL AND f.on_hand > 0)
FROM stock
""")


async def take_back(
    session: AsyncSession,
    reference: UUID,
    lines: Sequence[tuple[str, int, str | None]],
    *,
    by: UUID | None,
    now: datetime,
) -> None:
    """Book goods that came back, and can be sold again, into stock: ``lines`` are (SKU, sales units, lot code).

    They lie in their lot again, or in none where it is not known. Raises ``LotExpired`` or ``LotCalledBack`` for what
    may not be sold again.
    """
    stocks = await queries.lock(session, [sku for sku, _, _ in lines])
    before = {sku: stock.available for sku, stock in stocks.items()}
    movements = []
    for sku, quantity, lot_code in lines:
        stock = stocks[sku]
        lot = None if lot_code is None else stock.lot(lot_code)
        if lot is not None:
            if lot.recalled:
                raise LotCalledBack
            if lot.best_before < local_day(now):
                raise LotExpired
            lot.on_hand += quantity
        stock.on_hand += quantity
        movements.append(Movement(sku, lot.id if lot else None, Kind.RETURNED, quantity, 0, now))
    await _write(session, stocks.values(), movements, now=now, by=by, reference=reference)
    await _serve(session, stocks, before, now=now)


async def receive(
    session: AsyncSession,
    *,
    sku: str,
    code: str,
    harvested_on: date | None,
    produced_on: date | None,
    best_before: date,
    village: str | None,
    quantity: int,
    by: Actor,
    now: datetime,
    certificate_file_id: UUID | None = None,
) -> Lot:
    """Book a lot of ``quantity`` sales units into stock and give it its trace code.

    Raises ``NotFound`` when there is no such SKU or it is another supplier's, ``LotExists`` when it has such a lot,
    ``InvalidInput`` when its days cannot be (``check_dates``) or it would keep longer than its SKU does,
    ``SeasonNotProven`` when spring tea was not picked in the days that its name promises, ``UnknownFile`` for a
    certificate that is not theirs.
    """
    made_on = check_dates(harvested_on, produced_on, best_before, today=local_day(now))
    owner = await queries.owner_of(session, sku)
    if owner is None and await open_new(session, [sku]):
        owner = await queries.owner_of(session, sku)
    if owner is None or by.supplier_id not in (None, owner):
        raise NotFound
    await catalogue.check_lot(session, sku, harvested_on, made_on, best_before)
    lot = Lot(
        id=new_id(now),
        sku=sku,
        code=code,
        harvested_on=harvested_on,
        produced_on=produced_on,
        best_before=best_before,
        village=village,
        on_hand=quantity,
        trace_code=new_trace_code(),
        received_at=now,
        certificate_file_id=certificate_file_id,
    )
    if certificate_file_id is not None:
        kind, wanted = files.Purpose.CERTIFICATE, [certificate_file_id]
        await files.attach(session, wanted, owner=by, purpose=kind, to=lot.id, now=now, pointer="/certificate_file_id")
    parameters = {
        "id": lot.id,
        "sku": sku,
        "code": code,
        "harvested_on": harvested_on,
        "produced_on": produced_on,
        "best_before": best_before,
        "village": village,
        "quantity": quantity,
        "trace_code": lot.trace_code,
        "certificate": certificate_file_id,
        "by": by.account_id,
        "now": now,
    }
    ((available, waiting, recalled),) = await ask(session, _RECEIVE, parameters)
    frozen = await freeze(session, [sku], now=now) if recalled else {}
    taken = await fill(session, [sku], now=now) if waiting and quantity else {}
    left = available - frozen.get(sku, 0) - taken.get(sku, 0)
    _announce(session, sku, available - quantity, left, now)
    return lot


async def apply_updates(
    session: AsyncSession,
    supplier_id: UUID,
    updates: Sequence[Update],
    *,
    by: Actor,
    now: datetime,
    partial: bool = False,
) -> list[UpdateResult]:
    """Apply a supplier's counts and adjustments in their order, all or nothing unless ``partial``.

    Raises ``UpdatesRejected`` with one fault per row that cannot be applied (pointer ``/updates/{i}``); another
    supplier's SKU is as good as unknown, and spring tea that is named after its harvest is added to by lots alone
    (domain handbook §1.2). Who is not of the supplier has been let in as its agent, and the movements keep that.
    A handful of statements for any number of rows.
    """
    skus = {row.sku for row in updates}
    stocks = await queries.lock(session, skus, owner=supplier_id)
    if len(stocks) < len(skus) and await open_new(session, skus - stocks.keys()):
        stocks = await queries.lock(session, skus, owner=supplier_id)
    before = {sku: stock.available for sku, stock in stocks.items()}
    named = await catalogue.lots_required(session, {row.sku for row in updates if row.lot_code is None})
    later = await queries.moved_later(session, updates)
    plan = plan_updates(updates, stocks, later, lots_required=named, now=now)
    if plan.rejected and not partial:
        raise UpdatesRejected(faults=faults_of(plan.rejected))
    movements = plan.movements
    if movements or plan.counted:
        on_behalf = by.supplier_id != supplier_id
        await _write(session, stocks.values(), movements, now=now, by=by.account_id, on_behalf=on_behalf)
    await _serve(session, stocks, before, now=now)
    return plan.results


async def write_off_expired(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Take what is past its date or recalled, and promised to nobody, off the book; returns how many SKUs."""
    today = local_day(now)
    stocks = await queries.lock(session, await queries.with_expired_lots(session, today, limit))
    movements: list[Movement] = []
    for sku, stock in sorted(stocks.items()):
        before = stock.available
        movements += [
            Movement(sku, lot.id if lot else None, Kind.ADJUSTED, -taken, 0, now, reason=_reason(lot))
            for lot, taken in spoil(stock, today)
        ]
        _announce(session, sku, before, stock.available, now)
    if movements:
        await _write(session, stocks.values(), movements, now=now, by=None)
    return len(stocks)


def _reason(lot: LotState | None) -> str:
    return RECALLED if lot is not None and lot.recalled else "超过保质期 / past its date"
