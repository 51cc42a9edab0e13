"""Reactions of recalls to what the modules beneath them announce."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.inventory import LotRecalled
from app.recalls import service


async def on_lot_recalled(session: AsyncSession, fact: LotRecalled, now: datetime) -> None:  # noqa: ARG001
    """A lot was called back: who has it, or waits for it, may get their money."""
    await service.draft(session, fact)
