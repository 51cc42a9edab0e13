"""Money back: for pieces that were cancelled, or for single lines after shipment; and what follows its arrival."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import payments, pricing
from app.core.db import array, ask
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.identity import SYSTEM, Actor
from app.orders import queries
from app.orders.events import LinesRefunded, RefundedLine
from app.orders.lifecycle import Status, Step
from app.orders.models.locked import LockedLine, LockedOrder, LockedPart
from app.orders.queries.locked import lock
from app.orders.rules import NotRefundable, RefundExceedsLine, RefundLine, RefundView, UnknownLine, by_line, worth
from app.orders.service.save import save

SHORT_WEIGHT = "净重不足，按比例退款 / short weight, refunded in proportion"
_AFTER_SHIPMENT = (Status.SHIPPED, Status.DELIVERED, Status.COMPLETED)


async def hold_discounts(session: AsyncSession, order: LockedOrder) -> None:
    """Lock what pays the discounts of a locked order.

    Everywhere locks are taken in one order: the order, its voucher budgets, its coupons, and only then stock.
    """
    if order.discount_fen:
        await pricing.hold(session, order.id)


async def refund_cancelled(
    session: AsyncSession,
    order: LockedOrder,
    part: LockedPart,
    pieces: Mapping[LockedLine, int],
    *,
    by: Actor,
    reason: str,
    now: datetime,
) -> None:
    """Give back what was paid for pieces that were just cancelled; with the last of a supplier order its freight too.

    ``pieces`` are counted in their lines' ``cancelled_quantity`` already. The caller saves the order.
    """
    wanted = []
    for line, quantity in pieces.items():
        gone = line.cancelled_quantity
        fen = worth(line.amount_fen, gone, line.quantity) - worth(line.amount_fen, gone - quantity, line.quantity)
        wanted.append(RefundLine(line.id, min(fen, line.amount_fen - line.refunded_fen), quantity))
    freight_fen = part.freight_fen if part.status == Status.CANCELLED else 0
    if any(item.amount_fen for item in wanted) or freight_fen:
        await _request(session, order, part, pieces, wanted, freight_fen=freight_fen, by=by, reason=reason, now=now)
    elif part.status == Status.CANCELLED and await queries.owes_nothing(session, part.id):
        part.take(Step.SETTLE_REFUND, now=now)


async def refund_short_weight(
    session: AsyncSession,
    order: LockedOrder,
    part: LockedPart,
    wanted: Sequence[RefundLine],
    *,
    by: Actor,
    now: datetime,
) -> RefundView:
    """Give back the difference for pieces of a locked order that weigh less than promised; the buyer keeps them."""
    return await _request(session, order, part, part.lines, wanted, freight_fen=0, by=by, reason=SHORT_WEIGHT, now=now)


async def refund_lines(
    session: AsyncSession,
    order_id: UUID,
    wanted: Sequence[RefundLine],
    *,
    by: Actor,
    reason: str,
    now: datetime,
    freight_fen: int = 0,
) -> list[RefundView]:
    """Give back part of what was paid for lines that have shipped, one refund for each supplier order concerned.

    ``by`` decides it and is kept with the refund. ``freight_fen`` goes back on top, of lines of one supplier order.
    Raises ``NotFound``, ``UnknownLine``, ``NotRefundable``, ``RefundExceedsLine``.
    """
    order = await lock(session, order_id)
    await hold_discounts(session, order)
    lines = {line.id: line for line in order.lines}
    if order.payment_id is None:
        raise NotFound
    if any(item.line_id not in lines for item in wanted):
        raise UnknownLine
    refunds = []
    for part in order.parts:
        own = [item for item in by_line(wanted) if lines[item.line_id].supplier_order_id == part.id]
        if not own:
            continue
        concerned = [lines[item.line_id] for item in own]
        if part.status not in _AFTER_SHIPMENT and any(line.to_send for line in concerned):
            raise NotRefundable(status=part.status)
        if freight_fen:
            of_lines = sum(line.refunded_fen for line in part.lines)
            if len(own) < len(wanted) or freight_fen > part.freight_fen - (part.refunded_fen - of_lines):
                raise RefundExceedsLine
        refunds.append(
            await _request(session, order, part, concerned, own, freight_fen=freight_fen, by=by, reason=reason, now=now)
        )
    return refunds


async def settle_refund(session: AsyncSession, settled: payments.RefundSettled) -> None:
    """The provider has paid the buyer back: say so to whoever counted the sale."""
    found = await queries.refund_by_id(session, settled.reference)
    if found is None or found[0].status == "settled":
        return
    refund, order = found
    refund.become("settled", settled_at=settled.at)
    await session.flush()
    part = order.part(refund.supplier_order_id)
    if part.status == Status.CANCELLED and await queries.owes_nothing(session, part.id):
        part.take(Step.SETTLE_REFUND, now=settled.at)
        await save(session, order)
    lines = [
        RefundedLine(line_id=line.line_id, quantity=line.quantity, amount_fen=line.amount_fen)
        for line in await queries.refund_lines(session, refund.id)
    ]
    emit(
        session,
        LinesRefunded(
            refund_id=refund.id,
            order_id=refund.order_id,
            supplier_order_id=refund.supplier_order_id,
            lines=lines,
            at=settled.at,
        ),
    )


async def note_failure(session: AsyncSession, failed: payments.RefundFailed) -> None:
    """The provider could not pay the buyer back: the refund waits for an operator."""
    found = await queries.refund_by_id(session, failed.reference)
    if found is not None and found[0].status == "requested":
        found[0].become("failed")
        await session.flush()


async def note_retry(session: AsyncSession, retried: payments.RefundRetried) -> None:
    """An operator asked the provider again."""
    found = await queries.refund_by_id(session, retried.reference)
    if found is not None and found[0].status == "failed":
        found[0].become("requested")
        await session.flush()


_INSERT = text("""
WITH refund AS (
    INSERT INTO orders_refund (id, order_id, supplier_order_id, payment_id, amount_fen, freight_fen, reason, asked_by,
                               status, requested_at)
    VALUES (:id, :order_id, :part_id, :payment_id, :amount, :freight, :reason, CAST(:asked_by AS uuid), :status, :now)
    RETURNING id
)
INSERT INTO orders_refund_line (refund_id, line_id, quantity, amount_fen)
SELECT refund.id, line.id, line.quantity, line.amount_fen
FROM refund, unnest(CAST(:lines AS uuid[]), CAST(:quantities AS integer[]), CAST(:amounts AS bigint[]))
     AS line (id, quantity, amount_fen)
