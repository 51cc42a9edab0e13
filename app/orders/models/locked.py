"""Orders, their parts and lines while a use case changes them: plain values, read under the lock of the order.

An order is read, changed and saved as a whole, one statement each (``queries.locked``, ``service.save``). Mapped
classes cost several times as much for the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from app.orders.lifecycle import Status, Step, after
from app.orders.rules.promise import Calendar


@dataclass(slots=True, eq=False)
class LockedLine:
    """An `OrderLine` of a locked order."""

    id: UUID
    supplier_order_id: UUID
    position: int
    sku: str
    product_id: UUID
    name: str
    product_name: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    refunded_quantity: int
    unit_price_fen: int
    amount_fen: int
    refunded_fen: int
    supplier_id: UUID
    supplier_name: str
    category: str
    township_code: str
    township: str
    net_weight_g: int
    tax_rate_bp: int | None
    assisted: bool
    self_purchase: bool
    lot_code: str | None
    return_days: int
    claim_hours: int
    bad_allow_bp: int
    bad_full_bp: int
    ship_by: date | None
    saved: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.saved = self.row()

    @property
    def to_send(self) -> int:
        """Pieces that have neither been shipped nor cancelled."""
        return self.quantity - self.shipped_quantity - self.cancelled_quantity

    def row(self) -> tuple[object, ...]:
        """The columns that may change, behind the id."""
        return (
            self.id,
            self.shipped_quantity,
            self.cancelled_quantity,
            self.refunded_quantity,
            self.refunded_fen,
            self.lot_code,
        )


@dataclass(slots=True, eq=False)
class LockedPart:
    """A `SupplierOrder` of a locked order, with its lines.

    ``calendar`` is filled by ``queries.locked.lock_unpaid`` alone.
    """

    id: UUID
    supplier_id: UUID
    status: str
    freight_fen: int
    refunded_fen: int
    open_claims: int
    due_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    ship_by: date | None
    calendar: Calendar = field(init=False, default_factory=Calendar)
    lines: list[LockedLine] = field(init=False, default_factory=list)
    saved: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.saved = self.row()

    def take(self, step: Step, *, now: datetime, due_at: datetime | None = None) -> None:
        """Take a step of the lifecycle, the only place where a status is assigned. Raises ``StepNotAllowed``."""
        reached = after(Status(self.status), step)
        self.status = reached.value
        self.due_at = due_at
        match reached:
            case Status.PAID:
                self.paid_at = now
            case Status.SHIPPED:
                self.shipped_at = now
            case Status.DELIVERED:
                self.delivered_at = now
            case Status.COMPLETED:
                self.delivered_at = self.delivered_at or now
                self.completed_at = now
            case Status.CANCELLED | Status.EXPIRED:
                self.closed_at = now
            case _:
                pass

    def promise(self, paid_on: date) -> None:
        """Freeze the day on which it leaves the house at the latest; of what was all sold ahead, that of the first."""
        ahead = [line.ship_by for line in self.lines if line.ship_by is not None]
        self.ship_by = min(ahead) if len(ahead) == len(self.lines) else self.calendar.ship_by(paid_on)

    def row(self) -> tuple[object, ...]:
        """The columns that may change, behind the id."""
        return (
            self.id,
            self.status,
            self.refunded_fen,
            self.due_at,
            self.paid_at,
            self.shipped_at,
            self.delivered_at,
            self.completed_at,
            self.closed_at,
            self.ship_by,
        )


@dataclass(slots=True, eq=False)
class LockedOrder:
    """An `Order` under the lock that every use case takes first, with its supplier orders in the order of their ids."""

    id: UUID
    number: str
    buyer_id: UUID
    channel: str
    organisation_id: UUID | None
    ext_832_order_no: str | None
    bulk_id: UUID | None
    division_code: str
    address_sealed: bytes
    invoice_sealed: bytes | None
    expires_at: datetime
    paid_at: datetime | None
    payment_id: UUID | None
    discount_fen: int
    total_fen: int
    parts: list[LockedPart] = field(init=False, default_factory=list)
    saved: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.saved = self.row()

    @property
    def lines(self) -> list[LockedLine]:
        """The lines of all its parts, as the buyer put them."""
        lines = [line for part in self.parts for line in part.lines]
        return sorted(lines, key=lambda line: line.position) if len(self.parts) > 1 else lines

    def part(self, part_id: UUID) -> LockedPart:
        """One of its parts, known to be there."""
        return next(part for part in self.parts if part.id == part_id)

    def row(self) -> tuple[object, ...]:
        """The columns that may change, behind the id."""
        return self.id, self.expires_at, self.paid_at, self.payment_id
