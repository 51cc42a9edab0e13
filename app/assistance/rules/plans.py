"""The yearly plans: aspects, and the measures promised in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.core.errors import DomainError


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


class UnknownAspect(DomainError):
    """The measure names an aspect that its plan does not have."""

    status = 422
    code = "unknown_aspect"
    zh = "该计划没有序号为 {no} 的方面；请先建立该方面。"
    en = "The plan has no aspect with the number {no}; add it first."


class UnknownGoal(DomainError):
    """The measure names a goal that does not exist."""

    status = 422
    code = "unknown_goal"
    zh = "没有编号为 {goal} 的目标；请先建立目标，或去掉 goal_code。"
    en = "There is no goal with the code {goal}; make the goal first, or leave goal_code out."


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
    """One promise of a plan: an indicator, its target and who answers for it.

    ``evidence`` says what proves a figure, ``evidence_min`` how many documents at least (domain handbook §2.4).
    """

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
    evidence: str | None = None
    evidence_min: int = 1
