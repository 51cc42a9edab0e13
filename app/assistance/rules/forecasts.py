"""How a goal stands on a day, and where its period is likely to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import floor

from app.assistance.rules.hindcasts import Hindcast, hindcast
from app.assistance.rules.season import SEASON, Period, month_end, weight

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
class Agreed:
    """What is agreed and neither delivered nor counted yet, in the goal's unit, due within the goal's period.

    ``purchase_orders``: what confirmed purchase orders of supermarkets still await; ``presales``: what buyers have paid
    for ahead of the harvest.
    """

    purchase_orders: int = 0
    presales: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.purchase_orders + self.presales


NOTHING = Agreed()
_BASIS = 10_000


@dataclass(frozen=True, slots=True)
class Backtest:
    """How good the forecast has been: made at the end of each past month for the next one, against what then came.

    ``mape_bp`` is the mean absolute error in basis points of what came, ``inside`` the months that fell between low
    and high, both over ``months``.
    """

    months: int
    mape_bp: int
    inside: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the period is likely to end; ``low <= mid <= high``, whole numbers of the goal's unit."""

    low: int
    mid: int
    high: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the ledger says of a goal: its months within the period, all months of its filter, and what was refunded.

    Months are named by their first day; refunds are in basis points of what was sold in the last twelve months.
    ``declared`` is what of the months within the period only vouchers from outside the platform prove.
    """

    inside: Mapping[date, int] = field(default_factory=dict)
    history: Mapping[date, int] = field(default_factory=dict)
    refunded_bp: int = 0
    declared: int = 0

    @property
    def actual(self) -> int:
        """What counts for the goal."""
        return sum(self.inside.values())


@dataclass(frozen=True, slots=True)
class Figures:
    """How a goal stands on a day. Of ``actual`` orders of the platform prove all but what was ``declared``."""

    actual: int
    progress: float
    expected_to_date: int
    forecast: Forecast
    status: Standing
    agreed: Agreed = NOTHING
    refunded_bp: int = 0
    backtest: Backtest | None = None
    declared: int = 0
    hindcast: Hindcast | None = None

    @property
    def platform(self) -> int:
        """What of the actual figure orders of the platform prove."""
        return self.actual - self.declared


def _whole(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def standing(actual: int, expected: int) -> Standing:
    """More than 5 % over the expected figure is ahead, more than 5 % under it is behind."""
    if actual * 100 > expected * (100 + TOLERANCE_PERCENT):
        return Standing.AHEAD
    if actual * 100 < expected * (100 - TOLERANCE_PERCENT):
        return Standing.BEHIND
    return Standing.ON_SCHEDULE


def forecast(
    target: int,
    monthly: Mapping[date, int],
    period: Period,
    today: date,
    *,
    calendar: tuple[int, ...] = SEASON,
    agreed: Agreed = NOTHING,
    refunded_bp: int = 0,
    seen: Hindcast | None = None,
) -> Forecast:
    """Where the goal will end: the pace so far, carried on by the calendar of harvests, and not less than is agreed.

    The pace is the ratio of actual to what ``calendar`` lets one expect of the target, kept between 0 and 3 (before the
    period begins: 1, the plan itself). ``mid`` adds the expected rest times that ratio. ``low`` and ``high`` are where
    the lowest and the highest tenth of past forecasts ended (``seen``). Without enough of these they move the ratio by
    the mean absolute deviation of the finished months' own ratios from it; with fewer than two finished months by half
    of it. Purchase orders and pre-sales are part of a usual rest, so they are not added to it; but what is
    agreed will come, less what is usually refunded (``refunded_bp``), so the rest is never less. ``monthly`` maps the
    first day of a month to the actual of that month.
    """
    actual = sum(monthly.values())
    elapsed = period.elapsed(today, calendar)
    if today >= period.ends_on:
        return Forecast(actual, actual, actual)
    bound = Fraction(MOST_RATIO)
    ratio = min(max(actual / (target * elapsed), Fraction(0)), bound) if elapsed else Fraction(1)
    whole = weight(period.starts_on, period.ends_on, calendar)
    past: list[Fraction] = []
    first = period.starts_on
    while (end := month_end(first)) <= today:
        expected = target * weight(first, end, calendar) / whole if whole else Fraction(0)
        if expected:
            past.append(min(max(monthly.get(first.replace(day=1), 0) / expected, Fraction(0)), bound))
        first = end + timedelta(days=1)
    enough = len(past) >= 2  # noqa: PLR2004 - one month alone has no spread
    spread = sum((abs(one - ratio) for one in past), Fraction(0)) / len(past) if enough else ratio / 2
    rest = target * (1 - elapsed)
    sure = Fraction(agreed.total * (_BASIS - refunded_bp), _BASIS)
    low, high = max(Fraction(0), ratio - spread), ratio + spread
    if seen is not None and seen.low is not None and seen.high is not None:
        low, high = ratio * min(seen.low, Fraction(1)), ratio * max(seen.high, Fraction(1))
    return Forecast(
        low=actual + _whole(max(rest * low, sure)),
        mid=actual + _whole(max(rest * ratio, sure)),
        high=actual + _whole(max(rest * high, sure)),
    )


def backtest(history: Mapping[date, int], today: date, calendar: tuple[int, ...] = SEASON) -> Backtest | None:
    """Make the forecast at the end of every past month for the month after it, and compare; None without a history.

    Each is made from what was known then: the months of that year, from its beginning or from the first sale.
    """
    known = {month: history[month] for month in sorted(history) if month_end(month) <= today}
    return _backtest(tuple(known.items()), calendar) if known else None


@lru_cache(maxsize=1024)
def _backtest(finished: tuple[tuple[date, int], ...], calendar: tuple[int, ...]) -> Backtest | None:
    """The same of finished months alone, which change once in a month: a page of goals need not do it each time."""
    history = dict(finished)
    known = [month for month, _ in finished]
    errors: list[Fraction] = []
    inside = tried = 0
    month, last = known[0], known[-1]
    while (month := month_end(month) + timedelta(days=1)) <= last:
        begin = max(month.replace(month=1), known[0])
        before = month - timedelta(days=1)
        then = {one: value for one, value in history.items() if begin <= one <= before}
        so_far, elapsed = sum(then.values()), Period(begin, month_end(month)).elapsed(before, calendar)
        if so_far <= 0 or not elapsed or not calendar[month.month - 1]:
            continue
        target = max(1, _whole(so_far / elapsed))
        made = forecast(target, then, Period(begin, month_end(month)), before, calendar=calendar)
        came = history.get(month, 0)
        tried += 1
        inside += made.low <= so_far + came <= made.high
        if came > 0:
            errors.append(Fraction(abs(so_far + came - made.mid), came))
    if not errors:
        return None
    return Backtest(tried, _whole(_BASIS * sum(errors, Fraction(0)) / len(errors)), inside)


def figures(
    target: int,
    told: Ledger,
    period: Period,
    today: date,
    *,
    season: tuple[int, ...] = SEASON,
    calendar: tuple[int, ...] = SEASON,
    agreed: Agreed = NOTHING,
) -> Figures:
    """Everything that the contract tells about a goal, from the ledger's monthly sums. ``progress`` ends at 1.

    ``season`` is what progress is held against, ``calendar`` what the forecast goes by.
    """
    actual = told.actual
    expected = _whole(target * period.elapsed(today, season))
    seen = hindcast(told.history, period, today, calendar)
    return Figures(
        actual=actual,
        progress=round(min(max(actual / target, 0.0), 1.0), 4),
        expected_to_date=expected,
        forecast=forecast(
            target,
            told.inside,
            period,
            today,
            calendar=calendar,
            agreed=agreed,
            refunded_bp=told.refunded_bp,
            seen=seen,
        ),
        status=standing(actual, expected),
        agreed=agreed,
        refunded_bp=told.refunded_bp,
        backtest=backtest(told.history, today, calendar),
        declared=told.declared,
        hindcast=seen,
    )
