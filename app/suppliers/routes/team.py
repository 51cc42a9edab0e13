"""HTTP of who works for a supplier: its staff, its owners, and those who are invited."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app import identity
from app.core.errors import NotFound, NotPermitted
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    last_seen,
    next_cursor,
    page_of,
    problems,
)
from app.identity import Actor, Buyer, OwnersOnly, Role, SupplierStaff
from app.suppliers import queries, service
from app.suppliers.rules.team import (
    AlreadyInvitedToSupplier,
    AlreadyStaff,
    LastSupplierOwner,
    StaffMember,
    StaffRole,
    SupplierInvitationNotValid,
)
from app.suppliers.schemas import SupplierOut
from app.suppliers.schemas.team import (
    AgencyOut,
    AgentOut,
    NewSupplierInvitationOut,
    SupplierAcceptanceIn,
    SupplierInvitationIn,
    SupplierInvitationOut,
    SupplierMemberIn,
    SupplierMemberOut,
)

router = APIRouter(tags=["suppliers"])


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotPermitted
    return by.supplier_id


@router.get(
    "/v1/supplier/members",
    operation_id="list_supplier_members",
    summary="Who works for one's own supplier",
    responses=problems(InvalidCursor),
)
async def list_supplier_members(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SupplierMemberOut]:
    """In the order of their accounts."""
    after = last_seen("supplier.members", cursor)
    found = await identity.colleagues(session, Role.SUPPLIER, _own(by), after=after, limit=limit + 1)
    more = next_cursor("supplier.members", found, limit, lambda one: one.account_id)
    roles = {True: StaffRole.OWNER, False: StaffRole.STAFF}
    members = [StaffMember(one.account_id, one.name, roles[one.is_owner]) for one in found[:limit]]
    return Page(items=[SupplierMemberOut.of(one) for one in members], next_cursor=more)


@router.put(
    "/v1/supplier/members/{account_id}",
    operation_id="change_supplier_member",
    summary="Make a colleague an owner, or not",
    status_code=204,
    responses=problems(NotFound, OwnersOnly, LastSupplierOwner),
)
async def change_supplier_member(
    account_id: UUID, by: SupplierStaff, body: SupplierMemberIn, session: WriteSession
) -> None:
    """For owners. At least one owner stays."""
    await service.change_member(session, account_id, body.role, by=by)


@router.delete(
    "/v1/supplier/members/{account_id}",
    operation_id="remove_supplier_member",
    summary="Leave the supplier, or let a colleague go",
    status_code=204,
    responses=problems(NotFound, OwnersOnly, LastSupplierOwner),
)
async def remove_supplier_member(account_id: UUID, by: SupplierStaff, session: WriteSession) -> None:
    """Everybody may leave, except the last owner; owners may let others go.

    An access token that they hold ends within minutes and is not renewed for this supplier. API keys that they made
    go on, because they are the supplier's: revoke those whose secrets they know.
    """
    await service.remove_member(session, account_id, by=by)


@router.post(
    "/v1/supplier/invitations",
    operation_id="invite_supplier_member",
    summary="Invite somebody to one's own supplier, by phone",
    status_code=201,
    responses=problems(OwnersOnly, AlreadyInvitedToSupplier),
)
async def invite_supplier_member(
    by: SupplierStaff, body: SupplierInvitationIn, session: WriteSession, now: Now
) -> NewSupplierInvitationOut:
    """For owners. Hand the person the code: it takes it and an account with this phone to accept, within 14 days."""
    invitation, code = await service.invite(session, body.phone, body.role, by=by, now=now)
    return NewSupplierInvitationOut(**SupplierInvitationOut.model_validate(invitation).model_dump(), code=code)


@router.get(
    "/v1/supplier/invitations",
    operation_id="list_supplier_invitations_sent",
    summary="Invitations to one's own supplier that wait",
    responses=problems(InvalidCursor),
)
async def list_supplier_invitations_sent(
    by: SupplierStaff, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SupplierInvitationOut]:
    """The oldest first."""
    after = last_seen("supplier.invitations", cursor)
    found = await queries.invitations(session, supplier_id=_own(by), now=now, after=after, limit=limit + 1)
    return page_of("supplier.invitations", found, limit, SupplierInvitationOut.model_validate)


@router.delete(
    "/v1/supplier/invitations/{invitation_id}",
    operation_id="withdraw_supplier_invitation",
    summary="Take an invitation back",
    status_code=204,
    responses=problems(NotFound, OwnersOnly),
)
async def withdraw_supplier_invitation(invitation_id: UUID, by: SupplierStaff, session: WriteSession) -> None:
    """For owners."""
    await service.withdraw_invitation(session, invitation_id, by=by)


@router.get(
    "/v1/store/supplier-invitations",
    operation_id="list_supplier_invitations",
    summary="Invitations of suppliers to the caller's phone",
    responses=problems(InvalidCursor),
)
async def list_supplier_invitations(
    by: Buyer, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SupplierInvitationOut]:
    """Those that wait, for a phone that is proved to be the caller's. Accepting one takes the code its sender has."""
    phone = await identity.phone_of(session, by.account_id)
    if phone is None:
        return Page(items=[], next_cursor=None)
    after = last_seen("supplier.invitations", cursor)
    found = await queries.invitations(session, phone=phone, now=now, after=after, limit=limit + 1)
    return page_of("supplier.invitations", found, limit, SupplierInvitationOut.model_validate)


