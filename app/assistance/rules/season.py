"""The year as the county sells it: what share of a period is over on a day (domain handbook §8.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

SEASON = (14, 6, 10, 15, 6, 4, 3, 3, 8, 7, 10, 14)
"""Per cent of a year's sales by month, January to December (domain handbook §8.5)."""


HARVEST: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "golden-tea": (8, 5, 14, 24, 8, 5, 4, 4, 10, 7, 6, 5),
        "dark-tea": (11, 7, 8, 8, 7, 6, 6, 6, 10, 10, 9, 12),
        "camellia-oil": (16, 8, 6, 6, 6, 4, 4, 4, 10, 8, 11, 17),
        "navel-orange": (26, 6, 1, 0, 0, 0, 0, 0, 0, 2, 25, 40),
        "gift-set": (24, 8, 3, 3, 6, 6, 2, 3, 18, 5, 7, 15),
    }
)
"""When each product line sells, per cent of its year by month: tea is picked from mid-March to mid-April, oil pressed
from November to January, oranges picked from mid-November to January, gifts given before the festivals (domain handbook
§1.2-1.5, §7.7). All of them together, by their parts of a year's sales, are the curve of the county."""

_MIX: Mapping[str, int] = MappingProxyType(
    {"golden-tea": 46, "dark-tea": 14, "camellia-oil": 16, "navel-orange": 22, "gift-set": 2}
)
"""Parts of a year's sales by value, per cent (domain handbook §8.5)."""


def calendar_of(categories: Sequence[str] | None, season: Sequence[int] | None = None) -> tuple[int, ...]:
    """When what a goal counts is sold: its own ``season``, else the harvests of its categories, else the county's."""
    if season is not None:
        return tuple(season)
    known = [category for category in categories or () if category in HARVEST]
    if not known:
        return SEASON
    return tuple(sum(_MIX[category] * HARVEST[category][month] for category in known) for month in range(12))


def month_end(day: date) -> date:
    """The last day of the month of ``day``."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


@lru_cache(maxsize=8192)
def weight(first: date, last: date, season: tuple[int, ...] = SEASON) -> Fraction:
    """Seasonal weight of the closed span of days: shares of ``season`` by month, even inside a month."""
    total = Fraction(0)
    while first <= last:
        end = month_end(first)
        days = (min(end, last) - first).days + 1
        total += Fraction(season[first.month - 1] * days, end.day)
        first = end + timedelta(days=1)
    return total


@dataclass(frozen=True, slots=True)
class Period:
    """Closed span of Shanghai days."""

    starts_on: date
    ends_on: date

    def elapsed(self, today: date, season: tuple[int, ...] = SEASON) -> Fraction:
        """Share of the seasonal weight that is over at the end of ``today``, from 0 to 1.

        A period in which nothing has any weight goes by the county's curve.
        """
        if today < self.starts_on:
            return Fraction(0)
        if today >= self.ends_on:
            return Fraction(1)
        whole = weight(self.starts_on, self.ends_on, season)
        return weight(self.starts_on, today, season) / whole if whole else self.elapsed(today)


def year_of(year: int) -> Period:
    """The calendar year."""
    return Period(date(year, 1, 1), date(year, 12, 31))


def year_until(day: date) -> Period:
    """The 365 days that end with ``day``."""
    return Period(day - timedelta(days=364), day)
