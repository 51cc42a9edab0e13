"""Reads and locks: address books, organisations, who acts for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity
from app.buyers.lifecycle import Status
from app.buyers.models import AddressRow, InvitationRow, MemberRow, OrganisationRow
from app.buyers.rules import (
    Address,
    Invitation,
    InvoiceDetails,
    Kind,
    Member,
    MemberRole,
    Organisation,
    OrganisationNotVerified,
    OwnersOnly,
    Purchaser,
    SavedAddress,
    UnknownAddress,
    UnknownOrganisation,
    mask_phone,
    open_address,
)
from app.core.errors import Fault, NotFound
from app.core.sealing import keys
from app.identity import Actor

_ADDRESS = select(AddressRow.id, AddressRow.address_sealed, AddressRow.label, AddressRow.is_default)
_ORGANISATION = (
    OrganisationRow.id,
    OrganisationRow.kind,
    OrganisationRow.name,
    OrganisationRow.uscc,
    OrganisationRow.division_code,
    OrganisationRow.invoice_title,
    OrganisationRow.invoice_sealed,
    OrganisationRow.orders_on_832,
    OrganisationRow.status,
    OrganisationRow.status_reason,
    OrganisationRow.created_at,
    OrganisationRow.verified_at,
)


def _saved(row: Row[*tuple[Any, ...]]) -> SavedAddress:
    return SavedAddress(row.id, open_address(row.address_sealed), row.label, row.is_default)


async def addresses(session: AsyncSession, *, by: Actor, limit: int, before: UUID | None = None) -> list[SavedAddress]:
    """The caller's addresses, the newest first."""
    wanted = _ADDRESS.where(AddressRow.account_id == by.account_id)
    if before is not None:
        wanted = wanted.where(AddressRow.id < before)
    return [_saved(row) for row in await session.execute(wanted.order_by(AddressRow.id.desc()).limit(limit))]


async def saved_address(session: AsyncSession, address_id: UUID, *, by: Actor) -> SavedAddress:
    """One of the caller's addresses. Raises ``NotFound``."""
    wanted = _ADDRESS.where(AddressRow.id == address_id, AddressRow.account_id == by.account_id)
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise NotFound
    return _saved(row)


async def address_to_ship(session: AsyncSession, address_id: UUID | None, *, by: Actor) -> Address:
    """One of the caller's addresses, for an order that names it. Raises ``UnknownAddress``."""
    try:
        if address_id is None:
            raise NotFound
        return (await saved_address(session, address_id, by=by)).address
    except NotFound:
        fault = Fault("/address_id", UnknownAddress.code, "地址簿中没有这个地址", "no such address")
        raise UnknownAddress(faults=[fault]) from None


def _invoice(row: Row[*tuple[Any, ...]]) -> InvoiceDetails:
    return InvoiceDetails(row.invoice_title, *json.loads(keys().unseal(row.invoice_sealed, "invoice_details")))


def _organisation(row: Row[*tuple[Any, ...]], role: str | None = None) -> Organisation:
    return Organisation(
        id=row.id,
        kind=Kind(row.kind),
        name=row.name,
        uscc=row.uscc,
        division_code=row.division_code,
        invoice=_invoice(row),
        orders_on_832=row.orders_on_832,
        status=Status(row.status),
        status_reason=row.status_reason,
        created_at=row.created_at,
        verified_at=row.verified_at,
        role=MemberRole(role) if role else None,
    )


def _of_member(by: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(*_ORGANISATION, MemberRow.role)
        .join(MemberRow, MemberRow.organisation_id == OrganisationRow.id)
        .where(MemberRow.account_id == by.account_id)
    )


async def organisations_of(
    session: AsyncSession, *, by: Actor, limit: int, before: UUID | None = None
) -> list[Organisation]:
    """The organisations that the caller acts for, the newest first."""
    wanted = _of_member(by)
    if before is not None:
        wanted = wanted.where(OrganisationRow.id < before)
    rows = await session.execute(wanted.order_by(OrganisationRow.id.desc()).limit(limit))
    return [_organisation(row, row.role) for row in rows]


async def memberships(session: AsyncSession, *, by: Actor) -> list[UUID]:
    """The ids of all the organisations that the caller acts for."""
    wanted = select(MemberRow.organisation_id).where(MemberRow.account_id == by.account_id)
    return list((await session.execute(wanted)).scalars())


async def organisation(session: AsyncSession, organisation_id: UUID, *, by: Actor) -> Organisation:
    """One of the caller's organisations. Raises ``NotFound``."""
    row = (await session.execute(_of_member(by).where(OrganisationRow.id == organisation_id))).one_or_none()
    if row is None:
        raise NotFound
    return _organisation(row, row.role)


