"""Reads and locks of partners and where their goods go."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.partners.models import LocationRow, PartnerRow
from app.partners.rules import Location, LocationKind, PartnerCard, PartnerStatus, UnknownLocation


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


async def lock(session: AsyncSession, partner_id: UUID) -> PartnerRow:
    """The partner, locked: what is agreed with it changes in one transaction at a time. Raises ``NotFound``."""
    query = select(PartnerRow).where(PartnerRow.id == partner_id).with_for_update(key_share=True)
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def place(row: LocationRow) -> Location:
    """The row as a value."""
    return Location(
        id=row.id,
        partner_id=row.partner_id,
        code=row.code,
        name=row.name,
        kind=LocationKind(row.kind),
        division_code=row.division_code,
        address=row.address,
        gln=row.gln,
        active=row.active,
    )


async def location(session: AsyncSession, partner_id: UUID, code: str) -> Location:
    """The place that takes goods in and that the partner calls by this code. Raises ``UnknownLocation``."""
    query = select(LocationRow).where(
        LocationRow.partner_id == partner_id, LocationRow.code == code, LocationRow.active.is_(True)
    )
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        raise UnknownLocation(location=code)
    return place(row)


async def location_by_id(session: AsyncSession, location_id: UUID) -> Location:
    """A place, active or not. Raises ``NotFound``."""
    row = await session.get(LocationRow, location_id)
    if row is None:
        raise NotFound
    return place(row)


async def locations(
    session: AsyncSession,
    partner_id: UUID,
    *,
    after: str | None = None,
    limit: int = 1000,
    inactive: bool = False,
) -> list[Location]:
    """Up to ``limit`` of a partner's places by code, after the code ``after``; closed ones only if asked for."""
    query = select(LocationRow).where(LocationRow.partner_id == partner_id).order_by(LocationRow.code).limit(limit)
    if not inactive:
        query = query.where(LocationRow.active.is_(True))
    if after is not None:
        query = query.where(LocationRow.code > after)
    return [place(row) for row in (await session.execute(query)).scalars()]


async def lock_location(session: AsyncSession, partner_id: UUID, code: str) -> LocationRow:
    """A place of the partner, active or not, locked. Raises ``NotFound``."""
    query = select(LocationRow).where(LocationRow.partner_id == partner_id, LocationRow.code == code)
    row = (await session.execute(query.with_for_update(key_share=True))).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row
