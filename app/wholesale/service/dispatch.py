"""A load leaves the house: lots by first expiry with the life that was promised, and the note that goes with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor
from app.inventory import Picked, Shelf
from app.wholesale import queries
from app.wholesale.events import GoodsDispatched, SentLine
from app.wholesale.lifecycle import Step
from app.wholesale.models import DeliveryLineRow, DeliveryRow, LineRow, PurchaseOrderRow
from app.wholesale.queries import Locked
from app.wholesale.queries import deliveries as reads
from app.wholesale.rules.deliveries import Delivery, Load, LoadLine, LoadsTooMuch, SeveralSuppliers, number_prefix
from app.wholesale.rules.orders import LastDayOver, UnknownPoLine
from app.wholesale.service.prepare import CHANNEL
from app.wholesale.service.promise import note_step


async def dispatch(
    session: AsyncSession, po_id: UUID, load: Load, *, supplier_id: UUID | None, by: Actor, now: datetime
) -> Delivery:
    """Send a load for an order; ``supplier_id`` is None where an operator does it for whoever's lines it holds.

    Raises ``NotFound``, ``PoStepNotAllowed``, ``LastDayOver``, ``UnknownPoLine``, ``SeveralSuppliers``,
    ``LoadsTooMuch`` and what the stock-room says of lots: ``LotShort``, ``LotExpired``, ``LotCalledBack``,
    ``LotTooOld``.
    """
    locked = await queries.lock(session, po_id, supplier_id=supplier_id)
    po = locked.po
    po.take(Step.SHIP)
    if local_day(now) > po.closes_on:
        raise LastDayOver
    loaded = _loaded(locked, load, supplier_id)
    sender = loaded[0][0]
    delivery = DeliveryRow(
        id=new_id(now),
        number=await queries.new_delivery_number(session, number_prefix(now)),
        po_id=po.id,
        supplier_id=sender.supplier_id,
        carrier=load.carrier,
        vehicle_plate_sealed=keys().seal(load.vehicle_plate, reads.PLATE) if load.vehicle_plate else None,
        driver_phone_sealed=keys().seal(load.driver_phone, reads.DRIVER) if load.driver_phone else None,
        pallets=load.pallets,
        coldest_c10=load.coldest_c10,
        warmest_c10=load.warmest_c10,
        dispatched_at=now,
        by_account=by.account_id,
    )
    session.add(delivery)
    note_step(session, po, by=by.account_id, now=now, reason=delivery.number)
    await session.flush()
    await _hand_over(
        session,
        delivery,
        [Handed(line, item.cases * line.case_pack, item.lot_code) for line, item in loaded],
        shelves=_shelves([line for line, _ in loaded]),
        by=by,
        now=now,
    )
    (made,) = await reads.deliveries(session, po.id, delivery_id=delivery.id, now=now)
    return made


@dataclass(frozen=True, slots=True)
class Handed:
    """So many units of a line that leave the house, of a lot or of those that expire first."""

    line: LineRow
    units: int
    lot_code: str | None = None


async def note_what_came(
    session: AsyncSession, po: PurchaseOrderRow, handed: Sequence[Handed], *, by: Actor, now: datetime
) -> None:
    """Write delivery notes for goods that a partner took in although nobody had told us that they left.

    Stock must follow what was accepted, so they leave the book now, whatever life is left of them. Raises ``LotShort``.
    """
    for supplier_id in sorted({one.line.supplier_id for one in handed}):
        delivery = DeliveryRow(
            id=new_id(now),
            number=await queries.new_delivery_number(session, number_prefix(now)),
            po_id=po.id,
            supplier_id=supplier_id,
            pallets=0,
            dispatched_at=now,
            by_account=by.account_id,
        )
        session.add(delivery)
        await session.flush()
        theirs = [one for one in handed if one.line.supplier_id == supplier_id]
        await _hand_over(session, delivery, theirs, shelves={}, by=by, now=now)


async def _hand_over(
    session: AsyncSession,
    delivery: DeliveryRow,
    handed: Sequence[Handed],
    *,
    shelves: Mapping[str, Shelf],
    by: Actor,
    now: datetime,
) -> None:
    """Take goods out of the stock-room for a delivery note, and write down of which lots they are."""
    picks = await inventory.ship(
        session,
        delivery.po_id,
        [(one.line.sku, one.units, one.lot_code) for one in handed],
        shipment_id=delivery.id,
        now=now,
        by=by.account_id,
        shelves=shelves,
    )
    lots = await inventory.lots_of(session, sorted({one.line.sku for one in handed}))
    by_code = {(sku, lot.code): lot for sku, found in lots.items() for lot in found}
    sent = []
    for position, (line, pick) in enumerate(_by_line(handed, picks)):
        lot = by_code.get((pick.sku, pick.lot_code)) if pick.lot_code else None
        session.add(
            DeliveryLineRow(
                delivery_id=delivery.id,
                position=position,
                line_id=line.id,
                lot_id=lot.id if lot else None,
                lot_code=pick.lot_code,
                best_before=lot.best_before if lot else None,
                units=pick.quantity,
            )
        )
        line.shipped_units += pick.quantity
        sent.append(SentLine(line_id=line.id, sku=pick.sku, lot_code=pick.lot_code, units=pick.quantity))
    await session.flush()
    told = {"delivery_id": delivery.id, "po_id": delivery.po_id, "supplier_id": delivery.supplier_id}
    emit(session, GoodsDispatched(**told, lines=sent, at=now))


def _loaded(locked: Locked, load: Load, supplier_id: UUID | None) -> list[tuple[LineRow, LoadLine]]:
    """Each line of the load with that of the order, if so much of it is still to be sent."""
    left = {line.line_no: line.promised_units - line.shipped_units for line in locked.lines}
    loaded: list[tuple[LineRow, LoadLine]] = []
    for place, item in enumerate(load.lines):
        line = locked.line(item.line_no)
        if line is None or supplier_id not in {None, line.supplier_id}:
            fault = Fault(f"/lines/{place}/line_no", UnknownPoLine.code, UnknownPoLine.zh, UnknownPoLine.en)
            raise UnknownPoLine(faults=[fault])
        left[item.line_no] -= item.cases * line.case_pack
        if left[item.line_no] < 0:
            still = (line.promised_units - line.shipped_units) // line.case_pack
            zh, en = f"该行还可发 {still} 箱", f"{still} cases of the line may still be sent"
            raise LoadsTooMuch(faults=[Fault(f"/lines/{place}/cases", LoadsTooMuch.code, zh, en)])
        loaded.append((line, item))
    if len({line.supplier_id for line, _ in loaded}) > 1:
        raise SeveralSuppliers
    return loaded


def _shelves(lines: Sequence[LineRow]) -> dict[str, Shelf]:
    """What was promised of each SKU, the strictest where two lines want the same goods."""
    shelves: dict[str, Shelf] = {}
    for line in lines:
        known = shelves.get(line.sku, Shelf())
        shelves[line.sku] = Shelf(
            min_days=max(known.min_days, line.min_life_days),
            min_share_pct=max(known.min_share_pct, line.min_life_pct),
            by_vintage=inventory.shelf_for(line.category, CHANNEL).by_vintage,
            strict=True,
        )
    return shelves


def _by_line(handed: Sequence[Handed], picks: Sequence[Picked]) -> Iterator[tuple[LineRow, Picked]]:
    """The picks, which come line by line, each with its line."""
    remaining = iter(picks)
    for one in handed:
        wanted = one.units
        while wanted > 0:
            pick = next(remaining)
            wanted -= pick.quantity
            yield one.line, pick
