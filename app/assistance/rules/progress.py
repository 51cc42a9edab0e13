"""How far a plan's measures have come: computed from the ledger, or entered with evidence and approved by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from app.assistance.rules.goals import Goal, GoalStanding, Metric
from app.assistance.rules.plans import Aspect, Measure, Plan
from app.assistance.rules.season import year_of
from app.core.errors import DomainError


class Origin(StrEnum):
    """Where a measure's figure comes from; the two are never mixed (domain handbook §2.4)."""

    PLATFORM = "platform"
    DECLARED = "declared"


class ProgressStatus(StrEnum):
    """Where an entered figure stands: it counts once somebody else has approved it."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class MeasureComputed(DomainError):
    """The ledger says how far this measure has come."""

    code = "measure_computed"
    zh = "该措施由目标 {goal} 按台账自动计算，不接受填报。"
    en = "This measure is computed from the ledger by goal {goal}; its figures cannot be entered."


class EvidenceMissing(DomainError):
    """Fewer documents than the measure demands."""

    status = 422
    code = "evidence_missing"
    zh = "该措施至少需要 {least} 份佐证材料（{rule}）。"
    en = "This measure demands at least {least} documents as evidence ({rule})."


class MonthOutOfPlan(DomainError):
    """The month is not one of the plan's year, or has not begun."""

    status = 422
    code = "month_out_of_plan"
    zh = "填报月份须在 {year} 年内，且不能晚于本月。"
    en = "The month has to be in {year} and not after the present one."


class UnitMismatch(DomainError):
    """The measure's unit cannot hold what its goal measures."""

    status = 422
    code = "unit_mismatch"
    zh = "目标 {goal} 的指标不能以“{unit}”为单位；可用：{units}。"
    en = "What goal {goal} measures cannot be said in “{unit}”; use one of {units}."


class ProgressDecided(DomainError):
    """Somebody decided before."""

    code = "progress_decided"
    zh = "该填报已经审批，不能再次审批；如需更正请重新填报该月。"
    en = "This figure is decided already; to correct it, enter the month again."


class SecondOfficerNeeded(DomainError):
    """Nobody approves what they entered."""

    status = 403
    code = "second_officer_needed"
    zh = "该数据由您本人填报，须由另一名工作人员审批。"
    en = "You entered this figure yourself; another officer has to approve or decline it."


UNITS: Mapping[Metric, Mapping[str, int]] = {
    Metric.NET_SALES_FEN: {"fen": 1, "分": 1, "元": 100, "万元": 1_000_000},
    Metric.HOUSEHOLD_INCOME_FEN: {"fen": 1, "分": 1, "元": 100, "万元": 1_000_000},
    Metric.QUANTITY_G: {"g": 1, "克": 1, "千克": 1_000, "公斤": 1_000, "吨": 1_000_000},
    Metric.ORDERS: {"单": 1, "orders": 1},
    Metric.HOUSEHOLDS: {"户": 1, "households": 1},
    Metric.PERSONS: {"人": 1, "persons": 1},
}
"""The units in which a measure may state a metric, and how many of the metric's own each holds."""


def check_unit(goal: Goal, unit: str) -> None:
    """Raise ``UnitMismatch`` if ``unit`` cannot hold what ``goal`` measures."""
    if unit not in UNITS[goal.metric]:
        raise UnitMismatch(goal=goal.code, unit=unit, units="、".join(UNITS[goal.metric]))


def check_month(plan: Plan, month: date, today: date) -> None:
    """Raise ``MonthOutOfPlan`` unless ``month`` (its first day) has begun and is one of the plan's year."""
    period = year_of(plan.year)
    if not period.starts_on <= month <= min(period.ends_on, today):
        raise MonthOutOfPlan(year=plan.year)


@dataclass(frozen=True, slots=True)
class Progress:
    """A figure that was entered for a measure: how far it had come at the end of ``month``, since the year began."""

    id: UUID
    measure_id: UUID
    measure_no: int
    month: date
    value: int
    note: str
    entered_by: UUID
    entered_at: datetime
    status: ProgressStatus
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None


@dataclass(frozen=True, slots=True)
class MeasureStanding:
    """How far a measure has come, in its unit. ``as_of`` is the month of an entered figure, None of a computed one.

    ``actual`` is None while nothing is known. ``share`` is actual ÷ target, not capped; None without a target.
    """

    measure: Measure
    origin: Origin
    actual: int | None
    share: Fraction | None
    as_of: date | None
    waiting: int
    met: bool
    overdue: bool


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """A plan with every measure's figure, by number."""

    plan: Plan
    aspects: tuple[Aspect, ...]
    measures: tuple[MeasureStanding, ...]

    @property
    def met(self) -> int:
        """How many measures are met."""
        return sum(one.met for one in self.measures)

    @property
    def overdue(self) -> int:
        """How many are past their day and not met."""
        return sum(one.overdue for one in self.measures)


@dataclass(frozen=True, slots=True)
class YearStanding:
    """How everything stands that was promised for a year: its goals and its plans."""

    goals: tuple[GoalStanding, ...]
    plans: tuple[PlanStanding, ...]


def stand(
    measure: Measure,
    *,
    computed: tuple[Metric, int] | None,
    entered: tuple[date, int] | None,
    waiting: int,
    today: date,
) -> MeasureStanding:
    """How a measure stands: ``computed`` is what its goal measured, ``entered`` the latest approved month and figure.

    A computed figure is rounded down to the measure's unit, its share is exact.
    """
    if measure.goal_code is not None:
        exact = None if computed is None else Fraction(computed[1], UNITS[computed[0]].get(measure.unit, 1))
        actual, as_of, origin = None if exact is None else exact.__floor__(), None, Origin.PLATFORM
    else:
        as_of, actual = (None, None) if entered is None else entered
        exact, origin = None if actual is None else Fraction(actual), Origin.DECLARED
    share = None if exact is None or not measure.target else exact / measure.target
    met = exact is not None and exact >= measure.target
    late = measure.due_on is not None and measure.due_on < today
    return MeasureStanding(measure, origin, actual, share, as_of, waiting, met, late and not met)
