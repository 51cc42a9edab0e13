"""What follows a recall: refunds are drafted at once, and made when an operator says so."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, orders
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import LotRecalled
from app.recalls import queries
from app.recalls.models import DraftRow
from app.recalls.rules import REASON, Draft, Status


async def draft(session: AsyncSession, recalled: LotRecalled) -> None:
    """Draft a refund for every line that received pieces of the lot, and for those that cannot be served without it.

    Goods of other lots go to those who ordered first, so it is the orders that came last which get nothing. Doing it
    again drafts nothing twice.
    """
    sent: Counter[UUID] = Counter()
    for piece in await fulfilment.sent_of_lot(session, recalled.sku, recalled.lot_code):
        sent[piece.line_reference] += piece.quantity
    found: list[tuple[UUID, bool, int]] = []
    for line in (await orders.standing(session, sent)).values():
        pieces, _ = line.worth_of(sent[line.line_id])
        found.append((line.line_id, True, pieces))
    short = recalled.held
    for line in await orders.unsent(session, recalled.sku) if short else ():
        taken = min(short, line.to_send)
        found.append((line.line_id, False, taken))
        short -= taken
    rows = [
        {
            "id": new_id(recalled.at),
            "lot_id": recalled.lot_id,
            "line_id": line_id,
            "sent": received,
            "quantity": pieces,
            "status": Status.DRAFT.value,
            "drafted_at": recalled.at,
        }
        for line_id, received, pieces in found
        if pieces
    ]
    if rows:
        await session.execute(insert(DraftRow).values(rows).on_conflict_do_nothing())


async def confirm(session: AsyncSession, draft_id: UUID, *, by: Actor, now: datetime, confirm_after_days: int) -> Draft:
    """Give the money back: for pieces that were sent, or by cancelling those that were not; once.

    An order that is not paid yet is one amount and is cancelled as a whole. Raises ``NotFound``, ``DraftDecided``,
    ``NotRefundable`` while other pieces of the line are still to be sent, ``RefundExceedsLine``.
    """
    row = await queries.lock(session, draft_id)
    if row.decide(Status.CONFIRMED, by=by.account_id, at=now):
        await session.flush()
        [line] = (await orders.standing(session, [row.line_id])).values()
        if row.sent:
            pieces, fen = line.worth_of(row.quantity)
            if fen:
                wanted = [orders.RefundLine(line.line_id, fen, pieces)]
                await orders.refund_lines(session, line.order_id, wanted, by=by, reason=REASON, now=now)
        elif line.status is orders.Status.PENDING_PAYMENT:
            await orders.cancel(session, line.order_id, by=by, reason=REASON, now=now)
        elif line.to_send and line.status is orders.Status.PAID:
            await orders.cancel_pieces(
                session,
                line.supplier_order_id,
                {line.line_id: min(row.quantity, line.to_send)},
                supplier_id=line.supplier_id,
                by=by,
                reason=REASON,
                now=now,
                confirm_after_days=confirm_after_days,
            )
    [view] = await queries.views(session, [row])
    return view


async def dismiss(session: AsyncSession, draft_id: UUID, *, by: Actor, now: datetime) -> Draft:
    """Leave it: the buyer was served otherwise. Raises ``NotFound``, ``DraftDecided``."""
    row = await queries.lock(session, draft_id)
    row.decide(Status.DISMISSED, by=by.account_id, at=now)
    await session.flush()
    [view] = await queries.views(session, [row])
    return view
