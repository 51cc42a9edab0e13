"""Facts that payments announce."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from app.core.events import Fact
from app.payments.rules import Provider
from app.payments.rules.bills import BillKind


class _OfPayment(Fact):
    """Something that happened to one payment."""

    payment_id: UUID

    @property
    def subject(self) -> UUID:
        """The payment."""
        return self.payment_id


class SandboxPaid(_OfPayment):
    """Somebody played the payer; the sandbox will tell us as a provider would."""

    name: ClassVar[str] = "payments.sandbox_paid"
    amount_fen: int


class PaymentCaptured(_OfPayment):
    """The money is here. Announced once for a payment, also for one that had been closed meanwhile."""

    name: ClassVar[str] = "payments.captured"
    reference: UUID
    amount_fen: int
    provider: Provider


class RefundRequested(Fact):
    """Money is to go back; a courier asks the provider. One refund does not wait for another."""

    name: ClassVar[str] = "payments.refund_requested"
    refund_id: UUID
    payment_id: UUID
    provider: Provider
    provider_transaction: str
    number: str
    reference: UUID
    amount_fen: int
    total_fen: int

    @property
    def subject(self) -> UUID:
        """The refund."""
        return self.refund_id


class RefundSettled(_OfPayment):
    """The money went back. ``reference`` is that of the refund."""

    name: ClassVar[str] = "payments.refund_settled"
    refund_id: UUID
    reference: UUID
    amount_fen: int


class RefundFailed(_OfPayment):
    """The provider could not give the money back: somebody must ask again, or pay by hand."""

    name: ClassVar[str] = "payments.refund_failed"
    refund_id: UUID
    reference: UUID
    amount_fen: int


class RefundRetried(_OfPayment):
    """A failed refund was asked for again."""

    name: ClassVar[str] = "payments.refund_retried"
    refund_id: UUID
    reference: UUID


class BillImported(Fact):
    """A provider's bill of a day was handed in, or another one in its place."""

    name: ClassVar[str] = "payments.bill_imported"
    bill_id: UUID
    provider: Provider
    kind: BillKind
    day: date

    @property
    def subject(self) -> UUID:
        """The bill."""
        return self.bill_id


class MoneyUnclaimed(Fact):
    """Money came to our account by no code of ours: perhaps another module knows what it is for."""

    name: ClassVar[str] = "payments.money_unclaimed"
    entry_id: UUID

    @property
    def subject(self) -> UUID:
        """The entry of the bank's statement."""
        return self.entry_id
