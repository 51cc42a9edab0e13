"""Accounts, what they may act as, and their credentials. Names and phones are sealed; secrets are kept as digests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, uid
from app.identity.rules import PhoneTaken, Purpose, Role, UsernameTaken

_ROLES = ", ".join(f"'{role}'" for role in Role)
_PURPOSES = ", ".join(f"'{purpose}'" for purpose in Purpose)


class AccountRow(Base):
    """Somebody who can sign in, by user name or by phone."""

    __tablename__ = "identity_account"
    __table_args__ = (
        UniqueConstraint("username", name="uq_identity_account_username", info={"means": UsernameTaken}),
        UniqueConstraint("phone_index", name="uq_identity_account_phone_index", info={"means": PhoneTaken}),
        CheckConstraint("username IS NOT NULL OR phone_index IS NOT NULL", name="reachable"),
        CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name="phone"),
    )

    id: Mapped[uid]
    username: Mapped[str | None] = mapped_column(Text)
    phone_sealed: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    name_sealed: Mapped[bytes]
    password_hash: Mapped[str] = mapped_column(Text)
    phone_proven_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class GrantRow(Base):
    """One role of an account; for supplier and partner staff, of whom, and whether they decide who else is."""

    __tablename__ = "identity_grant"
    __table_args__ = (
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
        CheckConstraint("(role IN ('supplier', 'partner')) = (scope_id IS NOT NULL)", name="scope"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    scope_id: Mapped[UUID | None] = mapped_column(index=True)
    is_owner: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class RefreshTokenRow(Base):
    """One sign-in and the one refresh token of its family that is still good."""

    __tablename__ = "identity_refresh_token"

    id: Mapped[uid]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    digest: Mapped[bytes]
    issued_at: Mapped[datetime]
    rotated_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class ApiKeyRow(Base):
    """A key with which a supplier's or partner's software calls; without ``scopes`` it may do what its staff may."""

    __tablename__ = "identity_api_key"
    __table_args__ = (
        CheckConstraint("role IN ('supplier', 'partner')", name="role"),
        Index("ix_identity_api_key_scope_id_id", "scope_id", "id"),
    )

    id: Mapped[uid]
    role: Mapped[str] = mapped_column(Text)
    scope_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ChallengeRow(Base):
    """A one-time code that was asked for. ``code_sealed`` is erased as soon as the code is of no more use.

    ``address_index`` and ``slot`` are for the limits: where the request came from, and the stretch of time in which one
    phone gets one code. ``account_id`` is who wants to change to this phone; for other purposes nobody is known yet.
    A challenge is made for phones without an account too, so that nothing tells them apart.
    """

    __tablename__ = "identity_challenge"
    __table_args__ = (
        UniqueConstraint("phone_index", "slot"),
        CheckConstraint(f"purpose IN ({_PURPOSES})", name="purpose"),
        CheckConstraint("(purpose = 'change_phone') = (account_id IS NOT NULL)", name="account"),
        CheckConstraint("used_at IS NULL OR code_sealed IS NULL", name="erased"),
        Index("ix_identity_challenge_phone_index_asked_at", "phone_index", "asked_at"),
        Index("ix_identity_challenge_address_index_asked_at", "address_index", "asked_at"),
    )

    id: Mapped[uid]
    purpose: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)
    phone_sealed: Mapped[bytes]
    phone_index: Mapped[bytes]
    slot: Mapped[int] = mapped_column(BigInteger)
    address_index: Mapped[bytes]
    code_sealed: Mapped[bytes | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    asked_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailureRow(Base):
    """A sign-in that failed, once for the account that was tried and once for the address it came from.

    ``subject`` is a blind index, because what people type into the wrong field is often their phone or password.
    """

    __tablename__ = "identity_sign_in_failure"
    __table_args__ = (Index("ix_identity_sign_in_failure_subject_at", "subject", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    subject: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(index=True)
