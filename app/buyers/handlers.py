"""Reactions of buyers to what identity announces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import service
from app.identity import AccountClosed


async def on_account_closed(session: AsyncSession, fact: AccountClosed, now: datetime) -> None:  # noqa: ARG001
    """Somebody has left: their address book and their memberships go too."""
    await service.forget_person(session, fact.account_id)
