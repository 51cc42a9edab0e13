"""Reads of the sheets in which orders came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.wholesale.models import PoImportRow


@dataclass(frozen=True, slots=True)
class Import:
    """A sheet and what became of each of its orders; ``id`` is None where somebody only looked."""

    id: UUID | None
    file_name: str
    digest: bytes
    at: datetime
    orders: list[dict[str, Any]]


async def imported(session: AsyncSession, import_id: UUID, *, partner_id: UUID) -> Import:
    """One sheet of a partner. Raises ``NotFound``."""
    row = await session.get(PoImportRow, import_id, populate_existing=True)
    if row is None or row.partner_id != partner_id:
        raise NotFound
    return _value(row)


async def imports(session: AsyncSession, partner_id: UUID, *, before: UUID | None, limit: int) -> list[Import]:
    """A partner's sheets, the newest first."""
    wanted = select(PoImportRow).where(PoImportRow.partner_id == partner_id)
    if before is not None:
        wanted = wanted.where(PoImportRow.id < before)
    return [_value(row) for row in await session.scalars(wanted.order_by(PoImportRow.id.desc()).limit(limit))]


async def file_of(session: AsyncSession, import_id: UUID, *, partner_id: UUID) -> tuple[str, bytes]:
    """A sheet as it came, with its name. Raises ``NotFound``."""
    row = (
        await session.execute(
            select(PoImportRow.file_name, PoImportRow.content).where(
                PoImportRow.id == import_id, PoImportRow.partner_id == partner_id
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return row.file_name, bytes(row.content)


def _value(row: PoImportRow) -> Import:
    return Import(row.id, row.file_name, row.digest, row.at, row.results)
