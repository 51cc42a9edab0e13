"""A supermarket orders by sheet: take the form home, see what would become of each row, send it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import wholesale
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.sheets import XLSX
from app.core.web import Now, ReadSession, TheEdge, last_seen, next_cursor
from app.pages.guards import Fields, Posted, Purchaser, Visit
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.wholesale import CountedBy, Partial

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 12
_LONGEST_NAME = 200


@router.get("/partner/sheets")
async def list_sheets(
    visit: Purchaser, session: ReadSession, cursor: Annotated[str, Query(max_length=512)] = ""
) -> Response:
    """Where a sheet is sent, and all that were sent."""
    return await _list(visit, session, cursor=cursor)


@router.get("/partner/sheets/order-form.xlsx")
async def get_form(visit: Purchaser, session: ReadSession, now: Now) -> Response:
    """The price list with a column for cases."""
    headers = {"Content-Disposition": 'attachment; filename="order-form.xlsx"', "Cache-Control": "no-store"}
    return Response(await wholesale.order_form(session, visit.partner_id, now=now), media_type=XLSX, headers=headers)


@router.post("/partner/sheets")
async def send_sheet(visit: Purchaser, form: Posted, edge: TheEdge, now: Now) -> Response:
    """``step`` is ``check``: nothing is ordered. A file that was sent before orders nothing twice."""
    checking = form["step"] == "check"
    try:
        chosen = form.files("file")
        if not chosen:
            raise InvalidInput(faults=[Fault("/file", "missing", "请选择表格文件", "Choose the sheet")])
        found = await wholesale.import_orders(
            edge.db,
            await chosen[0].read(),
            (chosen[0].filename or "orders")[:_LONGEST_NAME],
            partner_id=visit.partner_id,
            by=visit.person,
            now=now,
            dry_run=checking,
            partial=Partial.ACCEPT if form["partial"] else Partial.REFUSE,
            counted=next((one for one in CountedBy if one.value == form["counted"]), None),
        )
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _list(visit, session, form=form, refused=refused_with(visit.request, wrong))
    return _result(visit, found) if found.id is None else go(f"/partner/sheets/{found.id}")


@router.get("/partner/sheets/{import_id}")
async def show_sheet(visit: Purchaser, import_id: UUID, session: ReadSession) -> Response:
    """What became of each order and row."""
    return _result(visit, await wholesale.imported(session, import_id, partner_id=visit.partner_id))


def _result(visit: Visit, found: wholesale.Import) -> Response:
    return show(visit, "partner_sheet.html", sheet=found)


async def _list(
    visit: Visit,
    session: AsyncSession,
    *,
    cursor: str = "",
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    before = last_seen("page:po-sheets", cursor)
    found = await wholesale.imports(session, visit.partner_id, before=before, limit=_ON_A_PAGE + 1)
    return show(
        visit,
        "partner_sheets.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        sent=found[:_ON_A_PAGE],
        counted=form["counted"] if form else "",
        partial=bool(form and form["partial"]),
        following=next_cursor("page:po-sheets", found, _ON_A_PAGE),
    )
