"""Purchase orders as operators see them: decide what is in doubt, answer lines, give up."""

from __future__ import annotations

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
    WriteSession,
    problems,
)
from app.identity import Operator
from app.inventory import OutOfStock
from app.partners import CreditExceeded, PartnerSuspended
from app.wholesale import queries, service
from app.wholesale.lifecycle import PoStepNotAllowed
from app.wholesale.queries.deliveries import deliveries
from app.wholesale.routes.paging import before, page_of
from app.wholesale.routes.partner import NumberFilter, StatusFilter
from app.wholesale.routes.supplier import DISPATCH_ERRORS
from app.wholesale.rules.deliveries import SeveralSuppliers
from app.wholesale.rules.orders import AnswersTooMuch, LastDayOver, NoAskedPrice, NoSubstitute, UnknownPoLine
from app.wholesale.schemas import (
    PlacedPoOut,
    PoApprovalIn,
    PoCancelIn,
    PoCutsIn,
    PoDetailOut,
    PoOfferIn,
    PoOfferOut,
    PoOut,
    PoRejectionIn,
    PoVersionOut,
    PoVersionsOut,
)
from app.wholesale.schemas.deliveries import DeliveriesOut, DeliveryIn, DeliveryOut

router = APIRouter(tags=["wholesale"])

_ORDERS = "/v1/operator/purchase-orders"


@router.get(
    _ORDERS,
    operation_id="list_all_purchase_orders",
    summary="Purchase orders of all partners, newest first",
    response_model=Page[PoOut],
    responses=problems(InvalidCursor),
)
async def list_all_purchase_orders(
    _: Operator,
    session: ReadSession,
    partner_id: Annotated[UUID | None, Query(description="Only this partner's")] = None,
    status: StatusFilter = None,
    po_no: NumberFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PoOut]:
    """`needs_approval` waits for a decision."""
    found = await queries.page(
        session,
        partner_id=partner_id,
        statuses=[status] if status else [],
        po_no=po_no,
        before=before("operator", cursor),
        limit=limit + 1,
    )
    return page_of("operator", found, limit)


@router.get(
    f"{_ORDERS}/{{po_id}}",
    operation_id="get_any_purchase_order",
    summary="One purchase order of any partner",
    response_model=PoDetailOut,
    responses=problems(NotFound),
)
async def get_any_purchase_order(po_id: UUID, _: Operator, session: ReadSession) -> PoDetailOut:
    """With its lines, offers and history."""
    order = await queries.view(session, po_id)
    return PoDetailOut.of(order, history=await queries.history(session, po_id))


@router.get(
    f"{_ORDERS}/{{po_id}}/versions",
    operation_id="list_any_purchase_order_versions",
    summary="A purchase order as the partner sent it each time",
    response_model=PoVersionsOut,
    responses=problems(NotFound),
)
async def list_any_purchase_order_versions(po_id: UUID, _: Operator, session: ReadSession) -> PoVersionsOut:
    """Each with what differs from the version before it."""
    await queries.view(session, po_id)
    return PoVersionsOut(versions=[PoVersionOut.of(one) for one in await queries.versions(session, po_id)])


@router.post(
    f"{_ORDERS}/{{po_id}}/approve",
    operation_id="approve_purchase_order",
    summary="Confirm an order that was in doubt",
    response_model=PlacedPoOut,
    responses=problems(
        NotFound,
        PoStepNotAllowed,
        LastDayOver,
        NoAskedPrice,
        CreditExceeded,
        OutOfStock,
        PartnerSuspended,
        *KEY_ERRORS,
    ),
)
async def approve_purchase_order(po_id: UUID, body: PoApprovalIn, by: Operator, once: Once, now: Now) -> Response:
    """Its stock and credit are reserved now: until now it held nothing."""

    async def work(session: AsyncSession) -> PlacedPoOut:
        order, credit = await service.approve(session, po_id, prices=body.prices, by=by, reason=body.reason, now=now)
        return PlacedPoOut.of(order, credit=credit)

    return await once.run(200, work)


