"""Who works for a supplier. Whoever changes that locks the supplier first, so that one owner always stays."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity
from app.core.errors import NotFound, NotPermitted
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor, OwnersOnly, Role
from app.suppliers import queries
from app.suppliers.lifecycle import Status
from app.suppliers.models import AgentRow, InvitationRow, SupplierRow
from app.suppliers.rules import SupplierCard
from app.suppliers.rules.team import (
    AlreadyStaff,
    LastSupplierOwner,
    StaffInvitation,
    StaffRole,
    SupplierInvitationNotValid,
)

_INVITED_FOR = timedelta(days=14)
_CODE_BYTES = 10
_NOT_YET = (Status.DRAFT, Status.REJECTED)


async def invite(
    session: AsyncSession, phone: str, role: StaffRole, *, by: Actor, now: datetime
) -> tuple[StaffInvitation, str]:
    """Invite the person with this phone to the caller's supplier; the second value is the code to hand them, told once.

    It takes the phone and the code to accept, so neither a wrong number nor a code seen over a shoulder is enough.
    Raises ``OwnersOnly``, ``AlreadyInvitedToSupplier``.
    """
    supplier = await _lock_as_owner(session, by)
    await session.execute(
        delete(InvitationRow).where(InvitationRow.supplier_id == supplier.id, InvitationRow.expires_at <= now)
    )
    code = secrets.token_hex(_CODE_BYTES)
    row = InvitationRow(
        id=new_id(now),
        supplier_id=supplier.id,
        phone_index=keys().blind(phone, "phone"),
        phone_sealed=keys().seal(phone, "phone"),
        role=role.value,
        code_digest=_digest(code),
        invited_by=by.account_id,
        invited_at=now,
        expires_at=now + _INVITED_FOR,
    )
    session.add(row)
    await session.flush()
    return queries.invitation(row, supplier.name), code


async def withdraw_invitation(session: AsyncSession, invitation_id: UUID, *, by: Actor) -> None:
    """Take an invitation of the caller's supplier back. Raises ``NotFound``, ``OwnersOnly``."""
    supplier = await _lock_as_owner(session, by)
    gone = await session.execute(
        delete(InvitationRow)
        .where(InvitationRow.id == invitation_id, InvitationRow.supplier_id == supplier.id)
        .returning(InvitationRow.id)
    )
    if gone.scalar_one_or_none() is None:
        raise NotFound


async def accept_invitation(
    session: AsyncSession, invitation_id: UUID, code: str, *, by: Actor, now: datetime
) -> SupplierCard:
    """Work for a supplier, from the next token on; or enter stock for it as its agent, at once.

    Raises ``SupplierInvitationNotValid``, ``AlreadyStaff``; ``NotAuthenticated`` of a closed account.
    """
    await identity.hold_open(session, by)
    row = await session.get(InvitationRow, invitation_id)
    phone = await identity.phone_of(session, by.account_id)
    if (
        row is None
        or phone is None
        or row.expires_at <= now
        or bytes(row.phone_index) != keys().blind(phone, "phone")
        or not hmac.compare_digest(bytes(row.code_digest), _digest(code))
    ):
        raise SupplierInvitationNotValid
    await queries.lock(session, row.supplier_id)
    used = await session.execute(
        delete(InvitationRow).where(InvitationRow.id == invitation_id).returning(InvitationRow.id)
    )
    if used.scalar_one_or_none() is None:  # withdrawn while we waited
        raise SupplierInvitationNotValid
    if row.role == StaffRole.AGENT:
        agent = {"supplier_id": row.supplier_id, "account_id": by.account_id, "since": now}
        made = await session.execute(
            insert(AgentRow).values(agent).on_conflict_do_nothing().returning(AgentRow.account_id)
        )
        if made.scalar_one_or_none() is None:
            raise AlreadyStaff
        return await queries.get(session, row.supplier_id)
    owner = row.role == StaffRole.OWNER
    if not await identity.grant(session, by.account_id, Role.SUPPLIER, scope_id=row.supplier_id, is_owner=owner):
        raise AlreadyStaff
    return await queries.get(session, row.supplier_id)


