"""The verbs of payments: collecting, giving back, reading what came to our bank account, comparing with providers."""

from app.payments.service.bank import (
    Imported,
    assign_entry,
    claim_entry,
    import_statement,
    read_statement,
    return_entry,
)
from app.payments.service.bills import close_day, compare_day, explain, import_bill, note_split_differences
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
    "claim_entry",
    "close",
    "close_day",
    "compare_day",
    "explain",
    "import_bill",
    "import_statement",
    "note_split_differences",
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
