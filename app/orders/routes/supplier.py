"""Orders as their suppliers see them: what to ship, what was shipped, what arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    decode_cursor,
    last_seen,
    page_of,
    problems,
)
from app.fulfilment import InvalidTrackingNumber, ShipmentExists, UnknownCarrier
from app.identity import Actor, SupplierStaff
from app.inventory import LotCalledBack, LotExpired, LotShort, NotReserved
from app.orders import queries, service
from app.orders.lifecycle import Status, StepNotAllowed
from app.orders.rules import (
    CancelsTooMuch,
    ShipLine,
    ShipsTooMuch,
    ToShip,
    UnknownLine,
    merged,
)
from app.orders.schemas import (
    CancellationIn,
    ShipmentIn,
    ShipmentOut,
    ShippedOut,
    ToShipOut,
)

router = APIRouter(tags=["orders"])


class SupplierFilter(StrEnum):
    """What a supplier looks for."""

    TO_SHIP = "to_ship"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"

    @property
    def statuses(self) -> list[Status]:
        """The statuses meant."""
        return [Status.PAID] if self is SupplierFilter.TO_SHIP else [Status(self.value)]


@router.get(
    "/v1/supplier/orders",
    operation_id="list_supplier_orders",
    summary="The supplier's paid orders",
    response_model=Page[ToShipOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_orders(
    by: SupplierStaff,
    session: ReadSession,
    status: Annotated[SupplierFilter | None, Query(description="`to_ship`: paid, and something left to send")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ToShipOut]:
    """Oldest first; with `status=to_ship` in the order of the days by which they have to leave the house.

    Addresses are shown in full only while there is something to send.
    """
    if status is SupplierFilter.TO_SHIP:
        return await _queue(session, _own(by.supplier_id), limit, cursor)
    after = last_seen("supplier-orders", cursor)
    statuses = status.statuses if status else []
    found = await queries.supplier_page(session, _own(by.supplier_id), statuses=statuses, after=after, limit=limit + 1)
    return page_of(
        "supplier-orders", found, limit, lambda one: ToShipOut.of(_discreet(one)), key=lambda one: one.part.id
    )


async def _queue(session: AsyncSession, supplier_id: UUID, limit: int, cursor: str | None) -> Page[ToShipOut]:
    place = decode_cursor("supplier-queue", cursor) if cursor else None
    after = (date.fromisoformat(str(place[0])), UUID(str(place[1]))) if place else None
    found = await queries.queue(session, supplier_id, after=after, limit=limit + 1)
    return page_of("supplier-queue", found, limit, lambda one: ToShipOut.of(_discreet(one)), key=lambda one: one.place)


@router.get(
    "/v1/supplier/orders/{supplier_order_id}",
    operation_id="get_supplier_order",
    summary="One supplier order",
    response_model=ToShipOut,
    responses=problems(NotFound),
)
async def get_supplier_order(supplier_order_id: UUID, by: SupplierStaff, session: ReadSession) -> ToShipOut:
    """Another supplier's order does not exist."""
    return ToShipOut.of(await _one(session, supplier_order_id, by))


@router.post(
    "/v1/supplier/orders/{supplier_order_id}/shipments",
    operation_id="ship_order",
    summary="Hand a parcel to a carrier",
    status_code=201,
    response_model=ShippedOut,
    responses=problems(
        NotFound,
        StepNotAllowed,
        ShipsTooMuch,
        UnknownLine,
        NotReserved,
        LotShort,
        LotExpired,
        LotCalledBack,
        UnknownCarrier,
        InvalidTrackingNumber,
        ShipmentExists,
        *KEY_ERRORS,
    ),
)
async def ship_order(supplier_order_id: UUID, body: ShipmentIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """The order counts as shipped once nothing is left to send.

    Without a lot code the earliest expiry goes first, of the lots with enough life left for the buyer; of dark tea the
    oldest vintage. `allocation` says which lots were taken and why others were not. Who names a lot may send one with
    less life left, but none that is past its date or recalled.
    """
    contents = [ShipLine(item.line_id, item.quantity, item.lot_code) for item in body.lines]

    async def work(session: AsyncSession) -> ShippedOut:
        parcel = await service.ship(
            session,
            supplier_order_id,
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            contents=contents,
            supplier_id=_own(by.supplier_id),
            now=now,
        )
        return ShippedOut.of(parcel)

    return await once.run(201, work)


@router.post(
    "/v1/supplier/orders/{supplier_order_id}/cancellations",
    operation_id="cancel_order_lines",
    summary="Cancel pieces that cannot be delivered",
    status_code=201,
    response_model=ToShipOut,
    responses=problems(NotFound, StepNotAllowed, UnknownLine, CancelsTooMuch, *KEY_ERRORS),
)
async def cancel_order_lines(
    supplier_order_id: UUID, body: CancellationIn, by: SupplierStaff, once: Once, now: Now
) -> Response:
    """Their stock is free again and their money goes back to the buyer, with the freight if nothing at all is sent.

    The rest goes on; the order counts as shipped once nothing is left to send. Answers with the order as it is then.
    """
    pieces = merged((item.line_id, item.quantity) for item in body.lines)
    days = once.settings.orders.confirm_after_days

    async def work(session: AsyncSession) -> ToShipOut:
        await service.cancel_pieces(
            session,
            supplier_order_id,
            pieces,
            supplier_id=_own(by.supplier_id),
            by=by,
            reason=body.reason,
            now=now,
            confirm_after_days=days,
        )
        return ToShipOut.of(await _one(session, supplier_order_id, by))

    return await once.run(201, work)


@router.post(
    "/v1/supplier/shipments/{shipment_id}/delivered",
    operation_id="report_delivery",
    summary="Report that a parcel was delivered",
    response_model=ShipmentOut,
    responses=problems(NotFound),
)
async def report_delivery(
    shipment_id: UUID, by: SupplierStaff, session: WriteSession, edge: TheEdge, now: Now
) -> ShipmentOut:
    """Reporting twice changes nothing. Without the buyer's word the order completes by itself seven days later."""
    days = edge.settings.orders.confirm_after_days
    parcel = await service.deliver(
        session, shipment_id, supplier_id=_own(by.supplier_id), now=now, confirm_after_days=days
    )
    return ShipmentOut.of(parcel)


async def _one(session: AsyncSession, supplier_order_id: UUID, by: Actor) -> ToShip:
    found = await queries.supplier_page(
        session, _own(by.supplier_id), statuses=[], after=None, limit=1, only=supplier_order_id
    )
    if not found:
        raise NotFound
    return _discreet(found[0])


def _own(supplier_id: UUID | None) -> UUID:
    if supplier_id is None:
        raise NotFound
    return supplier_id


def _discreet(found: ToShip) -> ToShip:
    """A supplier needs the full address while there is something to send, and no longer (domain handbook §3.2)."""
    if found.part.status in (Status.PAID, Status.SHIPPED):
        return found
    return replace(found, address=found.address.masked)
