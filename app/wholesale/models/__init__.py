"""Tables of wholesale: purchase orders, what became of them at the dock, and the statements drawn from that."""

from __future__ import annotations

from app.wholesale.models.deliveries import (
    AppointmentRow,
    BlackoutRow,
    DeliveryLineRow,
    DeliveryRow,
    MissingRow,
    SlotRow,
)
from app.wholesale.models.money import ReceivedPaymentRow, RefundRow, ReminderRow, RemittanceRow
from app.wholesale.models.orders import AnswerRow, LineRow, PoEventRow, PoImportRow, PurchaseOrderRow, VersionRow
from app.wholesale.models.receipts import ConsentRow, ReceiptLineRow, ReceiptRow, ReturnLineRow, ReturnRow
from app.wholesale.models.statements import CorrectionRow, DisputeRow, StatementLineRow, StatementRow

__all__ = [
    "AnswerRow",
    "AppointmentRow",
    "BlackoutRow",
    "ConsentRow",
    "CorrectionRow",
    "DeliveryLineRow",
    "DeliveryRow",
    "DisputeRow",
    "LineRow",
    "MissingRow",
    "PoEventRow",
    "PoImportRow",
    "PurchaseOrderRow",
    "ReceiptLineRow",
    "ReceiptRow",
    "ReceivedPaymentRow",
    "RefundRow",
    "ReminderRow",
    "RemittanceRow",
    "ReturnLineRow",
    "ReturnRow",
    "SlotRow",
    "StatementLineRow",
    "StatementRow",
    "VersionRow",
]
