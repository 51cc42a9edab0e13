"""Supermarket partners."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, uid
from app.partners.rules import MAX_TERM_DAYS, PartnerExists


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
