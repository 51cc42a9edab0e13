"""From the supplier's door to the buyer's hands: ship, deliver, confirm."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, inventory
from app.buyers import open_address
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.orders import queries
from app.orders.events import CountableLine, SupplierOrderCompleted
from app.orders.lifecycle import Status, Step, StepNotAllowed, after, allowed, derive
from app.orders.models.locked import LockedLine, LockedOrder, LockedPart
from app.orders.queries.locked import lock, lock_due, lock_for_supplier, lock_under_way
from app.orders.rules import ClaimIsOpen, CountedBasis, ParcelView, ShipLine, ShipsTooMuch, UnknownLine, confirmation
from app.orders.service.save import save


async def ship(
    session: AsyncSession,
    supplier_order_id: UUID,
    *,
    carrier: str,
    tracking_number: str,
    contents: Sequence[ShipLine],
    supplier_id: UUID,
    now: datetime,
) -> ParcelView:
    """Hand a parcel to the carrier; the supplier order has shipped once nothing is left to send.

    Raises ``NotFound``, ``StepNotAllowed``, ``UnknownLine``, ``ShipsTooMuch``.
    """
    order, part = await lock_for_supplier(session, supplier_order_id, supplier_id)
    after(Status(part.status), Step.SHIP)
    lines = {line.id: line for line in part.lines}
    for item in contents:
        line = lines.get(item.line_id)
        if line is None:
            raise UnknownLine
        if item.quantity > line.to_send:
            raise ShipsTooMuch
        line.shipped_quantity += item.quantity
    shipment_id = new_id(now)
    picks = await inventory.ship(
        session,
        order.id,
        [(lines[item.line_id].sku, item.quantity, item.lot_code) for item in contents],
        shipment_id=shipment_id,
        now=now,
        shelves={line.sku: inventory.shelf_for(line.category, order.channel) for line in lines.values()},
    )
    by_sku = {line.sku: line for line in lines.values()}
    for pick in picks:
        by_sku[pick.sku].lot_code = pick.lot_code or by_sku[pick.sku].lot_code
    shipment = await fulfilment.dispatch(
        session,
        shipment_id=shipment_id,
        reference=part.id,
        supplier_id=supplier_id,
        carrier=carrier,
        tracking_number=tracking_number,
        lines=[
            fulfilment.ShipmentLine(
                line_reference=by_sku[pick.sku].id, sku=pick.sku, lot_code=pick.lot_code, quantity=pick.quantity
            )
            for pick in picks
        ],
        phone=open_address(order.address_sealed).phone,
        now=now,
    )
    if not any(line.to_send for line in lines.values()):
        part.take(Step.SHIP, now=now)
    await save(session, order)
    return replace(queries.parcel_view(shipment), allocation=tuple(picks))


async def deliver(
    session: AsyncSession, shipment_id: UUID, *, supplier_id: UUID, now: datetime, confirm_after_days: int
) -> ParcelView:
    """A parcel reached the buyer; once all have, the supplier order is delivered and starts to wait for confirmation.

    Reporting a delivery twice changes nothing. Raises ``NotFound``.
    """
    shipment = await fulfilment.deliver(session, shipment_id, supplier_id=supplier_id, now=now)
    await receive_parcels(session, [shipment.reference], confirm_after_days=confirm_after_days)
    return queries.parcel_view(shipment)


async def receive_parcels(
    session: AsyncSession, supplier_order_ids: Collection[UUID], *, confirm_after_days: int
) -> None:
    """Parcels are with their buyers, whoever said so; some were sent for something else than an order."""
    orders = await lock_under_way(session, supplier_order_ids)
    parts = [part for order in orders for part in order.parts if part.id in supplier_order_ids]
    await arrive(session, [part for part in parts if part.status == Status.SHIPPED], days=confirm_after_days)
    await save(session, *orders)


async def arrive(session: AsyncSession, parts: Sequence[LockedPart], *, days: int) -> None:
    """Supplier orders that have shipped are delivered with the last of their parcels (domain handbook §2.8)."""
    last = await fulfilment.all_delivered_at(session, [part.id for part in parts]) if parts else {}
    for part in parts:
        if part.id in last:
            part.take(Step.DELIVER, now=last[part.id], due_at=confirmation(last[part.id], days))


async def confirm(session: AsyncSession, order_id: UUID, *, by: Actor, now: datetime) -> None:
    """The buyer says that the goods are there. Raises ``NotFound``, ``StepNotAllowed``, ``ClaimIsOpen``.

    Of several suppliers' goods those about which a claim is open are left out (domain handbook §2.8).
    """
    order = await lock(session, order_id, by=by)
    ready = [part for part in order.parts if part.status in (Status.SHIPPED, Status.DELIVERED)]
    status = derive(Status(part.status) for part in order.parts)
    if not ready or status in (Status.PENDING_PAYMENT, Status.PAID):
        raise StepNotAllowed(status, allowed(status))
    undisputed = [part for part in ready if not part.open_claims]
    if not undisputed:
        raise ClaimIsOpen
    await _complete(session, [(order, part) for part in undisputed], now=now)
    await save(session, order)


async def confirm_due(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Confirm deliveries that nobody confirmed in time (domain handbook §2.8). Returns how many orders.

    A handful of statements for any number of them.
    """
    orders = await lock_due(session, Status.DELIVERED, now, limit)
    due = [(order, part) for order in orders for part in order.parts if _overdue(part, now)]
    await _complete(session, due, now=now)
    await save(session, *orders)
    return len(orders)


def _overdue(part: LockedPart, now: datetime) -> bool:
    due = part.status == Status.DELIVERED and part.due_at is not None and part.due_at <= now
    return due and not part.open_claims


async def _complete(session: AsyncSession, parts: Sequence[tuple[LockedOrder, LockedPart]], *, now: datetime) -> None:
    """The buyer keeps what they have of these parts, each with its order; the caller saves them."""
    refunded = [line.id for _, part in parts if part.refunded_fen for line in part.lines]
    returned = await queries.settled_before(session, refunded) if refunded else {}
    nothing = CountedBasis(0, 0)
    for order, part in parts:
        part.take(Step.COMPLETE, now=now)
        countable = [_countable(order, line, returned.get(line.id, nothing)) for line in part.lines]
        emit(
            session,
            SupplierOrderCompleted(
                order_id=order.id, supplier_order_id=part.id, number=order.number, lines=countable, at=now
            ),
        )


def _countable(order: LockedOrder, line: LockedLine, returned: CountedBasis) -> CountableLine:
    quantity = line.quantity - returned.quantity
    return CountableLine(
        line_id=line.id,
        sku=line.sku,
        product_id=line.product_id,
        product_name=line.product_name,
        category=line.category,
        supplier_id=line.supplier_id,
        supplier_name=line.supplier_name,
        township_code=line.township_code,
        township=line.township,
        channel=order.channel,
        division_code=order.division_code,
        quantity=quantity,
        weight_g=quantity * line.net_weight_g,
        net_fen=line.amount_fen - returned.amount_fen,
        assisted=line.assisted,
        self_purchase=line.self_purchase,
        on_832=order.ext_832_order_no is not None,
        lot_code=line.lot_code,
        buyer_id=order.buyer_id,
    )
