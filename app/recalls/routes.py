"""What the marketplace's own staff do after a recall, what the supplier sees of it, and what a buyer is told."""

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
    last_seen,
    page_of,
    problems,
)
from app.identity import Buyer, Operator, SupplierStaff
from app.orders import NotRefundable, RefundExceedsLine
from app.recalls import queries, service
from app.recalls.rules import DraftDecided, Status
from app.recalls.schemas import DraftOut, RecallNoticeOut, RecallNoticesOut, RecallReachOut, RecipientOut

router = APIRouter(tags=["recalls"])


@router.get(
    "/v1/store/orders/{order_id}/recalls",
    operation_id="list_order_recalls",
    summary="Goods of an order that were called back",
    responses=problems(NotFound),
)
async def list_order_recalls(order_id: UUID, by: Buyer, session: ReadSession) -> RecallNoticesOut:
    """To be shown above everything else: what was sent is not to be eaten or drunk."""
    found = await queries.notices(session, order_id, by=by)
    return RecallNoticesOut(items=[RecallNoticeOut.of(one) for one in found])


@router.get(
    "/v1/supplier/lots/{lot_id}/recall",
    operation_id="get_own_recall",
    summary="How far an own lot got, and how its recall stands",
    responses=problems(NotFound),
)
async def get_own_recall(lot_id: UUID, by: SupplierStaff, session: ReadSession) -> RecallReachOut:
    """Counts only: who got it is the marketplace's to know."""
    if by.supplier_id is None:
        raise NotFound
    return RecallReachOut.of(await queries.reach(session, lot_id, supplier_id=by.supplier_id))


@router.get(
    "/v1/operator/lots/{lot_id}/recipients",
    operation_id="list_lot_recipients",
    summary="Whom pieces of a lot were sent to",
    responses=problems(NotFound, InvalidCursor),
)
async def list_lot_recipients(
    lot_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[RecipientOut]:
    """Parcel by parcel in the order in which they left, with names and numbers masked."""
    kind = f"recipients:{lot_id}"
    after = last_seen(kind, cursor)
    found = await queries.recipients(session, lot_id, after=after, limit=limit + 1)
    return page_of(kind, found, limit, RecipientOut.of, key=lambda one: one.shipment_id)


@router.get(
    "/v1/operator/recall-refunds",
    operation_id="list_recall_refunds",
    summary="Refunds that were drafted after recalls",
    responses=problems(InvalidCursor),
)
async def list_recall_refunds(
    _: Operator,
    session: ReadSession,
    lot_id: Annotated[UUID | None, Query()] = None,
    status: Annotated[Status | None, Query(description="`draft`: somebody must decide")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DraftOut]:
    """One for each line that received pieces of the lot, or that cannot be served without them."""
    after = last_seen("recall-refunds", cursor)
    found = await queries.page(session, lot_id=lot_id, status=status, after=after, limit=limit + 1)
    return page_of("recall-refunds", found, limit, DraftOut.of)


@router.post(
    "/v1/operator/recall-refunds/{draft_id}/confirm",
    operation_id="confirm_recall_refund",
    summary="Give the money back",
    response_model=DraftOut,
    responses=problems(NotFound, DraftDecided, NotRefundable, RefundExceedsLine, *KEY_ERRORS),
)
async def confirm_recall_refund(draft_id: UUID, by: Operator, once: Once, now: Now) -> Response:
    """For goods that were sent a refund; goods that were not are cancelled. Counted sales are reversed on arrival."""
    days = once.settings.orders.confirm_after_days

    async def work(session: AsyncSession) -> DraftOut:
        return DraftOut.of(await service.confirm(session, draft_id, by=by, now=now, confirm_after_days=days))

    return await once.run(200, work)


@router.post(
    "/v1/operator/recall-refunds/{draft_id}/dismiss",
    operation_id="dismiss_recall_refund",
    summary="Leave a drafted refund",
    response_model=DraftOut,
    responses=problems(NotFound, DraftDecided, *KEY_ERRORS),
)
async def dismiss_recall_refund(draft_id: UUID, by: Operator, once: Once, now: Now) -> Response:
    """The buyer was served otherwise, and gets no money for it."""

    async def work(session: AsyncSession) -> DraftOut:
        return DraftOut.of(await service.dismiss(session, draft_id, by=by, now=now))

    return await once.run(200, work)
