"""Corrected net weights on the wire."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out, Quantity
from app.core.web.schemas import NO_CONTROL
from app.orders.rules import MOST_LINES, RefundView
from app.orders.rules.weights import LotWeight, WeightCorrection
from app.orders.schemas import RefundOut, WeightCorrectionOut


class WeighedLineIn(Body):
    """So many pieces of a line that weigh the same."""

    line_id: UUID
    quantity: Quantity
    net_weight_g: Annotated[int, Field(strict=True, ge=1, le=1_000_000, examples=[4800])] = Field(
        description="Net weight of each of them in grams"
    )
    lot_code: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)] | None = Field(
        None, description="Out of which lot they were sent; may be left out where it was only one"
    )


class WeighedIn(Body):
    """What pieces on their way really weigh."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"lines": [{"line_id": "0193478a-2b00-7abc-8def-0123456789ab", "quantity": 1, "net_weight_g": 4800}]}
            ]
        }
    )
    lines: list[WeighedLineIn] = Field(min_length=1, max_length=MOST_LINES)


class LotWeightOut(Out):
    """What was stated of a lot so far."""

    sku: str = Field(examples=["NO02"])
    lot_code: str
    pieces: int = Field(description="Pieces whose weight was stated")
    mean_g: int = Field(description="Net weight of one on average, rounded down", examples=[4950])
    short: bool = Field(description="The mean of a lot may not be below what the label promises: look at the scales")

    @classmethod
    def of(cls, lot: LotWeight) -> Self:
        """From the value."""
        return cls.model_validate(lot)


class WeighedOut(Out):
    """What was kept, what goes back, and how the lots concerned stand."""

    corrections: list[WeightCorrectionOut]
    refund: RefundOut | None = Field(description="One for all of them; null when nothing is owed")
    lots: list[LotWeightOut]

    @classmethod
    def of(cls, made: list[WeightCorrection], refund: RefundView | None, lots: list[LotWeight]) -> Self:
        """From the values."""
        return cls(
            corrections=[WeightCorrectionOut.model_validate(one) for one in made],
            refund=RefundOut.of(refund) if refund is not None else None,
            lots=[LotWeightOut.of(lot) for lot in lots],
        )


class WeightCorrectionsOut(Out):
    """What was corrected of an order."""

    items: list[WeightCorrectionOut]
