"""The wire format of goals."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.assistance.rules import Channel
from app.assistance.rules.forecasts import Figures, Standing
from app.assistance.rules.goals import Change, Definition, Filter, GoalStanding, Metric
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


_HUNDRED, _BASIS = 100, 10_000


def _whole_year(season: list[int]) -> list[int]:
    if sum(season) != _HUNDRED:
        raise PydanticCustomError("season_sum", "The twelve months must add up to 100 per cent")
    return season


Season = Annotated[
    list[Annotated[int, Field(strict=True, ge=0, le=_HUNDRED)]],
    Field(
        min_length=12,
        max_length=12,
        description="Per cent of a year by month, where it is not the county's curve",
        examples=[[14, 6, 10, 15, 6, 4, 3, 3, 8, 7, 10, 14]],
    ),
    AfterValidator(_whole_year),
]


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
    season: Season | None = None

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


class GoalPatch(Body):
    """Another version of a goal. What is left out stays; ``null`` takes away a partition group or a season."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"target": 700_000_000}]})

    name: ShortText | None = None
    year: Year | None = None
    starts_on: Day | None = Field(None, alias="from")
    ends_on: Day | None = Field(None, alias="to")
    target: Annotated[int, Field(strict=True, ge=1, le=MAX_FEN)] | None = None
    filter: FilterIn | None = None
    partition_group: Code | None = None
    season: Season | None = None

    @model_validator(mode="after")
    def _a_period(self) -> GoalPatch:
        span = (self.starts_on, self.ends_on)
        if self.year is not None and span != (None, None):
            raise PydanticCustomError("one_period", "Give either year, or from and to")
        if (self.starts_on is None) != (self.ends_on is None) or (
            self.starts_on is not None and self.ends_on is not None and self.starts_on > self.ends_on
        ):
            raise PydanticCustomError("period_order", "Give both from and to, in this order")
        return self

    def change(self, only: Filter | None) -> Change:
        """What is given; the filter as it was resolved."""
        plain: dict[str, Any] = {"name": self.name, "target": self.target, "filter": only}
        plain = {name: value for name, value in plain.items() if value is not None}
        if "partition_group" in self.model_fields_set:
            plain["partition_group"] = self.partition_group
        if "season" in self.model_fields_set:
            plain["season"] = None if self.season is None else tuple(self.season)
        if self.year is not None:
            plain["period"] = year_of(self.year)
        elif self.starts_on is not None and self.ends_on is not None:
            plain["period"] = Period(self.starts_on, self.ends_on)
        return Change(plain)


class FilterOut(Out):
    """Which counted sales a goal takes; null takes all."""

    categories: list[str] | None
    suppliers: list[UUID] | None = Field(description="Supplier ids")
    townships: list[str] | None = Field(description="Township codes")
    channels: list[Channel] | None
    divisions: list[str] | None = Field(description="Prefixes of division codes")


class AgreedOut(Out):
    """What is agreed and not delivered yet, due within the period, in the unit of the metric."""

    purchase_orders: int = Field(description="What confirmed purchase orders of supermarkets still await")
    presales: int = Field(description="What buyers have paid for ahead of the harvest")


class BacktestOut(Out):
    """The forecast made at the end of each past month for the next one, against what then came."""

    months: int
    mape: float = Field(description="Mean absolute error, as a part of what came", examples=[0.18])
    inside: float = Field(ge=0, le=1, description="Share of the months that fell between low and high")


class PeriodErrorOut(Out):
    """How far off forecasts of the end of past periods were, made with as much of the season over as now."""

    made: int = Field(description="How many such forecasts there are")
    off: float = Field(ge=0, description="Off by this part of what the periods brought, on average", examples=[0.08])


class ForecastOut(Out):
    """Where the period is likely to end, in the unit of the metric."""

    low: int
    mid: int
    high: int
    agreed: AgreedOut
    refund_rate: float = Field(ge=0, le=1, description="Part of sales that was refunded in the last twelve months")
    backtest: BacktestOut | None = Field(description="Null until two months of sales are over")
    period_error: PeriodErrorOut | None = Field(
        description="Null before the period begins and once it is over, and until as many months of sales are over as "
        "the period is long"
    )


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
    season: list[int] | None = Field(description="Per cent of a year by month, where it is not the county's curve")
    version: int = Field(description="Version of the definition that these figures go by")
    actual: int
    actual_platform: int = Field(description="What of the actual figure orders of the platform prove")
    actual_declared: int = Field(description="What of it was declared from outside the platform with vouchers")
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
            season=None if goal.season is None else list(goal.season),
            version=goal.version,
            actual=now.actual,
            actual_platform=now.platform,
            actual_declared=now.declared,
            progress=now.progress,
            expected_to_date=now.expected_to_date,
            forecast=_forecast(now),
            status=now.status,
        )


def _forecast(now: Figures) -> ForecastOut:
    seen = now.backtest
    return ForecastOut(
        low=now.forecast.low,
        mid=now.forecast.mid,
        high=now.forecast.high,
        agreed=AgreedOut(purchase_orders=now.agreed.purchase_orders, presales=now.agreed.presales),
        refund_rate=now.refunded_bp / _BASIS,
        backtest=None
        if seen is None
        else BacktestOut(months=seen.months, mape=seen.mape_bp / _BASIS, inside=round(seen.inside / seen.months, 4)),
        period_error=None
        if now.hindcast is None
        else PeriodErrorOut(made=now.hindcast.made, off=now.hindcast.off_bp / _BASIS),
    )


class DefinitionOut(Out):
    """A goal as it was defined from ``set_at`` on."""

    version: int
    set_at: datetime
    by_account: UUID
    name: str
    starts_on: date = Field(serialization_alias="from")
    ends_on: date = Field(serialization_alias="to")
    target: int
    filter: FilterOut
    partition_group: str | None
    season: list[int] | None

    @classmethod
    def of(cls, definition: Definition) -> DefinitionOut:
        """From the module's value."""
        goal = definition.goal
        return cls(
            version=goal.version,
            set_at=definition.set_at,
            by_account=definition.by_account,
            name=goal.name,
            starts_on=goal.period.starts_on,
            ends_on=goal.period.ends_on,
            target=goal.target,
            filter=FilterOut.model_validate(goal.filter),
            partition_group=goal.partition_group,
            season=None if goal.season is None else list(goal.season),
        )
