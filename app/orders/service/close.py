"""What is never shipped: a whole order, one supplier's part of it, single pieces. Stock goes back, and paid money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, payments, pricing
from app.core.errors import NotFound
from app.core.events import emit
from app.identity import SYSTEM, Actor, Role
from app.orders import queries
from app.orders.events import CancelledLine, LinesCancelled, OrderCancelled
from app.orders.lifecycle import Status, Step, after
from app.orders.models import Order, OrderLine, SupplierOrder
from app.orders.rules import AlreadyShipped, CancelsTooMuch, OrderNotPaid, UnknownLine
from app.orders.service.fulfil import arrive
from app.orders.service.refund import hold_discounts, refund_cancelled

SHORTFALL = "预售到货不足 / the harvest fell short"


async def cancel(
    session: AsyncSession,
    order_id: UUID,
    *,
    by: Actor,
    reason: str,
    now: datetime,
    supplier_order_id: UUID | None = None,
) -> None:
    """Cancel an order of which nothing has shipped, or one part of it; paid money goes back (domain handbook §3.5).

    ``by`` is its buyer, or an operator on the buyer's or the supplier's behalf.
    Raises ``NotFound``, ``AlreadyShipped``, ``StepNotAllowed``, ``OrderNotPaid``.
    """
    order, parts = await queries.lock(session, order_id, by=None if Role.OPERATOR in by.roles else by)
    chosen = [part for part in parts if supplier_order_id in (None, part.id)]
    if not chosen:
        raise NotFound
    lines = await queries.lines_of(session, *(part.id for part in chosen))
    if any(line.shipped_quantity for line in lines):
        raise AlreadyShipped
    # Of an order that is cancelled as a whole some parts may be gone already.
    chosen = [part for part in chosen if part.closed_at is None] or chosen
    for part in chosen:
        after(Status(part.status), Step.CANCEL)
    if order.payment_id is None and len(chosen) < len(parts):
        raise OrderNotPaid
    pieces = {line.id: line.to_send for line in lines if line.to_send}
    if all(part.closed_at is not None or part in chosen for part in parts):
        await _give_up_discounts(session, [order], now=now)
    await _withdraw(session, order, chosen, lines, pieces, by=by, reason=reason, now=now)
    await _end(session, order, parts, now=now)


async def cancel_pieces(
    session: AsyncSession,
    supplier_order_id: UUID,
    pieces: Mapping[UUID, int],
    *,
    supplier_id: UUID,
    by: Actor,
    reason: str,
    now: datetime,
    confirm_after_days: int,
) -> None:
    """The supplier cannot deliver some pieces (quantity by line): they are paid back, and the rest goes on.

    When nothing is left to send, the supplier order has shipped, or is cancelled if nothing was sent at all.
    Raises ``NotFound``, ``StepNotAllowed``, ``UnknownLine``, ``CancelsTooMuch``.
    """
    order, part = await queries.lock_for_supplier(session, supplier_order_id, supplier_id)
    after(Status(part.status), Step.CANCEL)
    lines = await queries.lines_of(session, part.id)
    if not pieces.keys() <= {line.id for line in lines}:
        raise UnknownLine
    if any(pieces.get(line.id, 0) > line.to_send for line in lines):
        raise CancelsTooMuch
    await _withdraw_from(session, order, part, lines, pieces, by=by, reason=reason, now=now, days=confirm_after_days)


async def _withdraw_from(
    session: AsyncSession,
    order: Order,
    part: SupplierOrder,
    lines: Sequence[OrderLine],
    pieces: Mapping[UUID, int],
    *,
    by: Actor,
    reason: str,
    now: datetime,
    days: int,
) -> None:
    """Take pieces out of one paid part, which goes on with the rest or ends; a receipt confirms itself in ``days``."""
    _, parts = await queries.lock(session, order.id)
    gone = all(line.cancelled_quantity + pieces.get(line.id, 0) == line.quantity for line in lines)
    if gone and all(other.closed_at is not None for other in parts if other is not part):
        await _give_up_discounts(session, [order], now=now)
    await _withdraw(session, order, [part], lines, pieces, by=by, reason=reason, now=now)
    if not gone and not any(line.to_send for line in lines):
        part.take(Step.SHIP, now=now)
        await arrive(session, part, confirm_after_days=days)
    await _end(session, order, parts, now=now)


async def break_promise(
    session: AsyncSession, order_id: UUID, sku: str, *, now: datetime, confirm_after_days: int
) -> None:
    """A harvest that was sold ahead did not come: what the order still waits for is cancelled and paid back.

    An order that is not paid is one amount and is cancelled as a whole. Doing it again changes nothing.
    """
    order, parts = await queries.lock(session, order_id)
    await hold_discounts(session, order)
    missing = (await inventory.lock_waiting(session, order_id)).get(sku)
    if missing is None:
        return
    lines = await queries.lines_of(session, *(part.id for part in parts))
    (line,) = (line for line in lines if line.sku == sku)
    if order.payment_id is None:
        await _give_up_discounts(session, [order], now=now)
        pieces = {line.id: line.to_send for line in lines}
        await _withdraw(session, order, parts, lines, pieces, by=SYSTEM, reason=SHORTFALL, now=now)
        await _end(session, order, parts, now=now)
        return
    (part,) = (part for part in parts if part.id == line.supplier_order_id)
    own = [other for other in lines if other.supplier_order_id == part.id]
    gone, days = {line.id: missing}, confirm_after_days
    await _withdraw_from(session, order, part, own, gone, by=SYSTEM, reason=SHORTFALL, now=now, days=days)


async def _withdraw(
    session: AsyncSession,
    order: Order,
    parts: Sequence[SupplierOrder],
    lines: Sequence[OrderLine],
    pieces: Mapping[UUID, int],
    *,
    by: Actor,
    reason: str,
    now: datetime,
) -> None:
    """Take pieces (by line) out of locked supplier orders, given with all their lines: stock back, paid money back."""
    await hold_discounts(session, order)
    for line in lines:
        line.cancelled_quantity += pieces.get(line.id, 0)
    await session.flush()
    held = {line.sku: pieces[line.id] for line in lines if line.id in pieces}
    await inventory.release_pieces(session, order.id, held, now=now, by=by.account_id)
    for part in parts:
        own = [line for line in lines if line.supplier_order_id == part.id]
        if all(line.cancelled_quantity == line.quantity for line in own):
            part.take(Step.CANCEL, now=now)
        if order.payment_id is None:
            continue
        gone = {line: pieces[line.id] for line in own if line.id in pieces}
        await refund_cancelled(session, order, part, gone, by=by, reason=reason, now=now)
        emit(
            session,
            LinesCancelled(
                order_id=order.id,
                supplier_order_id=part.id,
                lines=[CancelledLine(line_id=line.id, quantity=quantity) for line, quantity in gone.items()],
                at=now,
            ),
        )
    await session.flush()


async def _end(session: AsyncSession, order: Order, parts: Sequence[SupplierOrder], *, now: datetime) -> None:
    """With the last part the order itself is over, and nobody is to pay for it any more."""
    if all(part.closed_at is not None for part in parts):
        await payments.close(session, order.bulk_id or order.id, now=now)
        emit(session, OrderCancelled(order_id=order.id, at=now))


async def expire_due(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Expire orders whose time to pay has run out, and give their stock back. Returns how many."""
    orders: list[Order] = []
    for order_id in await queries.due(session, Status.PENDING_PAYMENT, now, limit):
        order, parts = await queries.lock(session, order_id)
        if all(_overdue(part, now) for part in parts):
            for part in parts:
                part.take(Step.EXPIRE, now=now)
            await session.flush()
            orders.append(order)
    await _give_up_discounts(session, orders, now=now)
    await inventory.release(session, [order.id for order in orders], now=now)
    for order in orders:
        await payments.close(session, order.bulk_id or order.id, now=now)
        emit(session, OrderCancelled(order_id=order.id, at=now))
    return len(orders)


async def _give_up_discounts(session: AsyncSession, orders: list[Order], *, now: datetime) -> None:
    """Coupons and voucher budgets are free again; before the stock, as `hold_discounts` has it."""
    if discounted := [order.id for order in orders if order.discount_fen]:
        await pricing.release(session, discounted, now=now)


def _overdue(part: SupplierOrder, now: datetime) -> bool:
    return part.status == Status.PENDING_PAYMENT and part.due_at is not None and part.due_at <= now
