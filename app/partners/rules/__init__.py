"""Supermarkets, their stores and distribution centres, as others see them."""

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


@dataclass(frozen=True, slots=True)
class NewLocation:
    """A store or distribution centre to open."""

    code: str
    name: str
    kind: LocationKind
    division_code: str
    address: str
    gln: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A store or distribution centre, under the partner's own code; ``gln`` is its 13 digits of GS1, if it has them."""

    id: UUID
    partner_id: UUID
    code: str
    name: str
    kind: LocationKind
    division_code: str
    address: str
    gln: str | None
    active: bool


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


class PartnerSuspended(DomainError):
    """The partner may not buy for now."""

    code = "partner_suspended"
    zh = "该合作商超已暂停合作，暂不能下单；请联系平台运营人员。"
    en = "This partner is suspended and cannot buy for now; ask the marketplace."


class UnknownLocation(DomainError):
    """The partner has no such store or distribution centre that takes goods in."""

    status = 422
    code = "unknown_location"
    zh = "收货地编码“{location}”未登记或已停用；请核对编码，或联系平台登记。"
    en = "There is no active store or distribution centre “{location}”; check the code or have it registered."


class InvalidLocation(DomainError):
    """The record of a store or distribution centre cannot be; ``errors`` say why."""

    status = 422
    code = "invalid_location"
    zh = "门店或配送中心资料有误，请按 errors 中的提示修改。"
    en = "The location's record is not valid; correct what `errors` points at."
