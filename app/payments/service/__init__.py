"""The verbs of payments: collecting and giving back through providers, and reading what came to our bank account."""

from app.payments.service.bank import Imported, assign_entry, import_statement, read_statement, return_entry
from app.payments.service.collect import (
    capture,
    close,
    pay_in_sandbox,
    pay_refund_by_hand,
    receive,
    request,
    request_refund,
    retry_refund,
    settle_refund,
)

__all__ = [
    "Imported",
    "assign_entry",
    "capture",
    "close",
    "import_statement",
    "pay_in_sandbox",
    "pay_refund_by_hand",
    "read_statement",
    "receive",
    "request",
    "request_refund",
    "retry_refund",
    "return_entry",
    "settle_refund",
]
