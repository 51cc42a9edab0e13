"""Receipts: partners enter them, operators do it for them, suppliers see what became of their goods."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
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
    last_seen,
    page_of,
    problems,
)
from app.files import UnknownFile
from app.identity import Actor, Operator, PartnerStaff, SupplierStaff
from app.inventory import LotCalledBack, LotExpired, LotShort
from app.wholesale import queries, service
from app.wholesale.lifecycle import PoStepNotAllowed
from app.wholesale.queries import receipts as reads
from app.wholesale.routes import partner, supplier
from app.wholesale.rules import ReceiptNoTaken
from app.wholesale.rules.receiving import ImpossibleMoment, InvalidReceipt, NothingCame, UnknownLotOfLine
from app.wholesale.schemas import PoCreditOut
from app.wholesale.schemas.receipts import EnteredReceiptOut, ReceiptIn, ReceiptOut, ReceiptsOut

router = APIRouter(tags=["wholesale"])

_ERRORS = (
    NotFound,
    PoStepNotAllowed,
    ReceiptNoTaken,
    InvalidReceipt,
    NothingCame,
    ImpossibleMoment,
    UnknownLotOfLine,
    UnknownFile,
    LotShort,
    LotExpired,
    LotCalledBack,
    *KEY_ERRORS,
)


async def _enter(
    session: AsyncSession, po_id: UUID, body: ReceiptIn, *, partner_id: UUID | None, by: Actor, once: Once
) -> EnteredReceiptOut:
    entered = await service.receive(session, po_id, body.counted(), partner_id=partner_id, by=by, now=once.now)
    credit = await partners.credit(session, entered.receipt.partner_id)
    return EnteredReceiptOut(
        **dict(ReceiptOut.of(entered.receipt)),
        status=entered.status,
        credit=PoCreditOut.model_validate(credit),
        duplicate=entered.duplicate,
    )


@router.post(
    "/v1/partner/purchase-orders/{po_id}/receipts",
    operation_id="enter_receipt",
    summary="Take goods of an order in",
    status_code=201,
    response_model=EnteredReceiptOut,
    responses=problems(*_ERRORS),
)
async def enter_receipt(po_id: UUID, body: ReceiptIn, by: PartnerStaff, once: Once) -> Response:
    """What is taken in is what is owed: the contract's tolerance decides what of a line with faults is, and how much.

    More than was ordered is never taken in. An order may have several receipts; lines that are not named are still to
    come. The same receipt sent again is the same receipt.
    """

    async def work(session: AsyncSession) -> EnteredReceiptOut:
        return await _enter(session, po_id, body, partner_id=partner.own(by), by=by, once=once)

    return await once.run(201, work)


@router.post(
    "/v1/operator/purchase-orders/{po_id}/receipts",
    operation_id="enter_receipt_for_partner",
    summary="Enter a partner's receipt for it",
    status_code=201,
    response_model=EnteredReceiptOut,
    responses=problems(*_ERRORS),
)
async def enter_receipt_for_partner(po_id: UUID, body: ReceiptIn, by: Operator, once: Once) -> Response:
    """For a partner that sends its receipts on paper."""

    async def work(session: AsyncSession) -> EnteredReceiptOut:
        return await _enter(session, po_id, body, partner_id=None, by=by, once=once)

    return await once.run(201, work)


@router.get(
    "/v1/partner/purchase-orders/{po_id}/receipts",
    operation_id="list_purchase_order_receipts",
    summary="The receipts of an order",
    response_model=ReceiptsOut,
    responses=problems(NotFound),
)
async def list_purchase_order_receipts(po_id: UUID, by: PartnerStaff, session: ReadSession, now: Now) -> ReceiptsOut:
    """Newest first, with photos."""
    await queries.view(session, po_id, partner_id=partner.own(by))
    found = await reads.receipts(session, po_id=po_id, now=now)
    return ReceiptsOut(receipts=[ReceiptOut.of(one) for one in found])


@router.get(
    "/v1/supplier/purchase-orders/{po_id}/receipts",
    operation_id="list_supplier_purchase_order_receipts",
    summary="What was taken in of the supplier's goods",
    response_model=ReceiptsOut,
    responses=problems(NotFound),
)
async def list_supplier_purchase_order_receipts(
    po_id: UUID, by: SupplierStaff, session: ReadSession, now: Now
) -> ReceiptsOut:
    """The supplier's own lines, with the photos of what was refused."""
    await queries.view(session, po_id, supplier_id=supplier.own(by))
    found = await reads.receipts(session, po_id=po_id, supplier_id=supplier.own(by), now=now)
    return ReceiptsOut(receipts=[ReceiptOut.of(one) for one in found])


@router.get(
    "/v1/operator/purchase-orders/{po_id}/receipts",
    operation_id="list_any_purchase_order_receipts",
    summary="The receipts of any order",
    response_model=ReceiptsOut,
    responses=problems(NotFound),
)
async def list_any_purchase_order_receipts(po_id: UUID, _: Operator, session: ReadSession, now: Now) -> ReceiptsOut:
    """Newest first, with photos."""
    await queries.view(session, po_id)
    found = await reads.receipts(session, po_id=po_id, now=now)
    return ReceiptsOut(receipts=[ReceiptOut.of(one) for one in found])


@router.get(
    "/v1/partner/receipts",
    operation_id="list_receipts",
    summary="The partner's receipts, newest first",
    response_model=Page[ReceiptOut],
    responses=problems(InvalidCursor),
)
async def list_receipts(
    by: PartnerStaff, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ReceiptOut]:
    """Of all its orders."""
    before = last_seen("receipts.partner", cursor)
    found = await reads.receipts(session, partner_id=partner.own(by), before=before, limit=limit + 1, now=now)
    return page_of("receipts.partner", found, limit, ReceiptOut.of)


@router.get(
    "/v1/supplier/receipts",
    operation_id="list_supplier_receipts",
    summary="What supermarkets took in of the supplier's goods, newest first",
    response_model=Page[ReceiptOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_receipts(
    by: SupplierStaff, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ReceiptOut]:
    """The supplier's own lines and no others."""
    before = last_seen("receipts.supplier", cursor)
    found = await reads.receipts(session, supplier_id=supplier.own(by), before=before, limit=limit + 1, now=now)
    return page_of("receipts.supplier", found, limit, ReceiptOut.of)


@router.get(
    "/v1/operator/receipts",
    operation_id="list_all_receipts",
    summary="Receipts of all partners, newest first",
    response_model=Page[ReceiptOut],
    responses=problems(InvalidCursor),
)
async def list_all_receipts(
    _: Operator,
    session: ReadSession,
    now: Now,
    partner_id: Annotated[UUID | None, Query(description="Only this partner's")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ReceiptOut]:
    """With what was refused and why."""
    before = last_seen("receipts.operator", cursor)
    found = await reads.receipts(session, partner_id=partner_id, before=before, limit=limit + 1, now=now)
    return page_of("receipts.operator", found, limit, ReceiptOut.of)
