"""The days that name spring tea: leaf is sold as 社前, 明前 or 雨前 by the solar term before which it was picked.

The terms fall when the sun's apparent longitude is 0°, 15° and 30°, told in Beijing time; the table was computed and a
test computes it again. A year that is not in it proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_DAYS = """
    2019 21 5 20, 2020 20 4 19, 2021 20 4 20, 2022 20 5 20, 2023 21 5 20, 2024 20 4 19, 2025 20 4 20, 2026 20 5 20,
    2027 21 5 20, 2028 20 4 19, 2029 20 4 20, 2030 20 5 20, 2031 21 5 20, 2032 20 4 19, 2033 20 4 20, 2034 20 5 20,
    2035 21 5 20
"""


@dataclass(frozen=True, slots=True)
class Spring:
    """The dated terms of a year: 春分 (in March), 清明 and 谷雨 (in April)."""

    chunfen: date
    qingming: date
    guyu: date


def _spring(text: str) -> tuple[int, Spring]:
    year, chunfen, qingming, guyu = map(int, text.split())
    return year, Spring(date(year, 3, chunfen), date(year, 4, qingming), date(year, 4, guyu))


SPRINGS = dict(map(_spring, _DAYS.split(",")))
"""The spring of each year from 2019 to 2035."""

PICKS = ("社前", "明前", "雨前")
"""The names that only the day of the harvest can prove (domain handbook §1.2)."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The days, both included, on which leaf is picked that may be sold under a name, and the term before which."""

    first: date
    last: date
    term: str


def picked(name: str, year: int) -> Picked | None:
    """When leaf sold as ``name`` was picked in ``year``; None if the name promises no day or the year is unknown."""
    spring = SPRINGS.get(year)
    if spring is None or name not in PICKS:
        return None
    day = timedelta(days=1)
    match name:
        case "社前":
            return Picked(date(year, 1, 1), spring.chunfen - day, "春分")
        case "明前":
            return Picked(date(year, 1, 1), spring.qingming - day, "清明")
        case _:
            return Picked(spring.qingming, spring.guyu - day, "谷雨")
