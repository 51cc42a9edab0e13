"""Who works for a supplier: its people, those who are invited, and the agents who enter stock for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, suppliers
from app.core.errors import DomainError
from app.core.web import Edge, Now, ReadSession, TheEdge
from app.identity import Role
from app.pages.guards import Posted, Seller, Visit, renew
from app.pages.routes.account import check
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.suppliers import StaffRole

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST = 100


@router.get("/supplier/team")
async def team_page(visit: Seller, session: ReadSession, now: Now) -> Response:
    """Everybody who may do something for the supplier."""
    return await _page(visit, session, now)


@router.post("/supplier/team/invitations")
async def invite(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Invite somebody by phone; the code to hand them is shown this once, and kept nowhere."""
    role = next((one for one in StaffRole if one.value == form["role"]), StaffRole.STAFF)
    try:
        check(phone=form["phone"])
        async with edge.db.write() as session:
            _, code = await suppliers.invite(session, form["phone"], role, by=visit.person, now=now)
    except DomainError as wrong:
        return await _again(visit, edge, now, "invite", wrong)
    async with edge.db.read() as session:
        return await _page(visit, session, now, code=code)


@router.post("/supplier/team/invitations/{invitation_id}/withdraw")
async def withdraw_invitation(visit: Seller, invitation_id: UUID, _form: Posted, edge: TheEdge, now: Now) -> Response:
    """Take an invitation back."""
    try:
        async with edge.db.write() as session:
            await suppliers.withdraw_invitation(session, invitation_id, by=visit.person)
    except DomainError as wrong:
        return await _again(visit, edge, now, "invite", wrong)
    return go("/supplier/team")


@router.post("/supplier/team/members/{account_id}")
async def change_member(visit: Seller, account_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Make somebody an owner or staff, or let them go; everybody may leave, except the last owner."""
    gone = form["step"] == "remove"
    try:
        async with edge.db.write() as session:
            if gone:
                await suppliers.remove_member(session, account_id, by=visit.person)
            else:
                role = StaffRole.OWNER if form["step"] == StaffRole.OWNER else StaffRole.STAFF
                await suppliers.change_member(session, account_id, role, by=visit.person)
    except DomainError as wrong:
        return await _again(visit, edge, now, "members", wrong)
    if gone and account_id == visit.person.account_id:
        await renew(visit)
        return go("/account")
    return go("/supplier/team")


@router.post("/supplier/team/agents/{account_id}/remove")
async def remove_agent(visit: Seller, account_id: UUID, _form: Posted, edge: TheEdge, now: Now) -> Response:
    """An agent enters nothing more, from this moment."""
    try:
        async with edge.db.write() as session:
            await suppliers.remove_agent(session, account_id, by=visit.person)
    except DomainError as wrong:
        return await _again(visit, edge, now, "agents", wrong)
    return go("/supplier/team#agents")


async def _again(visit: Visit, edge: Edge, now: datetime, at: str, wrong: DomainError) -> Response:
    async with edge.db.read() as session:
        return await _page(visit, session, now, at=at, refused=refused_with(visit.request, wrong))


async def _page(
    visit: Visit,
    session: AsyncSession,
    now: datetime,
    *,
    at: str = "",
    refused: dict[str, Any] | None = None,
    code: str = "",
) -> Response:
    """``at`` names the part that was refused; ``code`` is that of an invitation just made."""
    members = await identity.colleagues(session, Role.SUPPLIER, visit.supplier_id, limit=_MOST)
    agents = await suppliers.agencies(session, supplier_id=visit.supplier_id, limit=_MOST)
    me = visit.person.account_id
    return show(
        visit,
        "supplier_team.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        at=at,
        code=code,
        me=me,
        is_owner=any(one.is_owner and one.account_id == me for one in members),
        members=members,
        agents=agents,
        names=await identity.names_of(session, [one.account_id for one in agents]) if agents else {},
        invited=await suppliers.invitations(session, supplier_id=visit.supplier_id, now=now, limit=_MOST, after=None),
        roles=list(StaffRole),
        role=visit.request.query_params.get("role", ""),
    )
