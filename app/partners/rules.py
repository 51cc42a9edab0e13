"""A supermarket partner as others see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError

MAX_TERM_DAYS = 60
"""Goods are paid at most 60 days after receipt (domain handbook §4.3)."""


class PartnerStatus(StrEnum):
    """Whether a partner may buy."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class LocationKind(StrEnum):
    """Where goods go."""

    DC = "dc"
    STORE = "store"


class TermBase(StrEnum):
    """The day from which the term of payment runs (domain handbook §4.2)."""

    RECEIPT_DATE = "receipt_date"
    STATEMENT_DATE = "statement_date"
    INVOICE_DATE = "invoice_date"


class MinimumUnit(StrEnum):
    """What the least size of a purchase order is counted in."""

    FEN = "fen"
    CASES = "cases"
    NET_WEIGHT_G = "net_weight_g"


class FeeBasis(StrEnum):
    """How a fee is worked out."""

    FIXED = "fixed"
    PERCENT = "percent"
    PER_STORE = "per_store"


class CreditKind(StrEnum):
    """Why more or less of a partner's credit is used."""

    ORDERED = "ordered"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    RECEIVED = "received"
    RETURNED = "returned"
    CORRECTED = "corrected"
    STATED = "stated"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class PartnerCard:
    """A supermarket. ``term_days`` run from receipt; ``rebate_bp`` is hundredths of a percent of what was received."""

    id: UUID
    code: str
    name: str
    uscc: str
    division_code: str
    stores_count: int
    term_days: int
    rebate_bp: int
    status: PartnerStatus


class PartnerExists(DomainError):
    """Another partner has this code or this registration."""

    code = "partner_exists"
    zh = "该合作商超编号或统一社会信用代码已登记。"
    en = "A partner with this code or this unified social credit code exists."


class InvalidPartner(DomainError):
    """A figure or registration of the partner cannot be; ``errors`` say which."""

    status = 422
    code = "invalid_partner"
    zh = "合作商超资料有误，请按 errors 中的提示修改。"
    en = "The partner's record is not valid; correct what `errors` points at."


class LocationExists(DomainError):
    """The partner has another store or distribution centre with this code."""

    code = "location_exists"
    zh = "该合作商超已有使用此编码的门店或配送中心。"
    en = "The partner has another store or distribution centre with this code."


class ContractNoTaken(DomainError):
    """Another contract has this number."""

    code = "contract_no_taken"
    zh = "合同编号已被使用。"
    en = "Another contract has this number."


class CreditExceeded(DomainError):
    """The order is worth more than what is left of the partner's credit."""

    code = "credit_exceeded"
    zh = "本单 {wanted} 元超过可用授信额度 {available} 元；请减少订货，或先支付已到期的对账单。"
    en = (
        "The order is worth {wanted} yuan and {available} yuan of credit are left; "
        "order less, or pay statements that are due first."
    )
