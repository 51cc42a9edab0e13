"""The stock-room on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.core.web import MAX_QUANTITY, Body, Instant, Out, ShortText, Sku
from app.inventory.rules import MAX_COUNT, MAX_UPDATES, REJECTION_CODES, Lot, Update, UpdateResult

LotCode = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f]+$"),
    Field(examples=["20260402-A"]),
]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _sane(day: date) -> date:
    if not 2000 <= day.year <= 2200:  # noqa: PLR2004 - outside lie typing errors
        raise ValueError("a year between 2000 and 2200")
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

    @classmethod
    def of(cls, lot: Lot) -> LotOut:
        """The wire form of a lot."""
        return cls.model_validate(lot)


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
