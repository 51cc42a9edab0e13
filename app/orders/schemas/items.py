"""What orders of every kind are made of: amounts, notes, goods and where they go."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from pydantic.config import JsonDict

from app.buyers import DivisionCode
from app.core.money import MAX_FEN
from app.core.web import Body, Out, Quantity, Sku
from app.core.web.schemas import NO_CONTROL

Cash = Annotated[int, Field(strict=True, ge=1, le=MAX_FEN, examples=[2490])]
Note = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_CONTROL)]

ADDRESS: JsonDict = {
    "recipient": "王女士",
    "phone": "13800001234",
    "division_code": "370112",
    "detail": "花园路 88 号 3 单元 502 室",
}


class ItemIn(Body):
    """So many units of a SKU."""

    sku: Sku
    quantity: Quantity


class PlaceIn(Body):
    """Where a quote is delivered to."""

    division_code: DivisionCode


class OrderLineOut(Out):
    """One line of an order."""

    id: UUID
    sku: str
    name: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int = Field(description="Pieces that were cancelled before shipment and will not be sent")
    unit_price_fen: int
    discount_fen: int
    subsidy_fen: int = Field(description="The part of `discount_fen` that the seller does not bear")
    amount_fen: int
    refunded_fen: int
    supplier_id: UUID
    presale: bool = Field(description="Bought, at least in part, of a harvest to come")
    ship_by: date | None = Field(description="Leaves the house on this day at the latest; unknown before payment")
    net_weight_g: int = Field(description="Net weight of one piece as it was sold", examples=[5000])
    waiting_quantity: int = Field(description="Pieces of a pre-sale that have not come in yet and cannot be sent")
