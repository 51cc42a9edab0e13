"""The wire format of how far measures have come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.assistance.rules.plans import Aspect, Plan
from app.assistance.rules.progress import MeasureStanding, Origin, Progress, ProgressStatus
from app.assistance.schemas import Month
from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out
from app.files import File, FileOut


class ProgressIn(Body):
    """How far a measure had come at the end of a month, since the year began, in the measure's unit."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "month": "2026-06",
                    "value": 4,
                    "note": "第二季度党政领导互访两次，纪要与签到表见附件",
                    "evidence": ["01936c5e-0000-7000-8000-000000000001"],
                }
            ]
        }
    )

    month: Month
    value: Annotated[int, Field(strict=True, ge=0, le=MAX_FEN)]
    note: LongText
    evidence: Annotated[list[UUID], Field(max_length=20, description="Files of the purpose `evidence`")] = Field(
        default_factory=list
    )


class ProgressDecisionIn(Body):
    """What the second officer says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "已核对会议纪要原件"}]})

    note: LongText


class ProgressOut(Out):
    """A figure that was entered for a measure, its evidence, and what a second officer decided."""

    id: UUID
    measure_no: int
    month: str = Field(examples=["2026-06"])
    value: int
    note: str
    status: ProgressStatus
    entered_by: UUID
    entered_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None
    evidence: list[FileOut]

    @classmethod
    def of(cls, found: Progress, evidence: list[File]) -> ProgressOut:
        """From the module's value and the links to its documents."""
        return cls(
            id=found.id,
            measure_no=found.measure_no,
            month=_month(found.month),
            value=found.value,
            note=found.note,
            status=found.status,
            entered_by=found.entered_by,
            entered_at=found.entered_at,
            decided_by=found.decided_by,
            decided_at=found.decided_at,
            decision_note=found.decision_note,
            evidence=[FileOut.of(file) for file in evidence],
        )


class MeasureStandingOut(Out):
    """How far a measure has come, in its unit: by the ledger (`platform`) or as entered and approved (`declared`)."""

    no: int
    text: str
    indicator: str
    unit: str
    target: int
    owner: str
    due_on: date | None
    goal_code: str | None
    evidence: str | None
    origin: Origin
    actual: int | None
    progress: float | None = Field(description="actual ÷ target, at most 1", ge=0, le=1)
    month: str | None = Field(description="Of an entered figure", examples=["2026-06"])
    waiting: int = Field(description="Entered figures that wait for a second officer")
    met: bool
    overdue: bool

    @classmethod
    def of(cls, standing: MeasureStanding) -> MeasureStandingOut:
        """From the module's value."""
        measure = standing.measure
        return cls(
            no=measure.no,
            text=measure.text,
            indicator=measure.indicator,
            unit=measure.unit,
            target=measure.target,
            owner=measure.owner,
            due_on=measure.due_on,
            goal_code=measure.goal_code,
            evidence=measure.evidence,
            origin=standing.origin,
            actual=standing.actual,
            progress=None if standing.share is None else round(min(float(standing.share), 1.0), 4),
            month=None if standing.as_of is None else _month(standing.as_of),
            waiting=standing.waiting,
            met=standing.met,
            overdue=standing.overdue,
        )


class AspectStandingOut(Out):
    """A field of work with its measures."""

    no: int
    name: str
    measures: list[MeasureStandingOut]


class PlanStandingOut(Out):
    """A plan with every measure's figure: how many are met, and how many are past their day without."""

    id: UUID
    year: int
    title: str
    measures: int
    met: int
    overdue: int
    aspects: list[AspectStandingOut]

    @classmethod
    def of(cls, plan: Plan, aspects: list[Aspect], standings: list[MeasureStanding]) -> PlanStandingOut:
        """From the module's values."""
        return cls(
            id=plan.id,
            year=plan.year,
            title=plan.title,
            measures=len(standings),
            met=sum(standing.met for standing in standings),
            overdue=sum(standing.overdue for standing in standings),
            aspects=[
                AspectStandingOut(
                    no=aspect.no,
                    name=aspect.name,
                    measures=[MeasureStandingOut.of(one) for one in standings if one.measure.aspect_no == aspect.no],
                )
                for aspect in aspects
            ],
        )


def _month(first: date) -> str:
    return f"{first:%Y-%m}"
