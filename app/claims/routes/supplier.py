"""Claims on a supplier's goods: answer them, send goods again, take goods back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.claims import queries, service
from app.claims.lifecycle import ClaimStepNotAllowed, Status
from app.claims.routes.filters import StatusFilter
from app.claims.rules import ClaimsTooMuch, Remedy, RemedyNotAvailable
from app.claims.schemas import AcceptIn, ClaimOut, ClaimToSendOut, ContestIn, ReceiveBackIn, ShipAgainIn
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
from app.fulfilment import InvalidTrackingNumber, ShipmentExists, UnknownCarrier
from app.identity import SupplierStaff
from app.inventory import LotCalledBack, LotExpired, LotShort, NotReserved, OutOfStock

router = APIRouter(tags=["claims"])


@router.get(
    "/v1/supplier/claims",
    operation_id="list_supplier_claims",
    summary="Claims on the supplier's goods, newest first",
    response_model=Page[ClaimOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_claims(
    by: SupplierStaff,
    session: ReadSession,
    now: Now,
    status: StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ClaimOut]:
    """`supplier_review` waits for an answer until `due_at`, `reshipping` for goods, `returning` for their receipt.

    What is `inspecting` has arrived by the word of the carrier: say by `received` whether it can be sold again.
    """
    found = await queries.page(
        session, supplier_id=by.supplier_id, status=status, before=last_seen("claims", cursor), limit=limit + 1, now=now
    )
    return page_of("claims", found, limit, ClaimOut.of)


@router.get(
    "/v1/supplier/claims/{claim_id}",
    operation_id="get_supplier_claim",
    summary="One claim on the supplier's goods",
    response_model=ClaimToSendOut,
    responses=problems(NotFound),
)
async def get_supplier_claim(claim_id: UUID, by: SupplierStaff, session: ReadSession, now: Now) -> ClaimToSendOut:
    """The buyer's address is shown while there is something to send, and no longer."""
    claim = await queries.get(session, claim_id, supplier_id=by.supplier_id, now=now)
    if claim.status is Status.RESHIPPING and not claim.shipments:
        claim = replace(claim, address=await orders.address_of(session, claim.order_id))
    return ClaimToSendOut.of(claim)


@router.post(
    "/v1/supplier/claims/{claim_id}/accept",
    operation_id="accept_claim",
    summary="Agree to a claim",
    response_model=ClaimOut,
    responses=problems(NotFound, ClaimStepNotAllowed, RemedyNotAvailable, ClaimsTooMuch, OutOfStock, *KEY_ERRORS),
)
async def accept_claim(
    claim_id: UUID, by: SupplierStaff, once: Once, now: Now, body: AcceptIn | None = None
) -> Response:
    """The money goes back, the goods are reserved to be sent again, or the buyer may send theirs back.

    Of goods that came back it agrees to the refund.
    """
    remedy = Remedy(body.remedy.value) if body is not None and body.remedy is not None else None

    async def work(session: AsyncSession) -> ClaimOut:
        return ClaimOut.of(await service.accept(session, claim_id, remedy=remedy, by=by, now=now))

    return await once.run(200, work)


@router.post(
    "/v1/supplier/claims/{claim_id}/contest",
    operation_id="contest_claim",
    summary="See it differently",
    response_model=ClaimOut,
    responses=problems(NotFound, ClaimStepNotAllowed),
)
async def contest_claim(
    claim_id: UUID, body: ContestIn, by: SupplierStaff, session: WriteSession, now: Now
) -> ClaimOut:
    """The marketplace decides. Also when goods that came back are not as they were sent."""
    return ClaimOut.of(await service.contest(session, claim_id, reason=body.reason, by=by, now=now))


@router.post(
    "/v1/supplier/claims/{claim_id}/shipments",
    operation_id="ship_claim",
    summary="Send goods again",
    status_code=201,
    response_model=ClaimOut,
    responses=problems(
        NotFound,
        ClaimStepNotAllowed,
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
async def ship_claim(claim_id: UUID, body: ShipAgainIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """All that is owed goes in one parcel. The claim ends when it arrives."""
    lots = {lot.line_id: lot.lot_code for lot in body.lots}

    async def work(session: AsyncSession) -> ClaimOut:
        claim = await service.ship_again(
            session,
            claim_id,
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            lots=lots,
            by=by,
            now=now,
        )
        return ClaimOut.of(claim)

    return await once.run(201, work)


@router.post(
    "/v1/supplier/claims/{claim_id}/received",
    operation_id="receive_goods_back",
    summary="The goods are back",
    response_model=ClaimOut,
    responses=problems(NotFound, ClaimStepNotAllowed, LotExpired, LotCalledBack, *KEY_ERRORS),
)
async def receive_goods_back(claim_id: UUID, body: ReceiveBackIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """What can be sold again goes back into its lots. The refund follows by itself seven days later at the latest."""

    async def work(session: AsyncSession) -> ClaimOut:
        claim = await service.receive_back(session, claim_id, sellable=body.sellable, by=by, now=now)
        return ClaimOut.of(claim)

    return await once.run(200, work)
