"""Money in and money back, through whichever provider moves it.

*Owns:* payments, refunds, and what providers said about them; their bills, and what of those differs from our books.
*Promises:* a payment is captured once and announced once, however often and in whatever order the provider repeats
itself; refunds of a payment together never exceed it; nothing is believed that is not signed, fresh and of our amount.
*Calls:* nobody (identity only says who may press the sandbox's button). Knows amounts and an opaque
``reference``, never what was sold.
*Tells:* ``PaymentCaptured``, ``RefundRequested``, ``RefundSettled``, ``RefundFailed``, ``RefundRetried``,
``BillImported``, ``MoneyUnclaimed``,
``SandboxPaid``.
"""

from app.payments.couriers import connect
from app.payments.events import (
    BillImported,
    MoneyUnclaimed,
    PaymentCaptured,
    RefundFailed,
    RefundRequested,
    RefundRetried,
    RefundSettled,
    SandboxPaid,
)
from app.payments.queries import entry as bank_entry
from app.payments.queries import get, refunds_by_reference, refunds_of, unclaimed_entries
from app.payments.queries.bills import figures
from app.payments.routes import SignedByProvider, router
from app.payments.rules import (
    AmountMismatch,
    InvalidSignature,
    Payment,
    PaymentNotCaptured,
    PaymentNotFound,
    PaymentNotOpen,
    PaymentStatus,
    Provider,
    ProviderNotAvailable,
    Refund,
    RefundExceedsPayment,
    RefundNotFailed,
    RefundNotPayable,
    RefundReferenceReused,
    RefundStatus,
    Sealer,
    StaleNotification,
    TooManyTransfers,
    TransactionMismatch,
)
from app.payments.rules.bank import (
    BankEntry,
    EntryIsDone,
    EntryNotFound,
    StatementLine,
    codes_in,
    plain_name,
    remittance_code,
)
from app.payments.rules.bills import BillKind, DifferenceKind, Found, Leg, RowKind
from app.payments.service import (
    capture,
    claim_entry,
    close,
    import_statement,
    note_split_differences,
    pay_in_sandbox,
    pay_refund_by_hand,
    request,
    request_refund,
    retry_refund,
    settle_refund,
)

__all__ = [
    "AmountMismatch",
    "BankEntry",
    "BillImported",
    "BillKind",
    "DifferenceKind",
    "EntryIsDone",
    "EntryNotFound",
    "Found",
    "InvalidSignature",
    "Leg",
    "MoneyUnclaimed",
    "Payment",
    "PaymentCaptured",
    "PaymentNotCaptured",
    "PaymentNotFound",
    "PaymentNotOpen",
    "PaymentStatus",
    "Provider",
    "ProviderNotAvailable",
    "Refund",
    "RefundExceedsPayment",
    "RefundFailed",
    "RefundNotFailed",
    "RefundNotPayable",
    "RefundReferenceReused",
    "RefundRequested",
    "RefundRetried",
    "RefundSettled",
    "RefundStatus",
    "RowKind",
    "SandboxPaid",
    "Sealer",
    "SignedByProvider",
    "StaleNotification",
    "StatementLine",
    "TooManyTransfers",
    "TransactionMismatch",
    "bank_entry",
    "capture",
    "claim_entry",
    "close",
    "codes_in",
    "connect",
    "figures",
    "get",
    "import_statement",
    "note_split_differences",
    "pay_in_sandbox",
    "pay_refund_by_hand",
    "plain_name",
    "refunds_by_reference",
    "refunds_of",
    "remittance_code",
    "request",
    "request_refund",
    "retry_refund",
    "router",
    "settle_refund",
    "unclaimed_entries",
]
