"""Purchase orders as the partner sees them: send, read, give up, answer offers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

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
    WriteSession,
    problems,
)
from app.identity import Actor, PartnerStaff
from app.inventory import OutOfStock
from app.partners import CreditExceeded, NoContract, PartnerSuspended, UnknownLocation
from app.wholesale import queries, service
from app.wholesale.lifecycle import PoStepNotAllowed, Status
from app.wholesale.queries.deliveries import deliveries
from app.wholesale.routes.paging import before, page_of
from app.wholesale.rules import PoNoTaken
from app.wholesale.rules.asking import (
    BelowMinimum,
    NotACaseMultiple,
    PriceMismatch,
    RequiredOnNotPossible,
    UnclearItems,
)
from app.wholesale.rules.orders import Mismatch, NoSubstitute, OfferDecided, Partial
from app.wholesale.schemas import (
    PlacedPoOut,
    PoCancelIn,
    PoDetailOut,
    PoIn,
    PoOfferOut,
    PoOut,
    PoVersionOut,
    PoVersionsOut,
)
from app.wholesale.schemas.deliveries import DeliveriesOut, DeliveryOut

router = APIRouter(tags=["wholesale"])

_ORDERS = "/v1/partner/purchase-orders"
StatusFilter = Annotated[Status | None, Query(description="Only orders that stand there")]
NumberFilter = Annotated[str | None, Query(max_length=64, description="Only the order with this number")]


def own(by: Actor) -> UUID:
    """The partner whose staff or key this is."""
    if by.partner_id is None:
        raise NotPermitted
    return by.partner_id


@router.post(
    _ORDERS,
    operation_id="place_purchase_order",
    summary="Send a purchase order, or another version of one",
    status_code=201,
    response_model=PlacedPoOut,
    responses=problems(
        CreditExceeded,
        OutOfStock,
        NotACaseMultiple,
        BelowMinimum,
        PriceMismatch,
        UnclearItems,
        RequiredOnNotPossible,
        UnknownLocation,
        NoContract,
        PartnerSuspended,
        PoStepNotAllowed,
        PoNoTaken,
        *KEY_ERRORS,
    ),
)
async def place_purchase_order(
    body: PoIn,
    by: PartnerStaff,
    once: Once,
    now: Now,
    on_mismatch: Annotated[
        Mismatch, Query(description="`review`: other prices than the list's are decided by the marketplace")
    ] = Mismatch.REFUSE,
    partial: Annotated[
        Partial, Query(description="`accept`: lines are cut to what stock and credit give, instead of 409")
    ] = Partial.REFUSE,
) -> Response:
    """Stock and credit are reserved together or not at all, and each line is answered.

    The order counts for the day of its order window, and its prices are that day's. The same content under the same
    number again changes nothing (`duplicate`); other content is a new version, while nothing was shipped. What we
    cannot tell from its codes is asked in `errors`.
    """
    asked = body.asked()

    async def work(session: AsyncSession) -> PlacedPoOut:
        placed = await service.place(
            session, asked, partner_id=own(by), by=by, now=now, on_mismatch=on_mismatch, partial=partial
        )
        return PlacedPoOut.of(placed.order, credit=placed.credit, duplicate=placed.duplicate)

    return await once.run(201, work)


@router.get(
    _ORDERS,
    operation_id="list_purchase_orders",
    summary="The partner's purchase orders, newest first",
    response_model=Page[PoOut],
    responses=problems(InvalidCursor),
)
async def list_purchase_orders(
    by: PartnerStaff,
    session: ReadSession,
    status: StatusFilter = None,
    po_no: NumberFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PoOut]:
    """Each with its lines and how far they are."""
    found = await queries.page(
        session,
        partner_id=own(by),
        statuses=[status] if status else [],
        po_no=po_no,
        before=before("partner", cursor),
        limit=limit + 1,
    )
    return page_of("partner", found, limit)


@router.get(
    f"{_ORDERS}/{{po_id}}",
    operation_id="get_purchase_order",
    summary="One purchase order",
    response_model=PoDetailOut,
    responses=problems(NotFound),
)
async def get_purchase_order(po_id: UUID, by: PartnerStaff, session: ReadSession) -> PoDetailOut:
    """With its lines, offers and history."""
    order = await queries.view(session, po_id, partner_id=own(by))
    return PoDetailOut.of(order, history=await queries.history(session, po_id))


@router.get(
    f"{_ORDERS}/{{po_id}}/versions",
    operation_id="list_purchase_order_versions",
    summary="A purchase order as it was sent each time",
    response_model=PoVersionsOut,
    responses=problems(NotFound),
)
async def list_purchase_order_versions(po_id: UUID, by: PartnerStaff, session: ReadSession) -> PoVersionsOut:
    """Each with what differs from the version before it."""
    await queries.view(session, po_id, partner_id=own(by))
    return PoVersionsOut(versions=[PoVersionOut.of(one) for one in await queries.versions(session, po_id)])


@router.get(
    f"{_ORDERS}/{{po_id}}/deliveries",
    operation_id="list_purchase_order_deliveries",
    summary="The loads that were sent for a purchase order",
    response_model=DeliveriesOut,
    responses=problems(NotFound),
)
async def list_purchase_order_deliveries(
    po_id: UUID, by: PartnerStaff, session: ReadSession, now: Now
) -> DeliveriesOut:
    """Oldest first, with lots, days and certificates."""
    await queries.view(session, po_id, partner_id=own(by))
    sent = await deliveries(session, po_id, now=now)
    return DeliveriesOut(deliveries=[DeliveryOut.of(one) for one in sent])


@router.post(
    f"{_ORDERS}/{{po_id}}/cancel",
    operation_id="cancel_purchase_order",
    summary="Give up a purchase order of which nothing was shipped",
    response_model=PlacedPoOut,
    responses=problems(NotFound, PoStepNotAllowed, *KEY_ERRORS),
)
async def cancel_purchase_order(
    po_id: UUID, by: PartnerStaff, once: Once, now: Now, body: PoCancelIn | None = None
) -> Response:
    """Its stock and credit are free at once."""
    reason = body.reason if body else None

    async def work(session: AsyncSession) -> PlacedPoOut:
        order, credit = await service.cancel(session, po_id, partner_id=own(by), by=by, reason=reason, now=now)
        return PlacedPoOut.of(order, credit=credit)

    return await once.run(200, work)


@router.post(
    f"{_ORDERS}/offers/{{offer_id}}/accept",
    operation_id="accept_substitute",
    summary="Take a substitute that was offered for a line",
    response_model=PlacedPoOut,
    responses=problems(NotFound, OfferDecided, NoSubstitute, CreditExceeded, OutOfStock, PartnerSuspended, *KEY_ERRORS),
)
async def accept_substitute(offer_id: UUID, by: PartnerStaff, once: Once, now: Now) -> Response:
    """The line is of other goods from now on; stock and credit follow."""

    async def work(session: AsyncSession) -> PlacedPoOut:
        order, credit = await service.accept(session, offer_id, partner_id=own(by), by=by, now=now)
        return PlacedPoOut.of(order, credit=credit)

    return await once.run(200, work)


@router.post(
    f"{_ORDERS}/offers/{{offer_id}}/decline",
    operation_id="decline_substitute",
    summary="Do without a substitute",
    response_model=PoOfferOut,
    responses=problems(NotFound, OfferDecided),
)
async def decline_substitute(offer_id: UUID, by: PartnerStaff, session: WriteSession, now: Now) -> PoOfferOut:
    """The line stays as it is."""
    return PoOfferOut.of(await service.decline(session, offer_id, partner_id=own(by), by=by, now=now))
