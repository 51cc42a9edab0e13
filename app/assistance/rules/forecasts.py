"""How a goal stands on a day, and where its period is likely to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor

from app.assistance.rules.season import Period, month_end, weight

TOLERANCE_PERCENT = 5
"""Within this much of the expected figure a goal is on schedule."""

MOST_RATIO = 3
"""A forecast never assumes that the rest of the period sells more than this many times its expected figure."""


class Standing(StrEnum):
    """A goal's actual figure against what the season lets one expect."""

    AHEAD = "ahead"
    ON_SCHEDULE = "on_schedule"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the period is likely to end; ``low <= mid <= high``, whole numbers of the goal's unit."""

    low: int
    mid: int
    high: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How a goal stands on a day."""

    actual: int
    progress: float
    expected_to_date: int
    forecast: Forecast
    status: Standing


def _whole(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def standing(actual: int, expected: int) -> Standing:
    """More than 5 % over the expected figure is ahead, more than 5 % under it is behind."""
    if actual * 100 > expected * (100 + TOLERANCE_PERCENT):
        return Standing.AHEAD
    if actual * 100 < expected * (100 - TOLERANCE_PERCENT):
        return Standing.BEHIND
    return Standing.ON_SCHEDULE


def forecast(target: int, actual: int, monthly: Mapping[date, int], period: Period, today: date) -> Forecast:
    """Where the goal will end if the rest of the period goes as the past has gone.

    The past is the ratio of actual to expected, kept between 0 and 3 (before the period begins: 1, the plan itself);
    ``mid`` adds the expected rest times that ratio, which is actual divided by the seasonal share elapsed. ``low`` and
    ``high`` move the ratio by the mean absolute deviation of the finished months' own ratios from it; with fewer than
    two finished months by half of it. ``monthly`` maps the first day of a month to the actual of that month.
    """
    elapsed = period.elapsed(today)
    if elapsed == 1:
        return Forecast(actual, actual, actual)
    bound = Fraction(MOST_RATIO)
    ratio = min(max(actual / (target * elapsed), Fraction(0)), bound) if elapsed else Fraction(1)
    whole = weight(period.starts_on, period.ends_on)
    past: list[Fraction] = []
    first = period.starts_on
    while (end := month_end(first)) <= today:
        expected = target * weight(first, end) / whole
        past.append(min(max(monthly.get(first.replace(day=1), 0) / expected, Fraction(0)), bound))
        first = end + timedelta(days=1)
    enough = len(past) >= 2  # noqa: PLR2004 - one month alone has no spread
    spread = sum((abs(one - ratio) for one in past), Fraction(0)) / len(past) if enough else ratio / 2
    rest = target * (1 - elapsed)
    return Forecast(
        low=actual + _whole(rest * max(Fraction(0), ratio - spread)),
        mid=actual + _whole(rest * ratio),
        high=actual + _whole(rest * (ratio + spread)),
    )


def figures(target: int, monthly: Mapping[date, int], period: Period, today: date) -> Figures:
    """Everything that the contract tells about a goal, from the ledger's monthly sums. ``progress`` ends at 1."""
    actual = sum(monthly.values())
    expected = _whole(target * period.elapsed(today))
    return Figures(
        actual=actual,
        progress=round(min(max(actual / target, 0.0), 1.0), 4),
        expected_to_date=expected,
        forecast=forecast(target, actual, monthly, period, today),
        status=standing(actual, expected),
    )
