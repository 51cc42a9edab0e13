"""The wire format of signing in."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from app.core.web import Body, Out, ShortText
from app.identity.rules import PASSWORD_MAX, PASSWORD_MIN, Account, ApiKey, AuditEntry, Role, Scope, Tokens, is_common


def _visible(name: str) -> str:
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in name):
        raise PydanticCustomError("invisible", "At least one character that can be seen")
    return name


def _uncommon(password: SecretStr) -> SecretStr:
    if is_common(password.get_secret_value()):
        raise PydanticCustomError("common_password", "Everybody knows this password; choose another")
    return password


PersonName = Annotated[ShortText, Field(max_length=50), AfterValidator(_visible)]
Phone = Annotated[str, StringConstraints(pattern=r"^1[3-9][0-9]{9}$", max_length=11), Field(examples=["13905310001"])]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$", max_length=6), Field(examples=["402817"])]
Password = Annotated[
    SecretStr,
    Field(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX, examples=["golden-tea-2026"]),
    AfterValidator(_uncommon),
]


class RegistrationIn(Body):
    """A new buyer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"phone": "13905310001", "password": "li-xia-2026", "name": "李霞"}]}
    )

    phone: Phone
    password: Password
    name: PersonName
    code: Code | None = Field(None, description="A code that was sent to the phone for `register`")


class CodeIn(Body):
    """Where a code is to go, and what for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"purpose": "sign_in", "phone": "13905310001"}]})

    purpose: Literal["register", "sign_in", "reset_password"]
    phone: Phone


class CodeOut(Out):
    """A code is on its way, if the phone can use one."""

    expires_in: int = Field(description="Seconds", examples=[300])
    retry_after: int = Field(description="Seconds until another may be asked for", examples=[60])


class PasswordIn(Body):
    """The password that is, and the one that shall be."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"old_password": "li-xia-2026", "new_password": "golden-tea-2027"}]}
    )

    old_password: Annotated[SecretStr, Field(max_length=PASSWORD_MAX)]
    new_password: Password


class PasswordResetIn(Body):
    """A phone, the code that was sent to it, and the password that shall be."""

    phone: Phone
    code: Code
    new_password: Password


class PhoneIn(Body):
    """A mobile number."""

    phone: Phone


class NewPhoneIn(Body):
    """A mobile number and the code that was sent to it."""

    phone: Phone
    code: Code


class SignInOut(Out):
    """A sign-in that has not ended."""

    id: UUID
    signed_in_at: datetime
    used_at: datetime = Field(description="When it was last renewed")
    expires_at: datetime


class AccountOut(Out):
    """Who is signed in."""

    id: UUID
    name: str = Field(examples=["李霞"])
    roles: list[Role]
    supplier_id: UUID | None
    partner_id: UUID | None

    @classmethod
    def of(cls, account: Account) -> AccountOut:
        """The account on the wire."""
        return cls(
            id=account.id,
            name=account.name,
            roles=sorted(account.roles),
            supplier_id=account.supplier_id,
            partner_id=account.partner_id,
        )


class TokensOut(Out):
    """RFC 6749 §5.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the word that the standard fixes
    expires_in: int = Field(description="Seconds", examples=[600])
    refresh_token: str

    @classmethod
    def of(cls, tokens: Tokens) -> TokensOut:
        """The tokens on the wire."""
        return cls(access_token=tokens.access_token, refresh_token=tokens.refresh_token, expires_in=tokens.expires_in)


class ApiKeyIn(Body):
    """A name by which people know the key."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "ERP", "scopes": ["inventory:write", "orders:read"]}]}
    )

    name: ShortText
    scopes: list[Scope] | None = Field(
        None, min_length=1, max_length=len(Scope), description="All that the key may do; without it, what staff may"
    )


class ApiKeyOut(Out):
    """A key without its secret."""

    id: UUID
    name: str = Field(examples=["ERP"])
    hint: str = Field(description="How the key begins", examples=["bj_1f3a9c02"])
    created_at: datetime
    revoked_at: datetime | None
    scopes: list[Scope] | None = Field(description="All that it may do; null is what staff may")


class NewApiKeyOut(Out):
    """A new key. ``key`` is shown this once."""

    id: UUID
    key: str = Field(examples=["bj_1f3a9c02_…"])
    name: str
    created_at: datetime
    scopes: list[Scope] | None

    @classmethod
    def of(cls, made: ApiKey, key: str) -> NewApiKeyOut:
        """The key on the wire."""
        return cls(id=made.id, key=key, name=made.name, created_at=made.created_at, scopes=made.scopes)


class AuditFactOut(Out):
    """Something that was announced by a change."""

    id: UUID
    name: str = Field(examples=["catalogue.product_published"])
    subject: UUID = Field(description="What it happened to")


class AuditEntryOut(Out):
    """Who changed something, by which operation, and what it was about."""

    id: UUID
    at: datetime
    account_id: UUID | None = Field(description="Null of a command on the machine itself")
    name: str | None = Field(examples=["运营专员"])
    role: str = Field(examples=["operator"])
    operation: str = Field(description="The `operationId`", examples=["publish_product"])
    method: str = Field(examples=["POST"])
    path: str
    about: list[str] = Field(description="Ids, numbers and codes that it concerned")
    facts: list[AuditFactOut] = Field(description="What was announced of it")
    request_id: str | None = Field(description="Of the request, as in the log and in every answer's `X-Request-ID`")

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditEntryOut:
        """The entry on the wire."""
        facts = [AuditFactOut(id=fact_id, name=name, subject=subject) for fact_id, name, subject in entry.facts]
        return cls(
            id=entry.id,
            at=entry.at,
            account_id=entry.account_id,
            name=entry.name,
            role=entry.role,
            operation=entry.operation,
            method=entry.method,
            path=entry.path,
            about=list(entry.about),
            facts=facts,
            request_id=entry.request_id,
        )
