"""What a supplier has to send, and the parcels that it sends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.buyers import AddressOut
from app.core.web import Body, Out, Quantity
from app.core.web.schemas import NO_CONTROL
from app.fulfilment import TrackingState, Trouble
from app.inventory import Picked, Unfit, Why
from app.orders.lifecycle import Status
from app.orders.rules import (
    MOST_LINES,
    ParcelView,
    SupplierOrderView,
    ToShip,
)
from app.orders.schemas.items import OrderLineOut
from app.orders.schemas.money_back import WeightCorrectionOut


class ShipmentOut(Out):
    """A parcel on its way."""

    id: UUID
    supplier_order_id: UUID
    carrier: str
    tracking_number: str
    dispatched_at: datetime
    delivered_at: datetime | None
    state: TrackingState
    trouble: Trouble | None = Field(description="Why somebody should look after it; null while all is well")
    news_at: datetime | None
    news: str | None = Field(description="What the carrier said last, with names and numbers masked")

    @classmethod
    def of(cls, parcel: ParcelView) -> Self:
        """From the value."""
        return cls.model_validate(parcel)


class PassedOverOut(Out):
    """A lot that was not sent although it has something."""

    lot_code: str
    reason: Unfit = Field(description="It is recalled, past its date, or has too little life left for this buyer")


class AllocationOut(Out):
    """Which lot pieces were taken from, and why."""

    sku: str
    lot_code: str | None = Field(description="Null for pieces that lie in no lot")
    quantity: int
    best_before: date | None
    why: Why = Field(description="The supplier named it, it expires first, is the oldest vintage, or no lot was left")
    passed_over: list[PassedOverOut]

    @classmethod
    def of(cls, picked: Picked) -> Self:
        """From the value."""
        return cls(
            sku=picked.sku,
            lot_code=picked.lot_code,
            quantity=picked.quantity,
            best_before=picked.best_before,
            why=picked.why,
            passed_over=[PassedOverOut(lot_code=code, reason=unfit) for code, unfit in picked.passed_over],
        )


class ShippedOut(ShipmentOut):
    """A parcel that was just handed over, with the lots its pieces come from."""

    allocation: list[AllocationOut]

    @classmethod
    def of(cls, parcel: ParcelView) -> Self:
        """From the value."""
        shipment = ShipmentOut.of(parcel)
        return cls(**shipment.model_dump(), allocation=[AllocationOut.of(picked) for picked in parcel.allocation])


class ShipLineIn(Body):
    """What goes into the parcel."""

    line_id: UUID
    quantity: Quantity
    lot_code: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)] | None = None


class ShipmentIn(Body):
    """Hand a parcel to a carrier."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "carrier": "ZTO",
                    "tracking_number": "78001234567890",
                    "lines": [{"line_id": "0193478a-2b00-7abc-8def-0123456789ab", "quantity": 1}],
                }
            ]
        }
    )
    carrier: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,8}$"), Field(examples=["ZTO"])]
    tracking_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,32}$")]
    lines: list[ShipLineIn] = Field(min_length=1, max_length=MOST_LINES)


class ToShipOut(Out):
    """A supplier order as its supplier sees it."""

    id: UUID
    order_id: UUID
    order_number: str
    status: Status
    placed_at: datetime
    paid_at: datetime | None
    freight_fen: int
    amount_fen: int
    refunded_fen: int
    ship_by: date | None = Field(description="Has to leave the house on this day at the latest")
    address: AddressOut
    note: str | None
    lines: list[OrderLineOut]
    shipments: list[ShipmentOut]
    weight_corrections: list[WeightCorrectionOut]

    @classmethod
    def of(cls, found: ToShip) -> Self:
        """From the value."""
        part: SupplierOrderView = found.part
        return cls(
            id=part.id,
            order_id=part.order_id,
            order_number=found.number,
            status=part.status,
            placed_at=found.placed_at,
            paid_at=found.paid_at,
            freight_fen=part.freight_fen,
            amount_fen=part.amount_fen,
            refunded_fen=part.refunded_fen,
            ship_by=part.ship_by,
            address=AddressOut.of(found.address),
            note=found.note,
            lines=[OrderLineOut.model_validate(line) for line in found.lines],
            shipments=[ShipmentOut.of(parcel) for parcel in found.shipments],
            weight_corrections=[WeightCorrectionOut.model_validate(one) for one in found.weights],
        )
