"""Credit: how much a partner may owe, and why more or less of it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError


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
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Credit:
    """What a partner may owe and what of that is used, in fen.

    ``used_fen`` is below zero when the partner has money with us: goods went back after they were paid.
    """

    limit_fen: int
    used_fen: int

    @property
    def available_fen(self) -> int:
        """What can still be taken; nothing while more is used than a lowered limit allows."""
        return max(0, self.limit_fen - self.used_fen)


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit that was set, by whom and why."""

    id: UUID
    partner_id: UUID
    limit_fen: int
    reason: str | None
    at: datetime
    by_account: UUID


@dataclass(frozen=True, slots=True)
class CreditEntry:
    """One change of what is used; ``reference`` is the order or statement it is for, ``source_id`` its document."""

    id: int
    kind: CreditKind
    reference: UUID
    source_id: UUID
    amount_fen: int
    at: datetime


class CreditExceeded(DomainError):
    """The order is worth more than what is left of the partner's credit."""

    code = "credit_exceeded"
    zh = "本单 {wanted} 元超过可用授信额度 {available} 元；请减少订货，或先支付已到期的对账单。"
    en = (
        "The order is worth {wanted} yuan and {available} yuan of credit are left; "
        "order less, or pay statements that are due first."
    )
