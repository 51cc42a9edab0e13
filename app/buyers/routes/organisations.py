"""Organisations that buy: what their members do, and what operators decide."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app import identity
from app.buyers import queries, service
from app.buyers.lifecycle import OrganisationStepNotAllowed, Status, Step
from app.buyers.rules import (
    AlreadyInvited,
    AlreadyMember,
    DivisionNotACounty,
    InvitationNotForYou,
    LastOwner,
    OrganisationExists,
    OwnersOnly,
    UnknownDivision,
)
from app.buyers.schemas import (
    AcceptanceIn,
    InvitationIn,
    InvitationOut,
    MemberIn,
    MemberOut,
    NewInvitationOut,
    OrganisationIn,
    OrganisationInvoiceIn,
    OrganisationOut,
    SuspensionIn,
)
from app.core.errors import NotFound
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
    page_of,
    problems,
)
from app.identity import Buyer, Operator
from app.suppliers import InvalidUscc

router = APIRouter(tags=["buyers"])


@router.post(
    "/v1/store/organisations",
    operation_id="found_organisation",
    summary="Apply for an organisation",
    status_code=201,
    response_model=OrganisationOut,
    responses=problems(InvalidUscc, OrganisationExists, UnknownDivision, DivisionNotACounty),
)
async def found_organisation(by: Buyer, body: OrganisationIn, session: WriteSession, now: Now) -> OrganisationOut:
    """A union, an enterprise or a budget unit. The caller becomes its owner; it can order once it is verified."""
    return OrganisationOut.of(await service.found_organisation(session, body.as_value(), by=by, now=now))


@router.get(
    "/v1/store/organisations",
    operation_id="list_organisations",
    summary="The caller's organisations",
    response_model=Page[OrganisationOut],
    responses=problems(InvalidCursor),
)
async def list_organisations(
    by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[OrganisationOut]:
    """Those that the caller acts for, the newest first."""
    found = await queries.organisations_of(session, by=by, before=last_seen("organisations", cursor), limit=limit + 1)
    return page_of("organisations", found, limit, OrganisationOut.of)


@router.get(
    "/v1/store/organisations/{organisation_id}",
    operation_id="get_organisation",
    summary="One organisation",
    response_model=OrganisationOut,
    responses=problems(NotFound),
)
async def get_organisation(organisation_id: UUID, by: Buyer, session: ReadSession) -> OrganisationOut:
    """For its members."""
    return OrganisationOut.of(await queries.organisation(session, organisation_id, by=by))


@router.put(
    "/v1/store/organisations/{organisation_id}/invoice-details",
    operation_id="change_invoice_details",
    summary="Change what invoices say",
    response_model=OrganisationOut,
    responses=problems(NotFound, OwnersOnly),
)
async def change_invoice_details(
    organisation_id: UUID, by: Buyer, body: OrganisationInvoiceIn, session: WriteSession
) -> OrganisationOut:
    """For invoices that are asked for from now on."""
    changed = await service.change_invoice_details(
        session, organisation_id, body.invoice.as_value(), orders_on_832=body.orders_on_832, by=by
    )
    return OrganisationOut.of(changed)


@router.get(
    "/v1/store/organisations/{organisation_id}/members",
    operation_id="list_members",
    summary="Who acts for an organisation",
    response_model=Page[MemberOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_members(
    organisation_id: UUID, by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[MemberOut]:
    """For its members."""
    await queries.organisation(session, organisation_id, by=by)
    found = await queries.members(session, organisation_id, after=last_seen("members", cursor), limit=limit + 1)
    return page_of("members", found, limit, MemberOut.model_validate, key=lambda one: one.account_id)


@router.put(
    "/v1/store/organisations/{organisation_id}/members/{account_id}",
    operation_id="change_member",
    summary="Make a member an owner or a purchaser",
    status_code=204,
    responses=problems(NotFound, OwnersOnly, LastOwner),
)
async def change_member(
    organisation_id: UUID, account_id: UUID, by: Buyer, body: MemberIn, session: WriteSession
) -> None:
    """For owners. At least one owner stays."""
    await service.change_member(session, organisation_id, account_id, body.role, by=by)


@router.delete(
    "/v1/store/organisations/{organisation_id}/members/{account_id}",
    operation_id="remove_member",
    summary="Leave an organisation, or take somebody out of it",
    status_code=204,
    responses=problems(NotFound, OwnersOnly, LastOwner),
)
async def remove_member(organisation_id: UUID, account_id: UUID, by: Buyer, session: WriteSession) -> None:
    """Everybody may leave, except the last owner; owners may take others out."""
    await service.remove_member(session, organisation_id, account_id, by=by)


@router.post(
    "/v1/store/organisations/{organisation_id}/invitations",
    operation_id="invite_member",
    summary="Invite somebody by phone",
    status_code=201,
    response_model=NewInvitationOut,
    responses=problems(NotFound, OwnersOnly, AlreadyInvited),
)
async def invite_member(
    organisation_id: UUID, by: Buyer, body: InvitationIn, session: WriteSession, now: Now
) -> NewInvitationOut:
    """For owners. Hand the person the code: it takes it and an account with this phone to accept, within 14 days."""
    invitation, code = await service.invite(session, organisation_id, body.phone, body.role, by=by, now=now)
    return NewInvitationOut(**InvitationOut.model_validate(invitation).model_dump(), code=code)


@router.get(
    "/v1/store/organisations/{organisation_id}/invitations",
    operation_id="list_invitations_sent",
    summary="Invitations of an organisation that wait",
    response_model=Page[InvitationOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_invitations_sent(
    organisation_id: UUID,
    by: Buyer,
    session: ReadSession,
    now: Now,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[InvitationOut]:
    """For its members."""
    await queries.organisation(session, organisation_id, by=by)
    after = last_seen("invitations", cursor)
    found = await queries.invitations(session, organisation_id=organisation_id, now=now, after=after, limit=limit + 1)
    return page_of("invitations", found, limit, InvitationOut.model_validate)


@router.delete(
    "/v1/store/organisations/{organisation_id}/invitations/{invitation_id}",
    operation_id="withdraw_invitation",
    summary="Take an invitation back",
    status_code=204,
    responses=problems(NotFound, OwnersOnly),
)
async def withdraw_invitation(organisation_id: UUID, invitation_id: UUID, by: Buyer, session: WriteSession) -> None:
    """For owners."""
    await service.withdraw_invitation(session, organisation_id, invitation_id, by=by)


@router.get(
    "/v1/store/invitations",
    operation_id="list_invitations",
    summary="Invitations to the caller's phone",
    response_model=Page[InvitationOut],
    responses=problems(InvalidCursor),
)
async def list_invitations(
    by: Buyer, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[InvitationOut]:
    """Those that wait. Accepting one takes the code that its sender has.

    Only for a phone that is proved to be the caller's: by registering or signing in with a code, or at
    `PUT /v1/auth/me/phone`.
    """
    phone = await identity.phone_of(session, by.account_id)
    if phone is None:
        return Page(items=[], next_cursor=None)
    found = await queries.invitations(
        session, phone=phone, now=now, after=last_seen("invitations", cursor), limit=limit + 1
    )
    return page_of("invitations", found, limit, InvitationOut.model_validate)


@router.post(
    "/v1/store/invitations/{invitation_id}/accept",
    operation_id="accept_invitation",
    summary="Become a member",
    response_model=OrganisationOut,
    responses=problems(InvitationNotForYou, AlreadyMember),
)
async def accept_invitation(
    invitation_id: UUID, by: Buyer, body: AcceptanceIn, session: WriteSession, now: Now
) -> OrganisationOut:
    """The caller then acts for the organisation in the role they were invited for."""
    return OrganisationOut.of(await service.accept_invitation(session, invitation_id, body.code, by=by, now=now))


@router.get(
    "/v1/operator/organisations",
    operation_id="list_all_organisations",
    summary="Organisations that buy",
    response_model=Page[OrganisationOut],
    responses=problems(InvalidCursor),
)
async def list_all_organisations(
    _: Operator,
    session: ReadSession,
    status: Annotated[Status | None, Query(description="Only those that stand here")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[OrganisationOut]:
    """The oldest first; `?status=applied` are those that wait for a decision."""
    after = last_seen("operator.organisations", cursor)
    found = await queries.organisations(session, status=status, after=after, limit=limit + 1)
    return page_of("operator.organisations", found, limit, OrganisationOut.of)


@router.post(
    "/v1/operator/organisations/{organisation_id}/verify",
    operation_id="verify_organisation",
    summary="Let an organisation order",
    response_model=OrganisationOut,
    responses=problems(NotFound, OrganisationStepNotAllowed, OrganisationExists),
)
async def verify_organisation(organisation_id: UUID, by: Operator, session: WriteSession, now: Now) -> OrganisationOut:
    """After its registration was compared with the name and the code. Only one organisation of a code is verified."""
    return OrganisationOut.of(await service.decide_organisation(session, organisation_id, Step.VERIFY, by=by, now=now))


@router.post(
    "/v1/operator/organisations/{organisation_id}/suspend",
    operation_id="suspend_organisation",
    summary="Refuse an organisation, or stop it from ordering",
    response_model=OrganisationOut,
    responses=problems(NotFound, OrganisationStepNotAllowed),
)
async def suspend_organisation(
    organisation_id: UUID, by: Operator, body: SuspensionIn, session: WriteSession, now: Now
) -> OrganisationOut:
    """Its members see the reason. Orders that were placed go on."""
    decided = await service.decide_organisation(
        session, organisation_id, Step.SUSPEND, reason=body.reason, by=by, now=now
    )
    return OrganisationOut.of(decided)
