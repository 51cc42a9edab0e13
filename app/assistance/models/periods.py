"""Closed months, and reports as they were submitted."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules.periods import MonthClosed
from app.core.db import Base, append_only, fen, instant, uid


class ClosingRow(Base):
    """A month that was closed: how many entries it had, their sums, and the hash of all of them.

    ``chain`` is the digest of the last link of the chain at ``cut_off``: whoever keeps it on paper can tell whether
    anything before was made anew.
    """

    __tablename__ = "assistance_closing"
    __table_args__ = (
        PrimaryKeyConstraint("month", info={"means": MonthClosed}),
        CheckConstraint("CAST(date_trunc('month', CAST(month AS timestamp)) AS date) = month", name="month"),
        CheckConstraint("net_fen = sales_fen + refunds_fen + adjustments_fen", name="net"),
    )

    month: Mapped[date] = mapped_column(Date)
    closed_at: Mapped[instant]
    closed_by: Mapped[UUID]
    cut_off: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]
    sales_fen: Mapped[fen]
    refunds_fen: Mapped[fen]
    adjustments_fen: Mapped[fen]
    net_fen: Mapped[fen]
    declared_fen: Mapped[fen]
    sha256: Mapped[str] = mapped_column(Text)
    chain: Mapped[str] = mapped_column(Text)


append_only(ClosingRow.metadata.tables["assistance_closing"])


class SubmissionRow(Base):
    """A report as it was handed in: from which definition, parameters and cut-off, and byte for byte what it said."""

    __tablename__ = "assistance_submission"

    id: Mapped[uid]
    report: Mapped[str] = mapped_column(Text)
    definition: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cut_off: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]
    media_type: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes]
    submitted_at: Mapped[instant]
    submitted_by: Mapped[UUID]


append_only(SubmissionRow.metadata.tables["assistance_submission"])
