"""Reactions of wholesale to what the modules beneath it announce."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.inventory import LotRecalled
from app.wholesale import service


async def on_lot_recalled(session: AsyncSession, fact: LotRecalled, now: datetime) -> None:
    """A lot was called back: partners that have pieces of it may send them back."""
    await service.call_back(session, fact.lot_id, fact.lot_code, now=now)
