"""What goes back to the buyer: pieces that are not sent, what was refunded, what weighed less."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.web import Body, LongText, Out, Quantity, ShortText
from app.orders.rules import (
    MOST_LINES,
    RefundView,
)
from app.orders.schemas.items import Cash
from app.payments import RefundStatus


class WeightCorrectionOut(Out):
    """What pieces on their way really weigh, and what went back for it."""

    id: UUID
    line_id: UUID
    lot_code: str | None
    quantity: int = Field(description="So many pieces weigh that much each")
    promised_g: int = Field(description="Net weight of a piece as the label promises it", examples=[5000])
    stated_g: int = Field(description="Net weight of each of these pieces", examples=[4800])
    tolerance_g: int = Field(description="So much a piece may lack by law, and nothing is owed", examples=[75])
    refund_fen: int = Field(description="What goes back for all of them; 0 within the tolerance", examples=[200])
    refund_id: UUID | None
    stated_at: datetime


class MoneyBackOut(Out):
    """Money on its way back to the buyer, also money that came when the order was closed already."""

    number: str = Field(examples=["RF20261120000000000001"])
    status: RefundStatus
    amount_fen: int
    reason: str
    requested_at: datetime
    settled_at: datetime | None


class CancelLineIn(Body):
    """So many pieces that will not be sent."""

    line_id: UUID
    quantity: Quantity


class CancellationIn(Body):
    """Pieces that the supplier cannot deliver."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"lines": [{"line_id": "0193478a-2b00-7abc-8def-0123456789ab", "quantity": 1}], "reason": "霜冻减产"}
            ]
        }
    )
    lines: list[CancelLineIn] = Field(min_length=1, max_length=MOST_LINES)
    reason: ShortText


class RefundLineIn(Body):
    """What of a line goes back; ``quantity`` 0 is a price reduction for goods that are kept."""

    line_id: UUID
    amount_fen: Cash
    quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0


class RefundIn(Body):
    """Give money back for lines that have shipped."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": [{"line_id": "0193478a-2b00-7abc-8def-0123456789ab", "amount_fen": 998}],
                    "reason": "2 of 10 oranges arrived rotten",
                }
            ]
        }
    )
    lines: list[RefundLineIn] = Field(min_length=1, max_length=MOST_LINES)
    reason: LongText


class RefundOut(Out):
    """Money on its way back."""

    id: UUID
    order_id: UUID
    supplier_order_id: UUID
    status: str
    amount_fen: int
    freight_fen: int
    reason: str
    requested_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, refund: RefundView) -> Self:
        """From the value."""
        return cls.model_validate(refund)


class RefundsOut(Out):
    """The refunds of an order."""

    items: list[RefundOut]
