"""What the marketplace's own staff do with money that providers could not move."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

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
from app.identity import Operator
from app.payments import queries, service
from app.payments.rules import (
    PaymentNotFound,
    RefundExceedsPayment,
    RefundNotFailed,
    RefundNotPayable,
    RefundStatus,
    TransactionMismatch,
)
from app.payments.schemas import PaidByHandIn, RefundOut

router = APIRouter(tags=["payments"])


@router.get(
    "/v1/operator/refunds",
    operation_id="list_refunds",
    summary="Refunds of every payment, newest first",
    response_model=Page[RefundOut],
    responses=problems(InvalidCursor),
)
async def list_refunds(
    _: Operator,
    session: ReadSession,
    status: Annotated[RefundStatus | None, Query(description="`failed`: the provider could not pay it back")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[RefundOut]:
    """Which money is on its way back, and which waits for a decision."""
    after = last_seen("refunds", cursor)
    found = await queries.page_of_refunds(session, status=status, after=after, limit=limit + 1)
    return page_of("refunds", found, limit, lambda pair: RefundOut.of(*pair), key=lambda pair: pair[0].id)


@router.post(
    "/v1/operator/refunds/{refund_id}/retry",
    operation_id="retry_refund",
    summary="Ask the provider again",
    response_model=RefundOut,
    responses=problems(PaymentNotFound, RefundNotFailed, RefundExceedsPayment, *KEY_ERRORS),
)
async def retry_refund(refund_id: UUID, _: Operator, once: Once, now: Now) -> Response:
    """A failed refund is asked for under the same number as before, so that it cannot be paid twice."""

    async def work(session: AsyncSession) -> RefundOut:
        await service.retry_refund(session, refund_id, now=now)
        return RefundOut.of(*await queries.refund(session, refund_id))

    return await once.run(200, work)


@router.post(
    "/v1/operator/refunds/{refund_id}/paid",
    operation_id="confirm_refund_by_hand",
    summary="Note that a refund was paid by hand",
    response_model=RefundOut,
    responses=problems(PaymentNotFound, RefundNotPayable, RefundExceedsPayment, TransactionMismatch, *KEY_ERRORS),
)
async def confirm_refund_by_hand(refund_id: UUID, body: PaidByHandIn, by: Operator, once: Once, now: Now) -> Response:
    """The money was sent by a transfer of our own, whose number at the bank is the receipt.

    For refunds that failed, and for those of bank transfers, which nobody pays back but we ourselves.
    """

    async def work(session: AsyncSession) -> RefundOut:
        await service.pay_refund_by_hand(session, refund_id, receipt=body.receipt, by=by.account_id, now=now)
        return RefundOut.of(*await queries.refund(session, refund_id))

    return await once.run(200, work)
