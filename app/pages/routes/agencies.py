"""Working for suppliers without being of one of them: accepting an invitation, and entering stock as an agent.

Who enters and for whom stay two things: the pages say on each of them whose stock it is, and the ledger keeps both.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, suppliers
from app.core.errors import DomainError
from app.core.web import Now, ReadSession, TheEdge, WriteSession
from app.pages.guards import Customer, Posted, Visit, renew
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.pages.routes.stock import Cursor, Place, Saved, Sku, count_goods, goods_page, ledger_page, stock_page
from app.suppliers import SupplierInvitationNotValid

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST = 100
_CODE = re.compile(r"[0-9a-f]{20}", re.ASCII)


@router.get("/agencies")
async def work_page(visit: Customer, session: ReadSession, now: Now) -> Response:
    """Invitations of suppliers that wait for the caller, and the suppliers for which they enter stock."""
    return await _work(visit, session, now)


@router.post("/agencies/invitations/{invitation_id}/accept")
async def accept_invitation(visit: Customer, invitation_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Work for a supplier or as its agent, with the code that the inviter has handed over."""
    code = form["code"].lower()
    try:
        if not _CODE.fullmatch(code):
            raise SupplierInvitationNotValid
        async with edge.db.write() as session:
            card = await suppliers.accept_invitation(session, invitation_id, code, by=visit.person, now=now)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _work(visit, session, now, refused_with(visit.request, wrong))
    await renew(visit)
    return go("/supplier" if visit.is_seller and visit.supplier_id == card.id else f"/agencies/{card.id}/stock")


@router.post("/agencies/{supplier_id}/leave")
async def leave_agency(visit: Customer, supplier_id: UUID, _form: Posted, session: WriteSession) -> Response:
    """Be its agent no longer."""
    await suppliers.leave_agency(session, supplier_id, by=visit.person)
    return go("/agencies")


@router.get("/agencies/{supplier_id}/stock")
async def list_stock(
    visit: Customer, supplier_id: UUID, session: ReadSession, now: Now, saved: Saved = "", cursor: Cursor = ""
) -> Response:
    """What the supplier sells, with what lies there."""
    return await stock_page(visit, await _place(session, supplier_id, visit), session, now, saved=saved, cursor=cursor)


@router.get("/agencies/{supplier_id}/stock/{sku}")
async def count_page(visit: Customer, supplier_id: UUID, sku: Sku, session: ReadSession, now: Now) -> Response:
    """How many there are, lot by lot."""
    return await goods_page(visit, await _place(session, supplier_id, visit), sku, session, now)


@router.post("/agencies/{supplier_id}/stock/{sku}")
async def count(visit: Customer, supplier_id: UUID, sku: Sku, form: Posted, edge: TheEdge, now: Now) -> Response:
    """What was counted for the supplier counts as of now, under the name of whoever counted."""
    async with edge.db.read() as session:
        place = await _place(session, supplier_id, visit)
    return await count_goods(visit, place, sku, form, edge, now)


@router.get("/agencies/{supplier_id}/stock/{sku}/movements")
async def list_movements(
    visit: Customer, supplier_id: UUID, sku: Sku, session: ReadSession, now: Now, cursor: Cursor = ""
) -> Response:
    """Why the numbers are what they are."""
    return await ledger_page(visit, await _place(session, supplier_id, visit), sku, session, now, cursor=cursor)


async def _place(session: AsyncSession, supplier_id: UUID, visit: Visit) -> Place:
    """The stock-room of a supplier for which the caller enters stock. Raises ``NotFound`` for every other."""
    agency = await suppliers.agency(session, supplier_id, by=visit.person)
    return Place(agency.supplier_id, f"/agencies/{agency.supplier_id}/stock", "frame.html", agency)


async def _work(visit: Visit, session: AsyncSession, now: datetime, refused: dict[str, Any] | None = None) -> Response:
    account_id = visit.person.account_id
    phone = await identity.phone_of(session, account_id)
    invited = []
    if phone is not None:
        invited = await suppliers.invitations(session, phone=phone, now=now, limit=_MOST, after=None)
    return show(
        visit,
        "agencies.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        invited=invited,
        proven=phone is not None,
        agencies=await suppliers.agencies(session, account_id=account_id, limit=_MOST),
    )
