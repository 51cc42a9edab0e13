"""What the office's pages draw of figures: how full a bar is, how warm a cell, and the data of charts; no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from app import buyers
from app.assistance import GoalStanding, Metric
from app.reports import Overview, Sums, a_year_before

SHANDONG = "37"
WARMTHS = 6
"""How many shades a matrix has above nothing."""
_PERCENT, _CITY_DIGITS = 100, 4


def share(part: int, whole: int) -> float:
    """In per cent with one place, from 0 to 100, for a bar; 0 of nothing."""
    return round(min(max(part / whole, 0.0), 1.0) * _PERCENT, 1) if whole > 0 else 0.0


def change(now: int, before: int) -> float | None:
    """Growth in per cent with one place; None where there was nothing before."""
    return round((now - before) / before * _PERCENT, 1) if before > 0 else None


@dataclass(frozen=True, slots=True)
class GoalBar:
    """A goal as one bar: positions in per cent of its length, and how far it is from what the season expects."""

    standing: GoalStanding
    actual: float
    expected: float
    target: float
    low: float
    high: float

    @property
    def gap(self) -> int:
        """Actual less expected, in the goal's unit."""
        return self.standing.figures.actual - self.standing.figures.expected_to_date


def goal_bar(standing: GoalStanding) -> GoalBar:
    """The bar is as long as the largest of target, actual and the high forecast."""
    goal, now = standing.goal, standing.figures
    longest = max(goal.target, now.actual, now.forecast.high, 1)
    of = (now.actual, now.expected_to_date, goal.target, now.forecast.low, now.forecast.high)
    return GoalBar(standing, *(share(value, longest) for value in of))


def leading(goals: Sequence[GoalStanding]) -> list[GoalStanding]:
    """The goals with the one first that all sales belong to: the largest in money that takes the most."""

    def width(one: GoalStanding) -> tuple[bool, int, int]:
        only = one.goal.filter
        kept = sum(value is not None for value in (only.categories, only.suppliers, only.townships, only.channels))
        return (one.goal.metric is not Metric.NET_SALES_FEN, kept, -one.goal.target)

    first = min(goals, key=width, default=None)
    return ([] if first is None else [first]) + [one for one in goals if one is not first]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month of this year beside the same of last year."""

    month: date
    now: Sums
    before: Sums
    declared: Sums
    is_over: bool
    has_begun: bool

    @property
    def change(self) -> float | None:
        """Growth; not told of a month that is still going on."""
        return change(self.now.net_fen, self.before.net_fen) if self.is_over else None


def month_rows(found: Overview, today: date) -> list[MonthRow]:
    """Every month of the slice, whether anything was sold in it or not."""
    first = found.wanted.first
    months = [first.replace(month=month) for month in range(first.month, found.wanted.last.month + 1)]
    return [
        MonthRow(
            month,
            found.month(month),
            found.month(a_year_before(month)),
            found.declared.get(month, Sums()),
            (month.year, month.month) < (today.year, today.month),
            month <= today,
        )
        for month in months
    ]


def finished(rows: Iterable[MonthRow]) -> tuple[int, int]:
    """Net of the months that are over, and of the same months a year before: only these can be compared."""
    over = [row for row in rows if row.is_over]
    return sum(row.now.net_fen for row in over), sum(row.before.net_fen for row in over)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of the matrix and how warm it is, from 0 to ``WARMTHS``."""

    net_fen: int
    warmth: int


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A city, a county or the rest of the country, by category."""

    code: str
    name: str
    net_fen: int
    declared_fen: int
    cells: tuple[Cell, ...]


@cache
def cities() -> tuple[tuple[str, str], ...]:
    """Code and name of the province's cities."""
    found = {one.code[:_CITY_DIGITS]: one.city for one in buyers.counties() if one.code.startswith(SHANDONG)}
    return tuple(sorted(found.items()))


@cache
def _counties(city: str) -> tuple[tuple[str, str], ...]:
    return tuple((one.code, one.county) for one in buyers.counties() if one.code.startswith(city))


def place_rows(found: Overview, categories: Sequence[str]) -> list[PlaceRow]:
    """All cities of the province, sold to or not, or the counties of one; then every other place with sales."""
    division = found.wanted.division or ""
    known = dict(_counties(division) if len(division) >= _CITY_DIGITS else cities())
    codes = [*known, *sorted({code for code, _ in found.places} - known.keys())]
    warmest = max((sums.net_fen for sums in found.places.values()), default=0)
    rows, declared = [], found.declared_by("place")
    for code in codes:
        nets = [found.places.get((code, category), Sums()).net_fen for category in categories]
        name = known.get(code) or _place_name(code)
        cells = tuple(Cell(net, _warmth(net, warmest)) for net in nets)
        rows.append(PlaceRow(code, name, sum(nets), declared.get(code, 0), cells))
    return rows


def _place_name(code: str) -> str:
    """Of a place outside the province, or of a county that is no more."""
    return next((one.full_name if len(code) > _CITY_DIGITS else f"{one.province}{one.city}"
                 for one in buyers.counties() if one.code.startswith(code)), code)  # fmt: skip


def _warmth(net: int, warmest: int) -> int:
    """By the square root, so that small places are told apart beside a large one."""
    return 0 if net <= 0 else max(1, min(WARMTHS, round((net / warmest) ** 0.5 * WARMTHS)))


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a list with a bar."""

    key: str
    name: str
    net_fen: int
    width: float
    part: float | None
    declared_fen: int = 0


def bars(pieces: Iterable[tuple[str, str, int]], declared: Mapping[str, int]) -> list[Bar]:
    """Rows with bars, the largest first; ``part`` is of the whole in per cent, ``declared`` by key what is apart."""
    told = sorted(pieces, key=lambda piece: (-piece[2], piece[0]))
    whole, longest = sum(net for _, _, net in told), max((net for _, _, net in told), default=0)
    return [
        Bar(key, name, net, share(net, longest), share(net, whole) if whole > 0 else None, declared.get(key, 0))
        for key, name, net in told
    ]


def months_chart(
    rows: Sequence[MonthRow], labels: Sequence[str], names: tuple[str, str], link: Callable[[int], str]
) -> dict[str, Any]:
    """Bars of this year beside those of last year."""
    return {
        "kind": "bars",
        "labels": list(labels),
        "links": [link(row.month.month) for row in rows],
        "series": [
            {"name": names[0], "values": [row.now.net_fen for row in rows]},
            {"name": names[1], "values": [row.before.net_fen for row in rows]},
        ],
    }


def mix_chart(rows: Sequence[Bar], link: Callable[[str], str]) -> dict[str, Any]:
    """Parts of a whole."""
    return {
        "kind": "mix",
        "parts": [
            {"key": row.key, "name": row.name, "value": row.net_fen, "link": link(row.key)}
            for row in rows
            if row.net_fen > 0
        ],
    }


def channels_chart(
    found: Overview, rows: Sequence[MonthRow], labels: Sequence[str], names: Mapping[str, str]
) -> dict[str, Any]:
    """Months, each of them in layers by channel."""
    return {
        "kind": "layers",
        "labels": list(labels),
        "series": [
            {"name": name, "values": [found.months.get((row.month, channel), Sums()).net_fen for row in rows]}
            for channel, name in names.items()
        ],
    }
