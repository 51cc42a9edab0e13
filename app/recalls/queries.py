"""Reads of drafts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import claims, fulfilment, inventory, orders
from app.core.db import array, ask
from app.core.errors import NotFound
from app.identity import Actor
from app.recalls.models import DraftRow
from app.recalls.rules import Draft, Notice, Reach, Recipient, Status


async def lock(session: AsyncSession, draft_id: UUID) -> DraftRow:
    """The draft, locked, before the order that it is about. Raises ``NotFound``."""
    found = await session.scalar(
        select(DraftRow).where(DraftRow.id == draft_id).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def page(
    session: AsyncSession, *, lot_id: UUID | None, status: Status | None, after: UUID | None, limit: int
) -> list[Draft]:
    """Drafts in the order in which they were made."""
    query = select(DraftRow)
    if lot_id is not None:
        query = query.where(DraftRow.lot_id == lot_id)
    if status is not None:
        query = query.where(DraftRow.status == status.value)
    if after is not None:
        query = query.where(DraftRow.id > after)
    return await views(session, (await session.scalars(query.order_by(DraftRow.id).limit(limit))).all())


async def views(session: AsyncSession, rows: Sequence[DraftRow]) -> list[Draft]:
    """Drafts with the lines that they are about."""
    lines = await orders.standing(session, {row.line_id for row in rows})
    return [
        Draft(
            id=row.id,
            lot_id=row.lot_id,
            line=lines[row.line_id],
            sent=row.sent,
            quantity=row.quantity,
            amount_fen=lines[row.line_id].worth_of(row.quantity)[1],
            status=Status(row.status),
            drafted_at=row.drafted_at,
            decided_at=row.decided_at,
        )
        for row in rows
    ]


async def notices(session: AsyncSession, order_id: UUID, *, by: Actor) -> list[Notice]:
    """What the caller is to know of recalled goods in an order of theirs, by line. Raises ``NotFound``.

    Of pieces that were not sent and that somebody has decided to serve after all, there is nothing to tell.
    """
    order = await orders.view(session, order_id, by=by)
    skus = {line.id: line.sku for line in order.lines}
    rows = (await session.scalars(select(DraftRow).where(DraftRow.line_id.in_(list(skus))).order_by(DraftRow.id))).all()
    told = [row for row in rows if row.sent or row.status != Status.DISMISSED]
    lots = await inventory.lots_by_id(session, {row.lot_id for row in told}) if told else {}
    return [
        Notice(
            lot_id=row.lot_id,
            lot_code=lots[row.lot_id].code,
            recalled_at=lots[row.lot_id].recalled_at or row.drafted_at,
            line_id=row.line_id,
            sku=skus[row.line_id],
            sent=row.sent,
            quantity=row.quantity,
            status=Status(row.status),
        )
        for row in told
    ]


async def reach(session: AsyncSession, lot_id: UUID, *, supplier_id: UUID) -> Reach:
    """How far a lot of this supplier got. Raises ``NotFound``."""
    lot = await inventory.lot(session, lot_id, supplier_id=supplier_id)
    pieces, parcels = await fulfilment.reach_of_lot(session, lot.sku, lot.code)
    counted = await session.execute(
        select(DraftRow.status, func.count()).where(DraftRow.lot_id == lot_id).group_by(DraftRow.status)
    )
    refunds = dict.fromkeys(Status, 0) | {Status(status): count for status, count in counted}
    return Reach(lot.id, lot.recalled_at, pieces, parcels, lot.on_hand, refunds)


async def recipients(session: AsyncSession, lot_id: UUID, *, after: UUID | None, limit: int) -> list[Recipient]:
    """Whom pieces of a lot were sent to, parcel by parcel. Raises ``NotFound``."""
    lot = await inventory.lot(session, lot_id, supplier_id=None)
    sent = await fulfilment.sent_of_lot(session, lot.sku, lot.code, after=after, limit=limit)
    line_of = await _lines_of(session, sent)
    lines = await orders.standing(session, set(line_of.values()))
    return [
        Recipient(
            piece.shipment_id,
            lines[line_of[piece.line_reference]],
            piece.quantity,
            piece.dispatched_at,
            piece.delivered_at,
        )
        for piece in sent
    ]


async def received(session: AsyncSession, sku: str, lot_code: str) -> Counter[UUID]:
    """How many pieces of a lot were sent for each order line, those that made a claim good among them."""
    sent = await fulfilment.sent_of_lot(session, sku, lot_code)
    line_of = await _lines_of(session, sent)
    pieces: Counter[UUID] = Counter()
    for piece in sent:
        pieces[line_of[piece.line_reference]] += piece.quantity
    return pieces


async def _lines_of(session: AsyncSession, sent: Sequence[fulfilment.SentPieces]) -> dict[UUID, UUID]:
    """The order line behind what each parcel was packed for: the line itself, or the one that a claim is about."""
    references = {piece.line_reference for piece in sent}
    return dict(zip(references, references, strict=True)) | await claims.order_lines(session, references)


_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")
_DRAFTED = text("""
SELECT line_id, CAST(sum(quantity) AS bigint) FROM recalls_draft
WHERE line_id = ANY(CAST(:line_ids AS uuid[])) AND NOT sent AND status = 'draft' AND lot_id <> :lot_id
GROUP BY line_id
""")


async def lock_drafting(session: AsyncSession, sku: str) -> None:
    """Whoever shares out what a recall leaves of a SKU does so alone, until the transaction ends."""
    await ask(session, _ALONE, {"subject": f"recalls.draft {sku}"})


async def drafted(session: AsyncSession, line_ids: Collection[UUID], *, but: UUID) -> dict[UUID, int]:
    """How many pieces that cannot be sent are drafted for each line already, after recalls of lots other than ``but``.

    What an operator has dismissed is to be served, and what was confirmed is cancelled: neither counts.
    """
    rows = await ask(session, _DRAFTED, {"line_ids": array(line_ids), "lot_id": but})
    return {row[0]: row[1] for row in rows}
