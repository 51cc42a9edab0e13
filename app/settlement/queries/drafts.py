"""Reads and locks of what takes two operators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import suppliers
from app.core.errors import NotFound
from app.settlement.lifecycle import DraftStatus
from app.settlement.models import DraftedRow, DraftRow, PayoutAccountRow, StatementRow
from app.settlement.rules.drafts import Draft, Drafted, DraftKind


def view(row: DraftRow, statements: tuple[Drafted, ...] = ()) -> Draft:
    """The row as others may see it."""
    names = [name for name in Draft.__dataclass_fields__ if name not in ("kind", "status", "statements")]
    values = {name: getattr(row, name) for name in names}
    return Draft(**values, kind=DraftKind(row.kind), status=DraftStatus(row.status), statements=statements)


async def lock(session: AsyncSession, draft_id: UUID) -> DraftRow:
    """The draft, kept from others. Raises ``NotFound``."""
    row = await session.get(DraftRow, draft_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


async def get(session: AsyncSession, draft_id: UUID) -> Draft:
    """One draft with the statements of its run. Raises ``NotFound``."""
    row = await session.get(DraftRow, draft_id, populate_existing=True)
    if row is None:
        raise NotFound
    query = (
        select(DraftedRow, StatementRow.number, StatementRow.supplier_id, PayoutAccountRow.tail)
        .join(StatementRow, StatementRow.id == DraftedRow.statement_id)
        .join(PayoutAccountRow, PayoutAccountRow.id == DraftedRow.account_id)
        .where(DraftedRow.draft_id == draft_id)
        .order_by(StatementRow.number)
    )
    found = (await session.execute(query)).all()
    cards = await suppliers.cards(session, [supplier_id for _, _, supplier_id, _ in found])
    return view(
        row,
        tuple(
            Drafted(
                statement_id=one.statement_id,
                statement_number=number,
                supplier_id=supplier_id,
                supplier_name=cards[supplier_id].name,
                account_id=one.account_id,
                account_tail=tail,
                amount_fen=one.amount_fen,
                platform_fen=one.platform_fen,
            )
            for one, number, supplier_id, tail in found
        ),
    )


async def page(
    session: AsyncSession, *, status: DraftStatus | None, kind: DraftKind | None, before: UUID | None, limit: int
) -> list[Draft]:
    """Drafts, newest first, without their statements."""
    query = select(DraftRow)
    if status is not None:
        query = query.where(DraftRow.status == status)
    if kind is not None:
        query = query.where(DraftRow.kind == kind)
    if before is not None:
        query = query.where(DraftRow.id < before)
    return [view(row) for row in await session.scalars(query.order_by(DraftRow.id.desc()).limit(limit))]


async def lock_drafted(session: AsyncSession, draft_id: UUID) -> Sequence[tuple[DraftedRow, StatementRow]]:
    """What a run would pay, its statements kept from others in the order of their ids."""
    query = (
        select(DraftedRow, StatementRow)
        .join(StatementRow, StatementRow.id == DraftedRow.statement_id)
        .where(DraftedRow.draft_id == draft_id)
        .order_by(StatementRow.id)
        .with_for_update(of=StatementRow)
        .execution_options(populate_existing=True)
    )
    return [(drafted, statement) for drafted, statement in await session.execute(query)]


async def waits(session: AsyncSession, statement_ids: Collection[UUID]) -> bool:
    """Whether a correction of any of these statements waits for a second operator."""
    query = select(DraftRow.id).where(DraftRow.statement_id.in_(statement_ids), DraftRow.status == DraftStatus.WAITING)
    return (await session.scalars(query.limit(1))).first() is not None
