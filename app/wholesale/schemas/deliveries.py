"""Delivery notes, and purchase orders as suppliers see them, on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.core.web import Body, Out, Quantity, ShortText, unfit
from app.core.web.schemas import NO_CONTROL
from app.files import FileOut
from app.partners import Location, LocationKind
from app.wholesale.lifecycle import Status
from app.wholesale.rules.appointments import Appointment
from app.wholesale.rules.deliveries import LEAST_C10, MOST_C10, Delivery, Load, LoadLine
from app.wholesale.rules.orders import PurchaseOrder
from app.wholesale.schemas import MOST_LINES, LineNo, PoLineOut
from app.wholesale.schemas.appointments import AppointmentOut

LotCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)]
Plate = Annotated[str, StringConstraints(min_length=5, max_length=12, pattern=NO_CONTROL)]
Phone = Annotated[str, StringConstraints(pattern=r"^1[3-9][0-9]{9}$")]
Temperature = Annotated[int, Field(strict=True, ge=LEAST_C10, le=MOST_C10)]


class DeliveryLineIn(Body):
    """So many whole cases of a line."""

    line_no: LineNo
    cases: Quantity
    lot_code: LotCode | None = Field(None, description="Else the lots that expire first, with the life promised")


class DeliveryIn(Body):
    """A load, and the truck that it is on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": [{"line_no": 1, "cases": 5}, {"line_no": 2, "cases": 2, "lot_code": "2026-11-A"}],
                    "pallets": 2,
                    "vehicle_plate": "湘U12345",
                    "driver_phone": "13800001234",
                    "coldest_c10": 35,
                    "warmest_c10": 82,
                }
            ]
        }
    )
    lines: list[DeliveryLineIn] = Field(min_length=1, max_length=MOST_LINES)
    pallets: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    carrier: ShortText | None = None
    vehicle_plate: Plate | None = None
    driver_phone: Phone | None = Field(None, description="Kept sealed and shown masked")
    coldest_c10: Temperature | None = Field(None, description="Tenths of a degree Celsius on the way")
    warmest_c10: Temperature | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.coldest_c10 is not None and self.warmest_c10 is not None and self.coldest_c10 > self.warmest_c10:
            raise unfit("最低温度不能高于最高温度", "Must not be above warmest_c10", at="/coldest_c10")
        return self

    def load(self) -> Load:
        """As the module's value."""
        lines = tuple(LoadLine(**line.model_dump()) for line in self.lines)
        return Load(**self.model_dump(exclude={"lines"}), lines=lines)


class DeliveryLineOut(Out):
    """So many units of a line, of one lot, with the lot's certificates."""

    line_id: UUID
    line_no: int
    sku: str
    name: str
    case_pack: int
    units: int
    lot_code: str | None
    made_on: date | None
    best_before: date | None
    trace_code: str | None
    certificates: list[FileOut]


class DeliveryOut(Out):
    """A delivery note."""

    id: UUID
    number: str = Field(examples=["SH261120000017"])
    po_id: UUID
    po_no: str
    supplier_id: UUID
    supplier_name: str
    carrier: str | None
    vehicle_plate: str | None
    driver_phone: str | None = Field(description="Masked", examples=["138******34"])
    pallets: int
    cases: int
    coldest_c10: int | None
    warmest_c10: int | None
    dispatched_at: datetime
    lines: list[DeliveryLineOut]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """From the value."""
        return cls.model_validate(delivery)


class DeliveriesOut(Out):
    """All loads of an order, oldest first."""

    deliveries: list[DeliveryOut]


class PoLocationOut(Out):
    """Where the goods go."""

    code: str
    name: str
    kind: LocationKind
    division_code: str
    address: str

    @classmethod
    def of(cls, location: Location) -> Self:
        """From the value."""
        return cls.model_validate(location)


class PoToShipOut(Out):
    """A purchase order as a supplier sees it: its own lines and what they are worth."""

    id: UUID
    po_no: str
    version: int
    status: Status
    partner_name: str
    dc_code: str
    division_code: str
    ordered_at: datetime
    required_on: date
    closes_on: date = Field(description="The last day on which goods may come")
    total_fen: int = Field(description="What is promised of these lines is worth")
    lines: list[PoLineOut]

    @classmethod
    def of(cls, order: PurchaseOrder) -> Self:
        """From the value."""
        names = [name for name in PoToShipOut.model_fields if name != "dc_code"]
        return cls.model_validate({name: getattr(order, name) for name in names} | {"dc_code": order.location_code})


class PoToShipDetailOut(PoToShipOut):
    """The same with where the goods go and what was sent."""

    location: PoLocationOut
    appointment: AppointmentOut | None = Field(description="When the dock takes the goods in, if that is booked")
    deliveries: list[DeliveryOut]

    @classmethod
    def with_place(
        cls, order: PurchaseOrder, location: Location, sent: list[Delivery], appointment: Appointment | None
    ) -> Self:
        """From the values."""
        shown = {
            "location": PoLocationOut.of(location),
            "appointment": AppointmentOut.of(appointment) if appointment else None,
            "deliveries": [DeliveryOut.of(one) for one in sent],
        }
        return cls(**dict(PoToShipOut.of(order)), **shown)
