"""People who can sign in, and tokens without the wait for a password."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from uuid import UUID

import httpx
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.settings import IdentitySettings
from app.identity import Account, Role, create_account
from app.identity.service.tokens import sign_access_token

PASSWORD = "golden-tea-2026"
SCOPED = (Role.SUPPLIER, Role.PARTNER)


@cache
def quick_hash(password: str = PASSWORD) -> str:
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(password)


async def account(
    session: AsyncSession,
    now: datetime,
    role: Role = Role.BUYER,
    *,
    username: str | None = "li-xia",
    phone: str | None = None,
    scope_id: UUID | None = None,
    name: str = "李霞",
) -> Account:
    if role in SCOPED and scope_id is None:
        scope_id = new_id(now)
    account_id = await create_account(
        session,
        username=username,
        phone=phone,
        name=name,
        password_hash=quick_hash(),
        role=role,
        scope_id=scope_id,
        now=now,
    )
    return Account(
        id=account_id,
        name=name,
        roles=frozenset((role,)),
        supplier_id=scope_id if role is Role.SUPPLIER else None,
        partner_id=scope_id if role is Role.PARTNER else None,
    )


def token(who: Account, now: datetime) -> str:
    return sign_access_token(who, IdentitySettings(), now)


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


async def sign_in(client: httpx.AsyncClient, username: str, password: str = PASSWORD, **headers) -> httpx.Response:
    form = {"grant_type": "password", "username": username, "password": password}
    return await client.post("/v1/auth/token", data=form, headers=headers)


async def refresh(client: httpx.AsyncClient, refresh_token: str) -> httpx.Response:
    return await client.post("/v1/auth/token", data={"grant_type": "refresh_token", "refresh_token": refresh_token})
