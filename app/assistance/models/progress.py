"""Figures that officers enter for measures, and what a second officer decided about them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, PrimaryKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules.progress import ProgressDecided
from app.core.db import Base, append_only, instant, uid


class ProgressRow(Base):
    """How far a measure had come at the end of a month. A later row of the same month corrects it once approved."""

    __tablename__ = "assistance_progress"
    __table_args__ = (
        CheckConstraint("value >= 0", name="value"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        Index("ix_assistance_progress_measure_id", "measure_id", "month"),
    )

    id: Mapped[uid]
    measure_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_measure.id"))
    month: Mapped[date] = mapped_column(Date)
    value: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]


class ProgressDecisionRow(Base):
    """What the second officer decided: once, and for good."""

    __tablename__ = "assistance_progress_decision"
    __table_args__ = (
        PrimaryKeyConstraint("progress_id", info={"means": ProgressDecided}),
        CheckConstraint("verdict IN ('approved', 'declined')", name="verdict"),
    )

    progress_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_progress.id"))
    verdict: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID]
    decided_at: Mapped[instant]


append_only(ProgressRow.metadata.tables["assistance_progress"])
append_only(ProgressDecisionRow.metadata.tables["assistance_progress_decision"])
