"""Tables of the claims module."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.claims.lifecycle import ENDED, ClaimStepNotAllowed, Status, Step, after, allowed
from app.claims.rules import Kind, Liable, Party, Remedy
from app.core.db import Base, append_only, fen, instant, uid


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class ClaimRow(Base):
    """A buyer's complaint. ``due_at`` is when the clock moves it on by itself; ``refund_fen`` includes the freight.

    ``liable`` is fixed with the decision, for whoever settles with suppliers.
    """

    __tablename__ = "claims_claim"
    __table_args__ = (
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint(_one_of("remedy", Remedy), name="remedy"),
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("liable", Liable), name="liable"),
        CheckConstraint("refund_fen >= 0 AND freight_fen BETWEEN 0 AND refund_fen", name="amounts"),
        CheckConstraint(f"({_one_of('status', sorted(ENDED))}) = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("closed_at IS NULL OR due_at IS NULL", name="nothing_due"),
        CheckConstraint("(return_carrier IS NULL) = (return_number IS NULL)", name="sent_back"),
        CheckConstraint("status <> 'refunded' OR (refund_id IS NOT NULL AND liable IS NOT NULL)", name="refunded"),
        Index("ix_claims_claim_buyer_id", "buyer_id", "id"),
        Index("ix_claims_claim_supplier_id", "supplier_id", "status", "id"),
        Index("ix_claims_claim_status", "status", "id"),
        Index("ix_claims_claim_order_id", "order_id", "id"),
        # Settlement looks for goods that were sent again lately.
        Index("ix_claims_claim_reshipped", "closed_at", postgresql_where=text("status = 'reshipped'")),
        Index("ix_claims_claim_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    id: Mapped[uid]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_order.id"))
    order_number: Mapped[str] = mapped_column(Text)
    supplier_order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_supplier_order.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    kind: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    refund_fen: Mapped[fen]
    freight_fen: Mapped[fen]
    note: Mapped[str | None] = mapped_column(Text)
    liable: Mapped[str | None] = mapped_column(Text)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders_refund.id"), unique=True)
    return_carrier: Mapped[str | None] = mapped_column(Text)
    return_number: Mapped[str | None] = mapped_column(Text)
    sellable: Mapped[bool | None] = mapped_column(Boolean)
    opened_at: Mapped[instant]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    def take(self, step: Step, *, now: datetime, due_at: datetime | None = None) -> Status:
        """Take a step, the only place where a status is assigned. Raises ``ClaimStepNotAllowed``.

        While money is on its way back nothing but its arrival happens.
        """
        remedy = Remedy(self.remedy)
        if self.refund_id is not None and step is not Step.SETTLE:
            raise ClaimStepNotAllowed(self.status)
        reached = after(Status(self.status), step, remedy)
        self.status, self.due_at = reached.value, due_at
        self.closed_at = now if reached in ENDED else None
        return reached

    def may(self, step: Step) -> bool:
        """Whether the step can be taken now."""
        return self.refund_id is None and step in allowed(Status(self.status), Remedy(self.remedy))


class ClaimLineRow(Base):
    """What is claimed of one order line. Its id is what a parcel that makes it good is packed for."""

    __tablename__ = "claims_line"
    __table_args__ = (
        UniqueConstraint("claim_id", "line_id"),
        CheckConstraint("quantity > 0 AND refund_quantity BETWEEN 0 AND quantity AND refund_fen >= 0", name="amounts"),
        CheckConstraint("(bad_pieces IS NULL) = (total_pieces IS NULL)", name="pieces"),
    )

    id: Mapped[uid]
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims_claim.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("orders_line.id"), index=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    sku: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int]
    bad_pieces: Mapped[int | None]
    total_pieces: Mapped[int | None]
    refund_fen: Mapped[fen]
    refund_quantity: Mapped[int]


class ClaimEventRow(Base):
    """One step of a claim. Added, never changed; ``by_account`` is None for the clock and the carrier."""

    __tablename__ = "claims_event"
    __table_args__ = (
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("party", Party), name="party"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims_claim.id"), index=True)
    status: Mapped[str] = mapped_column(Text)
    party: Mapped[str] = mapped_column(Text)
    by_account: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[instant]


append_only(ClaimEventRow.metadata.tables["claims_event"])
