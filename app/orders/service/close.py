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
from app.orders.events import CancelledLine, LinesCancelled, OrderCancelled
from app.orders.lifecycle import Status, Step, after
from app.orders.models.locked import LockedOrder, LockedPart
from app.orders.queries.locked import lock, lock_due, lock_for_supplier
from app.orders.rules import AlreadyShipped, CancelsTooMuch, OrderNotPaid, UnknownLine
from app.orders.service.fulfil import arrive
from app.orders.service.refund import hold_discounts, refund_cancelled
from app.orders.service.save import save

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
    order = await lock(session, order_id, by=None if Role.OPERATOR in by.roles else by)
    chosen = [part for part in order.parts if supplier_order_id in (None, part.id)]
    if not chosen:
        raise NotFound
    if any(line.shipped_quantity for part in chosen for line in part.lines):
        raise AlreadyShipped
    # Of an order that is cancelled as a whole some parts may be gone already.
    chosen = [part for part in chosen if part.closed_at is None] or chosen
    for part in chosen:
        after(Status(part.status), Step.CANCEL)
    if order.payment_id is None and len(chosen) < len(order.parts):
        raise OrderNotPaid
    pieces = {line.id: line.to_send for part in chosen for line in part.lines if line.to_send}
    if all(part.closed_at is not None or part in chosen for part in order.parts):
        await _give_up_discounts(session, [order], now=now)
    await _withdraw(session, order, chosen, pieces, by=by, reason=reason, now=now)
    await _end(session, order, now=now)


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
    order, part = await lock_for_supplier(session, supplier_order_id, supplier_id)
    after(Status(part.status), Step.CANCEL)
    if not pieces.keys() <= {line.id for line in part.lines}:
        raise UnknownLine
    if any(pieces.get(line.id, 0) > line.to_send for line in part.lines):
        raise CancelsTooMuch
    await _withdraw_from(session, order, part, pieces, by=by, reason=reason, now=now, days=confirm_after_days)


async def _withdraw_from(
    session: AsyncSession,
    order: LockedOrder,
    part: LockedPart,
    pieces: Mapping[UUID, int],
    *,
    by: Actor,
    reason: str,
    now: datetime,
    days: int,
) -> None:
    """Take pieces out of one paid part, which goes on with the rest or ends; a receipt confirms itself in ``days``."""
    gone = all(line.cancelled_quantity + pieces.get(line.id, 0) == line.quantity for line in part.lines)
    if gone and all(other.closed_at is not None for other in order.parts if other is not part):
        await _give_up_discounts(session, [order], now=now)
    await _withdraw(session, order, [part], pieces, by=by, reason=reason, now=now)
    if not gone and not any(line.to_send for line in part.lines):
        part.take(Step.SHIP, now=now)
        await arrive(session, [part], days=days)
        await save(session, order)
    await _end(session, order, now=now)


async def break_promise(
    session: AsyncSession, order_id: UUID, sku: str, *, now: datetime, confirm_after_days: int
) -> None:
    """A harvest that was sold ahead did not come: what the order still waits for is cancelled and paid back.

    An order that is not paid is one amount and is cancelled as a whole. Doing it again changes nothing.
    """
    order = await lock(session, order_id)
    await hold_discounts(session, order)
    missing = (await inventory.lock_waiting(session, order_id)).get(sku)
    if missing is None:
        return
    if order.payment_id is None:
        await _give_up_discounts(session, [order], now=now)
        pieces = {line.id: line.to_send for line in order.lines}
        await _withdraw(session, order, order.parts, pieces, by=SYSTEM, reason=SHORTFALL, now=now)
        await _end(session, order, now=now)
        return
    (line,) = (line for line in order.lines if line.sku == sku)
    part, gone, days = order.part(line.supplier_order_id), {line.id: missing}, confirm_after_days
    await _withdraw_from(session, order, part, gone, by=SYSTEM, reason=SHORTFALL, now=now, days=days)


async def _withdraw(
    session: AsyncSession,
    order: LockedOrder,
    parts: Sequence[LockedPart],
    pieces: Mapping[UUID, int],
    *,
    by: Actor,
    reason: str,
    now: datetime,
) -> None:
    """Take pieces (by line) out of locked supplier orders: stock back, paid money back."""
    await hold_discounts(session, order)
    lines = [line for part in parts for line in part.lines]
    for line in lines:
        line.cancelled_quantity += pieces.get(line.id, 0)
    held = {line.sku: pieces[line.id] for line in lines if line.id in pieces}
    await inventory.release_pieces(session, order.id, held, now=now, by=by.account_id)
    for part in parts:
        if all(line.cancelled_quantity == line.quantity for line in part.lines):
            part.take(Step.CANCEL, now=now)
        if order.payment_id is None:
            continue
        gone = {line: pieces[line.id] for line in part.lines if line.id in pieces}
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
    await save(session, order)


async def _end(session: AsyncSession, order: LockedOrder, *, now: datetime) -> None:
    """With the last part the order itself is over, and nobody is to pay for it any more."""
    if all(part.closed_at is not None for part in order.parts):
        await payments.close(session, order.bulk_id or order.id, now=now)
        emit(session, OrderCancelled(order_id=order.id, at=now))


async def expire_due(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Expire orders whose time to pay has run out, and give their stock back. Returns how many."""
    due = await lock_due(session, Status.PENDING_PAYMENT, now, limit)
    orders = [order for order in due if all(_overdue(part, now) for part in order.parts)]
    for order in orders:
        for part in order.parts:
            part.take(Step.EXPIRE, now=now)
    await save(session, *orders)
    await _give_up_discounts(session, orders, now=now)
    await inventory.release(session, [order.id for order in orders], now=now)
    await payments.close(session, *(order.bulk_id or order.id for order in orders), now=now)
    for order in orders:
        emit(session, OrderCancelled(order_id=order.id, at=now))
    return len(orders)


async def _give_up_discounts(session: AsyncSession, orders: Sequence[LockedOrder], *, now: datetime) -> None:
    """Coupons and voucher budgets are free again; before the stock, as `hold_discounts` has it."""
    if discounted := [order.id for order in orders if order.discount_fen]:
        await pricing.release(session, discounted, now=now)


def _overdue(part: LockedPart, now: datetime) -> bool:
    return part.status == Status.PENDING_PAYMENT and part.due_at is not None and part.due_at <= now
