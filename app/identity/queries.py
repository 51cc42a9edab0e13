"""Reads: accounts with their roles, sign-ins, codes and failures that count, and who an API key speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.asides import Aside
from app.core.db import ask, core_audit_entry
from app.core.errors import NotAuthenticated
from app.core.sealing import keys
from app.identity.models import AccountRow, ApiKeyRow, ChallengeRow, GrantRow, RefreshTokenRow
from app.identity.rules import Account, Actor, ApiKey, AuditEntry, Colleague, Purpose, Role, SignIn, TextMessage

_GRANTS = func.jsonb_object_agg(GrantRow.role, GrantRow.scope_id).filter(GrantRow.role.is_not(None))
_ACCOUNT = (
    select(AccountRow.id, AccountRow.name_sealed, AccountRow.password_hash, _GRANTS.label("grants"))
    .outerjoin(GrantRow, GrantRow.account_id == AccountRow.id)
    .where(AccountRow.closed_at.is_(None))
    .group_by(AccountRow.id)
)

_HELD_BACK = text("""
SELECT max(at) FROM (
    SELECT at, row_number() OVER (PARTITION BY subject ORDER BY at DESC) AS nth
    FROM identity_sign_in_failure WHERE subject = ANY(CAST(:subjects AS bytea[])) AND at > :since
) failure WHERE nth = :allowed
""")


def _account(row: Row[Any]) -> Account:
    grants: dict[str, str | None] = row.grants or {}
    supplier, partner = grants.get(Role.SUPPLIER), grants.get(Role.PARTNER)
    return Account(
        id=row.id,
        name=keys().unseal(bytes(row.name_sealed), "name"),
        roles=frozenset(Role(role) for role in grants),
        supplier_id=UUID(supplier) if supplier else None,
        partner_id=UUID(partner) if partner else None,
    )


async def account(session: AsyncSession, account_id: UUID) -> Account | None:
    """The account with this id."""
    row = (await session.execute(_ACCOUNT.where(AccountRow.id == account_id))).first()
    return _account(row) if row else None


async def account_with_password(session: AsyncSession, account_id: UUID) -> tuple[Account, str] | None:
    """The account with this id, with its password hash."""
    row = (await session.execute(_ACCOUNT.where(AccountRow.id == account_id))).first()
    return (_account(row), row.password_hash) if row else None


async def account_to_sign_in(
    session: AsyncSession, *, username: str | None, phone_index: bytes | None
) -> tuple[Account, str] | None:
    """The account that has this user name or phone, with its password hash."""
    who = AccountRow.username == username if username is not None else AccountRow.phone_index == phone_index
    row = (await session.execute(_ACCOUNT.where(who))).first()
    return (_account(row), row.password_hash) if row else None


async def still_has_password(session: AsyncSession, account_id: UUID, password_hash: str | None) -> bool:
    """Whether the account still has the password that was checked before; it keeps it until the transaction ends."""
    wanted = select(AccountRow.id).where(AccountRow.id == account_id, AccountRow.password_hash == password_hash)
    return (await session.execute(wanted.with_for_update(read=True))).first() is not None


async def failure_that_counts(
    session: AsyncSession, subjects: Sequence[bytes], *, since: datetime, allowed: int
) -> datetime | None:
    """If one of ``subjects`` failed ``allowed`` times after ``since``: the failure that must age before another try."""
    found = await session.execute(_HELD_BACK, {"subjects": list(subjects), "since": since, "allowed": allowed})
    at: datetime | None = found.scalar_one()
    return at


async def sign_ins(
    session: AsyncSession, account_id: UUID, *, now: datetime, limit: int, before: UUID | None = None
) -> list[SignIn]:
    """Up to ``limit`` sign-ins of an account that have not ended, the newest first."""
    query = (
        select(RefreshTokenRow.id, RefreshTokenRow.issued_at, RefreshTokenRow.rotated_at, RefreshTokenRow.expires_at)
        .where(
            RefreshTokenRow.account_id == account_id,
            RefreshTokenRow.revoked_at.is_(None),
            RefreshTokenRow.expires_at > now,
        )
        .order_by(RefreshTokenRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(RefreshTokenRow.id < before)
    return [SignIn(*row) for row in await session.execute(query)]


_ASKED = text("""
SELECT max(asked_at) FILTER (WHERE phone_index = :phone) AS newest,
       count(*) FILTER (WHERE phone_index = :phone) AS today,
       min(asked_at) FILTER (WHERE phone_index = :phone) AS oldest_of_day,
       count(*) FILTER (WHERE address_index = :address AND asked_at > :an_hour_ago) AS from_address,
       min(asked_at) FILTER (WHERE address_index = :address AND asked_at > :an_hour_ago) AS oldest_of_address
