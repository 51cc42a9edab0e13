"""The table of certificates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, instant, uid


class CertificateRow(Base):
    """A certificate as it was issued to an organisation: never changed, because its code is in the hands of others."""

    __tablename__ = "assistance_certificate"
    __table_args__ = (UniqueConstraint("code"),)

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("buyers_organisation.id"), index=True)
    holder: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str] = mapped_column(Text)
    year: Mapped[int] = mapped_column(SmallInteger)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[instant]


append_only(CertificateRow.metadata.tables["assistance_certificate"])
