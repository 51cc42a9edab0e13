from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, uid
from app.fulfilment.lifecycle import TRANSITIONS, Step
from app.fulfilment.rules import CARRIERS, Shipment, ShipmentExists, ShipmentLine, ShipmentStatus


class ShipmentRow(Base):
    """One parcel handed to a carrier."""

    __tablename__ = "fulfilment_shipment"

    id: Mapped[uid]
    reference: Mapped[UUID]
    supplier_id: Mapped[UUID]
    carrier: Mapped[str] = mapped_column(Text)
    tracking_number: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    dispatched_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    lines: Mapped[list[ShipmentLineRow]] = relationship(order_by="ShipmentLineRow.position", lazy="raise")

    __table_args__ = (
        CheckConstraint(f"carrier IN ({', '.join(map(repr, CARRIERS))})", name="carrier"),
        CheckConstraint(f"status IN ({', '.join(repr(str(status)) for status in TRANSITIONS)})", name="status"),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        UniqueConstraint("carrier", "tracking_number", "reference", info={"means": ShipmentExists}),
        Index("ix_fulfilment_shipment_reference", "reference"),
    )

    def take(self, step: Step) -> bool:
        """Take the step; False where the table does not allow it."""
        after = TRANSITIONS[ShipmentStatus(self.status)].get(step)
        if after is None:
            return False
        self.status = after
        return True

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

    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)
