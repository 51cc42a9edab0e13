"""The dated solar terms are those of the sun, and a lot proves by its harvest what it is sold as."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import radians, sin

import pytest

from app.catalogue.rules.lots import SeasonNotProven, check_harvest
from app.catalogue.rules.solar_terms import SPRINGS, picked

EPOCH = datetime(2000, 1, 1, 12, tzinfo=UTC)
BEIJING = timedelta(hours=8)
DELTA_T = timedelta(seconds=70)


def longitude(days: float) -> float:
    """Apparent longitude of the sun in degrees, so many days after J2000 (Meeus, Astronomical Algorithms, ch. 25)."""
    t = days / 36525
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    anomaly = radians(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    centre = (1.914602 - 0.004817 * t) * sin(anomaly) + 0.019993 * sin(2 * anomaly) + 0.000289 * sin(3 * anomaly)
    return (mean + centre - 0.00569 - 0.00478 * sin(radians(125.04 - 1934.136 * t))) % 360


def term(year: int, degrees: int) -> date:
    """The day in Beijing on which the sun reaches that longitude in spring."""
    days = (date(year, 3, 20) - EPOCH.date()).days + degrees * 1.0146
    for _ in range(20):
        days += ((degrees - longitude(days) + 180) % 360 - 180) * 1.0146
    return (EPOCH + timedelta(days=days) - DELTA_T + BEIJING).date()


def test_the_table_is_what_the_sun_does():
    assert list(SPRINGS) == list(range(2019, 2036))
    for year, spring in SPRINGS.items():
        assert (spring.chunfen, spring.qingming, spring.guyu) == tuple(term(year, at) for at in (0, 15, 30)), year


@pytest.mark.parametrize(
    ("qingming", "guyu"),
    [
        (date(2019, 4, 5), date(2019, 4, 20)),
        (date(2025, 4, 4), date(2025, 4, 20)),
        (date(2026, 4, 5), date(2026, 4, 20)),
        (date(2027, 4, 5), date(2027, 4, 20)),
    ],
)
def test_the_calendars_days(qingming, guyu):
    spring = SPRINGS[qingming.year]
    assert (spring.qingming, spring.guyu) == (qingming, guyu)


@pytest.mark.parametrize(
    ("season", "harvested_on", "proven"),
    [
        ("社前", date(2026, 3, 19), True),
        ("社前", date(2026, 3, 20), False),
        ("明前", date(2026, 4, 4), True),
        ("明前", date(2026, 4, 5), False),
        ("明前", date(2025, 4, 4), False),
        ("雨前", date(2026, 4, 4), False),
        ("雨前", date(2026, 4, 5), True),
        ("雨前", date(2026, 4, 19), True),
        ("雨前", date(2026, 4, 20), False),
        ("明前", None, False),
        ("明前", date(2036, 3, 1), False),
        ("春茶", None, True),
        (None, None, True),
    ],
)
def test_a_lot_proves_its_season_by_its_harvest(season, harvested_on, proven):
    if proven:
        check_harvest(season, harvested_on)
        return
    with pytest.raises(SeasonNotProven) as refused:
        check_harvest(season, harvested_on)
    assert [fault.pointer for fault in refused.value.faults] == ["/harvested_on"]
    said = refused.value.sentence("zh")
    assert "{" not in said
    assert " - " not in said, "no day is named where none is known"


def test_a_name_that_promises_no_day_has_no_span():
    assert picked("夏茶", 2026) is None
