"""The end of an order that was never shipped: the stock goes back, and the money too if it had come."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, payments, pricing
from app.core.events import emit
from app.identity import Actor, Role
from app.orders import queries
from app.orders.events import OrderCancelled
from app.orders.lifecycle import Status, Step, after
from app.orders.models import Order, SupplierOrder
from app.orders.rules import AlreadyShipped
from app.orders.service.refund import refund_part


async def cancel(session: AsyncSession, order_id: UUID, *, by: Actor, reason: str, now: datetime) -> None:
    """Cancel an order of which nothing has shipped; a paid one gets its money back (domain handbook §3.5).

    ``by`` is its buyer, or an operator on the buyer's or the supplier's behalf.
    Raises ``NotFound``, ``AlreadyShipped``, ``StepNotAllowed``.
    """
    order, parts = await queries.lock(session, order_id, by=None if Role.OPERATOR in by.roles else by)
    lines = await queries.lines_of(session, *(part.id for part in parts))
    if any(line.shipped_quantity for line in lines):
        raise AlreadyShipped
    for part in parts:
        after(Status(part.status), Step.CANCEL)
    paid = order.payment_id is not None
    await _give_up_discounts(session, [order], now=now)
    for part in parts:
        part.take(Step.CANCEL, now=now)
        if paid:
            own = [line for line in lines if line.supplier_order_id == part.id]
            await refund_part(session, order, part, own, by=by, reason=reason, now=now)
    await _give_back(session, [order], reason=reason, now=now)


async def expire_due(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Expire orders whose time to pay has run out, and give their stock back. Returns how many."""
    orders: list[Order] = []
    for order_id in await queries.due(session, Status.PENDING_PAYMENT, now, limit):
        order, parts = await queries.lock(session, order_id)
        if all(_overdue(part, now) for part in parts):
            for part in parts:
                part.take(Step.EXPIRE, now=now)
            orders.append(order)
    await _give_up_discounts(session, orders, now=now)
    await _give_back(session, orders, reason="expired", now=now)
    return len(orders)


async def _give_up_discounts(session: AsyncSession, orders: list[Order], *, now: datetime) -> None:
    """Coupons and voucher budgets are free again. Before the stock, which is also taken after them."""
    if discounted := [order.id for order in orders if order.discount_fen]:
        await pricing.release(session, discounted, now=now)


def _overdue(part: SupplierOrder, now: datetime) -> bool:
    return part.status == Status.PENDING_PAYMENT and part.due_at is not None and part.due_at <= now


async def _give_back(session: AsyncSession, orders: list[Order], *, reason: str, now: datetime) -> None:
    if not orders:
        return
    await session.flush()
    await inventory.release(session, [order.id for order in orders], now=now)
    for order in orders:
        await payments.close(session, order.id, now=now)
        emit(session, OrderCancelled(order_id=order.id, reason=reason, at=now))