@router.post(
    "/v1/store/supplier-invitations/{invitation_id}/accept",
    operation_id="accept_supplier_invitation",
    summary="Work for a supplier",
    responses=problems(SupplierInvitationNotValid, AlreadyStaff),
)
async def accept_supplier_invitation(
    invitation_id: UUID, by: Buyer, body: SupplierAcceptanceIn, session: WriteSession, now: Now
) -> SupplierOut:
    """Refresh the token: from then on the account is this supplier's staff. An account works for one supplier.

    An agent stays what it was and enters stock at `POST /v1/store/agencies/{supplier_id}/inventory-updates`.
    """
    return SupplierOut.model_validate(
        await service.accept_invitation(session, invitation_id, body.code, by=by, now=now)
    )


@router.get(
    "/v1/supplier/agents",
    operation_id="list_agents",
    summary="Who enters stock for one's own supplier without being of it",
    responses=problems(InvalidCursor),
)
async def list_agents(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[AgentOut]:
    """In the order of their accounts."""
    after = last_seen("supplier.agents", cursor)
    found = await queries.agencies(session, supplier_id=_own(by), after=after, limit=limit + 1)
    more = next_cursor("supplier.agents", found, limit, lambda one: one.account_id)
    names = await identity.names_of(session, [one.account_id for one in found[:limit]])
    items = [AgentOut(account_id=one.account_id, name=names[one.account_id], since=one.since) for one in found[:limit]]
    return Page(items=items, next_cursor=more)


@router.delete(
    "/v1/supplier/agents/{account_id}",
    operation_id="remove_agent",
    summary="Let an agent go",
    status_code=204,
    responses=problems(NotFound, OwnersOnly),
)
async def remove_agent(account_id: UUID, by: SupplierStaff, session: WriteSession) -> None:
    """For owners. It enters nothing more from this moment; what it entered stays in the ledger under its name."""
    await service.remove_agent(session, account_id, by=by)


@router.get(
    "/v1/store/agencies",
    operation_id="list_agencies",
    summary="The suppliers for which the caller enters stock",
    responses=problems(InvalidCursor),
)
async def list_agencies(
    by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[AgencyOut]:
    """As their agent."""
    after = last_seen("agencies", cursor)
    found = await queries.agencies(session, account_id=by.account_id, after=after, limit=limit + 1)
    return page_of("agencies", found, limit, AgencyOut.model_validate, key=lambda one: one.supplier_id)


@router.delete(
    "/v1/store/agencies/{supplier_id}",
    operation_id="leave_agency",
    summary="Be a supplier's agent no longer",
    status_code=204,
    responses=problems(NotFound),
)
async def leave_agency(supplier_id: UUID, by: Buyer, session: WriteSession) -> None:
    """From this moment."""
    await service.leave_agency(session, supplier_id, by=by)