FROM identity_challenge WHERE (phone_index = :phone OR address_index = :address) AND asked_at > :a_day_ago
""")


async def codes_asked(session: AsyncSession, phone_index: bytes, address_index: bytes, now: datetime) -> Row[Any]:
    """How many codes were asked for: within a day for this phone, within an hour from this address."""
    parameters = {
        "phone": phone_index,
        "address": address_index,
        "a_day_ago": now - timedelta(days=1),
        "an_hour_ago": now - timedelta(hours=1),
    }
    return (await session.execute(_ASKED, parameters)).one()


async def message_of(session: AsyncSession, challenge_id: UUID, now: datetime) -> TextMessage | None:
    """What to send for a challenge; None when its code is of no more use."""
    challenge = await session.get(ChallengeRow, challenge_id)
    if challenge is None or challenge.code_sealed is None or challenge.expires_at <= now:
        return None
    return TextMessage(
        phone=keys().unseal(challenge.phone_sealed, "phone"),
        purpose=Purpose(challenge.purpose),
        code=keys().unseal(challenge.code_sealed, "code"),
        minutes=round((challenge.expires_at - challenge.asked_at).total_seconds()) // 60,
    )


async def phone_of(session: AsyncSession, account_id: UUID) -> str | None:
    """The phone of an account; None unless its owner has proved by a code that it is theirs."""
    proven = select(AccountRow.phone_sealed).where(AccountRow.id == account_id, AccountRow.phone_proven_at.is_not(None))
    sealed = (await session.execute(proven)).scalar()
    return keys().unseal(sealed, "phone") if sealed else None


_HELD_OPEN = text("SELECT 1 FROM identity_account WHERE id = :id AND closed_at IS NULL FOR KEY SHARE")
_TO_CLOSE = text("SELECT 1 FROM identity_account WHERE id = :id AND closed_at IS NULL FOR UPDATE")


async def hold_open(session: AsyncSession, by: Actor, *, to_close: bool = False) -> None:
    """Keep the caller's account open until the transaction ends. Raises ``NotAuthenticated`` when it is closed.

    An access token outlives its account by some minutes. ``to_close`` waits for everybody who holds the account open,
    so that what they have done is seen; who locks anything else besides locks the account first.
    """
    if not await ask(session, _TO_CLOSE if to_close else _HELD_OPEN, {"id": by.account_id}):
        raise NotAuthenticated


_STILL_OPEN = "(SELECT true FROM identity_account WHERE id = :holder AND closed_at IS NULL FOR KEY SHARE)"


def held_open(by: Actor) -> Aside:
    """The same as ``hold_open``, asked along with another statement: whether the account is held; null when closed."""
    return Aside(_STILL_OPEN, {"holder": by.account_id})


_STAFF_PHONE = """EXISTS (
    SELECT FROM identity_account sa JOIN identity_grant sg ON sg.account_id = sa.id
    WHERE sa.phone_index = :phone_index AND sg.role = 'supplier' AND sg.scope_id = s.id)"""


def staff_have(phone: str) -> Aside:
    """Asked along with another statement: whether somebody who works for the supplier ``s.id`` has this phone."""
    return Aside(_STAFF_PHONE, {"phone_index": keys().blind(phone, "phone")})


async def names_of(session: AsyncSession, account_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What the people behind some accounts are called."""
    wanted = select(AccountRow.id, AccountRow.name_sealed).where(AccountRow.id.in_(account_ids))
    return {row.id: keys().unseal(bytes(row.name_sealed), "name") for row in await session.execute(wanted)}


