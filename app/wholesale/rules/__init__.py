"""Values that the rooms of wholesale share."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import DomainError


class PoKind(StrEnum):
    """Why a purchase order was written."""

    NORMAL = "normal"
    PROMO = "promo"
    FIRST = "first"
    URGENT = "urgent"


class Source(StrEnum):
    """By which way a purchase order came."""

    API = "api"
    SHEET = "sheet"
    PAGE = "page"


class Ack(StrEnum):
    """Our answer to a line of a purchase order."""

    ACCEPTED = "accepted"
    CUT = "cut"
    SUBSTITUTED = "substituted"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why goods were refused at the dock, or the price of goods reduced (domain handbook §4.2)."""

    ROT = "ROT"
    BRUISE = "BRUISE"
    SIZE = "SIZE"
    SUGAR = "SUGAR"
    SHORT_WT = "SHORT_WT"
    PKG = "PKG"
    DATE = "DATE"
    LABEL = "LABEL"
    CERT = "CERT"
    TEMP = "TEMP"
    NO_PO = "NO_PO"
    PRICE = "PRICE"


class ReturnReason(StrEnum):
    """Why goods that were taken in go back to the vendor (domain handbook §4.2)."""

    UNSOLD = "unsold"
    RECALL = "recall"
    QUALITY = "quality"
    EXPIRED = "expired"


class FreightPayer(StrEnum):
    """Who pays for the way back."""

    PARTNER = "partner"
    SUPPLIER = "supplier"
    PLATFORM = "platform"


class DisputeKind(StrEnum):
    """What two sides of a statement may differ in (domain handbook §4.3)."""

    QTY = "QTY"
    PRICE = "PRICE"
    MISSING_RECEIPT = "MISSING_RECEIPT"
    UNKNOWN_DEDUCTION = "UNKNOWN_DEDUCTION"
    TAX = "TAX"


class StatementLineKind(StrEnum):
    """What a row of a statement stands for.

    A ``carried`` one is what an earlier statement of the partner came to below zero (``source_id`` is that statement):
    its goods stand there, so it is nobody's share of this month.
    """

    RECEIPT = "receipt"
    RETURN = "return"
    CORRECTION = "correction"
    REBATE = "rebate"
    FEE = "fee"
    CARRIED = "carried"


class PoNoTaken(DomainError):
    """The partner has another purchase order with this number: content decides whether it is a new version."""

    code = "po_no_taken"
    zh = "该订单号刚刚被另一次提交使用，请重试。"
    en = "Another call is using this purchase order number right now; try again."


class ReceiptNoTaken(DomainError):
    """The partner has entered a receipt under this number."""

    code = "receipt_no_taken"
    zh = "该验收单号已登记；如需更正，请用退货单或对账争议处理。"
    en = "A receipt with this number exists; correct it by a return or by disputing the statement."


class InvoiceNoTaken(DomainError):
    """An invoice is over one statement."""

    code = "invoice_no_taken"
    zh = "该发票号码已登记在另一张对账单上，请核对号码。"
    en = "This invoice number stands on another statement already; check the number."


class ReturnNoTaken(DomainError):
    """The partner has entered a return under this number."""

    code = "return_no_taken"
    zh = "该退货单号已登记。"
    en = "A return with this number exists."


class StatementExists(DomainError):
    """The partner has a statement for the month."""

    code = "statement_exists"
    zh = "该月份的对账单已生成。"
    en = "The partner has a statement for this month."
