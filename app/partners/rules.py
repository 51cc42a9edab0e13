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
