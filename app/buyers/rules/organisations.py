"""Unions, enterprises and budget units that buy: what they are, who may act for them (domain handbook §3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.buyers.lifecycle import Status
from app.core.errors import DomainError

HELPING_PROVINCE = "37"
"""Division prefix of the province whose buyers the programme counts (domain handbook §2.2)."""


class Kind(StrEnum):
    """What sort of organisation it is."""

    UNION = "union"
    ENTERPRISE = "enterprise"
    BUDGET_UNIT = "budget_unit"


class MemberRole(StrEnum):
    """An owner manages the organisation and its members; a purchaser orders for it. Owners may order too."""

    OWNER = "owner"
    PURCHASER = "purchaser"


@dataclass(frozen=True, slots=True)
class InvoiceDetails:
    """What an invoice to the organisation says. ``title`` is its full registered name."""

    title: str
    address: str | None = None
    phone: str | None = None
    bank: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation as its members and operators see it.

    ``division_code`` is the county in which it is registered. ``orders_on_832`` says that its reserved share is bought
    on the 832 platform, so that its orders here should name the order there (domain handbook §2.5).
    """

    id: UUID
    kind: Kind
    name: str
    uscc: str
    division_code: str
    invoice: InvoiceDetails
    orders_on_832: bool
    status: Status
    status_reason: str | None
    created_at: datetime
    verified_at: datetime | None
    role: MemberRole | None = None


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """What somebody says about their organisation when they apply."""

    kind: Kind
    name: str
    uscc: str
    division_code: str
    invoice: InvoiceDetails
    orders_on_832: bool = False


@dataclass(frozen=True, slots=True)
class Purchaser:
    """Proof that somebody may order for an organisation now; ``division_code`` is where it is registered."""

    organisation_id: UUID
    name: str
    division_code: str
    uscc: str
    invoice: InvoiceDetails


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who acts for an organisation."""

    account_id: UUID
    name: str
    role: MemberRole
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that waits. ``phone`` is masked: who invited somebody knows it anyway."""

    id: UUID
    organisation_id: UUID
    organisation: str
    phone: str
    role: MemberRole
    expires_at: datetime


class OrganisationExists(DomainError):
    """Another organisation with this code has been verified."""

    code = "organisation_exists"
    zh = "该统一社会信用代码已有通过审核的采购单位，请联系其管理员邀请您加入。"
    en = "An organisation with this unified social credit code has been verified; ask its owner for an invitation."


class OrganisationNotVerified(DomainError):
    """It may not order yet, or not any more."""

    code = "organisation_not_verified"
    zh = "采购单位尚未通过审核或已停用，暂不能下单。"
    en = "The organisation has not been verified or is suspended, and cannot order."


class UnknownOrganisation(DomainError):
    """No organisation of the caller's."""

    status = 422
    code = "unknown_organisation"
    zh = "您不是该采购单位的成员，请重新选择。"
    en = "You are not a member of this organisation; choose another."


class OwnersOnly(DomainError):
    """A purchaser may order, not manage."""

    status = 403
    code = "owners_only"
    zh = "该操作需要采购单位管理员权限。"
    en = "Only an owner of the organisation may do this."


class LastOwner(DomainError):
    """Somebody must be able to manage the organisation."""

    code = "last_owner"
    zh = "您是该采购单位唯一的管理员，请先指定另一位管理员。"
    en = "This is the organisation's last owner; make somebody else an owner first."


class AlreadyMember(DomainError):
    """Nothing to invite to."""

    code = "already_member"
    zh = "该用户已是采购单位成员。"
    en = "This person is a member already."


class AlreadyInvited(DomainError):
    """An invitation to this phone waits."""

    code = "already_invited"
    zh = "该手机号已有待接受的邀请，可撤回后重新邀请。"
    en = "An invitation to this phone is waiting; withdraw it to invite again."


class InvitationNotForYou(DomainError):
    """Another phone, another code, or too late: the answer does not tell which."""

    status = 422
    code = "invitation_not_valid"
    zh = "邀请码不正确、已过期，或与您的手机号不符。"
    en = "The invitation code is not right, has expired, or is for another phone."


def located(ship_to: str, registered: str) -> str:
    """The county in which an organisation counts as a buyer: registered or shipped to in Shandong (§2.2, item 3).

    Where it is registered comes first, so that a union of Licheng stays one when it sends its goods elsewhere.
    """
    return registered if registered.startswith(HELPING_PROVINCE) else ship_to
