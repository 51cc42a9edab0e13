"""Sales from outside the platform, their vouchers, and the invoice lines that are taken."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, PrimaryKeyConstraint, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules import Channel
from app.assistance.rules.declared import ClaimedElsewhere, Occasion
from app.core.db import Base, append_only

_CHANNELS = ", ".join(f"'{channel.value}'" for channel in Channel)
_OCCASIONS = ", ".join(f"'{occasion.value}'" for occasion in Occasion)


class DeclaredSaleRow(Base):
    """What a proposal of the kind ``declared`` says: who sold what to whom, where, and by which voucher.

    ``doubts`` are the known sales that it looked like when it was entered, and the answer why it is none of them.
    """

    __tablename__ = "assistance_declared_sale"
    __table_args__ = (
        CheckConstraint(f"channel IN ({_CHANNELS})", name="channel"),
        CheckConstraint(f"occasion IN ({_OCCASIONS})", name="occasion"),
        CheckConstraint("(invoice_no IS NULL) = (invoice_line IS NULL)", name="invoice"),
        CheckConstraint("doubts = '[]' OR not_a_duplicate_because IS NOT NULL", name="doubts_are_answered"),
        Index("ix_assistance_declared_sale_voucher_no", "voucher_no"),
        Index("ix_assistance_declared_sale_supplier_id_sold_on", "supplier_id", "sold_on"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("assistance_proposal.id"), primary_key=True)
    occasion: Mapped[str] = mapped_column(Text)
    voucher_no: Mapped[str] = mapped_column(Text)
    sold_on: Mapped[date] = mapped_column(Date)
    channel: Mapped[str] = mapped_column(Text)
    division_code: Mapped[str] = mapped_column(Text)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    supplier_name: Mapped[str] = mapped_column(Text)
    township_code: Mapped[str] = mapped_column(Text)
    township: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    buyer: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    invoice_no: Mapped[str | None] = mapped_column(Text)
    invoice_line: Mapped[int | None] = mapped_column(SmallInteger)
    doubts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    not_a_duplicate_because: Mapped[str | None] = mapped_column(Text)


class VoucherRow(Base):
    """A file that proves a declared sale, by the SHA-256 of its bytes: the same paper is not handed in twice."""

    __tablename__ = "assistance_voucher"
    __table_args__ = (
        PrimaryKeyConstraint("declared_id", "file_id"),
        Index("ix_assistance_voucher_sha256", "sha256"),
        Index("ix_assistance_voucher_file_id", "file_id"),
    )

    declared_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_declared_sale.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files_file.id"))
    sha256: Mapped[bytes]


class ExternalClaimRow(Base):
    """A line of an invoice that a counted sale stands on: nobody else's sale may stand on it."""

    __tablename__ = "assistance_external_claim"
    __table_args__ = (
        PrimaryKeyConstraint("source", "invoice_no", "line", info={"means": ClaimedElsewhere}),
        Index("ix_assistance_external_claim_entry_id", "entry_id"),
    )

    source: Mapped[str] = mapped_column(Text)
    invoice_no: Mapped[str] = mapped_column(Text)
    line: Mapped[int] = mapped_column(SmallInteger)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_entry.id"))


for _table in ("assistance_declared_sale", "assistance_voucher", "assistance_external_claim"):
    append_only(Base.metadata.tables[_table])
