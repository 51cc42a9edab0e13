"""Reads of drafts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, inventory, orders
from app.core.errors import NotFound
from app.recalls.models import DraftRow
from app.recalls.rules import Draft, Recipient, Status


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


async def recipients(session: AsyncSession, lot_id: UUID, *, after: UUID | None, limit: int) -> list[Recipient]:
    """Whom pieces of a lot were sent to, parcel by parcel. Raises ``NotFound``."""
    lot = await inventory.lot(session, lot_id, supplier_id=None)
    sent = await fulfilment.sent_of_lot(session, lot.sku, lot.code, after=after, limit=limit)
    lines = await orders.standing(session, {piece.line_reference for piece in sent})
    return [
        Recipient(
            piece.shipment_id, lines.get(piece.line_reference), piece.quantity, piece.dispatched_at, piece.delivered_at
        )
        for piece in sent
    ]
