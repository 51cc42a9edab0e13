"""Returns to the vendor, and the consents that they need."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
from app.core.errors import DomainError, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Once,
    Page,
    ReadSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import Actor, Operator, PartnerStaff, SupplierStaff
from app.inventory import LotCalledBack, LotExpired
from app.wholesale import queries, service
from app.wholesale.queries import receipts as reads
from app.wholesale.routes import partner, supplier
from app.wholesale.rules import ReturnNoTaken
from app.wholesale.rules.orders import UnknownPoLine
from app.wholesale.rules.receiving import ImpossibleMoment
from app.wholesale.rules.returns import ConsentTooMuch, NotReturnable, WhichReceipt
from app.wholesale.schemas import PoCreditOut
from app.wholesale.schemas.receipts import (
    EnteredReturnOut,
    ReturnConsentIn,
    ReturnConsentOut,
    ReturnIn,
    ReturnOut,
    ReturnsOut,
)

router = APIRouter(tags=["wholesale"])

_ERRORS: tuple[type[DomainError], ...] = (
    NotFound,
    ReturnNoTaken,
    WhichReceipt,
    NotReturnable,
    ImpossibleMoment,
    LotCalledBack,
    LotExpired,
    *KEY_ERRORS,
)


async def _enter(
    session: AsyncSession, po_id: UUID, body: ReturnIn, *, partner_id: UUID | None, by: Actor, once: Once
) -> EnteredReturnOut:
    back = await service.give_back(session, po_id, body.back(), partner_id=partner_id, by=by, now=once.now)
    credit = await partners.credit(session, back.partner_id)
    return EnteredReturnOut(**dict(ReturnOut.of(back)), credit=PoCreditOut.model_validate(credit))


@router.post(
    "/v1/partner/purchase-orders/{po_id}/returns",
    operation_id="enter_return",
    summary="Send goods of an order back",
    status_code=201,
    response_model=EnteredReturnOut,
    responses=problems(*_ERRORS),
)
async def enter_return(po_id: UUID, body: ReturnIn, by: PartnerStaff, once: Once) -> Response:
    """What they cost is not owed any more.

    By law nothing that you damaged goes back, and nothing that merely was not sold unless that was agreed; a recall is
    an agreement. Faults of fruit are told within three days.
    """

    async def work(session: AsyncSession) -> EnteredReturnOut:
        return await _enter(session, po_id, body, partner_id=partner.own(by), by=by, once=once)

    return await once.run(201, work)


@router.post(
    "/v1/operator/purchase-orders/{po_id}/returns",
    operation_id="enter_return_for_partner",
    summary="Enter a partner's return for it",
    status_code=201,
    response_model=EnteredReturnOut,
    responses=problems(*_ERRORS),
)
async def enter_return_for_partner(po_id: UUID, body: ReturnIn, by: Operator, once: Once) -> Response:
    """Under the same limits: what needs a consent is agreed to first."""

    async def work(session: AsyncSession) -> EnteredReturnOut:
        return await _enter(session, po_id, body, partner_id=None, by=by, once=once)

    return await once.run(201, work)


@router.get(
    "/v1/partner/purchase-orders/{po_id}/returns",
    operation_id="list_purchase_order_returns",
    summary="What went back of an order",
    response_model=ReturnsOut,
    responses=problems(NotFound),
)
async def list_purchase_order_returns(po_id: UUID, by: PartnerStaff, session: ReadSession) -> ReturnsOut:
    """Newest first."""
    await queries.view(session, po_id, partner_id=partner.own(by))
    return ReturnsOut(returns=[ReturnOut.of(one) for one in await reads.returns(session, po_id=po_id)])


@router.get(
    "/v1/operator/purchase-orders/{po_id}/returns",
    operation_id="list_any_purchase_order_returns",
    summary="What went back of any order",
    response_model=ReturnsOut,
    responses=problems(NotFound),
)
async def list_any_purchase_order_returns(po_id: UUID, _: Operator, session: ReadSession) -> ReturnsOut:
    """Newest first."""
    await queries.view(session, po_id)
    return ReturnsOut(returns=[ReturnOut.of(one) for one in await reads.returns(session, po_id=po_id)])


@router.get(
    "/v1/supplier/returns",
    operation_id="list_supplier_returns",
    summary="The supplier's goods that supermarkets sent back, newest first",
    response_model=Page[ReturnOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_returns(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ReturnOut]:
    """The supplier's own lines and no others."""
    before = last_seen("returns.supplier", cursor)
    found = await reads.returns(session, supplier_id=supplier.own(by), before=before, limit=limit + 1)
    return page_of("returns.supplier", found, limit, ReturnOut.of)


@router.post(
    "/v1/operator/purchase-orders/{po_id}/return-consents",
    operation_id="consent_to_return",
    summary="Agree that goods of a line may go back",
    status_code=201,
    response_model=ReturnConsentOut,
    responses=problems(NotFound, UnknownPoLine, ConsentTooMuch, *KEY_ERRORS),
)
async def consent_to_return(po_id: UUID, body: ReturnConsentIn, by: Operator, once: Once) -> Response:
    """For goods that were not sold or whose time is up: without it the law lets no retailer send them back."""

    async def work(session: AsyncSession) -> ReturnConsentOut:
        return ReturnConsentOut.of(await service.consent(session, po_id, **body.model_dump(), by=by, now=once.now))

    return await once.run(201, work)


@router.get(
    "/v1/partner/return-consents",
    operation_id="list_return_consents",
    summary="What the partner may send back, newest first",
    response_model=Page[ReturnConsentOut],
    responses=problems(InvalidCursor),
)
async def list_return_consents(
    by: PartnerStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ReturnConsentOut]:
    """What was agreed, and lots that were recalled."""
    before = last_seen("return-consents.partner", cursor)
    found = await reads.consents(session, partner_id=partner.own(by), before=before, limit=limit + 1)
    return page_of("return-consents.partner", found, limit, ReturnConsentOut.of)


@router.get(
    "/v1/operator/return-consents",
    operation_id="list_all_return_consents",
    summary="What partners may send back, newest first",
    response_model=Page[ReturnConsentOut],
    responses=problems(InvalidCursor),
)
async def list_all_return_consents(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ReturnConsentOut]:
    """What was agreed, and lots that were recalled."""
    before = last_seen("return-consents.operator", cursor)
    found = await reads.consents(session, before=before, limit=limit + 1)
    return page_of("return-consents.operator", found, limit, ReturnConsentOut.of)
