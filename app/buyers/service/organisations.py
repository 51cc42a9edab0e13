"""Organisations: applying, being verified, and who acts for them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity
from app.buyers import queries
from app.buyers.lifecycle import Status, Step
from app.buyers.models import AddressRow, InvitationRow, MemberRow, OrganisationRow
from app.buyers.rules import (
    AlreadyMember,
    Invitation,
    InvitationNotForYou,
    InvoiceDetails,
    LastOwner,
    MemberRole,
    NewOrganisation,
    Organisation,
    OrganisationExists,
    mask_phone,
    resolve_division,
)
from app.core.errors import Fault, NotFound
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor
from app.suppliers import InvalidUscc, is_uscc

_INVITED_FOR = timedelta(days=14)
_CODE_BYTES = 10


async def found_organisation(session: AsyncSession, new: NewOrganisation, *, by: Actor, now: datetime) -> Organisation:
    """Apply for an organisation, as its first owner; it can order once an operator has verified it.

    Raises ``InvalidUscc``, ``OrganisationExists``, ``UnknownDivision``, ``DivisionNotACounty``; ``NotAuthenticated`` of
    a closed account.
    """
    await identity.hold_open(session, by)
    if not is_uscc(new.uscc):
        raise InvalidUscc(faults=[Fault("/uscc", "invalid_uscc", "校验不通过", "fails its check")])
    division = resolve_division(new.division_code, pointer="/division_code")
    verified = select(OrganisationRow.id).where(
        OrganisationRow.uscc == new.uscc, OrganisationRow.status == Status.VERIFIED.value
    )
    if (await session.execute(verified)).first() is not None:
        raise OrganisationExists
    row = OrganisationRow(
        id=new_id(now),
        kind=new.kind.value,
        name=new.name,
        uscc=new.uscc,
        division_code=division.county_code,
        invoice_title=new.invoice.title,
        invoice_sealed=_sealed(new.invoice),
        orders_on_832=new.orders_on_832,
        status=Status.APPLIED.value,
        created_by=by.account_id,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    session.add(MemberRow(organisation_id=row.id, account_id=by.account_id, role=MemberRole.OWNER.value, joined_at=now))
    await session.flush()
    return await queries.organisation(session, row.id, by=by)


async def change_invoice_details(
    session: AsyncSession, organisation_id: UUID, invoice: InvoiceDetails, *, orders_on_832: bool, by: Actor
) -> Organisation:
    """Say anew what invoices to the organisation say. Raises ``NotFound``, ``OwnersOnly``."""
    row = await queries.lock_as_owner(session, organisation_id, by=by)
    row.invoice_title, row.invoice_sealed, row.orders_on_832 = invoice.title, _sealed(invoice), orders_on_832
    await session.flush()
    return await queries.organisation(session, organisation_id, by=by)


async def decide_organisation(
    session: AsyncSession, organisation_id: UUID, step: Step, *, reason: str | None = None, by: Actor, now: datetime
) -> Organisation:
    """Verify an organisation, or suspend it; orders that were placed go on.

    Raises ``NotFound``, ``OrganisationStepNotAllowed``, ``OrganisationExists``.
    """
    row = await queries.lock_organisation(session, organisation_id)
    row.take(step, reason=reason, by=by.account_id, now=now)
    await session.flush()
    return await queries.organisation_by_id(session, organisation_id)


async def invite(
    session: AsyncSession, organisation_id: UUID, phone: str, role: MemberRole, *, by: Actor, now: datetime
) -> tuple[Invitation, str]:
    """Invite the person with this phone; the second value is the code to hand them, told this once.

    It takes the phone and the code to accept, so neither a wrong number nor a code seen over a shoulder is enough.
    Raises ``NotFound``, ``OwnersOnly``, ``AlreadyInvited``.
    """
    organisation = await queries.lock_as_owner(session, organisation_id, by=by)
    await session.execute(
        delete(InvitationRow).where(InvitationRow.organisation_id == organisation_id, InvitationRow.expires_at <= now)
    )
    code = secrets.token_hex(_CODE_BYTES)
    row = InvitationRow(
        id=new_id(now),
        organisation_id=organisation_id,
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
    return Invitation(row.id, organisation_id, organisation.name, mask_phone(phone), role, row.expires_at), code


async def withdraw_invitation(session: AsyncSession, organisation_id: UUID, invitation_id: UUID, *, by: Actor) -> None:
    """Take an invitation back. Raises ``NotFound``, ``OwnersOnly``."""
    await queries.lock_as_owner(session, organisation_id, by=by)
    gone = await session.execute(
        delete(InvitationRow)
        .where(InvitationRow.id == invitation_id, InvitationRow.organisation_id == organisation_id)
        .returning(InvitationRow.id)
    )
    if gone.scalar_one_or_none() is None:
        raise NotFound


async def accept_invitation(
    session: AsyncSession, invitation_id: UUID, code: str, *, by: Actor, now: datetime
) -> Organisation:
    """Become a member. Raises ``InvitationNotForYou``, ``AlreadyMember``; ``NotAuthenticated`` of a closed account."""
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
        raise InvitationNotForYou
    await queries.lock_organisation(session, row.organisation_id)
    if await session.get(MemberRow, (row.organisation_id, by.account_id)) is not None:
        raise AlreadyMember
    session.add(MemberRow(organisation_id=row.organisation_id, account_id=by.account_id, role=row.role, joined_at=now))
    await session.delete(row)
    await session.flush()
    return await queries.organisation(session, row.organisation_id, by=by)


async def change_member(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, role: MemberRole, *, by: Actor
) -> None:
    """Make a member an owner or a purchaser. Raises ``NotFound``, ``OwnersOnly``, ``LastOwner``."""
    await queries.lock_as_owner(session, organisation_id, by=by)
    member = await _member(session, organisation_id, account_id)
    if role is not MemberRole.OWNER:
        await _refuse_last_owner(session, organisation_id, account_id)
    member.role = role.value
    await session.flush()


async def remove_member(session: AsyncSession, organisation_id: UUID, account_id: UUID, *, by: Actor) -> None:
    """Leave an organisation, or take somebody out of it as its owner.

    Raises ``NotFound``, ``OwnersOnly``, ``LastOwner``.
    """
    if account_id == by.account_id:
        await queries.lock_organisation(session, organisation_id)
    else:
        await queries.lock_as_owner(session, organisation_id, by=by)
    member = await _member(session, organisation_id, account_id)
    await _refuse_last_owner(session, organisation_id, account_id)
    await session.delete(member)
    await session.flush()


async def leave_organisations(session: AsyncSession, *, by: Actor) -> None:
    """Take the caller, who closes their account, out of every organisation. Raises ``LastOwner``.

    An organisation whose only member is the caller goes with them.
    """
    for organisation_id in await queries.lock_organisations_of(session, by.account_id):
        if len(await queries.members(session, organisation_id, limit=2, after=None)) > 1:
            await _refuse_last_owner(session, organisation_id, by.account_id)
    await session.execute(delete(MemberRow).where(MemberRow.account_id == by.account_id))


async def forget_person(session: AsyncSession, account_id: UUID) -> None:
    """What this module keeps for somebody's convenience goes with their account: addresses and memberships."""
    await session.execute(delete(AddressRow).where(AddressRow.account_id == account_id))
    await session.execute(delete(MemberRow).where(MemberRow.account_id == account_id))


async def forget_invitations(session: AsyncSession, now: datetime) -> int:
    """Chore: remove invitations that nobody accepted in time; returns how many."""
    gone = await session.execute(
        delete(InvitationRow).where(InvitationRow.expires_at <= now).returning(InvitationRow.id)
    )
    return len(gone.all())


async def _member(session: AsyncSession, organisation_id: UUID, account_id: UUID) -> MemberRow:
    member = await session.get(MemberRow, (organisation_id, account_id), populate_existing=True)
    if member is None:
        raise NotFound
    return member


async def _refuse_last_owner(session: AsyncSession, organisation_id: UUID, leaving: UUID) -> None:
    if list(await queries.owners(session, organisation_id)) == [leaving]:
        raise LastOwner


def _sealed(invoice: InvoiceDetails) -> bytes:
    fields = [invoice.address, invoice.phone, invoice.bank, invoice.account]
    return keys().seal(json.dumps(fields, ensure_ascii=False, separators=(",", ":")), "invoice_details")


def _digest(code: str) -> bytes:
    """How a code is kept. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(code.encode()).digest()
