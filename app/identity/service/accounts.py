"""Accounts: making them, moving them to another phone, closing them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.core.settings import IdentitySettings
from app.identity.events import AccountClosed
from app.identity.models import AccountRow, ApiKeyRow, ChallengeRow, GrantRow, RefreshTokenRow
from app.identity.rules import USERNAME, Account, Actor, Purpose, Role
from app.identity.service.codes import prove
from app.identity.service.passwords import NO_PASSWORD

_NOBODY = "已注销用户"
_CREATE = text("""
WITH account AS (
    INSERT INTO identity_account (id, username, phone_sealed, phone_index, name_sealed, password_hash, created_at)
    VALUES (:id, :username, :phone, :phone_index, :name, :password_hash, :now) RETURNING id
)
INSERT INTO identity_grant (account_id, role, scope_id) SELECT id, :role, CAST(:scope_id AS uuid) FROM account
""")


async def register_buyer(
    session: AsyncSession, *, phone: str, password_hash: str, name: str, phone_proven: bool = False, now: datetime
) -> Account:
    """Make a buyer's account, found by its mobile number. Raises ``PhoneTaken``."""
    account_id = await create_account(
        session, username=None, phone=phone, name=name, password_hash=password_hash, role=Role.BUYER, now=now
    )
    if phone_proven:
        await session.execute(update(AccountRow).where(AccountRow.id == account_id).values(phone_proven_at=now))
    return Account(id=account_id, name=name, roles=frozenset((Role.BUYER,)), supplier_id=None, partner_id=None)


async def create_account(
    session: AsyncSession,
    *,
    username: str | None,
    name: str,
    password_hash: str,
    role: Role,
    scope_id: UUID | None = None,
    phone: str | None = None,
    now: datetime,
) -> UUID:
    """Make an account with one role and return its id.

    ``scope_id`` is the supplier or partner for those two roles, whose ``name`` is then the organisation's: it travels
    in access tokens. Raises ``UsernameTaken`` and ``PhoneTaken``; ``ValueError`` for a user name that cannot be one.
    """
    if username is not None and not USERNAME.fullmatch(username):
        raise ValueError(f"not a user name: {username!r}")
    account_id = new_id(now)
    parameters = {
        "id": account_id,
        "username": username,
        "phone": keys().seal(phone, "phone") if phone else None,
        "phone_index": keys().blind(phone, "phone") if phone else None,
        "name": keys().seal(name, "name"),
        "password_hash": password_hash,
        "now": now,
        "role": role.value,
        "scope_id": scope_id,
    }
    await ask(session, _CREATE, parameters)
    return account_id


async def grant(
    session: AsyncSession, account_id: UUID, role: Role, *, scope_id: UUID | None = None, is_owner: bool = True
) -> bool:
    """Let an account act as something more, from its next token on; False if it has that role already."""
    values = {"account_id": account_id, "role": role, "scope_id": scope_id, "is_owner": is_owner}
    given = await session.execute(
        insert(GrantRow).values(values).on_conflict_do_nothing().returning(GrantRow.account_id)
    )
    return given.scalar_one_or_none() is not None


async def regrade(session: AsyncSession, account_id: UUID, role: Role, scope_id: UUID, *, is_owner: bool) -> bool:
    """Make somebody who acts for a supplier or partner an owner, or not; False when they do not act for it."""
    changed = await session.execute(
        update(GrantRow)
        .where(GrantRow.account_id == account_id, GrantRow.role == role, GrantRow.scope_id == scope_id)
        .values(is_owner=is_owner)
        .returning(GrantRow.account_id)
    )
    return changed.scalar_one_or_none() is not None


async def withdraw(session: AsyncSession, account_id: UUID, role: Role, scope_id: UUID) -> bool:
    """Let somebody no longer act for a supplier or partner, from their next token on; False when they do not."""
    gone = await session.execute(
        delete(GrantRow)
        .where(GrantRow.account_id == account_id, GrantRow.role == role, GrantRow.scope_id == scope_id)
        .returning(GrantRow.account_id)
    )
    return gone.scalar_one_or_none() is not None


async def change_phone(
    session: AsyncSession, phone: str, code: str, *, by: Actor, settings: IdentitySettings, now: datetime
) -> bool:
    """Let the caller's account be found by another phone, to which a code was sent; False when the code is not right.

    The refusal is returned and not raised, because the try must be counted. Raises ``PhoneTaken``.
    """
    if not await prove(
        session, Purpose.CHANGE_PHONE, phone, code, account_id=by.account_id, settings=settings, now=now
    ):
        return False
    await session.execute(
        update(AccountRow)
        .where(AccountRow.id == by.account_id, AccountRow.closed_at.is_(None))
        .values(phone_sealed=keys().seal(phone, "phone"), phone_index=keys().blind(phone, "phone"), phone_proven_at=now)
    )
    return True


async def close_account(session: AsyncSession, *, by: Actor, now: datetime) -> None:
    """Close the caller's own account for good, keeping nothing that names the person (domain handbook §3.2).

    The row stays, because orders point at it, but holds no name, phone or password any more, and its roles, sign-ins
    and codes are gone; the phone may register anew. Orders keep the sealed snapshot of their address: the e-commerce
    law wants transactions kept for at least three years after they are completed. Whether an account may be closed now
    is decided by the modules above that know its orders. Raises ``NotFound`` for an account that is closed already.
    """
    account_id = by.account_id
    closed = await session.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id, AccountRow.closed_at.is_(None))
        .values(
            username=f"closed-{account_id.hex}",
            phone_sealed=None,
            phone_index=None,
            phone_proven_at=None,
            name_sealed=keys().seal(_NOBODY, "name"),
            password_hash=NO_PASSWORD,
            closed_at=now,
        )
        .returning(AccountRow.id)
    )
    if closed.scalar_one_or_none() is None:
        raise NotFound
    for table in (GrantRow, RefreshTokenRow, ChallengeRow):
        await session.execute(delete(table).where(table.account_id == account_id))
    await session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.created_by == account_id, ApiKeyRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    emit(session, AccountClosed(account_id=account_id, at=now))
