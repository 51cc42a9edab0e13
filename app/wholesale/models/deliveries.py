"""Delivery notes, dock slots and appointments."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, instant, uid

delivery_numbers = Sequence("wholesale_delivery_number_seq", metadata=Base.metadata)


class DeliveryRow(Base):
    """A load that one supplier sent for one purchase order: the delivery note (domain handbook §4.2, ASN).

    The driver's phone and the plate are sealed (``vehicle_plate`` holds one in clear only as the version before wrote
    it, until it is sealed too); ``coldest_c10`` and ``warmest_c10`` are tenths of a degree Celsius on the way.
    """

    __tablename__ = "wholesale_delivery"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("pallets >= 0 AND coldest_c10 <= warmest_c10", name="signs"),
        Index("ix_wholesale_delivery_po_id", "po_id", "id"),
        Index("ix_wholesale_delivery_supplier_id", "supplier_id", "id"),
        Index("ix_wholesale_delivery_unsealed", "id", postgresql_where=text("vehicle_plate IS NOT NULL")),
    )

    id: Mapped[uid]
    number: Mapped[str] = mapped_column(Text)
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    carrier: Mapped[str | None] = mapped_column(Text)
    vehicle_plate: Mapped[str | None] = mapped_column(Text)
    vehicle_plate_sealed: Mapped[bytes | None] = mapped_column(BYTEA)
    driver_phone_sealed: Mapped[bytes | None] = mapped_column(BYTEA)
    pallets: Mapped[int]
    coldest_c10: Mapped[int | None] = mapped_column(SmallInteger)
    warmest_c10: Mapped[int | None] = mapped_column(SmallInteger)
    dispatched_at: Mapped[instant]
    by_account: Mapped[UUID]


class DeliveryLineRow(Base):
    """So many units of a line, of one lot (None: of no lot)."""

    __tablename__ = "wholesale_delivery_line"
    __table_args__ = (CheckConstraint("units > 0", name="units"),)

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_delivery.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po_line.id"), index=True)
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("inventory_lot.id"), index=True)
    lot_code: Mapped[str | None] = mapped_column(Text)
    best_before: Mapped[date | None] = mapped_column(Date)
    units: Mapped[int]


class MissingRow(Base):
    """Units of a line that were sent and that nobody had received when their order was closed.

    Once an operator has found out, ``returned_units`` lie in the stock-room again and the rest is lost.
    """

    __tablename__ = "wholesale_missing"
    __table_args__ = (
        UniqueConstraint("line_id"),
        CheckConstraint("units > 0 AND returned_units BETWEEN 0 AND units", name="units"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (returned_units IS NULL)",
            name="decided",
        ),
        Index("ix_wholesale_missing_open", "id", postgresql_where=text("decided_at IS NULL")),
        Index("ix_wholesale_missing_po_id", "po_id"),
    )

    id: Mapped[uid]
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po_line.id"))
    units: Mapped[int]
    noticed_at: Mapped[instant]
    returned_units: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]


class SlotRow(Base):
    """A time at a dock and how many cases it can take in; ``booked_cases`` is taken by a conditional statement."""

    __tablename__ = "wholesale_slot"
    __table_args__ = (
        UniqueConstraint("location_id", "starts_at"),
        CheckConstraint("starts_at < ends_at AND capacity_cases > 0", name="times"),
        CheckConstraint("booked_cases BETWEEN 0 AND capacity_cases", name="booked"),
    )

    id: Mapped[uid]
    location_id: Mapped[UUID] = mapped_column(ForeignKey("partners_location.id"))
    starts_at: Mapped[instant]
    ends_at: Mapped[instant]
    capacity_cases: Mapped[int]
    booked_cases: Mapped[int] = mapped_column(server_default=text("0"))
    closed: Mapped[bool] = mapped_column(server_default=text("false"))


class BlackoutRow(Base):
    """A day on which a dock takes nothing in: no slot of it can be booked, whenever it was made."""

    __tablename__ = "wholesale_blackout"

    location_id: Mapped[UUID] = mapped_column(ForeignKey("partners_location.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[instant]
    by_account: Mapped[UUID]


class AppointmentRow(Base):
    """A slot booked for a purchase order; a released one stays as it was. ``arrived_at`` is when the truck came."""

    __tablename__ = "wholesale_appointment"
    __table_args__ = (
        CheckConstraint("cases > 0", name="cases"),
        Index("uq_wholesale_appointment_open", "po_id", unique=True, postgresql_where=text("released_at IS NULL")),
        Index("ix_wholesale_appointment_po_id", "po_id"),
    )

    id: Mapped[uid]
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"))
    slot_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_slot.id"), index=True)
    cases: Mapped[int]
    booked_at: Mapped[instant]
    by_account: Mapped[UUID]
    released_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
