"""What counts, towards which goal, and how a goal stands: decided without a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor
from uuid import UUID

from app.core.errors import DomainError


class Kind(StrEnum):
    """Why a line of the ledger exists."""

    SALE = "sale"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class Channel(StrEnum):
    """How the goods reached the buyer (the contract's words)."""

    RETAIL = "retail"
    SUPERMARKET = "supermarket"
    ORGANISATION = "organisation"


class Metric(StrEnum):
    """What a goal measures."""

    NET_SALES_FEN = "net_sales_fen"
    ORDERS = "orders"
    QUANTITY_G = "quantity_g"
    HOUSEHOLDS = "households"
    PERSONS = "persons"
    HOUSEHOLD_INCOME_FEN = "household_income_fen"


FROM_LEDGER = frozenset((Metric.NET_SALES_FEN, Metric.ORDERS, Metric.QUANTITY_G))
"""The metrics that the ledger of counted sales can answer."""


class Standing(StrEnum):
    """A goal's actual figure against what the season lets one expect."""

    AHEAD = "ahead"
    ON_SCHEDULE = "on_schedule"
    BEHIND = "behind"


class MetricNotAvailable(DomainError):
    """The ledger cannot answer this metric."""

    status = 422
    code = "metric_not_available"
    zh = "指标 {metric} 需要农户联结台账，本系统尚未登记农户；请选用 net_sales_fen、orders 或 quantity_g。"
    en = (
        "The metric {metric} needs household records, and none are kept yet, so no goal can be measured by it; "
        "use net_sales_fen, orders or quantity_g."
    )


class GoalCodeTaken(DomainError):
    """A goal with this code exists for the same period."""

    code = "goal_code_taken"
    zh = "同一期间已有使用该编号的目标。"
    en = "A goal with this code exists for the same period."


class GoalsOverlap(DomainError):
    """Two goals of one partition group would count the same sale."""

    code = "goals_overlap"
    zh = "与同组目标 {other} 的统计范围重叠，同一笔销售会被重复计入；请至少在一个维度上使两者的取值互不相交。"
    en = (
        "The filter overlaps with goal {other} of the same partition group, so a sale would count in both; "
        "make the two disjoint in at least one dimension."
    )


class UnknownFilterValue(DomainError):
    """The filter names something that does not exist."""

    status = 422
    code = "unknown_filter_value"
    zh = "筛选条件中有不存在的取值，请按 errors 中的提示更正。"
    en = "The filter names something that does not exist; see `errors`."


class UnknownGoal(DomainError):
    """The measure names a goal that does not exist."""

    status = 422
    code = "unknown_goal"
    zh = "没有编号为 {goal} 的目标；请先建立目标，或去掉 goal_code。"
    en = "There is no goal with the code {goal}; make the goal first, or leave goal_code out."


class UnknownAspect(DomainError):
    """The measure names an aspect that its plan does not have."""

    status = 422
    code = "unknown_aspect"
    zh = "该计划没有序号为 {no} 的方面；请先建立该方面。"
    en = "The plan has no aspect with the number {no}; add it first."


class PlanExists(DomainError):
    """A plan with this title exists for the year."""

    code = "plan_exists"
    zh = "该年度已有同名计划。"
    en = "A plan with this title exists for the year."


class NumberTaken(DomainError):
    """The plan has an aspect or a measure with this number."""

    code = "number_taken"
    zh = "该计划中这个序号已被使用。"
    en = "The number is in use within this plan."


class EntryContradicted(DomainError):
    """The same source was posted before with other figures: a defect above the ledger, never written over."""

    code = "entry_contradicted"
    zh = "来源 {source} 已入账，且金额或数量与本次不同；台账不作覆盖，请以冲销分录更正。"
    en = "Source {source} was posted before with other figures; the ledger is not overwritten, post a reversing entry."


# --- counting (domain handbook §2.2, §2.8) ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme period and its test: goods from ``origin`` sent to ``destination`` (division-code prefixes)."""

    code: str
    starts_on: date
    ends_on: date | None
    origin: str
    destination: str


_BAOJING, _SHANDONG = "433125", "37"

PROGRAMMES: tuple[Programme, ...] = (
    Programme("P1", date(2016, 1, 1), date(2020, 12, 31), _BAOJING, _SHANDONG),
    Programme("P2", date(2021, 1, 1), date(2025, 12, 31), _BAOJING, _SHANDONG),
    Programme("P3", date(2026, 1, 1), None, _BAOJING, _SHANDONG),
)
"""The periods of domain handbook §2.1. Closed days on both ends; the last is open."""


def programme_on(day: date, programmes: Sequence[Programme] = PROGRAMMES) -> Programme | None:
    """The programme in force on ``day``."""
    for programme in programmes:
        if programme.starts_on <= day and (programme.ends_on is None or day <= programme.ends_on):
            return programme
    return None


class Reason(StrEnum):
    """Why a line was counted or not; the first test that fails names it."""

    COUNTED = "counted"
    NO_PROGRAMME = "no_programme"
    NOT_ASSISTED = "not_assisted"
    OTHER_ORIGIN = "other_origin"
    OTHER_DESTINATION = "other_destination"
    SELF_PURCHASE = "self_purchase"
    ON_832 = "on_832"
    NOTHING_PAID = "nothing_paid"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the test looks at: as frozen on the line when it was sold, with the amount that remains at completion."""

    assisted: bool
    township_code: str
    division_code: str
    self_purchase: bool
    on_832: bool
    net_fen: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a line counts, and the reason."""

    counted: bool
    reason: Reason


def decide(line: Candidate, programme: Programme | None) -> Decision:
    """The working test of domain handbook §2.2 for one line, under the programme in force on the day it completes.

    Payment and acceptance are not asked: only completed supplier orders come this far.
    """
    if programme is None:
        return Decision(False, Reason.NO_PROGRAMME)
    for failed, reason in (
        (not line.assisted, Reason.NOT_ASSISTED),
        (not line.township_code.startswith(programme.origin), Reason.OTHER_ORIGIN),
        (not line.division_code.startswith(programme.destination), Reason.OTHER_DESTINATION),
        (line.self_purchase, Reason.SELF_PURCHASE),
        (line.on_832, Reason.ON_832),
        (line.net_fen <= 0, Reason.NOTHING_PAID),
    ):
        if failed:
            return Decision(False, reason)
    return Decision(True, Reason.COUNTED)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What of a counted sale has not been reversed yet."""

    quantity: int
    weight_g: int
    amount_fen: int


def reversal(left: Remaining, quantity: int, amount_fen: int) -> Remaining | None:
    """How much of a counted sale a refund takes back: never more than is left of it; ``None`` if that is nothing.

    The weight goes with the quantity, in proportion to what is left, so the last piece takes the last gram.
    """
    pieces = min(quantity, left.quantity)
    money = min(amount_fen, left.amount_fen)
    if pieces <= 0 and money <= 0:
        return None
    weight = left.weight_g * pieces // left.quantity if left.quantity else 0
    return Remaining(pieces, weight, money)


# --- goals ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """Which counted lines a goal takes. ``None`` means all; ``divisions`` are prefixes of division codes."""

    categories: tuple[str, ...] | None = None
    suppliers: tuple[UUID, ...] | None = None
    townships: tuple[str, ...] | None = None
    channels: tuple[Channel, ...] | None = None
    divisions: tuple[str, ...] | None = None


def division_prefix(code: str) -> str:
    """``370100`` and ``3701`` are the same area: trailing pairs of zeros say nothing."""
    while len(code) > 2 and code.endswith("00"):  # noqa: PLR2004 - a province has two digits
        code = code[:-2]
    return code


def _apart(one: Collection[object] | None, other: Collection[object] | None) -> bool:
    return one is not None and other is not None and not set(one) & set(other)


def disjoint(one: Filter, other: Filter) -> bool:
    """Whether no sale can pass both: in at least one dimension both are given and no values overlap."""
    if (
        _apart(one.categories, other.categories)
        or _apart(one.suppliers, other.suppliers)
        or _apart(one.townships, other.townships)
        or _apart(one.channels, other.channels)
    ):
        return True
    if one.divisions is None or other.divisions is None:
        return False
    return not any(a.startswith(b) or b.startswith(a) for a in one.divisions for b in other.divisions)


SEASON = (14, 6, 10, 15, 6, 4, 3, 3, 8, 7, 10, 14)
"""Per cent of a year's sales by month, January to December (domain handbook §8.5)."""

TOLERANCE_PERCENT = 5
"""Within this much of the expected figure a goal is on schedule."""

MOST_RATIO = 3
"""A forecast never assumes that the rest of the period sells more than this many times its expected figure."""


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def weight(first: date, last: date) -> Fraction:
    """Seasonal weight of the closed span of days, in per cent of a year: monthly shares, even inside a month."""
    total = Fraction(0)
    while first <= last:
        end = _month_end(first)
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
    while (end := _month_end(first)) <= today:
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


def year_of(year: int) -> Period:
    """The calendar year."""
    return Period(date(year, 1, 1), date(year, 12, 31))


# --- values that leave the module ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as it was set."""

    id: UUID
    code: str
    name: str
    period: Period
    metric: Metric
    target: int
    filter: Filter
    partition_group: str | None
    version: int


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """A goal and how it stands."""

    goal: Goal
    figures: Figures


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger of counted sales. Reversing entries have negative figures and name what they reverse."""

    id: UUID
    posted_at: datetime
    counted_on: date
    kind: Kind
    order_number: str | None
    po_no: str | None
    line_id: UUID
    sku: str
    lot_code: str | None
    product_id: UUID
    product_name: str
    category: str
    supplier_id: UUID
    supplier_name: str
    township_code: str
    township: str
    channel: Channel
    division_code: str
    quantity: int
    weight_g: int
    amount_fen: int
    reverses: UUID | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A year's cooperation plan."""

    id: UUID
    year: int
    title: str


@dataclass(frozen=True, slots=True)
class Aspect:
    """One field of work of a plan."""

    id: UUID
    no: int
    name: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One promise of a plan: an indicator, its target and who answers for it."""

    id: UUID
    aspect_no: int
    no: int
    text: str
    indicator: str
    unit: str
    target: int
    owner: str
    due_on: date | None
    goal_code: str | None


def by_goal(rows: Iterable[tuple[UUID, date, int]]) -> dict[UUID, dict[date, int]]:
    """Monthly sums of several goals, as the ledger's one statement gives them."""
    found: dict[UUID, dict[date, int]] = {}
    for goal_id, month, value in rows:
        found.setdefault(goal_id, {})[month] = int(value)
    return found
