"""What goods would cost, and when they would leave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.web import Body, Out, ShortText
from app.orders.rules import (
    MOST_LINES,
    SHIP_WITHIN,
)
from app.orders.rules.promise import Promise
from app.orders.schemas.items import ItemIn, PlaceIn
from app.pricing import Funder, Quote


class QuoteIn(Body):
    """Ask what it would cost."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"sku": "NO02", "quantity": 2}], "address": {"division_code": "370112"}}]
        }
    )
    items: list[ItemIn] = Field(min_length=1, max_length=MOST_LINES)
    address: PlaceIn
    coupon: ShortText | None = None


class QuoteLineOut(Out):
    """One line of a quote."""

    sku: str
    quantity: int
    unit_price_fen: int
    discount_fen: int
    amount_fen: int
    presale: bool = Field(False, description="Stock does not suffice; the rest comes from a harvest that is sold ahead")
    ship_by: date | None = Field(None, description="Of a pre-sale: leaves the house on this day at the latest")
    was_price_fen: int | None = Field(None, description="To be crossed out: the lowest unit price of the week before")


class PauseOut(Out):
    """Days on which nothing leaves the supplier's house, the first and the last included."""

    from_on: date
    until_on: date
    ships_from: date
    reason: str = Field(
        description="Of the supplier: spring_festival, public_holiday, harvest, stocktaking, weather or other; "
        "carriers_stop: no carrier collects",
        examples=["spring_festival"],
    )
    note: str | None = Field(description="The supplier's own words")


class QuoteParcelOut(Out):
    """One parcel: goods of different suppliers are not weighed together."""

    supplier_id: UUID
    weight_g: int
    billable_g: int = Field(description="What the carrier charges for: the weight, or the volume's if that is more")
    freight_fen: int
    ship_by: date | None = Field(None, description="Paid today, it leaves on this day at the latest; not of a pre-sale")
    pause: PauseOut | None = Field(None, description="What delays it, or will within a week")


class QuoteDiscountOut(Out):
    """What a promotion takes off a line."""

    sku: str
    promotion_id: UUID
    name: str
    funder: Funder
    amount_fen: int


class QuoteOut(Out):
    """What it would cost now."""

    lines: list[QuoteLineOut]
    parcels: list[QuoteParcelOut]
    discounts: list[QuoteDiscountOut]
    goods_fen: int
    discount_fen: int
    freight_fen: int
    total_fen: int
    ship_within_hours: int = Field(
        int(SHIP_WITHIN.total_seconds()) // 3600,
        description="After payment, for all that is not a pre-sale; days on which nothing is shipped do not count",
    )

    @classmethod
    def of(cls, quote: Quote, ahead: Mapping[str, date], promises: Mapping[UUID, Promise]) -> Self:
        """From the pricing module's value, the day to ship by of what is sold ahead, and each supplier's promise."""
        priced = cls.model_validate(quote)
        lines = [
            line.model_copy(update={"presale": line.sku in ahead, "ship_by": ahead.get(line.sku)})
            for line in priced.lines
        ]
        parcels = []
        for parcel in priced.parcels:
            promise = promises[parcel.supplier_id]
            pause = PauseOut.model_validate(promise.pause) if promise.pause else None
            parcels.append(parcel.model_copy(update={"ship_by": promise.ship_by, "pause": pause}))
        return priced.model_copy(update={"lines": lines, "parcels": parcels})
