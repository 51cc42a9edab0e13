"""Proving who one is: by password, or by a code that was sent to the phone.

A sign-in is more than one transaction on purpose: a failure must be remembered although the call is refused, and no
connection is held while a password is being hashed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.sealing import keys
from app.core.settings import IdentitySettings, LimitSettings
from app.identity import queries
from app.identity.models import AccountRow, RefreshTokenRow, SignInFailureRow
from app.identity.rules import (
    PHONE,
    STAFF_OF_THE_OFFICE,
    USERNAME,
    Account,
    Actor,
    InvalidCode,
    InvalidCredentials,
    InvalidSignInCode,
    Purpose,
    Tokens,
)
from app.identity.service.codes import prove
from app.identity.service.passwords import NO_PASSWORD, fits, gate, hash_password
from app.identity.service.sessions import begin, end_sign_ins
from app.identity.service.throttle import Try

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
    tried = Try(typed, address)
    # The check stands inside the gate, so at most a gateful of tries can pass it before their failures are counted.
    async with gate(settings.parallel_hashes):
        async with db.read() as session:
            await tried.refuse_after_failures(session, limits, now)
            found = await _find(session, typed)
        account, stored = found or (None, None)
        if not await fits(password, stored) or account is None:
            async with db.write() as session:
                await tried.note_failure(session, now)
            raise InvalidCredentials
    async with db.write() as session:
        if not await queries.still_has_password(session, account.id, stored):
            raise InvalidCredentials
        await tried.forgive(session)
        return await begin(session, account, settings, now)


async def sign_in_by_code(
    db: Database,
    *,
    phone: str,
    code: str,
    address: str,
    settings: IdentitySettings,
    limits: LimitSettings,
    now: datetime,
) -> Tokens:
    """Exchange a phone and the code that was sent to it for tokens. Raises ``InvalidSignInCode``, ``RateLimited``.

    A password that was chosen before anybody had proved the phone is void from then on (``_proven``).
    """
    tried = Try(phone, address)
    async with db.write() as session:
        await tried.refuse_after_failures(session, limits, now)
        account = await _proven(session, Purpose.SIGN_IN, phone, code, settings, now)
        if account is not None:
            await tried.forgive(session)
            return await begin(session, account, settings, now)
        await tried.note_failure(session, now)
    raise InvalidSignInCode


async def reset_password(
    db: Database,
    *,
    phone: str,
    code: str,
    password: str,
    address: str,
    settings: IdentitySettings,
    limits: LimitSettings,
    now: datetime,
) -> Tokens:
    """Choose a new password with a code that was sent to the phone: every sign-in ends, and a new one begins.

    Raises ``InvalidCode``, ``RateLimited``.
    """
    tried = Try(phone, address)
    async with db.read() as session:
        await tried.refuse_after_failures(session, limits, now)
    password_hash = await hash_password(password, parallel=settings.parallel_hashes)
    async with db.write() as session:
        account = await _proven(session, Purpose.RESET_PASSWORD, phone, code, settings, now)
        if account is not None:
            await tried.forgive(session)
            return await _renew(session, account, password_hash, settings, now)
        await tried.note_failure(session, now)
    raise InvalidCode


async def change_password(
    db: Database,
    *,
    by: Actor,
    old: str,
    new: str,
    address: str,
    settings: IdentitySettings,
    limits: LimitSettings,
    now: datetime,
) -> Tokens:
    """Choose a new password, knowing the old one: every sign-in ends, and a new one begins for the caller.

    Raises ``InvalidCredentials``, and ``RateLimited`` after too many failures.
    """
    tried = Try(str(by.account_id), address)
    async with gate(settings.parallel_hashes):
        async with db.read() as session:
            await tried.refuse_after_failures(session, limits, now)
            found = await queries.account_with_password(session, by.account_id)
        account, stored = found or (None, None)
        if not await fits(old, stored) or account is None:
            async with db.write() as session:
                await tried.note_failure(session, now)
            raise InvalidCredentials
    password_hash = await hash_password(new, parallel=settings.parallel_hashes)
    async with db.write() as session:
        await tried.forgive(session)
        return await _renew(session, account, password_hash, settings, now)


async def forget_failures(session: AsyncSession, now: datetime) -> int:
    """Chore: remove failed sign-ins that count no more, and sign-ins that expired; returns how many rows."""
    old = await session.execute(
        delete(SignInFailureRow).where(SignInFailureRow.at < now - _FAILURES_KEPT).returning(SignInFailureRow.id)
    )
    expired = await session.execute(
        delete(RefreshTokenRow).where(RefreshTokenRow.expires_at < now).returning(RefreshTokenRow.id)
    )
    return len(old.all()) + len(expired.all())


async def _proven(
    session: AsyncSession, purpose: Purpose, phone: str, code: str, settings: IdentitySettings, now: datetime
) -> Account | None:
    """The account of a phone whose code was right; the phone is then known to be its owner's.

    Registering takes no code, so whoever chose the password before that may be somebody else, waiting for the owner's
    orders and addresses: with the first proof the password is void and every sign-in ends.
    """
    if not await prove(session, purpose, phone, code, settings=settings, now=now):
        return None
    found = await queries.account_to_sign_in(session, username=None, phone_index=keys().blind(phone, "phone"))
    if found is None or found[0].roles & STAFF_OF_THE_OFFICE:
        return None
    account = found[0]
    first = await session.execute(
        update(AccountRow)
        .where(AccountRow.id == account.id, AccountRow.phone_proven_at.is_(None))
        .values(phone_proven_at=now, password_hash=NO_PASSWORD)
        .returning(AccountRow.id)
    )
    if first.scalar_one_or_none() is not None:
        await end_sign_ins(session, account.id, now)
    return account


async def _renew(
    session: AsyncSession, account: Account, password_hash: str, settings: IdentitySettings, now: datetime
) -> Tokens:
    await session.execute(update(AccountRow).where(AccountRow.id == account.id).values(password_hash=password_hash))
    await end_sign_ins(session, account.id, now)
    return await begin(session, account, settings, now)


async def _find(session: AsyncSession, typed: str) -> tuple[Account, str] | None:
    if PHONE.fullmatch(typed):
        return await queries.account_to_sign_in(session, username=None, phone_index=keys().blind(typed, "phone"))
    if USERNAME.fullmatch(typed):
        return await queries.account_to_sign_in(session, username=typed, phone_index=None)
    return None
