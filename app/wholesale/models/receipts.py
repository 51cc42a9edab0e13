"""What was taken in at the dock, the only basis of payment, and what went back later."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, instant, uid
from app.core.frozen import frozen
from app.wholesale.models.orders import one_of
from app.wholesale.rules import FreightPayer, Reason, ReceiptNoTaken, ReturnNoTaken, ReturnReason
from app.wholesale.rules.receiving import Verdict


class ReceiptRow(Base):
    """A receipt (验收单) of a partner for one purchase order; ``payable_fen`` is the sum of its lines.

    ``digest`` is that of what was sent: the same receipt sent again is the same receipt. Who inspected the goods is
    sealed; ``inspector`` holds it in clear only as the version before wrote it, until it is sealed too.
    """

    __tablename__ = "wholesale_receipt"
    __table_args__ = (
        UniqueConstraint("partner_id", "receipt_no", info={"means": ReceiptNoTaken}),
        CheckConstraint("payable_fen >= 0", name="signs"),
        Index("ix_wholesale_receipt_po_id", "po_id", "id"),
        Index("ix_wholesale_receipt_partner_id", "partner_id", "received_on"),
        Index("ix_wholesale_receipt_unsealed", "id", postgresql_where=text("inspector IS NOT NULL")),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"))
    receipt_no: Mapped[str] = mapped_column(Text)
    received_at: Mapped[instant]
    received_on: Mapped[date] = mapped_column(Date)
    payable_fen: Mapped[fen]
    inspector: Mapped[str | None] = mapped_column(Text)
    inspector_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    photos: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)), server_default=text("'{}'"))
    entered_at: Mapped[instant]
    by_account: Mapped[UUID]


frozen(ReceiptRow.metadata.tables["wholesale_receipt"], but={"inspector", "inspector_sealed"})


class ReceiptLineRow(Base):
    """What came of a line and what was taken in: ``delivered = received + rejected``, ``short`` is of what was due.

    Paid are the units received less those deducted for defects within the tolerance (domain handbook §4.2). What came
    beyond the order was never delivered: ``excess_units`` only tells of it. ``came_units`` and ``faulty_units`` are
    what the partner's people counted, and ``verdict`` what the contract's tolerance makes of it.
    """

    __tablename__ = "wholesale_receipt_line"
    __table_args__ = (
        CheckConstraint("delivered_units = received_units + rejected_units", name="adds_up"),
        CheckConstraint("received_units >= 0 AND rejected_units >= 0 AND short_units >= 0", name="units"),
        CheckConstraint("excess_units >= 0 AND deducted_units BETWEEN 0 AND received_units", name="more_units"),
        CheckConstraint("payable_fen = unit_price_fen * (received_units - deducted_units)", name="payable"),
        CheckConstraint(one_of("reason", Reason), name="reason"),
        CheckConstraint(one_of("verdict", Verdict), name="verdict"),
    )

    id: Mapped[uid]
    receipt_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_receipt.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po_line.id"), index=True)
    line_no: Mapped[int]
    sku: Mapped[str] = mapped_column(Text)
    delivered_units: Mapped[int]
    received_units: Mapped[int]
    rejected_units: Mapped[int]
    short_units: Mapped[int]
    excess_units: Mapped[int]
    deducted_units: Mapped[int]
    unit_price_fen: Mapped[fen]
    payable_fen: Mapped[fen]
    reason: Mapped[str | None] = mapped_column(Text)
    lot_code: Mapped[str | None] = mapped_column(Text)
    came_units: Mapped[int] = mapped_column(server_default=text("0"))
    faulty_units: Mapped[int] = mapped_column(server_default=text("0"))
    verdict: Mapped[str] = mapped_column(Text, server_default=text("'accepted'"))
    too_little: Mapped[bool] = mapped_column(server_default=text("false"))


append_only(ReceiptLineRow.metadata.tables["wholesale_receipt_line"])


class ConsentRow(Base):
    """That up to ``units`` of a line may go back for a ``reason``, until the last day if there is one.

    The law lets goods that were not sold go back only by agreement (domain handbook §4.2). A recall agrees by itself:
    then ``lot_id`` is the lot that was called back and ``by_account`` is None.
    """

    __tablename__ = "wholesale_return_consent"
    __table_args__ = (
        CheckConstraint("units > 0", name="units"),
        CheckConstraint(one_of("reason", ReturnReason), name="reason"),
        CheckConstraint("lot_id IS NULL OR reason = 'recall'", name="recall"),
        CheckConstraint("(lot_id IS NULL) = (by_account IS NOT NULL)", name="by_account"),
        Index("uq_wholesale_return_consent_recall", "lot_id", "line_id", unique=True),
        Index("ix_wholesale_return_consent_partner_id", "partner_id", "id"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po_line.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    units: Mapped[int]
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("inventory_lot.id"))
    lot_code: Mapped[str | None] = mapped_column(Text)
    until_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)
    given_at: Mapped[instant]
    by_account: Mapped[UUID | None]


append_only(ConsentRow.metadata.tables["wholesale_return_consent"])


class ReturnRow(Base):
    """Goods of a receipt that went back to the vendor (RTV); ``amount_fen`` is what is no longer owed for them.

    ``digest`` is that of what was sent: the same return sent again is the same return.
    """

    __tablename__ = "wholesale_return"
    __table_args__ = (
        UniqueConstraint("partner_id", "return_no", info={"means": ReturnNoTaken}),
        CheckConstraint(one_of("reason", ReturnReason), name="reason"),
        CheckConstraint(one_of("freight_payer", FreightPayer), name="freight_payer"),
        CheckConstraint("amount_fen >= 0", name="signs"),
        Index("ix_wholesale_return_partner_id", "partner_id", "returned_on"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"), index=True)
    receipt_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_receipt.id"), index=True)
    return_no: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    agreed: Mapped[bool]
    freight_payer: Mapped[str] = mapped_column(Text)
    returned_at: Mapped[instant]
    returned_on: Mapped[date] = mapped_column(Date)
    amount_fen: Mapped[fen]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    by_account: Mapped[UUID]


append_only(ReturnRow.metadata.tables["wholesale_return"])


class ReturnLineRow(Base):
    """What of a receipt's line went back. ``sellable`` units lie in their lot again."""

    __tablename__ = "wholesale_return_line"
    __table_args__ = (
        CheckConstraint("units > 0 AND sellable_units BETWEEN 0 AND units", name="units"),
        CheckConstraint("amount_fen = unit_price_fen * units", name="amount"),
    )

    id: Mapped[uid]
    return_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_return.id"), index=True)
    receipt_line_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_receipt_line.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po_line.id"), index=True)
    consent_id: Mapped[UUID | None] = mapped_column(ForeignKey("wholesale_return_consent.id"), index=True)
    lot_code: Mapped[str | None] = mapped_column(Text)
    units: Mapped[int]
    sellable_units: Mapped[int]
    unit_price_fen: Mapped[fen]
    amount_fen: Mapped[fen]


append_only(ReturnLineRow.metadata.tables["wholesale_return_line"])
