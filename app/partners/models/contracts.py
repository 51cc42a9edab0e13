"""Contracts with partners: the terms of a period, and the fees that were agreed by name."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, Text, Time, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, fen, instant, uid
from app.core.frozen import frozen
from app.partners.rules import MAX_TERM_DAYS
from app.partners.rules.contracts import ContractNoTaken, FeeBasis, MinimumUnit, TermBase


class ContractRow(Base):
    """What was agreed with a partner for the days ``valid_from`` to ``valid_to``; never changed once signed.

    ``order_weekdays`` (1 Monday to 7 Sunday) and ``order_until`` are the order window, ``lead_days`` the days from
    order to delivery. ``minimum`` is counted in ``minimum_unit`` per purchase order. Goods come with at least
    ``min_life_pct`` of their life left. ``tolerance`` holds the receiving rules by root category
    (domain handbook §4.2). ``version`` counts the drafts.
    """

    __tablename__ = "partners_contract"
    __table_args__ = (
        UniqueConstraint("contract_no", info={"means": ContractNoTaken}),
        CheckConstraint("valid_from <= valid_to", name="period"),
        CheckConstraint(f"term_days BETWEEN 0 AND {MAX_TERM_DAYS}", name="term_days"),
        CheckConstraint(f"term_base IN ({', '.join(repr(base.value) for base in TermBase)})", name="term_base"),
        CheckConstraint("rebate_bp BETWEEN 0 AND 10000", name="rebate_bp"),
        CheckConstraint("lead_days BETWEEN 0 AND 60 AND min_life_pct BETWEEN 0 AND 100", name="days"),
        CheckConstraint("minimum >= 0", name="minimum"),
        CheckConstraint(f"minimum_unit IN ({', '.join(repr(u.value) for u in MinimumUnit)})", name="minimum_unit"),
        Index("ix_partners_contract_partner_id", "partner_id", "valid_from"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    contract_no: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date] = mapped_column(Date)
    signed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    order_weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    order_until: Mapped[time] = mapped_column(Time)
    lead_days: Mapped[int] = mapped_column(SmallInteger)
    minimum: Mapped[fen]
    minimum_unit: Mapped[str] = mapped_column(Text)
    min_life_pct: Mapped[int] = mapped_column(SmallInteger)
    term_days: Mapped[int] = mapped_column(SmallInteger)
    term_base: Mapped[str] = mapped_column(Text)
    rebate_bp: Mapped[int] = mapped_column(SmallInteger)
    rebate_on_invoice: Mapped[bool] = mapped_column(server_default=text("false"))
    tolerance: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[instant]
    by_account: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


frozen(ContractRow.metadata.tables["partners_contract"], but={"ended_at"}, once="signed_at")


class FeeRow(Base):
    """A fee that the contract names, with the service it pays for; nothing else may be deducted (handbook §4.3)."""

    __tablename__ = "partners_fee"
    __table_args__ = (
        UniqueConstraint("contract_id", "name"),
        CheckConstraint(f"basis IN ({', '.join(repr(basis.value) for basis in FeeBasis)})", name="basis"),
        CheckConstraint("(basis = 'percent') = (rate_bp IS NOT NULL)", name="rate"),
        CheckConstraint("(basis = 'percent') = (amount_fen IS NULL)", name="amount"),
        CheckConstraint("amount_fen > 0 AND tax_rate_bp BETWEEN 0 AND 10000", name="signs"),
        CheckConstraint("rate_bp BETWEEN 1 AND 10000", name="share"),
    )

    id: Mapped[uid]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("partners_contract.id"))
    name: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[fen | None]
    rate_bp: Mapped[int | None] = mapped_column(SmallInteger)
    tax_rate_bp: Mapped[int] = mapped_column(SmallInteger)