async def organisation_by_id(session: AsyncSession, organisation_id: UUID) -> Organisation:
    """Any organisation, for those who may see all. Raises ``NotFound``."""
    row = (await session.execute(select(*_ORGANISATION).where(OrganisationRow.id == organisation_id))).one_or_none()
    if row is None:
        raise NotFound
    return _organisation(row)


async def organisations(
    session: AsyncSession, *, status: Status | None, after: UUID | None, limit: int
) -> list[Organisation]:
    """All organisations, the oldest first: who has waited longest stands first."""
    wanted = select(*_ORGANISATION)
    if status is not None:
        wanted = wanted.where(OrganisationRow.status == status.value)
    if after is not None:
        wanted = wanted.where(OrganisationRow.id > after)
    return [_organisation(row) for row in await session.execute(wanted.order_by(OrganisationRow.id).limit(limit))]


async def purchaser(session: AsyncSession, organisation_id: UUID, *, by: Actor) -> Purchaser:
    """Proof that the caller may order for this organisation now.

    Raises ``UnknownOrganisation``, ``OrganisationNotVerified``.
    """
    row = (await session.execute(_of_member(by).where(OrganisationRow.id == organisation_id))).one_or_none()
    if row is None:
        fault = Fault("/organisation_id", UnknownOrganisation.code, "不是该单位成员", "not one of your organisations")
        raise UnknownOrganisation(faults=[fault])
    if row.status != Status.VERIFIED:
        raise OrganisationNotVerified
    return Purchaser(organisation_id, row.name, row.division_code, row.uscc, _invoice(row))


async def lock_organisation(session: AsyncSession, organisation_id: UUID) -> OrganisationRow:
    """The organisation, locked for change: who changes its members takes this lock first. Raises ``NotFound``."""
    wanted = select(OrganisationRow).where(OrganisationRow.id == organisation_id).with_for_update()
    row = (await session.execute(wanted.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def lock_as_owner(session: AsyncSession, organisation_id: UUID, *, by: Actor) -> OrganisationRow:
    """The same for an owner of it. Raises ``NotFound``, ``OwnersOnly``."""
    row = await lock_organisation(session, organisation_id)
    member = await session.get(MemberRow, (organisation_id, by.account_id), populate_existing=True)
    if member is None:
        raise NotFound
    if member.role != MemberRole.OWNER:
        raise OwnersOnly
    return row


async def members(session: AsyncSession, organisation_id: UUID, *, limit: int, after: UUID | None) -> list[Member]:
    """Who acts for an organisation, in the order of their accounts."""
    wanted = select(MemberRow.account_id, MemberRow.role, MemberRow.joined_at).where(
        MemberRow.organisation_id == organisation_id
    )
    if after is not None:
        wanted = wanted.where(MemberRow.account_id > after)
    rows = (await session.execute(wanted.order_by(MemberRow.account_id).limit(limit))).all()
    names = await identity.names_of(session, [row.account_id for row in rows])
    return [Member(row.account_id, names[row.account_id], MemberRole(row.role), row.joined_at) for row in rows]


async def lock_organisations_of(session: AsyncSession, account_id: UUID) -> list[UUID]:
    """The organisations that somebody acts for, locked one after the other, as everybody does who locks several."""
    mine = select(MemberRow.organisation_id).where(MemberRow.account_id == account_id)
    wanted = select(OrganisationRow.id).where(OrganisationRow.id.in_(mine)).order_by(OrganisationRow.id)
    return list((await session.execute(wanted.with_for_update())).scalars())


async def owners(session: AsyncSession, organisation_id: UUID) -> Sequence[UUID]:
    """Who owns a locked organisation."""
    found = await session.execute(
        select(MemberRow.account_id).where(
            MemberRow.organisation_id == organisation_id, MemberRow.role == MemberRole.OWNER.value
        )
    )
    return found.scalars().all()


async def invitations(
    session: AsyncSession,
    *,
    organisation_id: UUID | None = None,
    phone: str | None = None,
    now: datetime,
    limit: int,
    after: UUID | None,
) -> list[Invitation]:
    """Invitations that wait: of an organisation, or to a phone."""
    wanted = (
        select(InvitationRow, OrganisationRow.name)
        .join(OrganisationRow, OrganisationRow.id == InvitationRow.organisation_id)
        .where(InvitationRow.expires_at > now)
    )
    if organisation_id is not None:
        wanted = wanted.where(InvitationRow.organisation_id == organisation_id)
    if phone is not None:
        wanted = wanted.where(InvitationRow.phone_index == keys().blind(phone, "phone"))
    if after is not None:
        wanted = wanted.where(InvitationRow.id > after)
    rows = await session.execute(wanted.order_by(InvitationRow.id).limit(limit))
    return [
        Invitation(
            id=row.id,
            organisation_id=row.organisation_id,
            organisation=name,
            phone=mask_phone(keys().unseal(row.phone_sealed, "phone")),
            role=MemberRole(row.role),
            expires_at=row.expires_at,
        )
        for row, name in rows
    ]
