"""Organisations that buy: apply, who acts for them, what invoices say, what they bought, and their certificate."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance, buyers, identity, orders
from app.assistance import NothingCounted
from app.buyers import InvoiceDetails, Kind, MemberRole, NewOrganisation
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge, WriteSession
from app.pages.guards import Customer, Posted, Visit
from app.pages.routes.account import check
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.pages.routes.places import NEAR_HOME, around, moved

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST = 50
_ON_A_PAGE = 10
_LONGEST = 100
_FIRST_YEAR = 2019
_DETAILS = ("title", "address", "phone", "bank", "account")
_NOTHING = {
    "kind": "union",
    "name": "",
    "uscc": "",
    "division_code": NEAR_HOME,
    "on_832": "",
    **dict.fromkeys(_DETAILS, ""),
}
_CODE = re.compile(r"[0-9a-f]{20}", re.ASCII)


@router.get("/organisations")
async def list_organisations(visit: Customer, session: ReadSession, now: Now) -> Response:
    """For whom the buyer acts, and who has invited them."""
    return await _list(visit, session, now)


@router.get("/organisations/new")
async def new_organisation(visit: Customer) -> Response:
    """An empty application."""
    return _application(visit, _NOTHING)


@router.post("/organisations/new")
async def found_organisation(visit: Customer, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Apply; whoever applies is its first owner."""
    said = {name: form[name] for name in _NOTHING}
    said["division_code"] = moved(said["division_code"] or NEAR_HOME, form["province"])
    if form["step"] == "look":
        return _application(visit, said)
    try:
        new = _new(said)
        async with edge.db.write() as session:
            made = await buyers.found_organisation(session, new, by=visit.buyer, now=now)
    except DomainError as wrong:
        return _application(visit, said, refused_with(visit.request, wrong))
    return go(f"/organisations/{made.id}")


