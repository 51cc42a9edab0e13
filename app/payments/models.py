from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, uid
from app.core.errors import Unavailable
from app.core.sealing import keys
from app.payments.lifecycle import (
    DAY_TRANSITIONS,
    REFUND_TRANSITIONS,
    TRANSITIONS,
    DayStep,
    PaymentStep,
    RefundStep,
)
from app.payments.rules import (
    Payment,
    PaymentStatus,
    Provider,
    Refund,
    RefundExceedsPayment,
    RefundReferenceReused,
    RefundStatus,
    TransactionMismatch,
)
from app.payments.rules.bank import EntryStatus, StatementLine
from app.payments.rules.bills import BillKind, DayStatus, DifferenceKind, DifferenceStatus, Leg, RowKind


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


_KEPT_BEFORE = timedelta(days=3)
"""How long goods were kept for a transfer by the version that did not write down until when."""


class PaymentRow(Base):
    """One attempt to collect an amount. ``refunded_fen`` is the sum of its refunds that did not fail."""

    __tablename__ = "payments_payment"

    id: Mapped[uid]
    provider: Mapped[str] = mapped_column(Text)
    reference: Mapped[UUID]
    payer_id: Mapped[UUID]
    description: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[fen]
    refunded_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    status: Mapped[str] = mapped_column(Text)
    code_url: Mapped[str | None] = mapped_column(Text)
    remittance_code: Mapped[str | None] = mapped_column(Text)
    payer_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    provider_transaction: Mapped[str | None] = mapped_column(Text)
    pay_by: Mapped[datetime | None]
    created_at: Mapped[datetime]
    captured_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_one_of("provider", Provider), name="provider"),
        CheckConstraint(_one_of("status", TRANSITIONS), name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(
            "refunded_fen BETWEEN 0 AND amount_fen AND (refunded_fen = 0 OR status = 'captured')",
            name="refunded",
            info={"means": RefundExceedsPayment},
        ),
        CheckConstraint(
            "(status = 'captured') = (captured_at IS NOT NULL)"
            " AND (captured_at IS NULL) = (provider_transaction IS NULL)",
            name="captured",
        ),
        CheckConstraint("status <> 'closed' OR closed_at IS NOT NULL", name="closed"),
        UniqueConstraint("provider", "provider_transaction", info={"means": TransactionMismatch}),
        # Drawn at random; the next draw is another one.
        UniqueConstraint("remittance_code", info={"means": Unavailable}),
        # Two callers who ask at once get the same code. Also finds the payments of a reference.
        Index(
            "uq_payments_payment_open",
            "reference",
            "provider",
            "amount_fen",
            unique=True,
            postgresql_where=sql("status = 'pending'"),
        ),
        Index("ix_payments_payment_reference", "reference"),
        Index(
            "ix_payments_payment_transfer",
            "amount_fen",
            postgresql_where=sql("provider = 'bank_transfer' AND status = 'pending'"),
        ),
    )

    def take(self, step: PaymentStep) -> bool:
        """Take the step; False where the table does not allow it."""
        after = TRANSITIONS[PaymentStatus(self.status)].get(step)
        if after is None:
            return False
        self.status = after
        return True

    def value(self) -> Payment:
        """The row as others may see it."""
        return Payment(
            id=self.id,
            provider=Provider(self.provider),
            reference=self.reference,
            payer_id=self.payer_id,
            amount_fen=self.amount_fen,
            refunded_fen=self.refunded_fen,
            status=PaymentStatus(self.status),
            code_url=self.code_url,
            remittance_code=self.remittance_code,
            provider_transaction=self.provider_transaction,
            created_at=self.created_at,
            captured_at=self.captured_at,
            pay_by=self.pay_by or (self.created_at + _KEPT_BEFORE if self.remittance_code else None),
        )


class RefundRow(Base):
    """Money on its way back to the payer of one payment. ``paid_by`` is who noted that it was paid by hand."""

    __tablename__ = "payments_refund"

    id: Mapped[uid]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    number: Mapped[str] = mapped_column(Text)
    reference: Mapped[UUID]
    amount_fen: Mapped[fen]
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    provider_refund: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    paid_by: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint(_one_of("status", REFUND_TRANSITIONS), name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(status = 'requested') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("(settled_at IS NULL) = (provider_refund IS NULL)", name="provider_refund"),
        # Drawn at random; the next draw is another one.
        UniqueConstraint("number", info={"means": Unavailable}),
        UniqueConstraint("reference", info={"means": RefundReferenceReused}),
        CheckConstraint("paid_by IS NULL OR status = 'succeeded'", name="paid_by"),
        Index("ix_payments_refund_status", "status", "id"),
    )

    def take(self, step: RefundStep) -> bool:
        """Take the step; False where the table does not allow it."""
        after = REFUND_TRANSITIONS[RefundStatus(self.status)].get(step)
        if after is None:
            return False
        self.status = after
        return True

    def value(self) -> Refund:
        """The row as others may see it."""
        return Refund(
            id=self.id,
            payment_id=self.payment_id,
            number=self.number,
            reference=self.reference,
            amount_fen=self.amount_fen,
            reason=self.reason,
            status=RefundStatus(self.status),
            requested_at=self.requested_at,
            settled_at=self.settled_at,
            provider_refund=self.provider_refund,
        )


