"""Money in and money back, through whichever provider moves it.

*Owns:* payments, refunds, and what providers said about them.
*Promises:* a payment is captured once and announced once, however often and in whatever order the provider repeats
itself; refunds of a payment together never exceed it; nothing is believed that is not signed, fresh and of our amount.
*Calls:* nobody (identity only says who may press the sandbox's button). Knows amounts and an opaque
``reference``, never what was sold.
*Tells:* ``PaymentCaptured``, ``RefundRequested``, ``RefundSettled``, ``RefundFailed``, ``SandboxPaid``.
"""

from app.payments.couriers import connect
from app.payments.events import PaymentCaptured, RefundFailed, RefundRequested, RefundSettled, SandboxPaid
from app.payments.queries import get
from app.payments.routes import router
from app.payments.rules import (
    AmountMismatch,
    Payment,
    PaymentNotCaptured,
    PaymentNotFound,
    PaymentNotOpen,
    PaymentStatus,
    Provider,
    ProviderNotAvailable,
    Refund,
    RefundExceedsPayment,
    RefundReferenceReused,
    RefundStatus,
    TransactionMismatch,
)
from app.payments.service import capture, close, request, request_refund, settle_refund

__all__ = [
    "AmountMismatch",
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
    "RefundReferenceReused",
    "RefundRequested",
    "RefundSettled",
    "RefundStatus",
    "SandboxPaid",
    "TransactionMismatch",
    "capture",
    "close",
    "connect",
    "get",
    "request",
    "request_refund",
    "router",
    "settle_refund",
]
