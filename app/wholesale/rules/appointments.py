"""When a dock takes trucks in: slots out of its hours, days without it, and whether a truck was late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from app.core.clock import SHANGHAI
from app.core.errors import DomainError

LATE = timedelta(minutes=30)
"""Docks wait so long after a slot began (domain handbook §4.1: 30 to 60 minutes)."""
MOST_DAYS = 92
MOST_SLOTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DockHours:
    """On which days and when a dock is open, how long a slot is and how many cases fit into one."""

    first_on: date
    last_on: date
    opens: time
    closes: time
    minutes: int
    capacity_cases: int
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A booked slot. ``late_minutes`` is None until the truck came; it is 0 for one that came in time."""

    id: UUID
    po_id: UUID
    po_no: str
    slot_id: UUID
    location_code: str
    starts_at: datetime
    ends_at: datetime
    cases: int
    booked_at: datetime
    arrived_at: datetime | None
    slot_closed: bool

    @property
    def late_minutes(self) -> int | None:
        """How long after the slot's beginning the truck came, if that is longer than docks wait."""
        return None if self.arrived_at is None else late_minutes(self.starts_at, self.arrived_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A time at a dock, with the appointments of whoever asks."""

    id: UUID
    location_code: str
    starts_at: datetime
    ends_at: datetime
    capacity_cases: int
    booked_cases: int
    closed: bool
    appointments: tuple[Appointment, ...] = ()

    @property
    def free_cases(self) -> int:
        """How many more cases it takes in."""
        return 0 if self.closed else self.capacity_cases - self.booked_cases


def late_minutes(starts_at: datetime, arrived_at: datetime) -> int:
    """Whole minutes after the beginning of a slot, none while docks still wait."""
    behind = arrived_at - starts_at
    return int(behind.total_seconds()) // 60 if behind > LATE else 0


def slots_of(hours: DockHours) -> Iterator[tuple[datetime, datetime]]:
    """The slots of a dock, one after the other; what is left of a day and shorter than a slot is none.

    Raises ``InvalidDockHours``.
    """
    days = (hours.last_on - hours.first_on).days + 1
    length = timedelta(minutes=hours.minutes)
    if not 1 <= days <= MOST_DAYS or hours.opens >= hours.closes or length > timedelta(hours=24):
        raise InvalidDockHours
    made = 0
    for day in (hours.first_on + timedelta(days=n) for n in range(days)):
        if day.isoweekday() not in hours.weekdays:
            continue
        begins = datetime.combine(day, hours.opens, SHANGHAI)
        end = datetime.combine(day, hours.closes, SHANGHAI)
        while begins + length <= end:
            made += 1
            if made > MOST_SLOTS:
                raise InvalidDockHours
            yield begins, begins + length
            begins += length


class InvalidDockHours(DomainError):
    """The hours make no slots, or too many."""

    status = 422
    code = "invalid_dock_hours"
    zh = "收货时段有误：结束须晚于开始，最多一次设置 92 天、2000 个时段。"
    en = "Docks close after they open; at most 92 days and 2,000 slots are made at once."


class SlotFull(DomainError):
    """Not so many cases fit into the slot any more."""

    code = "slot_full"
    zh = "该时段剩余 {free} 箱，放不下本单的 {cases} 箱；请改约其他时段。"
    en = "{free} more cases fit into the slot, not the {cases} of this order; choose another."


class SlotClosed(DomainError):
    """The dock takes nothing in then, or the slot is over."""

    code = "slot_closed"
    zh = "该时段已关闭或已过，请改约其他时段。"
    en = "The slot is closed or over; choose another."


class WrongDock(DomainError):
    """The order goes elsewhere, or may not come on that day."""

    status = 422
    code = "wrong_dock"
    zh = "该时段不属于本单的收货地，或晚于本单最后到货日期。"
    en = "The slot is at another place than the order's, or after the last day on which its goods may come."


class NothingToBring(DomainError):
    """Everything of the order has come."""

    code = "nothing_to_bring"
    zh = "该订单没有待送的商品，无需预约。"
    en = "Nothing of the order is still to come."
