"""Purchase orders as suppliers see them: what to send, what was sent."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
from app.core.errors import NotFound, NotPermitted
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
    problems,
)
from app.identity import Actor, SupplierStaff
from app.inventory import LotCalledBack, LotExpired, LotShort, LotTooOld, NotReserved
from app.wholesale import queries, service
from app.wholesale.lifecycle import PoStepNotAllowed, Status
from app.wholesale.queries import appointments
from app.wholesale.queries.deliveries import deliveries
from app.wholesale.routes.paging import before, more
from app.wholesale.rules.deliveries import LoadsTooMuch, SeveralSuppliers
from app.wholesale.rules.orders import LastDayOver, UnknownPoLine
from app.wholesale.schemas.deliveries import DeliveryIn, DeliveryOut, PoToShipDetailOut, PoToShipOut

router = APIRouter(tags=["wholesale"])

_ORDERS = "/v1/supplier/purchase-orders"
DISPATCH_ERRORS = (
    NotFound,
    PoStepNotAllowed,
    LastDayOver,
    UnknownPoLine,
    LoadsTooMuch,
    NotReserved,
    LotShort,
    LotExpired,
    LotCalledBack,
    LotTooOld,
    *KEY_ERRORS,
)


class PoFilter(StrEnum):
    """What a supplier looks for."""

    TO_SHIP = "to_ship"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


def own(by: Actor) -> UUID:
    """The supplier whose staff or key this is."""
    if by.supplier_id is None:
        raise NotPermitted
    return by.supplier_id


@router.get(
    _ORDERS,
    operation_id="list_supplier_purchase_orders",
    summary="Supermarkets' orders of the supplier's goods, newest first",
    response_model=Page[PoToShipOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_purchase_orders(
    by: SupplierStaff,
    session: ReadSession,
    status: Annotated[PoFilter | None, Query(description="`to_ship`: confirmed, and something left to send")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PoToShipOut]:
    """Each with the supplier's own lines and no others."""
    statuses = [Status(status.value)] if status not in {None, PoFilter.TO_SHIP} else []
    found = await queries.page(
        session,
        supplier_id=own(by),
        statuses=statuses,
        to_ship=status is PoFilter.TO_SHIP,
        before=before("supplier", cursor),
        limit=limit + 1,
    )
    shown = [PoToShipOut.of(order) for order in found[:limit]]
    return Page(items=shown, next_cursor=more("supplier", found, limit))


@router.get(
    f"{_ORDERS}/{{po_id}}",
    operation_id="get_supplier_purchase_order",
    summary="One supermarket's order of the supplier's goods",
    response_model=PoToShipDetailOut,
    responses=problems(NotFound),
)
async def get_supplier_purchase_order(
    po_id: UUID, by: SupplierStaff, session: ReadSession, now: Now
) -> PoToShipDetailOut:
    """With the place that takes the goods in, and the loads that were sent."""
    order = await queries.view(session, po_id, supplier_id=own(by))
    location = await partners.location_by_id(session, order.location_id)
    sent = await deliveries(session, po_id, supplier_id=own(by), now=now)
    booked = await appointments.appointments(session, "po_id", [po_id])
    return PoToShipDetailOut.with_place(order, location, sent, booked[0] if booked else None)


@router.post(
    f"{_ORDERS}/{{po_id}}/deliveries",
    operation_id="send_delivery",
    summary="Send a load for a supermarket's order",
    status_code=201,
    response_model=DeliveryOut,
    responses=problems(*DISPATCH_ERRORS, SeveralSuppliers),
)
async def send_delivery(po_id: UUID, body: DeliveryIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """The delivery note says which lots went. Those that expire first go first, if enough of their life is left.

    What the contract promises of their life holds for named lots too, and goods of no lot are not sent.
    """
    load = body.load()

    async def work(session: AsyncSession) -> DeliveryOut:
        return DeliveryOut.of(await service.dispatch(session, po_id, load, supplier_id=own(by), by=by, now=now))

    return await once.run(201, work)
