"""Accepted lines that do not count, each with the reason: with the ledger they are all that was accepted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules.counting import Reason
from app.core.db import Base, append_only, fen, instant, uid

_REASONS = ", ".join(f"'{reason.value}'" for reason in Reason if reason is not Reason.COUNTED)


class ExclusionRow(Base):
    """A line that was accepted and not counted. ``facts`` is what the test looked at, as frozen when it was sold."""

    __tablename__ = "assistance_exclusion"
    __table_args__ = (
        UniqueConstraint("line_id"),
        CheckConstraint(f"reason IN ({_REASONS})", name="reason"),
        Index("ix_assistance_exclusion_reason_id", "reason", "id"),
    )

    id: Mapped[uid]
    source_id: Mapped[UUID]
    line_id: Mapped[UUID]
    order_id: Mapped[UUID]
    order_number: Mapped[str | None] = mapped_column(Text)
    po_no: Mapped[str | None] = mapped_column(Text)
    sku: Mapped[str] = mapped_column(Text)
    product_name: Mapped[str] = mapped_column(Text)
    supplier_id: Mapped[UUID]
    supplier_name: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int]
    net_fen: Mapped[fen]
    occurred_at: Mapped[instant]
    excluded_at: Mapped[instant]
    reason: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)


append_only(ExclusionRow.metadata.tables["assistance_exclusion"])
