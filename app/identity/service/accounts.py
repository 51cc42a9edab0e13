"""Making accounts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.sealing import keys
from app.identity.models import AccountRow, GrantRow
from app.identity.rules import USERNAME, Account, Role


async def register_buyer(session: AsyncSession, *, phone: str, password_hash: str, name: str, now: datetime) -> Account:
    """Make a buyer's account, found by its mobile number. Raises ``PhoneTaken``."""
    account_id = await create_account(
        session, username=None, phone=phone, name=name, password_hash=password_hash, role=Role.BUYER, now=now
    )
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
    session.add(
        AccountRow(
            id=account_id,
            username=username,
            phone_sealed=keys().seal(phone, "phone") if phone else None,
            phone_index=keys().blind(phone, "phone") if phone else None,
            name_sealed=keys().seal(name, "name"),
            password_hash=password_hash,
            created_at=now,
        )
    )
    await session.flush()  # no relationship tells the unit of work that the grant comes second
    session.add(GrantRow(account_id=account_id, role=role, scope_id=scope_id))
    await session.flush()
    return account_id