@router.post(
    f"{_ORDERS}/{{po_id}}/reject",
    operation_id="reject_purchase_order",
    summary="Refuse an order that was in doubt",
    response_model=PoOut,
    responses=problems(NotFound, PoStepNotAllowed),
)
async def reject_purchase_order(
    po_id: UUID, body: PoRejectionIn, by: Operator, session: WriteSession, now: Now
) -> PoOut:
    """The partner reads the reason in the order's history."""
    return PoOut.of(await service.reject(session, po_id, by=by, reason=body.reason, now=now))


@router.post(
    f"{_ORDERS}/{{po_id}}/cancel",
    operation_id="cancel_purchase_order_for_partner",
    summary="Give up a partner's order of which nothing was shipped",
    response_model=PlacedPoOut,
    responses=problems(NotFound, PoStepNotAllowed, *KEY_ERRORS),
)
async def cancel_purchase_order_for_partner(
    po_id: UUID, body: PoCancelIn, by: Operator, once: Once, now: Now
) -> Response:
    """Its stock and credit are free at once."""

    async def work(session: AsyncSession) -> PlacedPoOut:
        order, credit = await service.cancel(session, po_id, partner_id=None, by=by, reason=body.reason, now=now)
        return PlacedPoOut.of(order, credit=credit)

    return await once.run(200, work)


@router.post(
    f"{_ORDERS}/{{po_id}}/cuts",
    operation_id="cut_purchase_order_lines",
    summary="Promise less of some lines",
    response_model=PlacedPoOut,
    responses=problems(NotFound, PoStepNotAllowed, UnknownPoLine, AnswersTooMuch, *KEY_ERRORS),
)
async def cut_purchase_order_lines(po_id: UUID, body: PoCutsIn, by: Operator, once: Once, now: Now) -> Response:
    """What is freed of stock and credit is free at once; an order of which nothing is left is cancelled."""
    cuts = [service.Cut(line.line_no, line.cases, line.reason) for line in body.lines]

    async def work(session: AsyncSession) -> PlacedPoOut:
        order, credit = await service.cut(session, po_id, cuts, by=by, now=now)
        return PlacedPoOut.of(order, credit=credit)

    return await once.run(200, work)


@router.post(
    f"{_ORDERS}/{{po_id}}/offers",
    operation_id="offer_substitute",
    summary="Offer other goods of the same category for a line",
    status_code=201,
    response_model=PoOfferOut,
    responses=problems(NotFound, PoStepNotAllowed, UnknownPoLine, NoSubstitute),
)
async def offer_substitute(po_id: UUID, body: PoOfferIn, by: Operator, session: WriteSession, now: Now) -> PoOfferOut:
    """At the price list's price. Nothing is promised until the partner takes it."""
    offered = await service.offer(
        session,
        po_id,
        line_no=body.line_no,
        sku=body.sku,
        cases=body.cases,
        reason=body.reason,
        by=by,
        now=now,
    )
    return PoOfferOut.of(offered)


@router.get(
    f"{_ORDERS}/{{po_id}}/deliveries",
    operation_id="list_any_purchase_order_deliveries",
    summary="The loads that were sent for a partner's order",
    response_model=DeliveriesOut,
    responses=problems(NotFound),
)
async def list_any_purchase_order_deliveries(po_id: UUID, _: Operator, session: ReadSession, now: Now) -> DeliveriesOut:
    """Oldest first, with lots, days and certificates."""
    await queries.view(session, po_id)
    sent = await deliveries(session, po_id, now=now)
    return DeliveriesOut(deliveries=[DeliveryOut.of(one) for one in sent])


@router.post(
    f"{_ORDERS}/{{po_id}}/deliveries",
    operation_id="send_delivery_for_supplier",
    summary="Send a load for a supplier",
    status_code=201,
    response_model=DeliveryOut,
    responses=problems(*DISPATCH_ERRORS, SeveralSuppliers),
)
async def send_delivery_for_supplier(po_id: UUID, body: DeliveryIn, by: Operator, once: Once, now: Now) -> Response:
    """For a supplier that cannot do it itself; all lines are of one supplier."""
    load = body.load()

    async def work(session: AsyncSession) -> DeliveryOut:
        return DeliveryOut.of(await service.dispatch(session, po_id, load, supplier_id=None, by=by, now=now))

    return await once.run(201, work)
