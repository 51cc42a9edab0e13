"""The register of households, how they are linked with suppliers, and the evidence of what they were paid."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules.households import (
    ChangeKind,
    FigureKind,
    HouseholdExists,
    LinkageDecided,
    LinkKind,
    ListDecided,
    ReversedAlready,
)
from app.core.db import Base, append_only, fen, instant, uid


def _one_of(column: str, values: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class HouseholdRow(Base):
    """A household. Its number in the official system is sealed and found by a blind index only; nothing names it."""

    __tablename__ = "assistance_household"
    __table_args__ = (
        UniqueConstraint("number_index", info={"means": HouseholdExists}),
        CheckConstraint("persons BETWEEN 1 AND 50 AND persons_linked BETWEEN 0 AND persons", name="persons"),
    )

    id: Mapped[uid]
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(LargeBinary)
    township_code: Mapped[str] = mapped_column(ForeignKey("suppliers_township.code"), index=True)
    village: Mapped[str] = mapped_column(Text)
    classes: Mapped[dict[str, str]] = mapped_column(JSONB)
    persons: Mapped[int] = mapped_column(Integer)
    persons_linked: Mapped[int] = mapped_column(Integer)
    consented_on: Mapped[date | None] = mapped_column(Date)
    bank_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    left_on: Mapped[date | None] = mapped_column(Date)
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]


class HouseholdVersionRow(Base):
    """What is true of a household from a day on. What was registered stands in the household's own row, for ever."""

    __tablename__ = "assistance_household_version"
    __table_args__ = (
        CheckConstraint("persons BETWEEN 1 AND 50 AND persons_linked BETWEEN 0 AND persons", name="persons"),
        CheckConstraint(_one_of("change", ChangeKind), name="change"),
        CheckConstraint("left_on IS NOT NULL OR change <> 'left'", name="left"),
        Index("ix_assistance_household_version_household_id", "household_id", "valid_from", "id"),
    )

    id: Mapped[uid]
    household_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_household.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    change: Mapped[str] = mapped_column(Text)
    township_code: Mapped[str] = mapped_column(ForeignKey("suppliers_township.code"), index=True)
    village: Mapped[str] = mapped_column(Text)
    classes: Mapped[dict[str, str]] = mapped_column(JSONB)
    persons: Mapped[int] = mapped_column(Integer)
    persons_linked: Mapped[int] = mapped_column(Integer)
    left_on: Mapped[date | None] = mapped_column(Date)
    split_into: Mapped[UUID | None] = mapped_column(ForeignKey("assistance_household.id"), index=True)
    note: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]


class LinkageRow(Base):
    """A contract, payroll or register that links a household with a supplier.

    ``counts_from`` is the first day that no closed month held when it was entered: nothing counts before it.
    """

    __tablename__ = "assistance_linkage"
    __table_args__ = (
        CheckConstraint(_one_of("kind", LinkKind), name="kind"),
        CheckConstraint("valid_to >= valid_from", name="valid"),
        Index("ix_assistance_linkage_household_id", "household_id", "supplier_id"),
    )

    id: Mapped[uid]
    household_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_household.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    contract_no: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    terms: Mapped[str] = mapped_column(Text)
    yearly_fen: Mapped[int | None] = mapped_column(BigInteger)
    counts_from: Mapped[date | None] = mapped_column(Date)
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]


class LinkageProposalRow(Base):
    """A contract that a supplier says it has; a linkage once an officer approves it."""

    __tablename__ = "assistance_linkage_proposal"
    __table_args__ = (
        CheckConstraint(_one_of("kind", LinkKind), name="kind"),
        CheckConstraint("valid_to >= valid_from", name="valid"),
    )

    id: Mapped[uid]
    household_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_household.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    contract_no: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    terms: Mapped[str] = mapped_column(Text)
    yearly_fen: Mapped[int | None] = mapped_column(BigInteger)
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[instant]


class LinkageDecisionRow(Base):
    """What an officer decided about it: once, and for good."""

    __tablename__ = "assistance_linkage_decision"
    __table_args__ = (
        PrimaryKeyConstraint("proposal_id", info={"means": LinkageDecided}),
        CheckConstraint("verdict IN ('approved', 'declined')", name="verdict"),
    )

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_linkage_proposal.id"))
    verdict: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID]
    decided_at: Mapped[instant]


