"""What goes back to buyers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.orders.models import LineDiscount, OrderLine, Refund, RefundLine
from app.orders.models.locked import LockedOrder
from app.orders.queries.locked import lock
from app.orders.rules import CountedBasis, RefundView

_REFUNDED_ORDER = text("SELECT order_id FROM orders_refund WHERE id = :refund_id")


async def refund_by_id(session: AsyncSession, refund_id: UUID) -> tuple[Refund, LockedOrder] | None:
    """The refund and its order, which is locked first; None if it is not one of ours."""
    found = await ask(session, _REFUNDED_ORDER, {"refund_id": refund_id})
    if not found:
        return None
    order = await lock(session, found[0][0])
    return await session.get_one(Refund, refund_id, populate_existing=True), order


async def owes_nothing(session: AsyncSession, supplier_order_id: UUID) -> bool:
    """Whether all the money that was to go back for a supplier order has arrived."""
    waiting = select(Refund.id).where(Refund.supplier_order_id == supplier_order_id, Refund.status != "settled")
    return (await session.execute(waiting.limit(1))).first() is None


async def refund_lines(session: AsyncSession, refund_id: UUID) -> list[RefundLine]:
    """The lines of a refund."""
    return list((await session.execute(select(RefundLine).where(RefundLine.refund_id == refund_id))).scalars())


async def settled_before(session: AsyncSession, line_ids: Sequence[UUID]) -> dict[UUID, CountedBasis]:
    """Quantity and fen of each line that have already gone back to the buyer."""
    wanted = (
        select(RefundLine.line_id, func.sum(RefundLine.quantity), func.sum(RefundLine.amount_fen))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(RefundLine.line_id.in_(line_ids), Refund.status == "settled")
        .group_by(RefundLine.line_id)
    )
    rows = await session.execute(wanted)
    return {line_id: CountedBasis(int(quantity), int(amount)) for line_id, quantity, amount in rows}


async def returned_discounts(session: AsyncSession, order_id: UUID) -> dict[UUID, int]:
    """What of each promotion has come back with the refunds of an order: its share of each line, rounded down."""
    share = LineDiscount.amount_fen * OrderLine.refunded_fen // OrderLine.amount_fen
    wanted = (
        select(LineDiscount.promotion_id, func.sum(share))
        .join(OrderLine, OrderLine.id == LineDiscount.line_id)
        .where(OrderLine.order_id == order_id)
        .group_by(LineDiscount.promotion_id)
    )
    return {promotion_id: int(fen) for promotion_id, fen in await session.execute(wanted)}


async def refunds_of(session: AsyncSession, order_id: UUID) -> list[RefundView]:
    """What was given back, or is on its way, for an order."""
    rows = await session.execute(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id))
    return [refund_view(refund) for refund in rows.scalars()]


def refund_view(refund: Refund) -> RefundView:
    """A refund as a value."""
    return RefundView(
        id=refund.id,
        order_id=refund.order_id,
        supplier_order_id=refund.supplier_order_id,
        status=refund.status,
        amount_fen=refund.amount_fen,
        freight_fen=refund.freight_fen,
        reason=refund.reason,
        requested_at=refund.requested_at,
        settled_at=refund.settled_at,
    )
