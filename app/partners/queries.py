"""Reads."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.partners.models import PartnerRow
from app.partners.rules import PartnerCard, PartnerStatus


def card(row: PartnerRow) -> PartnerCard:
    """The row as a value."""
    return PartnerCard(
        id=row.id,
        code=row.code,
        name=row.name,
        uscc=row.uscc,
        division_code=row.division_code,
        stores_count=row.stores_count,
        term_days=row.term_days,
        rebate_bp=row.rebate_bp,
        status=PartnerStatus(row.status),
    )


async def get(session: AsyncSession, partner_id: UUID) -> PartnerCard:
    """One partner. Raises ``NotFound``."""
    row = await session.get(PartnerRow, partner_id)
    if row is None:
        raise NotFound
    return card(row)


async def by_code(session: AsyncSession, code: str) -> PartnerCard | None:
    """The partner that people know by this code."""
    row = (await session.execute(select(PartnerRow).where(PartnerRow.code == code))).scalar_one_or_none()
    return card(row) if row else None


async def partners(session: AsyncSession, *, after: str | None = None, limit: int = 100) -> list[PartnerCard]:
    """Up to ``limit`` partners by code, after the code ``after``."""
    query = select(PartnerRow).order_by(PartnerRow.code).limit(limit)
    if after is not None:
        query = query.where(PartnerRow.code > after)
    return [card(row) for row in (await session.execute(query)).scalars()]
