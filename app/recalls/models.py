"""Table of the recalls module."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, instant, uid
from app.recalls.rules import DraftDecided, Status


class DraftRow(Base):
    """A refund for pieces of a recalled lot that nobody has decided on, or somebody has."""

    __tablename__ = "recalls_draft"
    __table_args__ = (
        UniqueConstraint("lot_id", "line_id", "sent"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint(f"status IN ({', '.join(repr(one.value) for one in Status)})", name="status"),
        CheckConstraint("(status = 'draft') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        Index("ix_recalls_draft_status", "status", "id"),
    )

    id: Mapped[uid]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_lot.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("orders_line.id"), index=True)
    sent: Mapped[bool]
    quantity: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    drafted_at: Mapped[instant]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]

    def decide(self, decision: Status, *, by: UUID, at: datetime) -> bool:
        """Note what an operator says; False when that was said before. Raises ``DraftDecided``."""
        if self.status == decision:
            return False
        if self.status != Status.DRAFT:
            raise DraftDecided(decision=self.status)
        self.status, self.decided_by, self.decided_at = decision.value, by, at
        return True
