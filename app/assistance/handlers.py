"""Reactions of assistance to what orders announces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import service
from app.orders import LinesRefunded, SupplierOrderCompleted


async def on_supplier_orders_completed(
    session: AsyncSession, facts: Sequence[SupplierOrderCompleted], now: datetime
) -> None:
    """Buyers have the goods and keep them: count what counts."""
    await service.count_sales(session, facts, now=now)


async def on_lines_refunded(session: AsyncSession, fact: LinesRefunded, now: datetime) -> None:
    """Money went back: take back what was counted for it."""
    await service.reverse_sale(session, fact, now=now)
