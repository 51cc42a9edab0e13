"""What waits for an officer in the register: lists of payments and contracts, and a sheet to enter more."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance
from app.assistance import CheckedSheet
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge
from app.pages.guards import Fields, Posted, Registrar, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done
from app.suppliers import cards

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE, _MOST_ROWS = 50, 200
_LONGEST_NOTE = 500


@router.get("/office/households/lists")
async def list_lists(visit: Registrar, session: ReadSession) -> Response:
    """What waits first, and what was decided lately."""
    return await _page(visit, session)


@router.post("/office/households/lists/sheet")
async def send_sheet(visit: Registrar, form: Posted, edge: TheEdge, now: Now) -> Response:
    """``step`` is ``check``: nothing is kept; or ``send``: one list, if no row is refused."""
    try:
        checked, note = await read_sheet(form, edge, now, None)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _page(visit, session, form=form, refused=refused_with(visit.request, wrong))
    refused = None
    if form["step"] == "send" and not checked.rejected:

        async def work(session: AsyncSession) -> Done:
            kept = await assistance.propose_checked(session, checked, note=note, by=visit.person, now=now)
            return Done(id=kept.id)

        _, refused = await once(visit, form, work)
        if refused is None:
            return go("/office/households/lists?saved=1")
    async with edge.db.read() as session:
        return await _page(visit, session, form=form, checked=checked, refused=refused)


async def read_sheet(form: Fields, edge: TheEdge, now: datetime, of_supplier: UUID | None) -> tuple[CheckedSheet, str]:
    """The sheet that a form holds, checked, and what the list is called. Raises ``InvalidInput`` and others."""
    note = " ".join(form["note"].split())
    faults = []
    chosen = form.files("file")
    if not chosen:
        faults.append(Fault("/file", "missing", "请选择表格文件", "Choose the sheet"))
    if not 0 < len(note) <= _LONGEST_NOTE:
        faults.append(Fault("/note", "missing", "请写明清单内容", "Say what the list is"))
    if faults:
        raise InvalidInput(faults=faults)
    raw = await chosen[0].read()
    return await assistance.check_payment_sheet(edge.db, raw, of_supplier=of_supplier, now=now), note


@router.post("/office/households/lists/{list_id}")
async def decide_list(visit: Registrar, list_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """The second officer's word on a list."""

    async def work(session: AsyncSession) -> Done:
        note, approve = _word(form)
        await assistance.decide_payments(session, list_id, approve=approve, note=note, by=visit.person, now=now)
        return Done(id=list_id)

    return await _decided(visit, form, edge, work)


@router.post("/office/households/linkages/{proposal_id}")
async def decide_linkage(visit: Registrar, proposal_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """An officer's word on a contract that a supplier proposed."""

    async def work(session: AsyncSession) -> Done:
        note, approve = _word(form)
        await assistance.decide_linkage(session, proposal_id, approve=approve, note=note, by=visit.person, now=now)
        return Done(id=proposal_id)

    return await _decided(visit, form, edge, work)


async def _decided(visit: Visit, form: Fields, edge: TheEdge, work: Any) -> Response:
    _, refused = await once(visit, form, work)
    if refused is None:
        return go("/office/households/lists?saved=1")
    async with edge.db.read() as session:
        return await _page(visit, session, refused=refused)


def _word(form: Fields) -> tuple[str, bool]:
    """Raises ``InvalidInput``."""
    note = " ".join(form["note"].split())
    if not 0 < len(note) <= _LONGEST_NOTE or form["step"] not in ("approve", "decline"):
        raise InvalidInput(faults=[Fault("/note", "missing", "请写明审批意见", "Say why you decide so")])
    return note, form["step"] == "approve"


async def _page(
    visit: Visit,
    session: AsyncSession,
    *,
    form: Fields | None = None,
    checked: CheckedSheet | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    lists = await assistance.payment_lists(session, before=None, limit=_ON_A_PAGE)
    waiting = assistance.ListStatus.WAITING
    linkages = await assistance.linkage_proposals(session, status=waiting, limit=_ON_A_PAGE)
    wanted = {one.supplier_id for one in linkages} | {one.supplier_id for one in lists if one.supplier_id is not None}
    names = {key: card.name for key, card in (await cards(session, list(wanted))).items()} if wanted else {}
    bad = refused is not None or (checked is not None and checked.rejected > 0)
    return show(
        visit,
        "office_household_lists.html",
        status=refused["status"] if refused else 422 if bad else 200,
        refused=refused,
        lists=sorted(lists, key=lambda one: one.status is not waiting),
        linkages=linkages,
        names=names,
        checked=checked,
        rows=[] if checked is None else checked.by_trouble[:_MOST_ROWS],
        note=form["note"] if form else "",
        me=visit.person.account_id,
        pseudonym=assistance.pseudonym,
        saved=visit.request.query_params.get("saved") == "1" and not bad,
    )
