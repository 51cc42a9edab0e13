"""Several people work for one supplier: who they are, and the refusals of inviting them and letting them go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError


class StaffRole(StrEnum):
    """An owner decides who works for the supplier and makes its API keys; staff do everything else.

    An agent, such as a township's, is of no supplier: it enters stock for each of those that it works for.
    """

    OWNER = "owner"
    STAFF = "staff"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works for a supplier."""

    account_id: UUID
    name: str
    role: StaffRole


@dataclass(frozen=True, slots=True)
class Agency:
    """An agent and a supplier for which it enters stock."""

    supplier_id: UUID
    supplier: str
    account_id: UUID
    since: datetime


@dataclass(frozen=True, slots=True)
class StaffInvitation:
    """An invitation that waits. ``phone`` is masked: who invited somebody knows it anyway."""

    id: UUID
    supplier_id: UUID
    supplier: str
    phone: str
    role: StaffRole
    expires_at: datetime


class LastSupplierOwner(DomainError):
    """Somebody must be able to decide who works for the supplier."""

    code = "last_owner"
    zh = "这是该供货方唯一的管理员，请先指定另一位管理员。"
    en = "This is the supplier's last owner; make somebody else an owner first."


class AlreadyStaff(DomainError):
    """An account works for one supplier."""

    code = "already_staff"
    zh = "您的账号已属于一个供货方，请先退出。"
    en = "Your account works for a supplier already; leave it first."


class AlreadyInvitedToSupplier(DomainError):
    """An invitation to this phone waits."""

    code = "already_invited"
    zh = "该手机号已有待接受的邀请，可撤回后重新邀请。"
    en = "An invitation to this phone is waiting; withdraw it to invite again."


class SupplierInvitationNotValid(DomainError):
    """Another phone, another code, or too late: the answer does not tell which."""

    status = 422
    code = "invitation_not_valid"
    zh = "邀请码不正确、已过期，或与您的手机号不符。"
    en = "The invitation code is not right, has expired, or is for another phone."
