"""Tables of files: what each is and whom it belongs to, apart from its bytes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, instant, uid
from app.files.rules import Purpose, Variant

_PURPOSES = ", ".join(f"'{purpose.value}'" for purpose in Purpose)
_VARIANTS = ", ".join(f"'{variant.value}'" for variant in Variant)


class FileRow(Base):
    """A file that was checked. ``owner_id`` is the organisation of staff and the account of everybody else.

    Until it is attached to something (``attached_to``, an id that its owner's module knows) it is only waiting.
    """

    __tablename__ = "files_file"
    __table_args__ = (
        CheckConstraint(f"purpose IN ({_PURPOSES})", name="purpose"),
        CheckConstraint("(width IS NULL) = (height IS NULL)", name="measures"),
        CheckConstraint("num_nulls(attached_to, attached_at, position) IN (0, 3)", name="attached"),
        Index("ix_files_file_waiting", "owner_id", postgresql_where=text("attached_to IS NULL")),
        Index("ix_files_file_stale", "uploaded_at", postgresql_where=text("attached_to IS NULL")),
        Index("ix_files_file_attached", "attached_to", "position", postgresql_where=text("attached_to IS NOT NULL")),
    )

    id: Mapped[uid]
    owner_id: Mapped[UUID]
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    width: Mapped[int | None]
    height: Mapped[int | None]
    uploaded_at: Mapped[instant]
    attached_to: Mapped[UUID | None]
    attached_at: Mapped[datetime | None]
    position: Mapped[int | None] = mapped_column(SmallInteger)


class ContentRow(Base):
    """The bytes of one variant, here or, from ``moved_at`` on, in the store outside."""

    __tablename__ = "files_content"
    __table_args__ = (
        CheckConstraint(f"variant IN ({_VARIANTS})", name="variant"),
        CheckConstraint("(content IS NULL) = (moved_at IS NOT NULL)", name="in_one_place"),
        CheckConstraint("size > 0", name="size"),
    )

    file_id: Mapped[UUID] = mapped_column(ForeignKey("files_file.id", ondelete="CASCADE"), primary_key=True)
    variant: Mapped[str] = mapped_column(Text, primary_key=True)
    size: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    moved_at: Mapped[datetime | None]
