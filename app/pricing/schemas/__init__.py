"""Prices on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from app.core.web import Body, Out
from app.pricing.rules import MAX_PRICE_FEN, Price


class PriceIn(Body):
    """What one sales unit shall cost, tax included."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"price_fen": 12800}]})

    price_fen: int = Field(strict=True, ge=1, le=MAX_PRICE_FEN)


class OperatorPriceIn(PriceIn):
    """What one sales unit shall cost, tax included, and whether that may be less than its floor."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"price_fen": 7800, "below_floor": True}]})

    below_floor: bool = Field(False, description="Consent to a price below the SKU's floor; kept with the price")


class PriceOut(Out):
    """The current price of a SKU."""

    sku: str = Field(examples=["GT04"])
    price_fen: int = Field(examples=[12800])
    valid_from: datetime

    @classmethod
    def of(cls, price: Price) -> PriceOut:
        """The wire form of a price."""
        return cls.model_validate(price)
