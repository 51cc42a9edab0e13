"""The credit of partners: one row that is taken from by a conditional statement, and the entries that explain it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, instant, uid
from app.partners.rules.credit import CreditKind


class CreditRow(Base):
    """How much a partner may owe and how much of it is used, in fen: promised to orders, or owed for goods received.

    ``used_fen`` is the sum of its entries: below zero when goods went back after they were paid. A limit may be
    lowered below it; then nothing more can be taken. ``version`` counts the limits that were set.
    """

    __tablename__ = "partners_credit"
    __table_args__ = (CheckConstraint("limit_fen >= 0", name="signs"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"), primary_key=True)
    limit_fen: Mapped[fen]
    used_fen: Mapped[fen] = mapped_column(server_default=text("0"))
    updated_at: Mapped[instant]
    version: Mapped[int] = mapped_column(server_default=text("0"))


class LimitRow(Base):
    """A limit that was set, for ever."""

    __tablename__ = "partners_credit_limit"
    __table_args__ = (
        CheckConstraint("limit_fen >= 0", name="signs"),
        Index("ix_partners_credit_limit_partner_id", "partner_id", "id"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    limit_fen: Mapped[fen]
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[instant]
    by_account: Mapped[UUID]


append_only(LimitRow.metadata.tables["partners_credit_limit"])


class CreditEntryRow(Base):
    """One change of what is used, and its cause: unique on it, so that each cause counts once.

    ``reference`` is the purchase order that the credit is for, ``source_id`` the document that changed it.
    """

    __tablename__ = "partners_credit_entry"
    __table_args__ = (
        UniqueConstraint("kind", "source_id", "reference"),
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in CreditKind)})", name="kind"),
        CheckConstraint("amount_fen <> 0", name="says_something"),
        Index("ix_partners_credit_entry_partner_id", "partner_id", "id"),
        Index("ix_partners_credit_entry_reference", "reference"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[UUID]
    source_id: Mapped[UUID]
    amount_fen: Mapped[fen]
    at: Mapped[instant]


append_only(CreditEntryRow.metadata.tables["partners_credit_entry"])
