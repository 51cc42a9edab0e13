"""How often somebody may call: a shared allowance in PostgreSQL, drawn in small leases so that most calls cost nothing.

The shared part is the generic cell rate algorithm (GCRA) in one UPSERT per lease. Each process lets a caller's first
few calls of a second through before it draws a lease, so the limit is exact to about ``FREE`` calls per process.
"""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.core.db import Database, translated
from app.core.errors import RateLimited

if TYPE_CHECKING:
    from app.core.settings import LimitSettings

FREE = 10
LEASE = 10
_REMEMBERED = 50_000

_DRAW = text("""
INSERT INTO core_allowance AS a (subject, free_at)
VALUES (:subject, clock_timestamp() + CAST(:cost AS interval))
ON CONFLICT (subject) DO UPDATE
SET free_at = greatest(a.free_at, clock_timestamp()) + CAST(:cost AS interval)
WHERE greatest(a.free_at, clock_timestamp()) + CAST(:cost AS interval) <= clock_timestamp() + CAST(:depth AS interval)
RETURNING 1
""")


class Limits:
    """The allowance of callers, one object per process."""

    def __init__(self, db: Database, settings: LimitSettings) -> None:
        self._db = db
        self._settings = settings
        self._left: dict[str, tuple[int, float]] = {}

    async def caller(self, subject: str) -> None:
        """Count one call of a signed-in caller. Raises ``RateLimited``."""
        await self._spend(subject, self._settings.caller_per_second, self._settings.caller_burst)

    async def anonymous_write(self, address: str) -> None:
        """Count one writing call of somebody who is not signed in. Raises ``RateLimited``."""
        settings = self._settings
        await self._spend(f"write:{address}", settings.anonymous_writes_per_second, settings.anonymous_writes_burst)

    async def _spend(self, subject: str, rate: float, burst: int) -> None:
        if not self._settings.enabled:
            return
        now = time.monotonic()
        left, until = self._left.get(subject, (0, 0.0))
        if now >= until:
            if len(self._left) > _REMEMBERED:
                self._left = {who: entry for who, entry in self._left.items() if entry[1] > now}
            left, until = min(FREE, burst), now + 1.0
        if left <= 0:
            left = await self._draw(subject, rate, burst)
        self._left[subject] = (left - 1, until)

    async def _draw(self, subject: str, rate: float, burst: int) -> int:
        with translated():
            async with self._db.engine.connect() as connection:
                autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
                for size in (LEASE, 1):
                    parameters = {
                        "subject": subject,
                        "cost": timedelta(seconds=size / rate),
                        "depth": timedelta(seconds=burst / rate),
                    }
                    if (await autocommit.execute(_DRAW, parameters)).first() is not None:
                        return size
        raise RateLimited(retry_after=max(1, math.ceil(1 / rate)))
