"""The wire format of the yearly plans."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.assistance.rules.plans import Aspect, Measure, Plan
from app.assistance.schemas import Code, Day, Number, Year
from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out, ShortText


class PlanIn(Body):
    """A year's plan."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"year": 2026, "title": "历城—保靖协作年度计划"}]})

    year: Year
    title: ShortText


class PlanOut(Out):
    """A year's plan."""

    id: UUID
    year: int
    title: str

    @classmethod
    def of(cls, plan: Plan) -> PlanOut:
        """From the module's value."""
        return cls.model_validate(plan)


class AspectIn(Body):
    """One field of work."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"no": 7, "name": "消费帮扶"}]})

    no: Number
    name: ShortText


class AspectOut(Out):
    """One field of work."""

    id: UUID
    no: int
    name: str

    @classmethod
    def of(cls, aspect: Aspect) -> AspectOut:
        """From the module's value."""
        return cls.model_validate(aspect)


class MeasureIn(Body):
    """One promise of a plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "aspect_no": 7,
                    "no": 21,
                    "text": "组织特产进鲁销售",
                    "indicator": "在鲁净销售额",
                    "unit": "万元",
                    "target": 2_600,
                    "owner": "县商务局",
                    "due_on": "2026-12-31",
                }
            ]
        }
    )

    aspect_no: Number
    no: Number
    text: LongText
    indicator: ShortText
    unit: ShortText
    target: Annotated[int, Field(strict=True, ge=0, le=MAX_FEN)]
    owner: ShortText
    due_on: Day | None = None
    goal_code: Code | None = None
    evidence: ShortText | None = Field(None, description="What proves a figure that is entered")
    evidence_min: Annotated[int, Field(strict=True, ge=0, le=20, description="Documents at least")] = 1


class MeasureOut(Out):
    """One promise of a plan."""

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
    evidence: str | None
    evidence_min: int

    @classmethod
    def of(cls, measure: Measure) -> MeasureOut:
        """From the module's value."""
        return cls.model_validate(measure)
