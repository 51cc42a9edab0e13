"""Signing in and staying signed in.

A sign-in is more than one transaction on purpose: a failure must be remembered although the call is refused, and no
connection is held while a password is being hashed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import RateLimited
from app.core.ids import new_id
from app.core.sealing import keys
from app.core.settings import IdentitySettings, LimitSettings
from app.identity import queries
from app.identity.models import RefreshTokenRow, SignInFailureRow
from app.identity.rules import PHONE, USERNAME, Account, InvalidCredentials, InvalidGrant, Tokens
from app.identity.service.passwords import fits, gate
from app.identity.service.tokens import sign_access_token

_SECRET_BYTES = 24
_MARK_BYTES = 8
_FAILURES_KEPT = timedelta(days=1)
"""Longer than any sensible window of the throttle."""


async def sign_in(
    db: Database,
    *,
    username: str,
    password: str,
    address: str,
    settings: IdentitySettings,
    limits: LimitSettings,
    now: datetime,
) -> Tokens:
    """Exchange a user name or phone and its password for tokens.

    Raises ``InvalidCredentials``, and ``RateLimited`` after too many failures for the account or the address.
    """
    typed = username.strip().lower()
    tried, came_from = keys().blind(typed, "sign_in_account"), keys().blind(address, "sign_in_address")
    # The check stands inside the gate, so at most a gateful of tries can pass it before their failures are counted.
    async with gate(settings.parallel_hashes):
        async with db.read() as session:
            if limits.enabled:
                await _refuse_after_failures(session, [tried, came_from], limits, now)
            found = await _find(session, typed)
        account, stored = found or (None, None)
        if not await fits(password, stored) or account is None:
            async with db.write() as session:
                await session.execute(
                    insert(SignInFailureRow), [{"subject": tried, "at": now}, {"subject": came_from, "at": now}]
                )
            raise InvalidCredentials
    async with db.write() as session:
        await session.execute(delete(SignInFailureRow).where(SignInFailureRow.subject == tried))
        return await _begin(session, account, settings, now)


async def continue_sign_in(
    session: AsyncSession, refresh_token: str, settings: IdentitySettings, now: datetime
) -> Tokens | None:
    """Exchange a refresh token for new tokens; the old one is spent.

    None when it is not good. A token of ours that was spent before has been stolen from somebody: then its whole
    family is revoked, which is why the refusal is returned and not raised: the transaction must commit.
    """
    parts = _parse(refresh_token)
    if parts is None:
        return None
    family, secret = parts
    renewed = _secret(family)
    spent = await session.execute(
        update(RefreshTokenRow)
        .where(
            RefreshTokenRow.id == family,
            RefreshTokenRow.digest == hashlib.sha256(secret).digest(),
            RefreshTokenRow.revoked_at.is_(None),
            RefreshTokenRow.expires_at > now,
        )
        .values(
            digest=hashlib.sha256(renewed).digest(),
            rotated_at=now,
            expires_at=now + timedelta(days=settings.refresh_days),
        )
        .returning(RefreshTokenRow.account_id)
    )
    account_id = spent.scalar_one_or_none()
    if account_id is None:
        await session.execute(
            update(RefreshTokenRow)
            .where(RefreshTokenRow.id == family, RefreshTokenRow.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return None
    account = await queries.account(session, account_id)
    if account is None:
        raise InvalidGrant
    return _tokens(account, family, renewed, settings, now)


async def forget_failures(session: AsyncSession, now: datetime) -> int:
    """Chore: remove failed sign-ins that count no more, and sign-ins that expired; returns how many rows."""
    old = await session.execute(
        delete(SignInFailureRow).where(SignInFailureRow.at < now - _FAILURES_KEPT).returning(SignInFailureRow.id)
    )
    expired = await session.execute(
        delete(RefreshTokenRow).where(RefreshTokenRow.expires_at < now).returning(RefreshTokenRow.id)
    )
    return len(old.all()) + len(expired.all())


async def _refuse_after_failures(
    session: AsyncSession, subjects: list[bytes], limits: LimitSettings, now: datetime
) -> None:
    window = timedelta(minutes=limits.failed_sign_ins_minutes)
    at = await queries.failure_that_counts(session, subjects, since=now - window, allowed=limits.failed_sign_ins)
    if at is not None:
        raise RateLimited(retry_after=max(1, math.ceil((at + window - now).total_seconds())))


async def _find(session: AsyncSession, typed: str) -> tuple[Account, str] | None:
    if PHONE.fullmatch(typed):
        return await queries.account_to_sign_in(session, username=None, phone_index=keys().blind(typed, "phone"))
    if USERNAME.fullmatch(typed):
        return await queries.account_to_sign_in(session, username=typed, phone_index=None)
    return None


async def _begin(session: AsyncSession, account: Account, settings: IdentitySettings, now: datetime) -> Tokens:
    family = new_id(now)
    secret = _secret(family)
    await session.execute(
        insert(RefreshTokenRow).values(
            id=family,
            account_id=account.id,
            digest=hashlib.sha256(secret).digest(),
            issued_at=now,
            rotated_at=now,
            expires_at=now + timedelta(days=settings.refresh_days),
        )
    )
    return _tokens(account, family, secret, settings, now)


def _tokens(account: Account, family: UUID, secret: bytes, settings: IdentitySettings, now: datetime) -> Tokens:
    refresh_token = base64.urlsafe_b64encode(family.bytes + secret).decode()
    return Tokens(sign_access_token(account, settings, now), refresh_token, settings.access_minutes * 60)


def _secret(family: UUID) -> bytes:
    """Random bytes and a mark that only we can make: a made-up token can neither ask the database nor end a family."""
    noise = secrets.token_bytes(_SECRET_BYTES)
    return noise + _mark(family, noise)


def _mark(family: UUID, noise: bytes) -> bytes:
    return keys().blind(f"{family.hex}{noise.hex()}", "refresh_token")[:_MARK_BYTES]


def _parse(refresh_token: str) -> tuple[UUID, bytes] | None:
    try:
        raw = base64.b64decode(refresh_token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 16 + _SECRET_BYTES + _MARK_BYTES:
        return None
    family, secret = UUID(bytes=raw[:16]), raw[16:]
    if not hmac.compare_digest(secret[_SECRET_BYTES:], _mark(family, secret[:_SECRET_BYTES])):
        return None
    return family, secret
