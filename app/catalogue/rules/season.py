"""Where goods stand in their year."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


class Season(StrEnum):
    """Where a product stands in its year. That a harvest is sold ahead is nothing that a calendar knows."""

    IN_SEASON = "in_season"
    OFF_SEASON = "off_season"


def is_month_day(text: str) -> bool:
    """Whether ``text`` is a day that every year has, as ``MM-DD``."""
    if not _MONTH_DAY.fullmatch(text):
        return False
    try:
        date(2001, int(text[:2]), int(text[3:]))
    except ValueError:
        return False
    return True


def month_day(day: date) -> str:
    """The day of the year as ``MM-DD``."""
    return f"{day:%m-%d}"


def season_on(day: date, opens: str | None, closes: str | None) -> Season:
    """Where goods harvested from ``opens`` to ``closes`` (``MM-DD``, may wrap over new year) stand on ``day``.

    Without a window they are always in season.
    """
    if opens is None or closes is None:
        return Season.IN_SEASON
    today = month_day(day)
    if (opens <= today <= closes) if opens <= closes else (today >= opens or today <= closes):
        return Season.IN_SEASON
    return Season.OFF_SEASON
