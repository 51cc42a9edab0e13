"""The year as the county sells it: what share of a period is over on a day (domain handbook §8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

SEASON = (14, 6, 10, 15, 6, 4, 3, 3, 8, 7, 10, 14)
"""Per cent of a year's sales by month, January to December (domain handbook §8.5)."""


def month_end(day: date) -> date:
    """The last day of the month of ``day``."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def weight(first: date, last: date) -> Fraction:
    """Seasonal weight of the closed span of days, in per cent of a year: monthly shares, even inside a month."""
    total = Fraction(0)
    while first <= last:
        end = month_end(first)
        days = (min(end, last) - first).days + 1
        total += Fraction(SEASON[first.month - 1] * days, end.day)
        first = end + timedelta(days=1)
    return total


@dataclass(frozen=True, slots=True)
class Period:
    """Closed span of Shanghai days."""

    starts_on: date
    ends_on: date

    def elapsed(self, today: date) -> Fraction:
        """Share of the seasonal weight that is over at the end of ``today``, from 0 to 1."""
        if today < self.starts_on:
            return Fraction(0)
        if today >= self.ends_on:
            return Fraction(1)
        return weight(self.starts_on, today) / weight(self.starts_on, self.ends_on)


def year_of(year: int) -> Period:
    """The calendar year."""
    return Period(date(year, 1, 1), date(year, 12, 31))
