from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import sealing
from app.core.db import Base, append_only, instant, uid
from app.fulfilment.lifecycle import TRANSITIONS, Step
from app.fulfilment.rules import (
    CARRIERS,
    Blackout,
    Question,
    Shipment,
    ShipmentExists,
    ShipmentLine,
    ShipmentStatus,
    Standing,
    TrackingEvent,
    TrackingState,
    Trouble,
)

PHONE_PURPOSE = "fulfilment.phone"


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class ShipmentRow(Base):
    """One parcel handed to a carrier. ``state``, ``news_at`` and ``news`` are the newest of its tracking.

    ``inbound`` goods are on their way back to the supplier.
    """

    __tablename__ = "fulfilment_shipment"

    id: Mapped[uid]
    reference: Mapped[UUID]
    supplier_id: Mapped[UUID]
    inbound: Mapped[bool] = mapped_column(Boolean, server_default=sql("false"))
    carrier: Mapped[str] = mapped_column(Text)
    tracking_number: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    dispatched_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(Text, server_default=TrackingState.CREATED.value)
    news_at: Mapped[datetime | None]
    news: Mapped[str | None] = mapped_column(Text)
    trouble: Mapped[str | None] = mapped_column(Text)
    phone_sealed: Mapped[bytes | None] = mapped_column(BYTEA)
    asked_at: Mapped[datetime | None]

    lines: Mapped[list[ShipmentLineRow]] = relationship(order_by="ShipmentLineRow.position", lazy="raise")

    __table_args__ = (
        CheckConstraint(_one_of("carrier", CARRIERS), name="carrier"),
        CheckConstraint(_one_of("status", TRANSITIONS), name="status"),
        CheckConstraint(_one_of("state", TrackingState), name="state"),
        CheckConstraint(_one_of("trouble", Trouble), name="trouble"),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        UniqueConstraint("carrier", "tracking_number", "reference", info={"means": ShipmentExists}),
        Index("ix_fulfilment_shipment_reference", "reference"),
        Index("ix_fulfilment_shipment_supplier_id", "supplier_id", "id"),
        Index("ix_fulfilment_shipment_trouble", "id", postgresql_where=sql("trouble IS NOT NULL")),
        Index("ix_fulfilment_shipment_under_way", "dispatched_at", postgresql_where=sql("delivered_at IS NULL")),
    )

    def take(self, step: Step) -> bool:
        """Take the step; False where the table does not allow it."""
        after = TRANSITIONS[ShipmentStatus(self.status)].get(step)
        if after is None:
            return False
        self.status = after
        return True

    def arrive(self, at: datetime) -> bool:
        """Note that it reached the buyer; False if that is known."""
        if not self.take(Step.DELIVER):
            return False
        self.delivered_at, self.state, self.trouble = at, TrackingState.SIGNED.value, None
        return True

    def stand(self, standing: Standing) -> bool:
        """Note where it stands by its tracking; tells whether it has got into trouble that was not known."""
        known = self.trouble
        here = self.delivered_at is not None and standing.trouble is None
        self.state = (TrackingState.SIGNED if here else standing.state).value
        self.news_at, self.news, self.trouble = standing.at, standing.text, standing.trouble
        return self.trouble is not None and self.trouble != known

    def question(self) -> Question:
        """What to ask about it."""
        phone = None if self.phone_sealed is None else sealing.keys().unseal(self.phone_sealed, PHONE_PURPOSE)
        return Question(self.carrier, self.tracking_number, phone)

    def value(self) -> Shipment:
        """The row and its lines as others may see them."""
        return Shipment(
            id=self.id,
            reference=self.reference,
            supplier_id=self.supplier_id,
            carrier=self.carrier,
            tracking_number=self.tracking_number,
            status=ShipmentStatus(self.status),
            dispatched_at=self.dispatched_at,
            delivered_at=self.delivered_at,
            state=TrackingState(self.state),
            news_at=self.news_at,
            news=self.news,
            trouble=None if self.trouble is None else Trouble(self.trouble),
            inbound=self.inbound,
            lines=tuple(
                ShipmentLine(
                    line_reference=line.line_reference, sku=line.sku, quantity=line.quantity, lot_code=line.lot_code
                )
                for line in self.lines
            ),
        )


class ShipmentLineRow(Base):
    """What is in the parcel. One line of the caller's may come out of several lots."""

    __tablename__ = "fulfilment_shipment_line"

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("fulfilment_shipment.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_reference: Mapped[UUID] = mapped_column(index=True)
    sku: Mapped[str] = mapped_column(Text)
    lot_code: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_fulfilment_shipment_line_lot", "sku", "lot_code", postgresql_where=sql("lot_code IS NOT NULL")),
    )


class TrackingRow(Base):
    """One thing that a carrier said of a parcel. Added, never changed."""

    __tablename__ = "fulfilment_tracking"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("fulfilment_shipment.id"))
    occurred_at: Mapped[instant]
    state: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    heard_at: Mapped[instant]

    __table_args__ = (
        CheckConstraint(_one_of("state", TrackingState), name="state"),
        UniqueConstraint("shipment_id", "occurred_at", "state", "text"),
    )

    def value(self) -> TrackingEvent:
        """The row as others may see it."""
        return TrackingEvent(self.occurred_at, TrackingState(self.state), self.text)


class BlackoutRow(Base):
    """Days on which a carrier takes no parcels, or none does where ``carrier`` is null."""

    __tablename__ = "fulfilment_blackout"
    __table_args__ = (
        CheckConstraint(_one_of("carrier", CARRIERS), name="carrier"),
        CheckConstraint("to_on >= from_on", name="ends_after_it_begins"),
        Index("ix_fulfilment_blackout_to_on", "to_on"),
    )

    id: Mapped[uid]
    carrier: Mapped[str | None] = mapped_column(Text)
    from_on: Mapped[date]
    to_on: Mapped[date]
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]

    def value(self) -> Blackout:
        """The row as others may see it."""
        return Blackout(self.id, self.carrier, self.from_on, self.to_on)


append_only(TrackingRow.metadata.tables["fulfilment_tracking"])
