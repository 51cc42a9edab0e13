"""Tables of exports: who asked for what, and the files that the worker made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, instant, uid
from app.reports.lifecycle import AT_WORK, Status, Step, after
from app.reports.rules.exports import FileFormat, Subject


def _one_of(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(str(value.value)) for value in values)})"


class ExportRow(Base):
    """A report that is made as a file.

    ``due_at`` is when a worker may take it up: while one is at it, that lies ahead and moves on with what is done, so
    that a worker who is gone is replaced. ``attempt`` numbers those who took it up: what an earlier one still writes
    is written by nobody.
    """

    __tablename__ = "reports_export"
    __table_args__ = (
        CheckConstraint(_one_of("subject", Subject), name="subject"),
        CheckConstraint(_one_of("form", FileFormat), name="form"),
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(f"({_one_of('status', sorted(AT_WORK))}) = (due_at IS NOT NULL)", name="due"),
        CheckConstraint("(status = 'failed') = (problem_code IS NOT NULL)", name="problem"),
        CheckConstraint("(status IN ('done', 'expired')) = (expires_at IS NOT NULL)", name="file"),
        CheckConstraint("num_nulls(name, as_of, size, sha256, expires_at) IN (0, 5)", name="whole"),
        Index("ix_reports_export_account_id", "account_id", "id"),
        Index("ix_reports_export_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_reports_export_expires_at", "expires_at", postgresql_where=text("status = 'done'")),
        Index("ix_reports_export_asked_at", "asked_at"),
    )

    id: Mapped[uid]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    subject: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    form: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    keep_hours: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[instant]
    due_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    name: Mapped[str | None] = mapped_column(Text)
    as_of: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(Text)
    problem_code: Mapped[str | None] = mapped_column(Text)
    problem_zh: Mapped[str | None] = mapped_column(Text)
    problem_en: Mapped[str | None] = mapped_column(Text)

    def take(self, step: Step, *, due_at: datetime | None = None) -> None:
        """Take a step, the only place where a status is assigned. Raises ``ExportStepNotAllowed``."""
        self.status, self.due_at = after(Status(self.status), step).value, due_at


class ExportPieceRow(Base):
    """A piece of a file, compressed (zlib); pieces in their order are the file."""

    __tablename__ = "reports_export_piece"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("reports_export.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
