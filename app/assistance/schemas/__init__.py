"""The wire format of plans, goals and the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.assistance.rules import (
    Aspect,
    Channel,
    Entry,
    Forecast,
    GoalStanding,
    Kind,
    Measure,
    Metric,
    Period,
    Plan,
    Standing,
    year_of,
)
from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out, ShortText

FIRST_YEAR, LAST_YEAR = 2000, 2199


def _written(value: Any) -> Any:
    if isinstance(value, str | date) and not isinstance(value, datetime):
        return value
    raise ValueError("a day as YYYY-MM-DD")


def _sane(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"a day between {FIRST_YEAR} and {LAST_YEAR}")
    return day


Day = Annotated[date, BeforeValidator(_written), AfterValidator(_sane)]
"""A Shanghai calendar day, ``YYYY-MM-DD``."""

Year = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR, examples=[2026])]
Number = Annotated[int, Field(strict=True, ge=1, le=1000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$"), Field(examples=["G1"])]
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


class EntryOut(Out):
    """One line of the ledger. A reversing entry has negative figures and names the entry that it reverses."""

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

    @classmethod
    def of(cls, entry: Entry) -> EntryOut:
        """From the module's value."""
        return cls.model_validate(entry)


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
                    "unit": "fen",
                    "target": 2_600_000_000,
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

    @classmethod
    def of(cls, measure: Measure) -> MeasureOut:
        """From the module's value."""
        return cls.model_validate(measure)
