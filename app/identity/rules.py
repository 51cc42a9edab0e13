"""Who is asking, as a value; and the refusals of signing in."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


_COMMON = frozenset(
    """
    123456789 1234567890 password password1 passw0rd qwertyuiop qwerty123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc
    q1w2e3r4 zxcvbnm123 asdfghjkl asdf1234 abc12345 abcd1234 a1234567 a12345678 a123456789 aa123456 aa12345678
    woaini520 woaini1314 woaini123 iloveyou 5201314520 wang123456 zhang123456 admin123 admin1234 administrator
    letmein123 welcome1 sunshine princess football baseball superman trustno1 87654321 987654321 0987654321
    147258369 123123123 123321123321 11223344 12344321 qazwsxedc
    """.split()  # noqa: SIM905 - a list of words
)
"""Of eight characters or more, those that are tried first; runs, repetitions and phones need no list."""

_RUN = "01234567890123456789"


def is_common(password: str) -> bool:
    """Whether a password is one that anybody tries: a character or pair repeated, a run, a phone, a favourite.

    >>> is_common("12345678"), is_common("13905310001"), is_common("golden-tea-2026")
    (True, True, False)
    """
    low = password.lower()
    repeated = low == low[:2] * (len(low) // 2) + low[: len(low) % 2]
    return repeated or low in _RUN or low in _RUN[::-1] or PHONE.fullmatch(low) is not None or low in _COMMON


class Role(StrEnum):
    """What an account may act as."""

    BUYER = "buyer"
    SUPPLIER = "supplier"
    PARTNER = "partner"
    OFFICER = "officer"
    OPERATOR = "operator"


STAFF_OF_THE_OFFICE = frozenset((Role.OFFICER, Role.OPERATOR))
"""They sign in with a password alone: whoever takes over a phone number must not reach the office with it."""


class Purpose(StrEnum):
    """What a one-time code is good for; a code for one purpose is worth nothing for another."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a secret
    CHANGE_PHONE = "change_phone"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking.

    ``supplier_id`` and ``partner_id`` name the only supplier or partner whose objects the actor may see.
    ``name`` is that organisation's name where the access token tells it, and empty for persons.
    ``key_id`` is set when an API key was used; ``account_id`` is then the account that made the key, and ``scopes`` all
    that it may do, None standing for whatever its maker's organisation may.
    """

    account_id: UUID
    roles: frozenset[Role]
    supplier_id: UUID | None = None
    partner_id: UUID | None = None
    name: str = ""
    key_id: UUID | None = None
    scopes: frozenset[str] | None = None

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
class Colleague:
    """Somebody who acts for a supplier or partner; owners decide who else does."""

    account_id: UUID
    name: str
    is_owner: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives: a short-lived access token and the refresh token that continues it."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in that has not ended: it lasts as long as its refresh token is renewed."""

    id: UUID
    signed_in_at: datetime
    used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A one-time code on its way to a phone. Personal data and a secret: it is sent and kept nowhere."""

    phone: str
    purpose: Purpose
    code: str
    minutes: int

    @property
    def text(self) -> str:
        """What the person reads."""
        return (
            f"【保靖好物】验证码 {self.code}，{self.minutes} 分钟内有效，用于{_PURPOSES[self.purpose]}。请勿告诉他人。"
        )


_PURPOSES = {
    Purpose.REGISTER: "注册",
    Purpose.SIGN_IN: "登录",
    Purpose.RESET_PASSWORD: "重设密码",
    Purpose.CHANGE_PHONE: "更换手机号",
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, without its secret. ``hint`` is its beginning, so that people can tell keys apart."""

    id: UUID
    name: str
    hint: str
    created_at: datetime
    revoked_at: datetime | None
    scopes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who of the office or the marketplace changed something, and what was announced of it.

    ``account_id`` and ``name`` are None of a command run on the machine itself; ``name`` also of an account that was
    closed. ``facts`` are (id, name, subject).
    """

    id: UUID
    at: datetime
    account_id: UUID | None
    name: str | None
    role: str
    operation: str
    method: str
    path: str
    about: Sequence[str]
    facts: Sequence[tuple[UUID, str, UUID]]
    request_id: str | None


class Scope(StrEnum):
    """What an API key may be limited to: reading or changing one area of what its organisation does."""

    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_WRITE = "catalogue:write"
    PRICES_READ = "prices:read"
    PRICES_WRITE = "prices:write"
    INVENTORY_READ = "inventory:read"
    INVENTORY_WRITE = "inventory:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    SHIPMENTS_READ = "shipments:read"
    SHIPMENTS_WRITE = "shipments:write"
    CLAIMS_READ = "claims:read"
    CLAIMS_WRITE = "claims:write"
    REVIEWS_READ = "reviews:read"
    REVIEWS_WRITE = "reviews:write"
    SETTLEMENTS_READ = "settlements:read"
    SETTLEMENTS_WRITE = "settlements:write"
    ADMISSION_READ = "admission:read"
    ADMISSION_WRITE = "admission:write"
    FILES_WRITE = "files:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    PURCHASE_ORDERS_READ = "purchase-orders:read"
    PURCHASE_ORDERS_WRITE = "purchase-orders:write"
    STATEMENTS_READ = "statements:read"
    STATEMENTS_WRITE = "statements:write"
    ACCOUNT_READ = "account:read"


_AREAS = {
    "products": "catalogue",
    "skus": "prices",
    "freight": "prices",
    "promotions": "prices",
    "inventory": "inventory",
    "lots": "inventory",
    "presales": "inventory",
    "orders": "orders",
    "shipments": "shipments",
    "picking-list": "shipments",
    "packing-slips": "shipments",
    "closures": "shipments",
    "blackouts": "shipments",
    "short-lots": "orders",
    "claims": "claims",
    "reviews": "reviews",
    "settlements": "settlements",
    "balance": "settlements",
    "payout-accounts": "settlements",
    "invoices": "settlements",
    "admission": "admission",
    "certificates": "admission",
    "files": "files",
    "webhooks": "webhooks",
    "purchase-orders": "purchase-orders",
    "appointments": "purchase-orders",
    "receipts": "purchase-orders",
    "returns": "purchase-orders",
    "return-consents": "purchase-orders",
    "statements": "statements",
    "account": "account",
    "locations": "account",
    "price-list": "account",
}
_READING = ("GET", "HEAD")
_OF_AN_ORGANISATION = re.compile(r"/v1/(?:supplier|partner)/([a-z-]+)(?:/[^/]+/([a-z-]+))?")


def scope_for(method: str, path: str) -> Scope | None:
    """The scope that a call with a limited API key needs; None where such a key never reaches."""
    found = _OF_AN_ORGANISATION.match(path)
    area = _AREAS.get(found[1]) if found else None
    if found is None or area is None:
        return None
    if area == "orders" and found[2] == "shipments":  # whoever packs need not be able to cancel
        area = "shipments"
    return Scope(f"{area}:{'read' if method in _READING else 'write'}")


class InsufficientScope(DomainError):
    """The API key was limited when it was made (RFC 6750 §3.1)."""

    status = 403
    code = "insufficient_scope"
    zh = "此 API 密钥没有该操作所需的权限：{needed}。"
    en = "This API key was not given what the call needs: {needed}."


class OwnersOnly(DomainError):
    """Staff work for their organisation; owners decide who does."""

    status = 403
    code = "owners_only"
    zh = "该操作需要管理员权限。"
    en = "Only an owner may do this."


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
    """The token endpoint knows three grants."""

    status = 400
    code = "unsupported_grant_type"
    zh = "grant_type 只支持 password、sms_code 或 refresh_token。"
    en = "grant_type must be password, sms_code or refresh_token."


class InvalidCode(DomainError):
    """Another code, or one that was used, has expired, or was tried too often: the answer does not tell which."""

    status = 422
    code = "invalid_code"
    zh = "验证码不正确或已失效，请核对或重新获取。"
    en = "The code is not right or no longer valid; check it or ask for a new one."


class InvalidSignInCode(InvalidCode):
    """The same where somebody signs in with it."""

    status = 401


class CodeRequired(DomainError):
    """The installation wants to know that the phone is the caller's."""

    status = 422
    code = "code_required"
    zh = "请先获取短信验证码，再以 code 提交。"
    en = "Ask for a code by SMS first and send it as `code`."


class CodesNotAvailable(DomainError):
    """No way to send text messages is set up."""

    code = "codes_not_available"
    zh = "短信服务尚未开通，请改用密码登录或联系客服。"
    en = "Text messages are not set up here; sign in with a password or ask the marketplace."


class SamePhone(DomainError):
    """Nothing would change."""

    code = "same_phone"
    zh = "新手机号与当前手机号相同。"
    en = "This already is the phone number of the account."


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
