"""Time: instants are aware UTC datetimes; business days are those of Asia/Shanghai (the contract's conventions)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """Read the clock. Only the edges (a request, the worker, a command) call this; use cases are told the time."""
    return datetime.now(UTC)


def local_day(at: datetime) -> date:
    """The Shanghai calendar day of an instant."""
    return at.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """Midnight in Shanghai at the beginning of ``day``, as an aware UTC instant (periods are half-open)."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def day_end(day: date) -> datetime:
    """Midnight in Shanghai at the end of ``day``: the start of the next one."""
    return day_start(day + timedelta(days=1))
