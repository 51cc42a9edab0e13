"""How far off the forecast of a period's end has been, as a share of all that the period brought; no database.

Where orders are few and large, what one month brings cannot be foretold and an error against it says little. What a
reader of a goal asks is another question: made with as much of the period over as now, how far off was the end?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from app.assistance.rules.season import Period, month_end

_MONTHS = 12
_BASIS = 10_000
_LOW, _HIGH = 1, 9
"""Of ten past forecasts one ended below ``low`` and one above ``high``."""
MOST_REST = 3
"""What came after a forecast is taken for so many times the foretold rest at most."""
ENOUGH = 4
"""Of fewer past forecasts there is an error to tell, but no spread."""


@dataclass(frozen=True, slots=True)
class Hindcast:
    """Forecasts of the end of past periods as long as this one, each with as much of its season over as now.

    ``off_bp`` is by how much they were off together, in basis points of what the periods brought together; ``made``
    counts them. ``low`` and ``high`` are how many times the foretold rest came, in one of ten at most or at least; None
    of too few forecasts.
    """

    made: int
    off_bp: int
    low: Fraction | None = None
    high: Fraction | None = None


def hindcast(history: Mapping[date, int], period: Period, today: date, calendar: tuple[int, ...]) -> Hindcast | None:
    """Forecast the end of every finished span of months as long as ``period``, from the first month with a sale on.

    A span may begin in any month, so two years of sales give a dozen forecasts of a year; each is made at the end of
    the month by which the share of its seasonal weight that was over is nearest to that of ``period`` today. None
    where nothing of the period is over, or all of it, or no such span is finished.
    """
    elapsed = period.elapsed(today, calendar)
    if not 0 < elapsed < 1:
        return None
    known = [month for month in history if month_end(month) <= today]
    if not known:
        return None
    first = _number(min(known))
    values = [0] * (_number(today + timedelta(days=1)) - first)
    for month in known:
        values[_number(month) - first] = history[month]
    length = _number(period.ends_on) - _number(period.starts_on) + 1
    return _hindcast(tuple(values), first % _MONTHS, length, elapsed, calendar)


def _number(day: date) -> int:
    return day.year * _MONTHS + day.month - 1


@lru_cache(maxsize=1024)
def _hindcast(
    values: tuple[int, ...], begins: int, length: int, elapsed: Fraction, calendar: tuple[int, ...]
) -> Hindcast | None:
    """The same of months without a gap, the first of which is the month ``begins`` of a year (0 for January)."""
    whole = made = 0
    error = Fraction(0)
    rests: list[Fraction] = []
    for start in range(len(values) - length + 1):
        came = list(accumulate(values[start : start + length]))
        weights = list(accumulate(calendar[(begins + start + at) % _MONTHS] for at in range(length)))
        at = _nearest(weights, elapsed)
        if at is None or came[-1] <= 0:
            continue
        foretold = Fraction(max(came[at], 0) * weights[-1], weights[at])
        error += abs(came[-1] - foretold)
        whole += came[-1]
        made += 1
        if foretold > came[at] and came[at] > 0:
            rest = Fraction(came[-1] - came[at]) / (foretold - came[at])
            rests.append(min(max(rest, Fraction(0)), Fraction(MOST_REST)))
    if not made:
        return None
    off = int(_BASIS * error / whole + Fraction(1, 2))
    if len(rests) < ENOUGH:
        return Hindcast(made, off)
    rests.sort()
    return Hindcast(made, off, _quantile(rests, _LOW), _quantile(rests, _HIGH))


def _nearest(weights: Sequence[int], elapsed: Fraction) -> int | None:
    """The month after which the share that is over is nearest to ``elapsed``, and neither nothing nor all."""
    possible = [at for at, weight in enumerate(weights) if 0 < weight < weights[-1]]
    return min(possible, key=lambda at: abs(Fraction(weights[at], weights[-1]) - elapsed), default=None)


def _quantile(found: Sequence[Fraction], tenths: int) -> Fraction:
    """A tenth of sorted values, between the two that stand about it."""
    place = Fraction(tenths * (len(found) - 1), 10)
    below = int(place)
    above = min(below + 1, len(found) - 1)
    return found[below] + (found[above] - found[below]) * (place - below)
