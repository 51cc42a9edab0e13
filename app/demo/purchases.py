"""What the supermarkets of the demo order, decided before any of it happens: pure, the same for a seed and an end date.

Shape of the year, number, worth, shorts and rejects: domain handbook §8.5.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from app.core.clock import SHANGHAI
from app.core.money import split
from app.demo.plan import FRESH, MIX_BY_MONTH, SEASONAL_CURVE
from app.demo.supermarkets import CHAINS, ORANGES, Chain, price_fen
from app.partners import MinimumUnit

TRANSIT_DAYS = 2
"""From the county to a dock in Shandong."""
_SHARES = {"P01": 40, "P02": 32, "P03": 27, "P04": 25, "P05": 16}
_MEAN_FEN = {"P01": 5_300_000, "P02": 4_900_000, "P03": 4_000_000, "P04": 4_200_000, "P05": 5_600_000}
_FRESH_DAYS = 20
_FRIDAY, _SUNDAY = 4, 6
_DECEMBER = 12
_SPRING = ((date(2025, 1, 22), date(2025, 2, 5)), (date(2026, 2, 10), date(2026, 2, 24)))
"""Nobody orders what would stand on the road over the Spring Festival."""
_UNDER_WAY = 3


class Fate(StrEnum):
    """What becomes of a purchase order."""

    RECEIVED = "received"
    CANCELLED = "cancelled"
    DOUBTED = "doubted"
    """It asks for another price than the contract's, and is approved at the contract's the next morning."""
    WAITS = "waits"
    """The same, and nobody has looked at it yet."""


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """So many cases of a SKU; of every thousand units so many do not arrive, and so many are refused at the dock."""

    sku: str
    cases: int
    short_permille: int = 0
    rejected_permille: int = 0


@dataclass(frozen=True, slots=True)
class PlannedPurchase:
    """One purchase order. Sent at ``sent_at``, it is received on ``required_on``.

    An ``amended`` one is sent again within the hour with a case more of its first line. ``returned_permille`` of what
    was taken in of the first line goes back two weeks later.
    """

    partner: str
    po_no: str
    at: datetime
    sent_at: datetime
    required_on: date
    lines: tuple[PlannedLine, ...]
    fate: Fate = Fate.RECEIVED
    amended: bool = False
    returned_permille: int = 0


@dataclass(frozen=True, slots=True)
class Goods:
    """The assortment as the plan needs it: entries of the data file by SKU, root categories by their ``cat``."""

    skus: Mapping[str, Mapping[str, Any]]
    roots: Mapping[str, str]
    first_year: int

    def root(self, sku: str) -> str:
        """The root category of a SKU."""
        return self.roots[self.skus[sku]["cat"]]

    def case_fen(self, sku: str, day: date) -> int:
        """What a case costs that is ordered on ``day``."""
        price = price_fen(self.skus[sku], first_year=day.year == self.first_year)
        return price * int(self.skus[sku]["case_pack"])

    def fits(self, sku: str, day: date, pct: int) -> bool:
        """Whether on ``day`` there is a lot of it with ``pct`` per cent of its life left."""
        entry = self.skus[sku]
        opens, _, closes = entry["season"].partition("..")
        if self.root(sku) == FRESH:
            today = f"{day:%m-%d}"
            in_season = opens <= today or today <= closes
            return bool(in_season and day.weekday() <= _FRIDAY)  # lots come on Mondays and are young for a week
        if self.root(sku) == "golden-tea" and closes:
            month, day_of_month = (int(part) for part in closes.split("-"))
            harvest = date(day.year, month, day_of_month)
            if harvest + timedelta(days=7) > day:
                harvest = harvest.replace(year=day.year - 1)
            left, life = entry["shelf_days"] - (day - harvest).days, entry["shelf_days"]
            return bool((left - 8) * 100 > life * pct)  # solar terms move by a day or two
        return bool(entry["shelf_days"] > _FRESH_DAYS)  # fresh sets are packed to order, and nobody plans them here


def draw_purchases(
    goods: Goods, *, first: date, until: date, seed: int, count: int = 140
) -> tuple[PlannedPurchase, ...]:
    """Decide about ``count`` purchase orders over the two years, in the order of time.

    The last three are under way when the history ends: one promised, one on the road, one that waits for an answer.
    """
    source = random.Random(f"{seed}/{until.isoformat()}/purchases")  # noqa: S311 - a demonstration must repeat itself
    whole = count > len(CHAINS)
    numbers = split(count - _UNDER_WAY if whole else count, list(_SHARES.values()))
    drawn: list[tuple[datetime, str]] = []
    for (code, chain), number in zip(CHAINS.items(), numbers, strict=True):
        for day in _days(source, goods, chain, first, until, number):
            hour = chain.until.hour - source.randint(2, 5)
            drawn.append((datetime.combine(day, time(hour, source.randrange(60)), SHANGHAI), code))
    drawn.sort()
    found = [_purchase(source, goods, code, at) for at, code in drawn]
    found = _fates(source, found) + (_under_way(source, goods, until) if whole else [])
    counted: Counter[str] = Counter()
    for at, purchase in enumerate(found):
        counted[purchase.partner] += 1
        po_no = f"{purchase.partner}-{purchase.at:%y%m%d}-{counted[purchase.partner]:03d}"
        found[at] = replace(purchase, po_no=po_no)
    return tuple(sorted(found, key=lambda purchase: purchase.at))


def _days(source: random.Random, goods: Goods, chain: Chain, first: date, until: date, number: int) -> Sequence[date]:
    """On which of its days a partner orders: more in the months in which more is sold, and mostly not twice a day."""
    possible = [
        day
        for ahead in range(1, (until - first).days - 6)
        if (day := first + timedelta(days=ahead)).isoweekday() in chain.weekdays
        and day.weekday() <= _FRIDAY
        and not any(start <= day <= end for start, end in _SPRING)
        and any(_can_be_had(goods, chain, sku, day) for sku in chain.skus)
    ]
    weights = [SEASONAL_CURVE[day.month - 1] for day in possible]
    chosen: list[date] = []
    while len(chosen) < number and possible:
        (at,) = source.choices(range(len(possible)), weights)
        chosen.append(possible.pop(at))
        weights.pop(at)
    return chosen


def _leaves(chain: Chain, day: date) -> datetime:
    """When what is ordered on ``day`` leaves the county, so that it arrives as soon as the contract asks."""
    return datetime.combine(day + timedelta(days=chain.lead_days - TRANSIT_DAYS), time(18, 30), SHANGHAI)


def _can_be_had(goods: Goods, chain: Chain, sku: str, day: date) -> bool:
    """Whether what is ordered on ``day`` is there to be reserved, and young enough on the day on which it leaves."""
    return all(goods.fits(sku, on, chain.min_life_pct) for on in (day, _leaves(chain, day).date()))


def _purchase(source: random.Random, goods: Goods, code: str, at: datetime) -> PlannedPurchase:
    chain, day = CHAINS[code], at.date()
    leaves = _leaves(chain, day)
    fit = [sku for sku in chain.skus if _can_be_had(goods, chain, sku, day)]
    mix = MIX_BY_MONTH[day.month - 1]
    weights = {sku: mix.get(goods.root(sku), 0) * source.uniform(0.4, 1.6) + 0.5 for sku in fit}
    for root in mix:  # a line's share of the month is shared by those of its SKUs that are ordered
        same = [sku for sku in fit if goods.root(sku) == root]
        kept = set(source.sample(same, min(len(same), source.randint(1, 3))))
        weights = {
            sku: weight / len(kept) if sku in kept else weight
            for sku, weight in weights.items()
            if sku not in same or sku in kept
        }
    target = min(_MEAN_FEN[code] * source.lognormvariate(-0.08, 0.4), 12_000_000)
    whole = sum(weights.values())
    lines = []
    for sku, weight in weights.items():
        least = 20 if sku in ORANGES else 1
        cases = max(least, round(target * weight / whole / goods.case_fen(sku, day)))
        lines.append(PlannedLine(sku, cases, *_faults(source, goods.root(sku))))
    return PlannedPurchase(
        partner=code,
        po_no="",
        at=at,
        sent_at=leaves,
        required_on=leaves.date() + timedelta(days=TRANSIT_DAYS),
        lines=_enough(goods, chain, lines),
    )


def _faults(source: random.Random, root: str) -> tuple[int, int]:
    """What of a line does not arrive, and what is refused: over all 2.1 and 1.8 per cent."""
    short = source.randint(40, 200) if source.random() < 0.18 else 0  # noqa: PLR2004
    if root == FRESH:  # a few in a hundred are bruised; now and then a load is spoilt and refused whole
        dice = source.random()
        return short, 0 if dice < 0.3 else source.randint(5, 45) if dice < 0.985 else source.randint(60, 120)  # noqa: PLR2004
    return short, source.randint(30, 150) if source.random() < 0.2 else 0  # noqa: PLR2004


def _enough(goods: Goods, chain: Chain, lines: list[PlannedLine]) -> tuple[PlannedLine, ...]:
    """The lines with as many cases more of the first as the contract's minimum asks for."""
    first, *others = lines
    if chain.minimum_unit is MinimumUnit.CASES:
        missing = chain.minimum - sum(line.cases for line in lines)
    elif chain.minimum_unit is MinimumUnit.NET_WEIGHT_G:
        grams = {line.sku: goods.skus[line.sku]["net"] * goods.skus[line.sku]["case_pack"] for line in lines}
        missing = -(-(chain.minimum - sum(line.cases * grams[line.sku] for line in lines)) // grams[first.sku])
    else:
        missing = 0  # no order is drawn that small
    return replace(first, cases=first.cases + max(0, missing)), *others


def _fates(source: random.Random, purchases: Sequence[PlannedPurchase]) -> list[PlannedPurchase]:
    """Most are received; some are given up, doubted or sent again, and of some a little goes back."""
    found = []
    for purchase in purchases:
        dice = source.random()
        changed = purchase
        if dice < 0.02:  # noqa: PLR2004
            changed = replace(purchase, fate=Fate.CANCELLED)
        elif dice < 0.04 and CHAINS[purchase.partner].lead_days > TRANSIT_DAYS:  # noqa: PLR2004
            changed = replace(purchase, fate=Fate.DOUBTED)
        elif dice < 0.09:  # noqa: PLR2004
            changed = replace(purchase, amended=True)
        elif dice > 0.93 and purchase.required_on.month != _DECEMBER:  # noqa: PLR2004
            # What goes back next year is a case for auditors: that is planted (``cases``).
            changed = replace(purchase, returned_permille=source.randint(10, 40))
        found.append(changed)
    return found


def _under_way(source: random.Random, goods: Goods, until: date) -> list[PlannedPurchase]:
    def last_day(code: str, skip: int = 0) -> datetime:
        weekdays = CHAINS[code].weekdays
        day = next(
            day for ahead in range(skip, skip + 8) if (day := until - timedelta(days=ahead)).isoweekday() in weekdays
        )
        return datetime.combine(day, time(10, 20), SHANGHAI)

    def keeps(purchase: PlannedPurchase) -> PlannedPurchase:
        """Without what is fresh: it is not known yet when it will leave."""
        lines = [line for line in purchase.lines if goods.root(line.sku) != FRESH]
        return replace(purchase, lines=_enough(goods, CHAINS[purchase.partner], lines))

    promised = keeps(_purchase(source, goods, "P01", last_day("P01")))
    later = until + timedelta(days=5)
    promised = replace(
        promised, required_on=later, sent_at=datetime.combine(later - timedelta(days=TRANSIT_DAYS), time(18), SHANGHAI)
    )
    # It leaves on the evening of its day and is on the road when the history ends.
    on_the_road = keeps(_purchase(source, goods, "P03", last_day("P03")))
    waits = keeps(_purchase(source, goods, "P02", last_day("P02")))
    return [promised, on_the_road, replace(waits, fate=Fate.WAITS, required_on=later)]
