"""Two years of retail orders, decided before any is placed: who buys what, when, where to, and how it ends.

Pure: the same seed and end date give the same plan. Shape of the year and product mix: domain handbook §8.5.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.core.clock import SHANGHAI

SEASONAL_CURVE = (14, 6, 10, 15, 6, 4, 3, 3, 8, 7, 10, 14)
"""Percent of a year's sales by month, January first."""

_WINTER = {"navel-orange": 71, "golden-tea": 8, "camellia-oil": 12, "dark-tea": 7, "gift-set": 2}
_FEBRUARY = {"golden-tea": 42, "dark-tea": 22, "camellia-oil": 30, "gift-set": 6}
_SPRING = {"golden-tea": 85, "dark-tea": 8, "camellia-oil": 6, "gift-set": 1}
_SUMMER = {"golden-tea": 54, "dark-tea": 24, "camellia-oil": 20, "gift-set": 2}
MIX_BY_MONTH: tuple[Mapping[str, int], ...] = (
    _WINTER, _FEBRUARY, _SPRING, _SPRING, _SUMMER, _SUMMER,
    _SUMMER, _SUMMER, _SUMMER, _SUMMER, _WINTER, _WINTER,
)  # fmt: skip
"""Percent of a month's value by product line; over the year tea 46, dark tea 14, oil 16, oranges 22, sets 2."""

_MEAN_ORDER_FEN = {
    "golden-tea": 21_000, "dark-tea": 12_300, "camellia-oil": 15_500, "navel-orange": 6_500, "gift-set": 40_000,
}  # fmt: skip
_POPULARITY = {
    "GT01": 6, "GT02": 8, "GT03": 2, "GT04": 16, "GT05": 5, "GT06": 2, "GT07": 6, "GT08": 2, "GT09": 2, "GT10": 1,
    "GT11": 9, "GT12": 6, "GT13": 14, "GT14": 11, "DT01": 5, "DT02": 14, "DT03": 6, "DT04": 1, "DT05": 8, "DT06": 12,
    "DT07": 7, "CO01": 12, "CO02": 10, "CO03": 6, "CO04": 4, "CO05": 2, "CO06": 8, "NO01": 10, "NO02": 16, "NO03": 8,
    "NO04": 6, "NO05": 12, "GB01": 1,
}  # fmt: skip
_PLACES = (
    ("370112", 30), ("370102", 8), ("370103", 7), ("370104", 4), ("370105", 4), ("370113", 2), ("370114", 4),
    ("370202", 5), ("370203", 4), ("370213", 3), ("370303", 4), ("370602", 4), ("370611", 2), ("370702", 3),
    ("370705", 4), ("370811", 3), ("371302", 5), ("371002", 2), ("370902", 2), ("371402", 1), ("371502", 1),
    ("371602", 1), ("371702", 1), ("430102", 2), ("110105", 1),
)  # fmt: skip
"""Where buyers live: mostly Licheng and Jinan, all over Shandong, and a few elsewhere, who do not count."""

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_TITLES = ("女士", "先生")
_ROADS = (
    "花园路",
    "洪家楼南路",
    "工业北路",
    "经十路",
    "山大路",
    "华信路",
    "祝舜路",
    "二环东路",
    "化纤厂路",
    "唐冶中路",
)

FRESH = "navel-orange"
_YEARS_LAST_DAYS = (12, 23)
"""What is ordered from this day on may be delivered, and complained of, next year."""


class Ending(StrEnum):
    """How an order ends."""

    KEPT = "kept"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    SPOILT = "spoilt"


class Case(StrEnum):
    """What auditors should find about an order (``cases``); ``USUAL`` are the deals that a price is compared with."""

    USUAL = "usual"
    OVERPRICED = "overpriced"
    OWN = "own"
    REPORTED_TWICE = "reported_twice"
    REFUNDED_LATE = "refunded_late"


