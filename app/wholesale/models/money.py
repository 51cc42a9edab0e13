"""Money of partners: what came, what of it pays which statement, what goes back, and when they were told to pay."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, instant, uid
from app.core.frozen import frozen
from app.wholesale.lifecycle import PartnerRefundStatus, PartnerRefundStep, refund_after
from app.wholesale.models.orders import one_of
from app.wholesale.rules.money import ReceiptUsed, RefundWaits


class ReceivedPaymentRow(Base):
    """Money of a partner that was matched to a statement; ``entry_id`` is the entry of the bank's file."""

    __tablename__ = "wholesale_payment"
    __table_args__ = (
        UniqueConstraint("entry_id", "statement_id"),
        CheckConstraint("amount_fen > 0", name="signs"),
    )

    id: Mapped[uid]
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_statement.id"), index=True)
    entry_id: Mapped[UUID]
    amount_fen: Mapped[fen]
    received_on: Mapped[date] = mapped_column(Date)
    matched_at: Mapped[instant]
    by_account: Mapped[UUID | None]


append_only(ReceivedPaymentRow.metadata.tables["wholesale_payment"])


class RemittanceRow(Base):
    """Money of a partner on our account, by the entry of the bank's file; ``applied_fen`` of it pay statements.

    ``refunded_fen`` went back, or waits to. The rest is the partner's: it pays the statements that are invoiced next.
    """

    __tablename__ = "wholesale_remittance"
    __table_args__ = (
        UniqueConstraint("entry_id"),
        CheckConstraint("amount_fen > 0 AND applied_fen >= 0 AND refunded_fen >= 0", name="signs"),
        CheckConstraint("applied_fen + refunded_fen <= amount_fen", name="whole"),
        Index("ix_wholesale_remittance_partner_id", "partner_id", "id"),
    )

    id: Mapped[uid]
    entry_id: Mapped[UUID]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    amount_fen: Mapped[fen]
    applied_fen: Mapped[fen] = mapped_column(server_default=text("0"))
    refunded_fen: Mapped[fen] = mapped_column(server_default=text("0"))
    booked_on: Mapped[date] = mapped_column(Date)
    noted_at: Mapped[instant]
    by_account: Mapped[UUID | None]

    @property
    def lying_fen(self) -> int:
        """What neither pays a statement nor goes back."""
        return self.amount_fen - self.applied_fen - self.refunded_fen


class RefundRow(Base):
    """A partner's money that goes back to it: of one remittance, or what one statement was closed with below zero.

    All of it that is left goes back, or nothing. One operator drafts it, another one approves, and the transfer that
    paid it is noted by the bank's number. The payee is the partner; its account is sealed.
    """

    __tablename__ = "wholesale_refund"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("bank_receipt", info={"means": ReceiptUsed}),
        CheckConstraint(one_of("status", PartnerRefundStatus), name="status"),
        CheckConstraint("(remittance_id IS NULL) <> (statement_id IS NULL)", name="of_one"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(
            "(status = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name="decided",
        ),
        CheckConstraint("decided_by <> drafted_by", name="two"),
        CheckConstraint("status <> 'declined' OR decision IS NOT NULL", name="decision"),
        CheckConstraint(
            "(status = 'paid') = (paid_at IS NOT NULL) AND (paid_at IS NULL) = (bank_receipt IS NULL)"
            " AND (paid_at IS NULL) = (paid_by IS NULL) AND (paid_at IS NULL) = (paid_on IS NULL)",
            name="paid",
        ),
        *(
            Index(
                f"uq_wholesale_refund_{column}",
                column,
                unique=True,
                postgresql_where=text("status <> 'declined'"),
                info={"means": RefundWaits},
            )
            for column in ("remittance_id", "statement_id")
        ),
        Index("ix_wholesale_refund_remittance_id", "remittance_id"),
        Index("ix_wholesale_refund_statement_id", "statement_id"),
        Index("ix_wholesale_refund_partner_id", "partner_id", "id"),
        Index("ix_wholesale_refund_status", "status", "id"),
    )

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    remittance_id: Mapped[UUID | None] = mapped_column(ForeignKey("wholesale_remittance.id"))
    statement_id: Mapped[UUID | None] = mapped_column(ForeignKey("wholesale_statement.id"))
    amount_fen: Mapped[fen]
    payee_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    payee_tail: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[UUID]
    drafted_at: Mapped[instant]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Text)
    bank_receipt: Mapped[str | None] = mapped_column(Text)
    paid_on: Mapped[date | None] = mapped_column(Date)
    paid_by: Mapped[UUID | None]
    paid_at: Mapped[datetime | None]

    def take(self, step: PartnerRefundStep) -> None:
        """Take a step, the only place where a status is assigned. Raises ``PartnerRefundStepNotAllowed``."""
        self.status = refund_after(PartnerRefundStatus(self.status), step).value


frozen(
    RefundRow.metadata.tables["wholesale_refund"],
    but={"status", "decided_by", "decided_at", "decision", "bank_receipt", "paid_on", "paid_by", "paid_at"},
)


class ReminderRow(Base):
    """That a partner was told to pay a statement, so many ``days`` from its last day, and what was open then."""

    __tablename__ = "wholesale_reminder"
    __table_args__ = (UniqueConstraint("statement_id", "due_on", "days"),)

    id: Mapped[uid]
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_statement.id"))
    due_on: Mapped[date] = mapped_column(Date)
    days: Mapped[int] = mapped_column(SmallInteger)
    open_fen: Mapped[fen]
    at: Mapped[instant]


append_only(ReminderRow.metadata.tables["wholesale_reminder"])
