"""Reads and locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.suppliers.lifecycle import Status
from app.suppliers.models import SupplierRow, TownshipRow
from app.suppliers.rules import Kind, SupplierCard, Taxpayer

_SUPPLIER = select(
    SupplierRow.id,
    SupplierRow.code,
    SupplierRow.name,
    SupplierRow.kind,
    SupplierRow.uscc,
    SupplierRow.township_code,
    TownshipRow.name.label("township"),
    SupplierRow.village,
    SupplierRow.licence_no,
    SupplierRow.taxpayer,
    SupplierRow.status,
    SupplierRow.linked_since,
).join(TownshipRow, TownshipRow.code == SupplierRow.township_code)


def _card(row: Any) -> SupplierCard:
    return SupplierCard(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=Kind(row.kind),
        uscc=row.uscc,
        township_code=row.township_code,
        township=row.township,
        village=row.village,
        licence_no=row.licence_no,
        taxpayer=Taxpayer(row.taxpayer),
        status=Status(row.status),
        linked_since=row.linked_since,
    )


async def get(session: AsyncSession, supplier_id: UUID) -> SupplierCard:
    """One supplier. Raises ``NotFound``."""
    row = (await session.execute(_SUPPLIER.where(SupplierRow.id == supplier_id))).first()
    if row is None:
        raise NotFound
    return _card(row)


async def cards(session: AsyncSession, supplier_ids: Sequence[UUID]) -> dict[UUID, SupplierCard]:
    """The suppliers with these ids, in one statement; unknown ids are left out."""
    rows = await session.execute(_SUPPLIER.where(SupplierRow.id.in_(supplier_ids)))
    return {row.id: _card(row) for row in rows}


async def suppliers(
    session: AsyncSession, *, status: Status | None = None, after: str | None = None, limit: int = 100
) -> list[SupplierCard]:
    """Up to ``limit`` suppliers by code, after the code ``after``."""
    query = _SUPPLIER.order_by(SupplierRow.code).limit(limit)
    if status is not None:
        query = query.where(SupplierRow.status == status)
    if after is not None:
        query = query.where(SupplierRow.code > after)
    return [_card(row) for row in await session.execute(query)]


async def lock(session: AsyncSession, supplier_id: UUID) -> SupplierRow:
    """The supplier, held until the transaction ends. Raises ``NotFound``."""
    query = select(SupplierRow).where(SupplierRow.id == supplier_id).with_for_update()
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row