async def change_member(session: AsyncSession, account_id: UUID, role: StaffRole, *, by: Actor) -> None:
    """Make a colleague an owner or not. Raises ``NotFound``, ``OwnersOnly``, ``LastSupplierOwner``."""
    supplier = await _lock_as_owner(session, by)
    if role is not StaffRole.OWNER:
        await _refuse_last_owner(session, supplier.id, account_id)
    if not await identity.regrade(session, account_id, Role.SUPPLIER, supplier.id, is_owner=role is StaffRole.OWNER):
        raise NotFound


async def remove_member(session: AsyncSession, account_id: UUID, *, by: Actor) -> None:
    """Leave the supplier, or let a colleague go as its owner.

    Raises ``NotFound``, ``OwnersOnly``, ``LastSupplierOwner``.
    """
    supplier = await (_lock(session, by) if account_id == by.account_id else _lock_as_owner(session, by))
    await _refuse_last_owner(session, supplier.id, account_id)
    if not await identity.withdraw(session, account_id, Role.SUPPLIER, supplier.id):
        raise NotFound


async def remove_agent(session: AsyncSession, account_id: UUID, *, by: Actor) -> None:
    """Let an agent of the caller's supplier go. Raises ``NotFound``, ``OwnersOnly``."""
    supplier = await _lock_as_owner(session, by)
    await _end_agency(session, supplier.id, account_id)


async def leave_agency(session: AsyncSession, supplier_id: UUID, *, by: Actor) -> None:
    """Be a supplier's agent no longer. Raises ``NotFound``."""
    await _end_agency(session, supplier_id, by.account_id)


async def _end_agency(session: AsyncSession, supplier_id: UUID, account_id: UUID) -> None:
    gone = await session.execute(
        delete(AgentRow)
        .where(AgentRow.supplier_id == supplier_id, AgentRow.account_id == account_id)
        .returning(AgentRow.account_id)
    )
    if gone.scalar_one_or_none() is None:
        raise NotFound


async def leave_supplier(session: AsyncSession, *, by: Actor) -> None:
    """Whether the caller, who closes their account, may go: not as the last owner of one that is or was admitted.

    Raises ``LastSupplierOwner``.
    """
    await session.execute(delete(AgentRow).where(AgentRow.account_id == by.account_id))
    account = await identity.account(session, by.account_id)
    if account is None or account.supplier_id is None:
        return
    supplier = await queries.lock(session, account.supplier_id)
    if supplier.status not in _NOT_YET:
        await _refuse_last_owner(session, supplier.id, by.account_id)


async def forget_invitations(session: AsyncSession, now: datetime) -> int:
    """Chore: remove invitations that nobody accepted in time; returns how many."""
    gone = await session.execute(
        delete(InvitationRow).where(InvitationRow.expires_at <= now).returning(InvitationRow.id)
    )
    return len(gone.all())


async def _lock(session: AsyncSession, by: Actor) -> SupplierRow:
    if by.supplier_id is None or by.key_id is not None:  # a stolen key must not bring its thief in
        raise NotPermitted
    return await queries.lock(session, by.supplier_id)


async def _lock_as_owner(session: AsyncSession, by: Actor) -> SupplierRow:
    supplier = await _lock(session, by)
    if by.account_id not in await identity.owners(session, Role.SUPPLIER, supplier.id):
        raise OwnersOnly
    return supplier


async def _refuse_last_owner(session: AsyncSession, supplier_id: UUID, leaving: UUID) -> None:
    if await identity.owners(session, Role.SUPPLIER, supplier_id) == {leaving}:
        raise LastSupplierOwner


def _digest(code: str) -> bytes:
    """How a code is kept. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(code.encode()).digest()
