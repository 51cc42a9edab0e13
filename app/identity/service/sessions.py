"""Sign-ins as long as they last: one refresh token of a family is good at a time, and using an old one ends it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.ids import new_id
from app.core.sealing import keys
from app.core.settings import IdentitySettings
from app.identity import queries
from app.identity.models import RefreshTokenRow
from app.identity.rules import Account, Actor, InvalidGrant, Tokens
from app.identity.service.tokens import sign_access_token

_SECRET_BYTES = 24
_MARK_BYTES = 8


async def begin(session: AsyncSession, account: Account, settings: IdentitySettings, now: datetime) -> Tokens:
    """Start a sign-in for somebody who has proved who they are."""
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


async def continue_sign_in(
    session: AsyncSession,
    refresh_token: str,
    settings: IdentitySettings,
    now: datetime,
    *,
    leeway: timedelta = timedelta(0),
) -> Tokens | None:
    """Exchange a refresh token for new tokens; the old one is spent.

    None when it is not good. A token of ours that was spent before has been stolen from somebody: then its whole
    family is revoked, which is why the refusal is returned and not raised: the transaction must commit. Only within
    ``leeway`` of its exchange it gets the same successor again: a browser sends its cookies with several requests at
    once, and may lose an answer.
    """
    parts = _parse(refresh_token)
    if parts is None:
        return None
    family, secret = parts
    renewed = _successor(family, secret)
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
    if account_id is None and leeway:
        just_now = await session.execute(
            select(RefreshTokenRow.account_id).where(
                RefreshTokenRow.id == family,
                RefreshTokenRow.digest == hashlib.sha256(renewed).digest(),
                RefreshTokenRow.revoked_at.is_(None),
                RefreshTokenRow.rotated_at > now - leeway,
            )
        )
        account_id = just_now.scalar_one_or_none()
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


async def sign_out(session: AsyncSession, refresh_token: str, now: datetime) -> None:
    """End the sign-in that this refresh token continues; a token that is not ours ends nothing.

    Access tokens that were given out are good until they expire, a few minutes later.
    """
    if (parts := _parse(refresh_token)) is not None:
        await session.execute(
            update(RefreshTokenRow)
            .where(RefreshTokenRow.id == parts[0], RefreshTokenRow.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def sign_in_of(refresh_token: str) -> UUID | None:
    """The sign-in that this refresh token continues, among those that its owner sees; None for a token not of ours."""
    parts = _parse(refresh_token)
    return None if parts is None else parts[0]


async def end_sign_in(session: AsyncSession, sign_in_id: UUID, *, by: Actor, now: datetime) -> None:
    """End one of the caller's sign-ins; ending it twice is no error. Raises ``NotFound``."""
    ended = await session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.id == sign_in_id, RefreshTokenRow.account_id == by.account_id)
        .values(revoked_at=func.coalesce(RefreshTokenRow.revoked_at, now))
        .returning(RefreshTokenRow.id)
    )
    if ended.scalar_one_or_none() is None:
        raise NotFound


async def end_sign_ins(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """End every sign-in of an account; access tokens that are out there live out their few minutes."""
    await session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.account_id == account_id, RefreshTokenRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _tokens(account: Account, family: UUID, secret: bytes, settings: IdentitySettings, now: datetime) -> Tokens:
    refresh_token = base64.urlsafe_b64encode(family.bytes + secret).decode()
    return Tokens(sign_access_token(account, settings, now), refresh_token, settings.access_minutes * 60)


def _secret(family: UUID) -> bytes:
    """Random bytes and a mark that only we can make: a made-up token can neither ask the database nor end a family."""
    noise = secrets.token_bytes(_SECRET_BYTES)
    return noise + _mark(family, noise)


def _successor(family: UUID, secret: bytes) -> bytes:
    """What ``secret`` is exchanged for: always the same, and nobody without our key can tell what."""
    noise = keys().blind(f"{family.hex}{secret.hex()}", "refresh_successor")[:_SECRET_BYTES]
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
