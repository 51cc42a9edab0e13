"""Reads of what was accepted and not counted."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import ExclusionRow
from app.assistance.rules.counting import Exclusion, Reason


async def exclusions(
    session: AsyncSession, *, reason: Reason | None, order_number: str | None, before: UUID | None, limit: int
) -> list[Exclusion]:
    """Accepted lines that do not count, the latest first."""
    query = select(ExclusionRow).order_by(ExclusionRow.id.desc()).limit(limit)
    if reason is not None:
        query = query.where(ExclusionRow.reason == reason.value)
    if order_number is not None:
        query = query.where(ExclusionRow.order_number == order_number)
    if before is not None:
        query = query.where(ExclusionRow.id < before)
    return [
        Exclusion(
            id=row.id,
            line_id=row.line_id,
            order_number=row.order_number,
            po_no=row.po_no,
            sku=row.sku,
            product_name=row.product_name,
            supplier_id=row.supplier_id,
            supplier_name=row.supplier_name,
            quantity=row.quantity,
            net_fen=row.net_fen,
            occurred_at=row.occurred_at,
            reason=Reason(row.reason),
            facts=row.facts,
        )
        for row in await session.scalars(query)
    ]
