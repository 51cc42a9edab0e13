"""The stock-room on the wire."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.core.web import MAX_QUANTITY, Body, Instant, Out, ShortText, Sku, unfit
from app.inventory.rules import MAX_COUNT, Lot
from app.inventory.rules.presale import Plan, Presale
from app.inventory.rules.updates import MAX_UPDATES, REJECTION_CODES, Update, UpdateResult

LotCode = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f=+@-][^\x00-\x20\x7f]*$"),
    Field(examples=["20260402-A"]),
]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _sane(day: date) -> date:
    if not 2000 <= day.year <= 2200:  # noqa: PLR2004 - outside lie typing errors
        raise unfit("年份须在 2000 至 2200 之间", "A year between 2000 and 2200")
    return day


Day = Annotated[date, AfterValidator(_sane)]


class LotIn(Body):
    """A lot that arrives in stock."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sku": "GT04",
                    "code": "20260412-A",
                    "harvested_on": "2026-04-10",
                    "produced_on": "2026-04-12",
                    "best_before": "2027-10-03",
                    "village": "黄金村",
                    "quantity": 120,
                }
            ]
        }
    )

    sku: Sku
    code: LotCode
    harvested_on: Day | None = None
    produced_on: Day | None = None
    best_before: Day
    village: ShortText | None = None
    quantity: int = Field(strict=True, ge=0, le=MAX_QUANTITY, description="Sales units", examples=[120])
    certificate_file_id: UUID | None = Field(
        None, description="A file handed in as `certificate`: the test report, or the commitment of fresh goods"
    )


class LotOut(Out):
    """A lot with what is left of it."""

    id: UUID
    sku: str
    code: str
    harvested_on: date | None
    produced_on: date | None
    best_before: date
    village: str | None
    on_hand: int = Field(description="Sales units left of this lot")
    trace_code: str = Field(description="Printed on the pack; a buyer reads the lot's story by it")
    received_at: datetime
    certificate_file_id: UUID | None
    recalled_at: datetime | None = Field(description="Since then nothing of it is sold or sent")

    @classmethod
    def of(cls, lot: Lot) -> LotOut:
        """The wire form of a lot."""
        return cls.model_validate(lot)


class RecallIn(Body):
    """Why a lot is called back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "农残抽检不合格"}]})

    reason: Reason


class RecallOut(Out):
    """A lot that was called back."""

    lot: LotOut
    frozen: int = Field(description="Sales units that left the book at once, because nobody held them")
    held: int = Field(description="Sales units of it that orders still hold; refunds for them were drafted")


class StockOut(Out):
    """What there is of a SKU, in sales units."""

    sku: str = Field(examples=["GT04"])
    on_hand: int = Field(description="Lies in the stock-room, promised or not")
    reserved: int = Field(description="Promised to orders that have not been sent")
    available: int = Field(description="on_hand − reserved: what buyers can still have")
    lots: list[LotOut]


class MovementOut(Out):
    """One change of a SKU's numbers and its cause."""

    number: int = Field(description="Rises with every movement")
    sku: str
    lot_code: str | None
    kind: str = Field(description="received, set, adjusted, reserved, released, shipped or returned")
    on_hand_delta: int
    reserved_delta: int
    reference: UUID | None = Field(description="The supplier order or shipment that caused it")
    reason: str | None
    entered_by: str | None = Field(
        description="Who counted, adjusted or received: in full for people of the supplier, masked for agents and "
        "keys. Null for what orders moved",
        examples=["田野"],
    )
    on_behalf: bool = Field(description="Entered by an agent for the supplier, not by somebody of it")
    effective_at: datetime = Field(description="When it was so: the time of a count")
    recorded_at: datetime


class UpdateIn(Body):
    """A count (`set`) or a difference (`adjust`) of a SKU, or of one of its lots."""

    sku: Sku
    lot_code: LotCode | None = None
    mode: Literal["set", "adjust"] = Field(description="`set`: so many lie there; `adjust`: so many more or fewer")
    quantity: int = Field(strict=True, ge=-MAX_COUNT, le=MAX_COUNT, description="Sales units", examples=[80])
    reason: Reason | None = None
    as_of: Instant | None = Field(
        None, description="When the goods were counted; what moved since is added. Without it: now"
    )

    def row(self) -> Update:
        """The value for the use case."""
        return Update(self.sku, self.mode, self.quantity, self.lot_code, self.reason, self.as_of)


