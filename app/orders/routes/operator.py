"""What the marketplace's own staff do with orders."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.web import (
    KEY_ERRORS,
    Now,
    Once,
    ReadSession,
    problems,
)
from app.identity import Operator
from app.orders import queries, service
from app.orders.lifecycle import StepNotAllowed
from app.orders.rules import (
    AlreadyShipped,
    NotRefundable,
    OrderNotPaid,
    RefundExceedsLine,
    RefundLine,
    UnknownLine,
)
from app.orders.schemas import (
    CancelIn,
    RefundIn,
    RefundOut,
    RefundsOut,
)

router = APIRouter(tags=["orders"])


@router.post(
    "/v1/operator/orders/{order_id}/refunds",
    operation_id="refund_order_lines",
    summary="Give money back for shipped lines",
    status_code=201,
    response_model=RefundsOut,
    responses=problems(NotFound, NotRefundable, RefundExceedsLine, UnknownLine, *KEY_ERRORS),
)
async def refund_order_lines(order_id: UUID, body: RefundIn, by: Operator, once: Once, now: Now) -> Response:
    """One refund for each supplier order concerned; counted sales are reversed when the money has arrived."""
    wanted = [RefundLine(item.line_id, item.amount_fen, item.quantity) for item in body.lines]

    async def work(session: AsyncSession) -> RefundsOut:
        refunds = await service.refund_lines(session, order_id, wanted, by=by, reason=body.reason, now=now)
        return RefundsOut(items=[RefundOut.of(refund) for refund in refunds])

    return await once.run(201, work)


@router.post(
    "/v1/operator/orders/{order_id}/cancel",
    operation_id="cancel_order_for_buyer",
    summary="Cancel an order that has not shipped, or one supplier's part of it, for its buyer",
    response_model=RefundsOut,
    responses=problems(NotFound, AlreadyShipped, StepNotAllowed, OrderNotPaid, *KEY_ERRORS),
)
async def cancel_order_for_buyer(
    order_id: UUID, by: Operator, once: Once, now: Now, body: CancelIn | None = None
) -> Response:
    """When the goods cannot be sent, or the buyer asks by phone. Answers with the refunds that are on their way."""
    wish = body or CancelIn(reason="cancelled by the marketplace")

    async def work(session: AsyncSession) -> RefundsOut:
        await service.cancel(
            session, order_id, by=by, reason=wish.reason, now=now, supplier_order_id=wish.supplier_order_id
        )
        return RefundsOut(items=[RefundOut.of(refund) for refund in await queries.refunds_of(session, order_id)])

    return await once.run(200, work)


@router.get(
    "/v1/operator/orders/{order_id}/refunds",
    operation_id="list_order_refunds",
    summary="The refunds of an order",
    response_model=RefundsOut,
    responses=problems(NotFound),
)
async def list_order_refunds(order_id: UUID, _: Operator, session: ReadSession) -> RefundsOut:
    """What was given back, or is on its way."""
    found = await queries.refunds_of(session, order_id)
    if not found:
        await queries.view(session, order_id, by=None)
    return RefundsOut(items=[RefundOut.of(refund) for refund in found])
