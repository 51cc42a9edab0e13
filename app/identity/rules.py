"""Who is asking, as a value; and the refusals of signing in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,63}", re.ASCII)
"""A name to sign in with; it never looks like a phone number, so one field can take either."""

PHONE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
"""A mainland mobile number (domain handbook §3.2)."""

PASSWORD_MIN, PASSWORD_MAX = 8, 128


class Role(StrEnum):
    """What an account may act as."""

    BUYER = "buyer"
    SUPPLIER = "supplier"
    PARTNER = "partner"
    OFFICER = "officer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking.

    ``supplier_id`` and ``partner_id`` name the only supplier or partner whose objects the actor may see.
    ``name`` is that organisation's name where the access token tells it, and empty for persons.
    ``key_id`` is set when an API key was used; ``account_id`` is then the account that made the key.
    """

    account_id: UUID
    roles: frozenset[Role]
    supplier_id: UUID | None = None
    partner_id: UUID | None = None
    name: str = ""
    key_id: UUID | None = None

    @property
    def caller(self) -> str:
        """Under which name calls are counted and idempotency keys are kept."""
        return f"key:{self.key_id}" if self.key_id else f"account:{self.account_id}"


SYSTEM = Actor(UUID(int=0), frozenset(), name="system")
"""The marketplace itself: chores and handlers act as it. No row stands for it."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its owner sees it."""

    id: UUID
    name: str
    roles: frozenset[Role]
    supplier_id: UUID | None
    partner_id: UUID | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives: a short-lived access token and the refresh token that continues it."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, without its secret. ``hint`` is its beginning, so that people can tell keys apart."""

    id: UUID
    name: str
    hint: str
    created_at: datetime
    revoked_at: datetime | None


class InvalidCredentials(DomainError):
    """No such account, or another password: the answer does not tell which."""

    status = 401
    code = "invalid_credentials"
    zh = "账号或密码不正确。"
    en = "The account or the password is not right."


class InvalidGrant(DomainError):
    """The refresh token is unknown, used, expired or revoked."""

    status = 401
    code = "invalid_grant"
    zh = "登录状态已失效，请重新登录。"
    en = "The refresh token is no longer valid; sign in again."


class UnsupportedGrantType(DomainError):
    """The token endpoint knows two grants."""

    status = 400
    code = "unsupported_grant_type"
    zh = "grant_type 只支持 password 或 refresh_token。"
    en = "grant_type must be password or refresh_token."


class PhoneTaken(DomainError):
    """An account with this phone exists."""

    code = "phone_taken"
    zh = "该手机号已注册，请直接登录。"
    en = "An account with this phone number exists; sign in instead."


class UsernameTaken(DomainError):
    """An account with this user name exists."""

    code = "username_taken"
    zh = "该用户名已被使用。"
    en = "An account with this user name exists."