class BankEntryRow(Base):
    """A credit on our bank account. Who paid and what they wrote is sealed; ``payer_index`` finds the name.

    ``payment_id`` is the payment it pays, is held for, or is thought to be for; ``reference`` is what another module
    took it for.
    """

    __tablename__ = "payments_bank_entry"
    PURPOSE: ClassVar[str] = "payments.bank_entry"

    id: Mapped[uid]
    account: Mapped[str] = mapped_column(Text)
    serial: Mapped[str] = mapped_column(Text)
    booked_on: Mapped[date]
    amount_fen: Mapped[fen]
    payer_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    payer_index: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    reference: Mapped[UUID | None]
    receipt: Mapped[str | None] = mapped_column(Text)
    imported_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_one_of("status", EntryStatus), name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(
            "CASE status WHEN 'unmatched' THEN payment_id IS NULL WHEN 'returned' THEN true"
            " WHEN 'assigned' THEN (payment_id IS NULL) = (reference IS NOT NULL) ELSE payment_id IS NOT NULL END",
            name="payment",
        ),
        CheckConstraint("(status = 'returned') = (receipt IS NOT NULL)", name="receipt"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        UniqueConstraint("account", "serial"),
        Index(
            "uq_payments_bank_entry_assigned",
            "payment_id",
            unique=True,
            postgresql_where=sql("status = 'assigned'"),
            info={"means": TransactionMismatch},
        ),
        Index("ix_payments_bank_entry_status", "status", "id"),
    )

    @property
    def done(self) -> bool:
        """Whether the money has found its end."""
        return self.status in (EntryStatus.ASSIGNED, EntryStatus.RETURNED)

    @property
    def transaction(self) -> str:
        """What the payment keeps as the number of its transaction: banks may give one serial on two accounts."""
        return f"BANK{self.id.hex}"

    def become(
        self,
        status: EntryStatus,
        *,
        payment_id: UUID | None,
        receipt: str | None = None,
        by: UUID | None = None,
        at: datetime | None = None,
    ) -> None:
        """Note what was found out; ``by`` an operator, or None for the import itself."""
        self.status, self.payment_id, self.receipt = status, payment_id, receipt
        self.decided_by, self.decided_at = by, at

    def line(self) -> StatementLine:
        """What the bank told, opened."""
        name, account, postscript = json.loads(keys().unseal(self.payer_sealed, self.PURPOSE))
        return StatementLine(self.serial, self.booked_on, name, account, self.amount_fen, postscript)


class BillFileRow(Base):
    """A bill that a provider made of a day, by its hashes. A later one of the same day takes its place."""

    __tablename__ = "payments_bill"

    id: Mapped[uid]
    provider: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    sha1: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    row_count: Mapped[int]
    imported_at: Mapped[datetime]
    imported_by: Mapped[UUID]
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_one_of("provider", Provider), name="provider"),
        CheckConstraint(_one_of("kind", BillKind), name="kind"),
        Index(
            "uq_payments_bill_counts",
            "provider",
            "day",
            "kind",
            unique=True,
            postgresql_where=sql("replaced_at IS NULL"),
        ),
    )


class BillLineRow(Base):
    """A row of a bill, as the provider wrote it."""

    __tablename__ = "payments_bill_row"

    bill_id: Mapped[UUID] = mapped_column(ForeignKey("payments_bill.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    transaction: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[fen]
    fee_fen: Mapped[fen]
    state: Mapped[str] = mapped_column(Text)
    rate_bp: Mapped[int | None]

    __table_args__ = (
        CheckConstraint(_one_of("kind", RowKind), name="kind"),
        Index("ix_payments_bill_row_key", "key"),
    )


append_only(BillLineRow.metadata.tables["payments_bill_row"])


class ReconciledDayRow(Base):
    """A day of a provider: compared as often as wanted, and closed once, for good."""

    __tablename__ = "payments_reconciled_day"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    compared_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint(_one_of("provider", Provider), name="provider"),
        CheckConstraint(_one_of("status", DayStatus), name="status"),
        CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by IS NULL)", name="closed"
        ),
    )

    def take(self, step: DayStep) -> bool:
        """Take the step; False where the table does not allow it."""
        after = DAY_TRANSITIONS[DayStatus(self.status)].get(step)
        if after is None:
            return False
        self.status = after
        return True


class DifferenceRow(Base):
    """Something that differs on a day. Another look keeps it, lets it go or, with other figures, asks anew."""

    __tablename__ = "payments_difference"

    id: Mapped[uid]
    provider: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    kind: Mapped[str] = mapped_column(Text)
    leg: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    transaction: Mapped[str | None] = mapped_column(Text)
    ours_fen: Mapped[int | None] = mapped_column(BigInteger)
    theirs_fen: Mapped[int | None] = mapped_column(BigInteger)
    ours: Mapped[str | None] = mapped_column(Text)
    theirs: Mapped[str | None] = mapped_column(Text)
    waits: Mapped[bool]
    found_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    explanation: Mapped[str | None] = mapped_column(Text)
    explained_by: Mapped[UUID | None]
    explained_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_one_of("kind", DifferenceKind), name="kind"),
        CheckConstraint(_one_of("leg", Leg), name="leg"),
        CheckConstraint(_one_of("about", RowKind), name="about"),
        CheckConstraint(
            "(explanation IS NULL) = (explained_at IS NULL) AND (explained_at IS NULL) = (explained_by IS NULL)",
            name="explained",
        ),
        UniqueConstraint("provider", "day", "leg", "about", "key", "kind"),
        Index(
            "ix_payments_difference_open",
            "id",
            postgresql_where=sql("gone_at IS NULL AND explained_at IS NULL"),
        ),
    )

    @property
    def standing(self) -> DifferenceStatus:
        """Where it stands: gone, explained, or waiting for the next bill or for somebody."""
        if self.gone_at is not None:
            return DifferenceStatus.RESOLVED
        if self.explained_at is not None:
            return DifferenceStatus.EXPLAINED
        return DifferenceStatus.WAITING if self.waits else DifferenceStatus.OPEN


payments_notification = Table(
    "payments_notification",
    Base.metadata,
    Column("provider", Text, primary_key=True),
    Column("notification_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
)
