"""Holding back who guesses: failures are counted for what was tried and for the address it came from."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import RateLimited
from app.core.sealing import keys
from app.core.settings import LimitSettings
from app.identity import queries
from app.identity.models import SignInFailureRow


class Try:
    """One try to prove who one is: ``subject`` is what was tried, ``address`` where it came from."""

    def __init__(self, subject: str, address: str) -> None:
        self._tried = keys().blind(subject, "sign_in_account")
        self._came_from = keys().blind(address, "sign_in_address")

    async def refuse_after_failures(self, session: AsyncSession, limits: LimitSettings, now: datetime) -> None:
        """Raises ``RateLimited`` after too many failures for the subject or the address."""
        if not limits.enabled:
            return
        window = timedelta(minutes=limits.failed_sign_ins_minutes)
        at = await queries.failure_that_counts(
            session, [self._tried, self._came_from], since=now - window, allowed=limits.failed_sign_ins
        )
        if at is not None:
            raise RateLimited(retry_after=max(1, math.ceil((at + window - now).total_seconds())))

    async def note_failure(self, session: AsyncSession, now: datetime) -> None:
        """It was wrong."""
        await session.execute(
            insert(SignInFailureRow), [{"subject": self._tried, "at": now}, {"subject": self._came_from, "at": now}]
        )

    async def forgive(self, session: AsyncSession) -> None:
        """It was right: what was tried before no longer counts against the subject."""
        await session.execute(delete(SignInFailureRow).where(SignInFailureRow.subject == self._tried))
