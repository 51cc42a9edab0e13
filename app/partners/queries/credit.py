"""Reads of credit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.partners.models import CreditEntryRow, CreditRow, LimitRow
from app.partners.rules import PartnerStatus
from app.partners.rules.credit import Credit, CreditEntry, CreditKind, LimitChange

_STANDING = text("""
SELECT p.status, coalesce(c.limit_fen, 0), coalesce(c.used_fen, 0),
       EXISTS (SELECT FROM partners_credit_entry
               WHERE kind = :kind AND source_id = :source_id AND reference = :reference)
FROM partners_partner p LEFT JOIN partners_credit c ON c.partner_id = p.id WHERE p.id = :partner_id
""")


async def credit(session: AsyncSession, partner_id: UUID) -> Credit:
    """What a partner may owe and what of it is used; nothing while no limit was set."""
    return (await credit_and_version(session, partner_id))[0]


async def credit_and_version(session: AsyncSession, partner_id: UUID) -> tuple[Credit, int]:
    """The same with the version of the limit, which begins at 0."""
    query = select(CreditRow.limit_fen, CreditRow.used_fen, CreditRow.version).where(CreditRow.partner_id == partner_id)
    row = (await session.execute(query)).one_or_none()
    return (Credit(row.limit_fen, row.used_fen), row.version) if row else (Credit(0, 0), 0)


async def standing(
    session: AsyncSession, partner_id: UUID, kind: CreditKind, source_id: UUID, reference: UUID
) -> tuple[PartnerStatus, Credit, bool] | None:
    """Why credit was not taken: the partner's status, what is left, and whether it was taken before."""
    found = await ask(
        session,
        _STANDING,
        {"partner_id": partner_id, "kind": kind.value, "source_id": source_id, "reference": reference},
    )
    return (PartnerStatus(found[0][0]), Credit(found[0][1], found[0][2]), found[0][3]) if found else None


async def limits(
    session: AsyncSession, partner_id: UUID, *, before: UUID | None = None, limit: int = 100
) -> list[LimitChange]:
    """The limits that were set, the newest first."""
    query = select(LimitRow).where(LimitRow.partner_id == partner_id).order_by(LimitRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(LimitRow.id < before)
    return [
        LimitChange(row.id, row.partner_id, row.limit_fen, row.reason, row.at, row.by_account)
        for row in (await session.execute(query)).scalars()
    ]


async def credit_entries(
    session: AsyncSession, partner_id: UUID, *, before: int | None = None, limit: int = 100
) -> list[CreditEntry]:
    """What changed the used part, the newest first."""
    query = (
        select(CreditEntryRow)
        .where(CreditEntryRow.partner_id == partner_id)
        .order_by(CreditEntryRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(CreditEntryRow.id < before)
    return [
        CreditEntry(row.id, CreditKind(row.kind), row.reference, row.source_id, row.amount_fen, row.at)
        for row in (await session.execute(query)).scalars()
    ]