async def colleagues(
    session: AsyncSession, role: Role, scope_id: UUID, *, limit: int, after: UUID | None = None
) -> list[Colleague]:
    """Who acts for a supplier or partner, in the order of their accounts."""
    query = (
        select(GrantRow.account_id, AccountRow.name_sealed, GrantRow.is_owner)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .where(GrantRow.scope_id == scope_id, GrantRow.role == role)
        .order_by(GrantRow.account_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(GrantRow.account_id > after)
    rows = await session.execute(query)
    return [Colleague(row.account_id, keys().unseal(bytes(row.name_sealed), "name"), row.is_owner) for row in rows]


async def owners(session: AsyncSession, role: Role, scope_id: UUID) -> frozenset[UUID]:
    """Who decides, for a supplier or partner, who else acts for it."""
    query = select(GrantRow.account_id).where(
        GrantRow.scope_id == scope_id, GrantRow.role == role, GrantRow.is_owner.is_(True)
    )
    return frozenset((await session.execute(query)).scalars())


async def actor_of_key(session: AsyncSession, digest: bytes) -> Actor | None:
    """Whom the API key with this digest speaks for, unless it was revoked."""
    query = select(ApiKeyRow.id, ApiKeyRow.role, ApiKeyRow.scope_id, ApiKeyRow.created_by, ApiKeyRow.scopes).where(
        ApiKeyRow.digest == digest, ApiKeyRow.revoked_at.is_(None)
    )
    row = (await session.execute(query)).first()
    if row is None:
        return None
    role = Role(row.role)
    return Actor(
        account_id=row.created_by,
        roles=frozenset((role,)),
        supplier_id=row.scope_id if role is Role.SUPPLIER else None,
        partner_id=row.scope_id if role is Role.PARTNER else None,
        key_id=row.id,
        scopes=None if row.scopes is None else frozenset(row.scopes),
    )


async def api_keys(
    session: AsyncSession, role: Role, scope_id: UUID, *, limit: int, before: UUID | None = None
) -> list[ApiKey]:
    """Up to ``limit`` keys of one supplier or partner, the newest first, revoked ones included."""
    query = (
        select(
            ApiKeyRow.id, ApiKeyRow.name, ApiKeyRow.hint, ApiKeyRow.created_at, ApiKeyRow.revoked_at, ApiKeyRow.scopes
        )
        .where(ApiKeyRow.scope_id == scope_id, ApiKeyRow.role == role)
        .order_by(ApiKeyRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ApiKeyRow.id < before)
    return [ApiKey(*row) for row in await session.execute(query)]


async def audit_trail(
    session: AsyncSession,
    *,
    account_id: UUID | None = None,
    operation: str | None = None,
    about: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[AuditEntry]:
    """Up to ``limit`` entries of the audit trail, the newest first; ``about`` is an id, number or code it must name."""
    entry = core_audit_entry.c
    query = (
        select(core_audit_entry, AccountRow.name_sealed)
        .outerjoin(AccountRow, (AccountRow.id == entry.account_id) & AccountRow.closed_at.is_(None))
        .order_by(entry.id.desc())
        .limit(limit)
    )
    if account_id is not None:
        query = query.where(entry.account_id == account_id)
    if operation is not None:
        query = query.where(entry.operation == operation)
    if about is not None:
        query = query.where(entry.about.contains([about]))
    if since is not None:
        query = query.where(entry.at >= since)
    if until is not None:
        query = query.where(entry.at < until)
    if before is not None:
        query = query.where(entry.id < before)
    return [
        AuditEntry(
            id=row.id,
            at=row.at,
            account_id=row.account_id,
            name=None if row.name_sealed is None else keys().unseal(bytes(row.name_sealed), "name"),
            role=row.role,
            operation=row.operation,
            method=row.method,
            path=row.path,
            about=row.about,
            facts=[(UUID(fact["id"]), fact["name"], UUID(fact["subject"])) for fact in row.facts],
            request_id=row.request_id,
        )
        for row in await session.execute(query)
    ]
