"""Carts on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.web import MAX_QUANTITY, Body, Out
from app.orders.rules import CartView, Change
from app.orders.schemas import QuoteOut


class CartItemIn(Body):
    """How many of it the cart shall hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"quantity": 2}]})
    quantity: Annotated[int, Field(strict=True, ge=0, le=MAX_QUANTITY, description="0 takes the line out")]


class CartOpenedOut(Out):
    """A cart to put things into. The id of a guest's cart is the key to it."""

    id: UUID
    expires_at: datetime = Field(description="Kept so long after the last change")


class CartLineOut(Out):
    """A line as it stands now."""

    sku: str = Field(examples=["GT04"])
    name: str
    slug: str
    supplier_id: UUID
    supplier_name: str
    quantity: int
    unit_price_fen: int | None = Field(description="What one costs now; null if it is not on sale any more")
    put_in_at_fen: int = Field(description="What one cost when it was put in or its number last changed")
    available: int
    on_sale: bool
    fresh: bool = Field(description="Asks for `fresh_goods_acknowledged` when ordered")
    changes: list[Change]


class CartOut(Out):
    """A cart as it stands now."""

    id: UUID
    expires_at: datetime
    lines: list[CartLineOut]
    quote: QuoteOut | None = Field(
        description="Parcels and totals of the lines that could be ordered now, if a `division_code` was given"
    )

    @classmethod
    def of(cls, cart: CartView) -> Self:
        """From the value."""
        return cls.model_validate(cart)
