"""Reactions of wholesale to what the modules beneath it announce."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.inventory import LotRecalled
from app.payments import MoneyUnclaimed
from app.wholesale import service


async def on_lot_recalled(session: AsyncSession, fact: LotRecalled, now: datetime) -> None:
    """A lot was called back: partners that have pieces of it may send them back."""
    await service.call_back(session, fact.lot_id, fact.lot_code, now=now)


async def on_money_unclaimed(session: AsyncSession, fact: MoneyUnclaimed, now: datetime) -> None:
    """Money came that pays no order: perhaps it carries the code of a partner's statement."""
    await service.find_money(session, fact.entry_id, now=now)
