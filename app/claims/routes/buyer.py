"""Claims of buyers: make one, follow it, send goods back, take it back."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.claims import queries, service
from app.claims.lifecycle import ClaimStepNotAllowed
from app.claims.routes.filters import StatusFilter
from app.claims.rules import (
    ClaimsTooMuch,
    ClaimTooLate,
    LineNamedTwice,
    NotDelivered,
    NotReturnable,
    OneSupplierOnly,
    PhotosRequired,
    PiecesRequired,
    RemedyNotAvailable,
    WithinAllowance,
)
from app.claims.schemas import ClaimIn, ClaimOut, SendBackIn
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
    last_seen,
    page_of,
    problems,
)
from app.files import UnknownFile
from app.fulfilment import InvalidTrackingNumber, ShipmentExists, TrackingOut, UnknownCarrier
from app.identity import Buyer
from app.orders import NotRefundable, UnknownLine

router = APIRouter(tags=["claims"])


@router.post(
    "/v1/store/orders/{order_id}/claims",
    operation_id="open_claim",
    summary="Complain about goods",
    status_code=201,
    response_model=ClaimOut,
    responses=problems(
        NotFound,
        UnknownLine,
        UnknownFile,
        NotRefundable,
        NotDelivered,
        ClaimTooLate,
        NotReturnable,
        WithinAllowance,
        PiecesRequired,
        PhotosRequired,
        RemedyNotAvailable,
        ClaimsTooMuch,
        OneSupplierOnly,
        LineNamedTwice,
        *KEY_ERRORS,
    ),
)
async def open_claim(order_id: UUID, body: ClaimIn, by: Buyer, once: Once) -> Response:
    """Bad fruit, shown on photos, is paid by the piece within the time promised, all of it once enough is bad.

    Short and wrong goods are refunded or sent again; goods that keep go back within seven days without a reason; the
    marketplace looks at everything else. The supplier has 48 hours to answer, then it has agreed.
    """
    hours = once.settings.claims.review_hours

    async def work(session: AsyncSession) -> ClaimOut:
        claim = await service.open_claim(session, order_id, body.wanted(), by=by, now=once.now, review_hours=hours)
        return ClaimOut.of(claim)

    return await once.run(201, work)


@router.get(
    "/v1/store/orders/{order_id}/claims",
    operation_id="list_order_claims",
    summary="The claims on an order, newest first",
    response_model=Page[ClaimOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_order_claims(
    order_id: UUID, by: Buyer, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ClaimOut]:
    """All that was asked for the goods of one order."""
    found = await queries.page(
        session, buyer_id=by.account_id, order_id=order_id, before=last_seen("claims", cursor), limit=limit + 1, now=now
    )
    if not found:
        await orders.view(session, order_id, by=by)
    return page_of("claims", found, limit, ClaimOut.of)


@router.get(
    "/v1/store/claims",
    operation_id="list_claims",
    summary="The caller's claims, newest first",
    response_model=Page[ClaimOut],
    responses=problems(InvalidCursor),
)
async def list_claims(
    by: Buyer,
    session: ReadSession,
    now: Now,
    status: StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ClaimOut]:
    """A buyer sees their own claims only."""
    found = await queries.page(
        session, buyer_id=by.account_id, status=status, before=last_seen("claims", cursor), limit=limit + 1, now=now
    )
    return page_of("claims", found, limit, ClaimOut.of)


@router.get(
    "/v1/store/claims/{claim_id}",
    operation_id="get_claim",
    summary="One claim",
    response_model=ClaimOut,
    responses=problems(NotFound),
)
async def get_claim(claim_id: UUID, by: Buyer, session: ReadSession, now: Now) -> ClaimOut:
    """Where it stands, who did what, and the parcels that make it good."""
    return ClaimOut.of(await queries.get(session, claim_id, buyer_id=by.account_id, now=now))


@router.get(
    "/v1/store/claims/{claim_id}/shipments/{shipment_id}/tracking",
    operation_id="track_claim_shipment",
    summary="Where goods sent again, or sent back, are",
    response_model=TrackingOut,
    responses=problems(NotFound),
)
async def track_claim_shipment(claim_id: UUID, shipment_id: UUID, by: Buyer, session: ReadSession) -> TrackingOut:
    """What the carrier said of the parcel, newest first; names and telephone numbers are masked."""
    return TrackingOut.told(await queries.track(session, claim_id, shipment_id, buyer_id=by.account_id))


@router.post(
    "/v1/store/claims/{claim_id}/withdraw",
    operation_id="withdraw_claim",
    summary="Take a claim back",
    response_model=ClaimOut,
    responses=problems(NotFound, ClaimStepNotAllowed),
)
async def withdraw_claim(claim_id: UUID, by: Buyer, session: WriteSession, now: Now) -> ClaimOut:
    """While nothing was agreed or decided. The order may then confirm itself again."""
    return ClaimOut.of(await service.withdraw(session, claim_id, by=by, now=now))


@router.post(
    "/v1/store/claims/{claim_id}/send-back",
    operation_id="send_goods_back",
    summary="Say by which parcel the goods go back",
    response_model=ClaimOut,
    responses=problems(NotFound, ClaimStepNotAllowed, UnknownCarrier, InvalidTrackingNumber, ShipmentExists),
)
async def send_goods_back(claim_id: UUID, body: SendBackIn, by: Buyer, session: WriteSession, now: Now) -> ClaimOut:
    """Within seven days of the agreement, or the goods are kept. The parcel is followed until the supplier has it."""
    claim = await service.send_back(
        session, claim_id, carrier=body.carrier, tracking_number=body.tracking_number, by=by, now=now
    )
    return ClaimOut.of(claim)
