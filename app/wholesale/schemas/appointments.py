"""Dock slots and appointments on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from app.core.web import Body, Out, Quantity, ShortText, unfit
from app.core.web.schemas import Instant, WallTime
from app.wholesale.rules.appointments import MOST_DAYS, Appointment, DockHours, Slot
from app.wholesale.schemas import Code, Day


class AppointmentIn(Body):
    """A slot for what is still to come of an order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "purchase_order_id": "019a9f6b-7c0e-7d3f-8a51-c2d3e4f50617",
                    "slot_id": "019a9f6b-7c0e-7d3f-8a51-c2d3e4f50618",
                }
            ]
        }
    )
    purchase_order_id: UUID
    slot_id: UUID


class ArrivalIn(Body):
    """When the truck came; now unless you say so."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"arrived_at": "2026-11-25T08:10:00+08:00"}]})
    arrived_at: Instant | None = None


class AppointmentOut(Out):
    """A booked slot."""

    id: UUID
    po_id: UUID
    po_no: str
    slot_id: UUID
    dc_code: str = Field(validation_alias="location_code")
    starts_at: datetime
    ends_at: datetime
    cases: int
    booked_at: datetime
    arrived_at: datetime | None
    late_minutes: int | None = Field(description="null until the truck came; docks wait for 30 minutes")
    slot_closed: bool = Field(description="The dock was closed after it was booked: book another slot")

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        """From the value."""
        return cls.model_validate(appointment)


class DockSlotOut(Out):
    """A time at a dock, how many more cases fit, and what is booked."""

    id: UUID
    dc_code: str = Field(validation_alias="location_code")
    starts_at: datetime
    ends_at: datetime
    capacity_cases: int
    booked_cases: int
    free_cases: int
    closed: bool
    appointments: list[AppointmentOut]

    @classmethod
    def of(cls, slot: Slot) -> Self:
        """From the value."""
        return cls.model_validate(slot)


class DockHoursIn(Body):
    """On which days and when a dock is open: slots are made of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dc_code": "0012",
                    "first_on": "2026-11-23",
                    "last_on": "2026-12-20",
                    "opens": "06:00",
                    "closes": "11:00",
                    "minutes": 60,
                    "capacity_cases": 200,
                    "weekdays": [1, 2, 3, 4, 5, 6],
                }
            ]
        }
    )
    dc_code: Code
    first_on: Day
    last_on: Day
    opens: WallTime
    closes: WallTime
    minutes: Annotated[int, Field(strict=True, ge=10, le=720)]
    capacity_cases: Quantity
    weekdays: list[Annotated[int, Field(strict=True, ge=1, le=7)]] = Field(
        default=[1, 2, 3, 4, 5, 6, 7], min_length=1, max_length=7, description="1 Monday to 7 Sunday"
    )

    def hours(self) -> DockHours:
        """As the module's value."""
        told = self.model_dump(exclude={"dc_code", "weekdays"})
        return DockHours(**told, weekdays=tuple(self.weekdays))


class DockDaysIn(Body):
    """Days on which a dock takes nothing in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"dc_code": "0012", "first_on": "2027-02-05", "last_on": "2027-02-12", "reason": "春节盘点"}]
        }
    )
    dc_code: Code
    first_on: Day
    last_on: Day
    reason: ShortText | None = None

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if not 0 <= (self.last_on - self.first_on).days < MOST_DAYS:
            raise unfit(
                "结束日不能早于开始日，且间隔不超过三个月",
                "Must not lie before first_on, nor three months after it",
                at="/last_on",
            )
        return self

    @property
    def days(self) -> tuple[date, date]:
        """First and last."""
        return self.first_on, self.last_on


class DockChangeOut(Out):
    """How many slots or days are new, and which appointments stand on days that are closed."""

    changed: int
    affected: list[AppointmentOut]