""")


async def _request(
    session: AsyncSession,
    order: LockedOrder,
    part: LockedPart,
    lines: Iterable[LockedLine],
    wanted: Sequence[RefundLine],
    *,
    freight_fen: int,
    by: Actor,
    reason: str,
    now: datetime,
) -> RefundView:
    by_id = {line.id: line for line in lines}
    for item in wanted:
        line = by_id[item.line_id]
        line.refunded_fen += item.amount_fen
        line.refunded_quantity += item.quantity
        if line.refunded_fen > line.amount_fen or line.refunded_quantity > line.quantity:
            raise RefundExceedsLine
    if order.payment_id is None:
        raise NotFound
    amount = sum(item.amount_fen for item in wanted) + freight_fen
    part.refunded_fen += amount
    await save(session, order)
    refund = RefundView(
        id=new_id(now),
        order_id=order.id,
        supplier_order_id=part.id,
        status="requested",
        amount_fen=amount,
        freight_fen=freight_fen,
        reason=reason,
        requested_at=now,
        settled_at=None,
    )
    row = {
        "id": refund.id,
        "order_id": order.id,
        "part_id": part.id,
        "payment_id": order.payment_id,
        "amount": amount,
        "freight": freight_fen,
        "reason": reason,
        "asked_by": None if by is SYSTEM else by.account_id,
        "status": refund.status,
        "now": now,
        "lines": array(item.line_id for item in wanted),
        "quantities": array(item.quantity for item in wanted),
        "amounts": array(item.amount_fen for item in wanted),
    }
    await ask(session, _INSERT, row)
    if order.discount_fen:
        await pricing.give_back(session, order.id, await queries.returned_discounts(session, order.id))
    await payments.request_refund(
        session, payment_id=order.payment_id, amount_fen=amount, reference=refund.id, reason=reason, now=now
    )
    return refund
