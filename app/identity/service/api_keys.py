"""API keys of suppliers and partners: shown once, kept as digests, revoked for good."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, NotPermitted
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity.models import ApiKeyRow
from app.identity.queries import owners
from app.identity.rules import Actor, ApiKey, OwnersOnly, Role, Scope

KEY_PREFIX = "bj_"
_SECRET_LENGTH = 32
_MARK_LENGTH = 8


async def create_api_key(
    session: AsyncSession,
    *,
    role: Role,
    name: str,
    scopes: Collection[Scope] | None = None,
    by: Actor,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Make a key for the caller's supplier or partner; the second value is the key itself, told this once.

    With ``scopes`` it may do no more than they say; without, what staff may.

    Raises ``NotPermitted`` when a key tries to make keys: a stolen one must not outlive its revocation;
    ``OwnersOnly``.
    """
    scope_id = await _scope(session, role, by)
    key_id, prefix = new_id(now), f"{KEY_PREFIX}{secrets.token_hex(4)}"
    limits = None if scopes is None else sorted(scopes)
    noise = secrets.token_hex(_SECRET_LENGTH // 2)
    key = f"{prefix}_{noise}{_mark(prefix, noise)}"
    await session.execute(
        insert(ApiKeyRow).values(
            id=key_id,
            role=role,
            scope_id=scope_id,
            name=name,
            hint=prefix,
            digest=digest_of(key),
            scopes=limits,
            created_by=by.account_id,
            created_at=now,
        )
    )
    return ApiKey(key_id, name, prefix, now, None, limits if limits is None else tuple(limits)), key


async def revoke_api_key(session: AsyncSession, key_id: UUID, *, role: Role, by: Actor, now: datetime) -> bytes:
    """Make a key useless; revoking twice is no error. Returns its digest.

    Raises ``NotFound``, ``NotPermitted``, ``OwnersOnly``.
    """
    scope_id = await _scope(session, role, by)
    revoked = await session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.id == key_id, ApiKeyRow.role == role, ApiKeyRow.scope_id == scope_id)
        .values(revoked_at=func.coalesce(ApiKeyRow.revoked_at, now))
        .returning(ApiKeyRow.digest)
    )
    digest = revoked.scalar_one_or_none()
    if digest is None:
        raise NotFound
    return bytes(digest)


def digest_of(key: str) -> bytes:
    """How a key is kept. The secret is random, so a plain hash is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def is_well_formed(key: str) -> bool:
    """Whether the key can be one of ours: a made-up one is refused without asking the database."""
    prefix, _, rest = key.rpartition("_")
    noise, mark = rest[:_SECRET_LENGTH], rest[_SECRET_LENGTH:]
    return key.isascii() and len(key) < 100 and hmac.compare_digest(mark, _mark(prefix, noise))  # noqa: PLR2004


def _mark(prefix: str, noise: str) -> str:
    return keys().blind(f"{prefix}_{noise}", "api_key").hex()[:_MARK_LENGTH]


async def _scope(session: AsyncSession, role: Role, by: Actor) -> UUID:
    scope_id = by.supplier_id if role is Role.SUPPLIER else by.partner_id
    if by.key_id is not None or scope_id is None:
        raise NotPermitted
    if by.account_id not in await owners(session, role, scope_id):
        raise OwnersOnly
    return scope_id
