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
    """What households had cannot be told by what buyers are."""

    status = 422
    code = "metric_not_available"
    zh = (
        "指标 {metric} 取自农户收益登记：不能按渠道或销往地区筛选；分组（partition_group）须按农户所在乡镇划分，"
        "否则一户会被重复计入。"
    )
    en = (
        "The metric {metric} comes from the register of households: it cannot be filtered by channel or place sold to, "
        "and a partition group needs townships, where households live, or one would count twice."
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


def check_metric(metric: Metric, only: Filter, partition_group: str | None) -> None:
    """Raise ``MetricNotAvailable`` where a goal of households asks for what their register cannot tell.

    Of such a goal ``suppliers`` are those that pay, ``townships`` where households live, ``categories`` the material.
    """
    if metric in FROM_LEDGER:
        return
    if only.channels is not None or only.divisions is not None or (partition_group and only.townships is None):
        raise MetricNotAvailable(metric=metric.value)


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
