"""The wire format of goals."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.assistance.rules import Channel
from app.assistance.rules.forecasts import Forecast, Standing
from app.assistance.rules.goals import GoalStanding, Metric
from app.assistance.rules.season import Period, year_of
from app.assistance.schemas import Code, Day, Year
from app.core.money import MAX_FEN
from app.core.web import Body, Out, ShortText

Division = Annotated[
    str, StringConstraints(pattern=r"^[1-9][0-9]([0-9]{2}){0,2}$"), Field(description="Prefix of GB/T 2260 codes")
]


class FilterIn(Body):
    """Which counted sales a goal takes; a dimension left out takes all.

    Suppliers by id or code, townships by code or name, divisions by prefix (``37`` is all of Shandong).
    """

    categories: Annotated[list[ShortText], Field(min_length=1, max_length=20)] | None = None
    suppliers: Annotated[list[ShortText], Field(min_length=1, max_length=200)] | None = None
    townships: Annotated[list[ShortText], Field(min_length=1, max_length=50)] | None = None
    channels: Annotated[list[Channel], Field(min_length=1, max_length=3)] | None = None
    divisions: Annotated[list[Division], Field(min_length=1, max_length=200)] | None = None


class GoalIn(Body):
    """A goal to be set: for a calendar year, or for the closed span of days ``from`` to ``to``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "G5",
                    "name": "消费者购买",
                    "year": 2026,
                    "metric": "net_sales_fen",
                    "target": 650_000_000,
                    "filter": {"channels": ["retail"], "divisions": ["37"]},
                    "partition_group": "channel",
                }
            ]
        }
    )

    code: Code
    name: ShortText
    year: Year | None = None
    starts_on: Day | None = Field(None, alias="from")
    ends_on: Day | None = Field(None, alias="to")
    metric: Metric
    target: Annotated[int, Field(strict=True, ge=1, le=MAX_FEN)]
    filter: FilterIn = Field(default_factory=FilterIn)
    partition_group: Code | None = None

    @model_validator(mode="after")
    def _one_period(self) -> GoalIn:
        span = (self.starts_on, self.ends_on)
        if (self.year is None) == (span == (None, None)):
            raise PydanticCustomError("one_period", "Give either year, or from and to")
        if self.year is None and (self.starts_on is None or self.ends_on is None or self.starts_on > self.ends_on):
            raise PydanticCustomError("period_order", "Give both from and to, in this order")
        return self

    @property
    def period(self) -> Period:
        """The days of the goal."""
        if self.starts_on is not None and self.ends_on is not None:
            return Period(self.starts_on, self.ends_on)
        assert self.year is not None  # noqa: S101 - the validator above saw to it
        return year_of(self.year)


class FilterOut(Out):
    """Which counted sales a goal takes; null takes all."""

    categories: list[str] | None
    suppliers: list[UUID] | None = Field(description="Supplier ids")
    townships: list[str] | None = Field(description="Township codes")
    channels: list[Channel] | None
    divisions: list[str] | None = Field(description="Prefixes of division codes")


class ForecastOut(Out):
    """Where the period is likely to end, in the unit of the metric."""

    low: int
    mid: int
    high: int


class GoalOut(Out):
    """A goal and how it stands."""

    id: UUID
    code: str
    name: str
    year: int | None = Field(description="The calendar year, when the period is one")
    starts_on: date = Field(serialization_alias="from")
    ends_on: date = Field(serialization_alias="to")
    metric: Metric
    target: int
    filter: FilterOut
    partition_group: str | None
    actual: int
    progress: float = Field(ge=0, le=1, description="actual ÷ target, at most 1", examples=[0.5527])
    expected_to_date: int = Field(description="What the seasonal curve lets one expect by the end of today")
    forecast: ForecastOut
    status: Standing

    @classmethod
    def of(cls, standing: GoalStanding) -> GoalOut:
        """From the module's value."""
        goal, now = standing.goal, standing.figures
        whole_year = goal.period == year_of(goal.period.starts_on.year)
        return cls(
            id=goal.id,
            code=goal.code,
            name=goal.name,
            year=goal.period.starts_on.year if whole_year else None,
            starts_on=goal.period.starts_on,
            ends_on=goal.period.ends_on,
            metric=goal.metric,
            target=goal.target,
            filter=FilterOut.model_validate(goal.filter),
            partition_group=goal.partition_group,
            actual=now.actual,
            progress=now.progress,
            expected_to_date=now.expected_to_date,
            forecast=_forecast(now.forecast),
            status=now.status,
        )


def _forecast(value: Forecast) -> ForecastOut:
    return ForecastOut(low=value.low, mid=value.mid, high=value.high)
