"""Supermarket partners, their stores and distribution centres."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, instant, uid
from app.partners.rules import MAX_TERM_DAYS, LocationExists, LocationKind, PartnerExists, PartnerStatus


class PartnerRow(Base):
    """A supermarket that buys on account."""

    __tablename__ = "partners_partner"
    __table_args__ = (
        UniqueConstraint("code", name="uq_partners_partner_code", info={"means": PartnerExists}),
        UniqueConstraint("uscc", name="uq_partners_partner_uscc", info={"means": PartnerExists}),
        CheckConstraint("status IN ('active', 'suspended')", name="status"),
        CheckConstraint(f"term_days BETWEEN 0 AND {MAX_TERM_DAYS}", name="term_days"),
        CheckConstraint("rebate_bp BETWEEN 0 AND 10000", name="rebate_bp"),
        CheckConstraint("stores_count >= 0", name="stores_count"),
    )

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str] = mapped_column(Text)
    division_code: Mapped[str] = mapped_column(Text)
    stores_count: Mapped[int]
    term_days: Mapped[int]
    rebate_bp: Mapped[int]
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

    def stand(self, status: PartnerStatus) -> None:
        """Let it buy, or not: the only place where a status is assigned. There is no way that is not open."""
        self.status = status.value


class LocationRow(Base):
    """A store or a distribution centre, under the partner's own code, leading zeros and all (domain handbook §4.2)."""

    __tablename__ = "partners_location"
    __table_args__ = (
        UniqueConstraint("partner_id", "code", info={"means": LocationExists}),
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in LocationKind)})", name="kind"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    division_code: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    gln: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[instant]
