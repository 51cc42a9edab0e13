"""What a goal measures and which counted sales it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.assistance.rules import Channel
from app.assistance.rules.forecasts import Figures
from app.assistance.rules.season import Period
from app.core.errors import DomainError


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
    season: tuple[int, ...] | None = None
    """Per cent of a year by month, for a goal whose year is not the county's."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A goal as it was defined at one time: ``goal.version`` counts from 1, and what was reported by it stays true."""

    goal: Goal
    set_at: datetime
    by_account: UUID


@dataclass(frozen=True, slots=True)
class Change:
    """What another version of a goal says differently, by the names of ``Goal``; what is not ``given`` stays."""

    given: Mapping[str, Any]

    def of(self, goal: Goal) -> Goal:
        """The goal as it will be."""
        return replace(goal, **self.given)


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """A goal and how it stands."""

    goal: Goal
    figures: Figures