class UpdatesIn(Body):
    """Up to a thousand rows, applied in their order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "updates": [
                        {"sku": "GT04", "mode": "set", "quantity": 80, "as_of": "2026-11-20T18:00:00+08:00"},
                        {"sku": "GT05", "mode": "adjust", "quantity": -2, "reason": "破损"},
                    ]
                }
            ]
        }
    )

    updates: list[UpdateIn] = Field(min_length=1, max_length=MAX_UPDATES)


class UpdateResultOut(Out):
    """What became of one row; the numbers are those of the SKU just after it."""

    index: int
    sku: str
    status: Literal["applied", "rejected"]
    code: str | None = Field(None, description=f"Why it was rejected: {', '.join(REJECTION_CODES)}")
    on_hand: int
    available: int


class UpdatesOut(Out):
    """What became of every row, in the order of the request."""

    results: list[UpdateResultOut]

    @classmethod
    def of(cls, results: list[UpdateResult]) -> UpdatesOut:
        """The wire form."""
        return cls.model_validate({"results": results})


Yield = Annotated[int, Field(strict=True, ge=1, le=MAX_COUNT, description="Sales units", examples=[1000])]
FactorPct = Annotated[
    int, Field(strict=True, ge=1, le=100, description="How much of the yield may be sold ahead, per cent")
]


class PresaleIn(Body):
    """A harvest to be sold ahead."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sku": "NO02",
                    "opens_at": "2026-10-25T08:00:00+08:00",
                    "closes_at": "2026-11-20T00:00:00+08:00",
                    "harvest_from": "2026-11-18",
                    "harvest_to": "2026-12-20",
                    "ship_by": "2026-11-28",
                    "expected_yield": 1000,
                    "factor_pct": 80,
                }
            ]
        }
    )

    sku: Sku
    opens_at: Instant
    closes_at: Instant
    harvest_from: Day
    harvest_to: Day
    ship_by: Day = Field(description="What buyers are promised: it leaves the house on this day at the latest")
    expected_yield: Yield
    factor_pct: FactorPct = 80

    def plan(self) -> Plan:
        """The value for the use case."""
        return Plan(**self.model_dump(exclude={"sku"}))


class PresaleChangeIn(Body):
    """What is planned otherwise; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expected_yield": 800, "ship_by": "2026-12-02"}]})

    opens_at: Instant | None = None
    closes_at: Instant | None = None
    harvest_from: Day | None = None
    harvest_to: Day | None = None
    ship_by: Day | None = None
    expected_yield: Yield | None = None
    factor_pct: FactorPct | None = None

    def of(self, plan: Plan) -> Plan:
        """``plan`` with these changes."""
        return replace(plan, **self.model_dump(exclude_none=True))


class PresaleOut(Out):
    """A pre-sale as its supplier sees it, in sales units."""

    id: UUID
    sku: str
    opens_at: datetime
    closes_at: datetime
    harvest_from: date
    harvest_to: date
    ship_by: date
    expected_yield: int
    factor_pct: int
    cap: int = Field(description="What may be sold ahead: yield × factor, rounded down")
    promised: int = Field(description="Sold ahead and still to come")
    arrived: int = Field(description="Came into stock since it was opened; that part of the harvest is sold from there")
    left: int = Field(description="Can still be sold ahead")
    settled_at: datetime | None

    @classmethod
    def of(cls, presale: Presale) -> PresaleOut:
        """The wire form."""
        return cls(
            id=presale.id,
            sku=presale.sku,
            **asdict(presale.plan),
            cap=presale.cap,
            promised=presale.promised,
            arrived=presale.arrived,
            left=presale.left,
            settled_at=presale.settled_at,
        )


class OpenPresaleOut(Out):
    """A harvest that can be bought ahead, as buyers see it."""

    sku: str
    left: int = Field(description="Sales units that can still be bought ahead, besides what lies in stock")
    closes_at: datetime
    harvest_from: date
    harvest_to: date
    ship_by: date = Field(description="It leaves the house on this day at the latest")

    @classmethod
    def of(cls, presale: Presale) -> OpenPresaleOut:
        """The wire form."""
        plan = presale.plan
        return cls(
            sku=presale.sku,
            left=presale.left,
            closes_at=plan.closes_at,
            harvest_from=plan.harvest_from,
            harvest_to=plan.harvest_to,
            ship_by=plan.ship_by,
        )