class PaymentListRow(Base):
    """Payments that were entered together; what they come to is kept, so that the list cannot grow unseen."""

    __tablename__ = "assistance_payment_list"
    __table_args__ = (
        CheckConstraint(
            "source IN ('entered', 'sheet', 'supplier') AND (source = 'supplier') <= (supplier_id IS NOT NULL)",
            name="source",
        ),
    )

    id: Mapped[uid]
    source: Mapped[str] = mapped_column(Text)
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("suppliers_supplier.id"), index=True)
    rows: Mapped[int] = mapped_column(Integer)
    total_fen: Mapped[fen]
    note: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]


class PaymentListDecisionRow(Base):
    """What the second officer decided about a list: once, and for good.

    ``counts_from`` is the first day that no closed month held at that moment: what was paid before counts on it.
    """

    __tablename__ = "assistance_payment_list_decision"
    __table_args__ = (
        PrimaryKeyConstraint("list_id", info={"means": ListDecided}),
        CheckConstraint("verdict IN ('approved', 'declined')", name="verdict"),
    )

    list_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_payment_list.id"))
    verdict: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    counts_from: Mapped[date | None] = mapped_column(Date)
    decided_by: Mapped[UUID]
    decided_at: Mapped[instant]


class PaymentRow(Base):
    """One payment to a household, or the reversal of one.

    ``quantity_milli`` is thousandths of kg, days, 亩 or shares. Payments for material name a product line.
    """

    __tablename__ = "assistance_household_payment"
    __table_args__ = (
        CheckConstraint(_one_of("kind", LinkKind), name="kind"),
        CheckConstraint("(kind IN ('PURCHASE', 'SERVICE', 'REBATE')) = (category IS NOT NULL)", name="category"),
        CheckConstraint("(reverses IS NULL) = (amount_fen > 0) AND amount_fen <> 0", name="amount"),
        Index("ix_assistance_household_payment_paid_on", "paid_on", "household_id"),
        Index("ix_assistance_household_payment_household_id", "household_id", "paid_on"),
        Index("ix_assistance_household_payment_reverses", "reverses", postgresql_where=text("reverses IS NOT NULL")),
    )

    id: Mapped[uid]
    list_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_payment_list.id"), index=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_household.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    paid_on: Mapped[date] = mapped_column(Date)
    quantity_milli: Mapped[int | None] = mapped_column(BigInteger)
    unit_price_fen: Mapped[int | None] = mapped_column(BigInteger)
    amount_fen: Mapped[fen]
    reference_price_fen: Mapped[int | None] = mapped_column(BigInteger)
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("inventory_lot.id"), index=True)
    to_own_account: Mapped[bool] = mapped_column(Boolean)
    reverses: Mapped[UUID | None] = mapped_column(ForeignKey("assistance_household_payment.id"))
    voucher_no: Mapped[str | None] = mapped_column(Text)


class PaymentTakenBackRow(Base):
    """A payment that an approved list took back: once, whatever was proposed and declined before."""

    __tablename__ = "assistance_payment_taken_back"
    __table_args__ = (PrimaryKeyConstraint("payment_id", info={"means": ReversedAlready}),)

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_household_payment.id"))
    reversal_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_household_payment.id"), index=True)


class SupplierFigureRow(Base):
    """What a supplier declared about itself for a span of days; the latest for the same span holds."""

    __tablename__ = "assistance_supplier_figure"
    __table_args__ = (
        CheckConstraint(_one_of("kind", FigureKind), name="kind"),
        CheckConstraint("(kind = 'revenue_fen') = (category IS NULL)", name="category"),
        CheckConstraint("ends_on >= starts_on AND value >= 0", name="span"),
        Index("ix_assistance_supplier_figure_supplier_id", "supplier_id", "kind", "starts_on"),
    )

    id: Mapped[uid]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    kind: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    value: Mapped[int] = mapped_column(BigInteger)
    evidence: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]


class HouseholdAccessRow(Base):
    """Who looked at a single household, when and why (domain handbook §3.2)."""

    __tablename__ = "assistance_household_access"

    id: Mapped[uid]
    household_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_household.id"), index=True)
    by_account: Mapped[UUID]
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)


class SupplierReachRow(Base):
    """How many households a supplier paid in the year before its latest approved list: what the shop window shows."""

    __tablename__ = "assistance_supplier_reach"

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), primary_key=True)
    households: Mapped[int] = mapped_column(Integer)
    as_of: Mapped[date] = mapped_column(Date)


for _row in (
    HouseholdVersionRow,
    LinkageRow,
    LinkageProposalRow,
    LinkageDecisionRow,
    PaymentListRow,
    PaymentListDecisionRow,
    PaymentRow,
    PaymentTakenBackRow,
    SupplierFigureRow,
    HouseholdAccessRow,
):
    append_only(Base.metadata.tables[_row.__tablename__])