@router.post("/organisations/invitations/{invitation_id}/accept")
async def accept_invitation(visit: Customer, invitation_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Become a member, with the code that the inviter has handed over."""
    try:
        async with edge.db.write() as session:
            joined = await buyers.accept_invitation(
                session, invitation_id, form["code"].lower(), by=visit.buyer, now=now
            )
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _list(visit, session, now, refused_with(visit.request, wrong))
    return go(f"/organisations/{joined.id}")


@router.get("/organisations/{organisation_id}")
async def show_organisation(visit: Customer, organisation_id: UUID, session: ReadSession, now: Now) -> Response:
    """Everything about one of the buyer's organisations."""
    return await _page(visit, organisation_id, session, now)


@router.post("/organisations/{organisation_id}/invoice")
async def change_invoice(visit: Customer, organisation_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """What invoices say from now on."""
    said = {name: form[name] for name in _DETAILS}
    try:
        details = _details(said)
        async with edge.db.write() as session:
            await buyers.change_invoice_details(
                session, organisation_id, details, orders_on_832=bool(form["on_832"]), by=visit.buyer
            )
    except DomainError as wrong:
        return await _again(visit, organisation_id, edge, now, "invoice", wrong)
    return go(f"/organisations/{organisation_id}")


@router.post("/organisations/{organisation_id}/invitations")
async def invite(visit: Customer, organisation_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Invite somebody by phone; the code to hand them is shown this once."""
    role = MemberRole.OWNER if form["role"] == MemberRole.OWNER else MemberRole.PURCHASER
    try:
        check(phone=form["phone"])
        async with edge.db.write() as session:
            _, code = await buyers.invite(session, organisation_id, form["phone"], role, by=visit.buyer, now=now)
    except DomainError as wrong:
        return await _again(visit, organisation_id, edge, now, "invite", wrong)
    async with edge.db.read() as session:
        return await _page(visit, organisation_id, session, now, code=code)


@router.post("/organisations/{organisation_id}/invitations/{invitation_id}/withdraw")
async def withdraw_invitation(
    visit: Customer, organisation_id: UUID, invitation_id: UUID, _form: Posted, session: WriteSession
) -> Response:
    """Take an invitation back."""
    await buyers.withdraw_invitation(session, organisation_id, invitation_id, by=visit.buyer)
    return go(f"/organisations/{organisation_id}")


@router.post("/organisations/{organisation_id}/members/{account_id}")
async def change_member(
    visit: Customer, organisation_id: UUID, account_id: UUID, form: Posted, edge: TheEdge, now: Now
) -> Response:
    """Make somebody an owner or a purchaser, or take them out; everybody may leave, except the last owner."""
    try:
        async with edge.db.write() as session:
            if form["step"] == "remove":
                await buyers.remove_member(session, organisation_id, account_id, by=visit.buyer)
            else:
                role = MemberRole.OWNER if form["step"] == MemberRole.OWNER else MemberRole.PURCHASER
                await buyers.change_member(session, organisation_id, account_id, role, by=visit.buyer)
    except DomainError as wrong:
        return await _again(visit, organisation_id, edge, now, "members", wrong)
    gone = form["step"] == "remove" and account_id == visit.buyer.account_id
    return go("/organisations" if gone else f"/organisations/{organisation_id}")


@router.get("/organisations/{organisation_id}/certificate")
async def get_certificate(
    visit: Customer,
    organisation_id: UUID,
    edge: TheEdge,
    now: Now,
    year: Annotated[int, Query(ge=_FIRST_YEAR, le=2199)],
) -> Response:
    """What was counted of all that its members ordered in a year, as PDF with a code that anybody can verify."""
    try:
        async with edge.db.write() as session:
            certificate = await assistance.certify(
                session, year, organisation_id=organisation_id, by=visit.buyer, now=now
            )
    except NothingCounted as nothing:
        return await _again(visit, organisation_id, edge, now, "certificate", nothing)
    paper = await assistance.print_certificate(certificate, f"{edge.settings.public_base}/verify/{certificate.code}")
    name = f'attachment; filename="{certificate.code}.pdf"'
    return Response(paper, media_type="application/pdf", headers={"Content-Disposition": name})


async def _list(visit: Visit, session: AsyncSession, now: datetime, refused: dict[str, Any] | None = None) -> Response:
    phone = await identity.phone_of(session, visit.buyer.account_id)
    invited = [] if phone is None else await buyers.invitations(session, phone=phone, now=now, limit=_MOST, after=None)
    return show(
        visit,
        "organisations.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        organisations=await buyers.organisations_of(session, by=visit.buyer, limit=_MOST),
        invited=invited,
        proven=phone is not None,
    )


async def _again(
    visit: Visit, organisation_id: UUID, edge: TheEdge, now: datetime, at: str, wrong: DomainError
) -> Response:
    async with edge.db.read() as session:
        return await _page(visit, organisation_id, session, now, at=at, refused=refused_with(visit.request, wrong))


async def _page(
    visit: Visit,
    organisation_id: UUID,
    session: AsyncSession,
    now: datetime,
    *,
    at: str = "",
    refused: dict[str, Any] | None = None,
    code: str = "",
) -> Response:
    """``at`` names the part that was refused; ``code`` is that of an invitation just made."""
    found = await buyers.organisation(session, organisation_id, by=visit.buyer)
    bulks = await orders.bulks(session, by=visit.buyer, limit=_MOST)
    return show(
        visit,
        "organisation.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        at=at,
        code=code,
        organisation=found,
        division=buyers.resolve_division(found.division_code),
        is_owner=found.role is MemberRole.OWNER,
        me=visit.buyer.account_id,
        members=await buyers.members(session, organisation_id, limit=_MOST, after=None),
        invitations=await buyers.invitations(
            session, organisation_id=organisation_id, now=now, limit=_MOST, after=None
        ),
        bulks=[one for one in bulks if one.organisation_id == organisation_id][:_ON_A_PAGE],
        purchases=await orders.page_of_organisation(
            session, organisation_id, by=visit.buyer, before=None, limit=_ON_A_PAGE
        ),
        years=range(local_day(now).year, max(_FIRST_YEAR, local_day(found.created_at).year) - 1, -1),
    )


def _application(visit: Visit, said: dict[str, str], refused: dict[str, Any] | None = None) -> Response:
    return show(
        visit,
        "organisation_new.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        said=said,
        kinds=list(Kind),
        places=around(said["division_code"]),
    )


def _new(said: dict[str, str]) -> NewOrganisation:
    """Raises ``InvalidInput``."""
    faults = []
    if not (0 < len(said["name"]) <= _LONGEST and said["name"].isprintable()):
        faults.append(
            Fault("/name", "invalid_name", "请填写单位全称，至多 100 个字", "Its full name, 1 to 100 characters")
        )
    if faults:
        raise InvalidInput(faults=faults)
    details = _details(said | {"title": said["title"] or said["name"]})
    kind = next((known for known in Kind if known.value == said["kind"]), Kind.ENTERPRISE)
    return NewOrganisation(
        kind, said["name"], said["uscc"].upper(), said["division_code"], details, bool(said["on_832"])
    )


def _details(said: dict[str, str]) -> InvoiceDetails:
    """Raises ``InvalidInput``."""
    faults = [
        Fault(f"/{name}", "invalid_text", "至多 100 个字", "at most 100 characters")
        for name in _DETAILS
        if len(said[name]) > _LONGEST or not said[name].isprintable()
    ]
    if not said["title"]:
        faults.append(Fault("/title", "missing", "请填写发票抬头", "What invoices are made out to"))
    if faults:
        raise InvalidInput(faults=faults)
    return InvoiceDetails(said["title"], *(said[name] or None for name in _DETAILS[1:]))
