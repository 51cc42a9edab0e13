"""What follows a recall: refunds are drafted at once, and made when an operator says so."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, orders
from app.core.db import array, ask
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import LotRecalled
from app.recalls import queries
from app.recalls.rules import REASON, Draft, Status

_DRAFT = text("""
INSERT INTO recalls_draft (id, lot_id, line_id, sent, quantity, status, drafted_at)
SELECT d.id, :lot_id, d.line_id, d.sent, d.quantity, :status, :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:line_ids AS uuid[]), CAST(:sents AS boolean[]), CAST(:quantities AS bigint[]))
     AS d(id, line_id, sent, quantity)
ON CONFLICT DO NOTHING
""")


async def draft(session: AsyncSession, recalled: LotRecalled) -> None:
    """Draft a refund for every line that received pieces of the lot, and for those that cannot be served without it.

    Goods of other lots go to those who came first, so it is those who came last that get nothing. Of them claims that
    wait for goods get no draft: their own clock ends them (handbook §6.5). Pieces that another recall has drafted
    already are not drafted again. Doing it again drafts nothing twice.
    """
    await queries.lock_drafting(session, recalled.sku)
    sent = await queries.received(session, recalled.sku, recalled.lot_code)
    left = await orders.not_paid_back(session, sent)
    found = [(line_id, True, min(pieces, left[line_id])) for line_id, pieces in sent.items()]
    found += [(line_id, False, pieces) for line_id, pieces in await _short(session, recalled)]
    found = [one for one in found if one[2] > 0]
    await ask(
        session,
        _DRAFT,
        {
            "lot_id": recalled.lot_id,
            "status": Status.DRAFT.value,
            "now": recalled.at,
            "ids": array(new_id(recalled.at) for _ in found),
            "line_ids": array(line_id for line_id, _, _ in found),
            "sents": array(received for _, received, _ in found),
            "quantities": array(pieces for _, _, pieces in found),
        },
    )


async def _short(session: AsyncSession, recalled: LotRecalled) -> list[tuple[UUID, int]]:
    """The lines that go without, and how many pieces each: all that recalled lots leave short of what is held."""
    lots = (await inventory.lots_of(session, [recalled.sku]))[recalled.sku]
    short = sum(lot.on_hand for lot in lots if lot.recalled_at is not None)
    holders = await inventory.holders(session, recalled.sku)
    lines = await orders.lines_of_sku(session, [reference for reference, _ in holders], recalled.sku)
    drafted = await queries.drafted(session, lines.values(), but=recalled.lot_id)
    found = []
    for reference, held in holders:
        pieces = min(short, held)
        short -= pieces
        if (line_id := lines.get(reference)) is not None:
            found.append((line_id, pieces - drafted.get(line_id, 0)))
    return found


async def confirm(session: AsyncSession, draft_id: UUID, *, by: Actor, now: datetime, confirm_after_days: int) -> Draft:
    """Give the money back: for pieces that were sent, or by cancelling those that were not; once.

    An order that is not paid yet is one amount and is cancelled as a whole; whether it is paid is read under its lock.
    Raises ``NotFound``, ``DraftDecided``,
    ``NotRefundable`` while other pieces of the line are still to be sent, ``RefundExceedsLine``.
    """
    row = await queries.lock(session, draft_id)
    if row.decide(Status.CONFIRMED, by=by.account_id, at=now):
        await session.flush()
        line = await orders.hold_line(session, row.line_id)
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