@dataclass(frozen=True, slots=True)
class Person:
    """An invented buyer."""

    name: str
    phone: str
    division_code: str
    detail: str


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One order of the plan. ``hours`` are the delays from payment to dispatch, delivery and confirmation."""

    at: datetime
    person: int
    items: tuple[tuple[str, int], ...]
    ending: Ending
    dispatch_hours: float
    transit_hours: float
    confirm_hours: float | None
    spoilt_parts: tuple[int, int]
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole history before it happens."""

    first: date
    until: date
    people: tuple[Person, ...]
    orders: tuple[PlannedOrder, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """What the plan needs to know of a SKU."""

    sku: str
    line: str
    price_fen: int
    season: tuple[str, str] | None


def draw_plan(articles: Sequence[Article], *, until: date, seed: int, count: int = 2400) -> Plan:
    """Decide about ``count`` orders over the 24 months that end with ``until``."""
    source = random.Random(f"{seed}/{until.isoformat()}")  # noqa: S311 - a demonstration must repeat itself
    first = _two_years_before(until)
    people = tuple(_person(source, number) for number in range(count // 5))
    days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
    weights = [SEASONAL_CURVE[day.month - 1] * _mean_inverse(day.month) * _weekday(day) for day in days]
    chosen = sorted(source.choices(days, weights, k=count))
    orders = sorted((_order(source, day, people, articles) for day in chosen), key=lambda order: order.at)
    return Plan(first, until, people, tuple(orders))


def _two_years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 2) + timedelta(days=1)
    except ValueError:
        return date(day.year - 2, 3, 1)


def _mean_inverse(month: int) -> float:
    """Orders for each fen of a month's value: months of cheap oranges need more orders for the same money."""
    mix = MIX_BY_MONTH[month - 1]
    return sum(share / _MEAN_ORDER_FEN[line] for line, share in mix.items())


def _weekday(day: date) -> float:
    return 1.25 if day.weekday() >= 5 else 1.0  # noqa: PLR2004 - Saturday and Sunday


def _person(source: random.Random, number: int) -> Person:
    codes, weights = zip(*_PLACES, strict=True)
    building, unit, room = source.randint(1, 40), source.randint(1, 4), source.randint(101, 2602)
    return Person(
        name=source.choice(_SURNAMES) + source.choice(_TITLES),
        phone=f"1990000{number:04d}",
        division_code=source.choices(codes, weights)[0],
        detail=f"{source.choice(_ROADS)}{source.randint(1, 300)}号{building}号楼{unit}单元{room}室",
    )


def _order(source: random.Random, day: date, people: Sequence[Person], articles: Sequence[Article]) -> PlannedOrder:
    mix = MIX_BY_MONTH[day.month - 1]
    lines = list(mix)
    shares = [mix[line] / _MEAN_ORDER_FEN[line] for line in lines]
    open_now = [article for article in articles if _sold_on(article, day)]
    sold = {article.line for article in open_now}
    shares = [share if line in sold else 0.0 for line, share in zip(lines, shares, strict=True)]
    line = source.choices(lines, shares)[0]
    items: dict[str, int] = {}
    for _ in range(source.choices((1, 2, 3), (92, 7, 1))[0]):
        own = [article for article in open_now if article.line == line and article.sku not in items]
        if not own:
            break
        article = source.choices(own, [_POPULARITY[article.sku] for article in own])[0]
        items[article.sku] = source.choices((1, 2, 3, 4), (84, 11, 3, 2) if article.price_fen < 20_000 else (93, 6, 1, 0))[0]  # fmt: skip  # noqa: PLR2004, E501
        if source.random() < 0.35:  # noqa: PLR2004 - some look around in another line
            line = source.choices(lines, shares)[0]
    fresh = any(article.line == FRESH for article in articles if article.sku in items)
    hour = source.choices(range(24), (1, 1, 0, 0, 0, 1, 2, 4, 6, 8, 9, 9, 8, 7, 7, 7, 7, 7, 8, 10, 12, 11, 7, 3))[0]
    at = datetime.combine(day, time(hour, source.randrange(60), source.randrange(60)), SHANGHAI)
    total = source.randint(8, 24)
    ending = _ending(source, fresh=fresh)
    if ending is Ending.SPOILT and (day.month, day.day) >= _YEARS_LAST_DAYS:
        ending = Ending.KEPT  # else it might be refunded next year, which is a case for auditors: that is planted
    return PlannedOrder(
        at=at,
        person=source.randrange(len(people)),
        items=tuple(items.items()),
        ending=ending,
        dispatch_hours=source.uniform(4, 44),
        transit_hours=source.uniform(40, 100),
        confirm_hours=source.uniform(2, 120) if source.random() < 0.62 else None,  # noqa: PLR2004
        spoilt_parts=(source.randint(1, max(1, total // 4)), total),
    )


def _ending(source: random.Random, *, fresh: bool) -> Ending:
    dice = source.random()
    if dice < 0.03:  # noqa: PLR2004
        return Ending.UNPAID
    if dice < 0.045:  # noqa: PLR2004
        return Ending.CANCELLED
    return Ending.SPOILT if dice > (0.955 if fresh else 0.99) else Ending.KEPT


def _sold_on(article: Article, day: date) -> bool:
    if article.line != FRESH or article.season is None:
        return True
    opens, closes = article.season
    today = f"{day:%m-%d}"
    return opens <= today or today <= closes if opens > closes else opens <= today <= closes
