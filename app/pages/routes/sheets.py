"""Stock by sheet: send it, watch how far it is, look at what would change, apply it, take the receipts home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.sheets import XLSX
from app.core.web import Now, ReadSession, TheEdge, last_seen, next_cursor
from app.inventory import Absent, Outcome, Receipt
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.routes.stock import goods_names
from app.pages.schemas import Done

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 50
_IN_THE_HISTORY = 12
_AT_WORK = ("queued", "checking", "applying")

Cursor = Annotated[str, Query(max_length=512)]
Shown = Annotated[str, Query(max_length=16)]


@dataclass(frozen=True, slots=True)
class _Change:
    """One row with what it says to people; ``by`` is how many more or fewer there are after it."""

    receipt: Receipt
    name: str
    why: str | None

    @property
    def by(self) -> int | None:
        """None where nothing is known of before or after."""
        before, after = self.receipt.before, self.receipt.after
        return None if before is None or after is None else after - before


@router.get("/supplier/sheets")
async def list_sheets(
    visit: Seller, session: ReadSession, cursor: Cursor = "", again: Annotated[str, Query(max_length=1)] = ""
) -> Response:
    """Where a sheet is sent, and all that were sent; ``?again=1`` means to send one a second time."""
    return await _list(visit, session, cursor=cursor, again=again == "1")


@router.get("/supplier/sheets/template.xlsx")
async def get_template(visit: Seller, session: ReadSession) -> Response:
    """A sheet that offers the supplier's own goods."""
    headers = {"Content-Disposition": 'attachment; filename="inventory.xlsx"', "Cache-Control": "no-store"}
    return Response(await inventory.template(session, visit.supplier_id), media_type=XLSX, headers=headers)


@router.post("/supplier/sheets")
async def send_sheet(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Nothing changes yet: the next page says what would."""
    absent = Absent.ZERO if form["absent"] == Absent.ZERO else Absent.KEEP
    try:
        chosen = form.files("file")
        if not chosen:
            raise InvalidInput(faults=[Fault("/file", "missing", "请选择表格文件", "Choose the sheet")])
        raw = await chosen[0].read()
        await inventory.check_sheet(raw)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _list(visit, session, form=form, refused=refused_with(visit.request, wrong))

    async def work(session: AsyncSession) -> Done:
        started = await inventory.start_import(
            session,
            visit.supplier_id,
            raw,
            absent=absent,
            dry_run=True,
            again=bool(form["again"]),
            by=visit.person.account_id,
            now=now,
        )
        return Done(id=started.id)

    import_id, refused = await once(visit, form, work)
    if import_id is not None:
        return go(f"/supplier/sheets/{import_id}")
    async with edge.db.read() as session:
        return await _list(visit, session, form=form, refused=refused)


@router.get("/supplier/sheets/{import_id}")
async def show_sheet(
    visit: Seller, import_id: UUID, session: ReadSession, now: Now, cursor: Cursor = "", rows: Shown = ""
) -> Response:
    """How far it is, and row by row what would become of it or has; ``?rows=`` names one kind of them."""
    return await _page(visit, import_id, session, now, cursor=cursor, rows=rows)


@router.post("/supplier/sheets/{import_id}/apply")
async def apply_sheet(visit: Seller, import_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """What was seen becomes true, however often the button is pressed."""

    async def work(session: AsyncSession) -> Done:
        found = await inventory.apply_import(session, import_id, supplier_id=visit.supplier_id, now=now)
        return Done(id=found.id)

    applied, refused = await once(visit, form, work)
    if applied is not None:
        return go(f"/supplier/sheets/{import_id}")
    async with edge.db.read() as session:
        return await _page(visit, import_id, session, now, refused=refused)


@router.get("/supplier/sheets/{import_id}/receipts.csv")
async def get_receipts(visit: Seller, import_id: UUID, edge: TheEdge, session: ReadSession) -> Response:
    """Every row with what became of it, for a spreadsheet."""
    await inventory.import_of(session, import_id, supplier_id=visit.supplier_id)
    headers = {"Content-Disposition": f'attachment; filename="receipts-{import_id}.csv"', "Cache-Control": "no-store"}
    lines = inventory.receipts(edge.db, import_id, visit.language)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _list(
    visit: Visit,
    session: AsyncSession,
    *,
    cursor: str = "",
    again: bool = False,
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    before = last_seen("page:sheets", cursor)
    found = await inventory.page_of_imports(session, visit.supplier_id, before=before, limit=_IN_THE_HISTORY + 1)
    shown = found[:_IN_THE_HISTORY]
    return show(
        visit,
        "supplier_sheets.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        sent=shown,
        zero=form is not None and form["absent"] == Absent.ZERO,
        again=again or (form is not None and bool(form["again"])),
        following=next_cursor("page:sheets", found, _IN_THE_HISTORY),
    )


async def _page(
    visit: Visit,
    import_id: UUID,
    session: AsyncSession,
    now: datetime,
    *,
    cursor: str = "",
    rows: str = "",
    refused: dict[str, Any] | None = None,
) -> Response:
    found = await inventory.import_of(session, import_id, supplier_id=visit.supplier_id)
    at_work = found.status in _AT_WORK
    to_mend = found.rejected and found.status == "checked"
    default = Outcome.REJECTED if to_mend else Outcome.CHANGED if found.changed else None
    wanted = next((kind for kind in Outcome if kind.value == rows), None if rows == "all" else default)
    kind = f"page:sheet:{import_id}"
    after = last_seen(kind, cursor, int) or 0
    receipts: list[Receipt] = []
    if not at_work and found.status != "failed":
        receipts = await inventory.page_of_receipts(
            session, import_id, outcome=wanted, after=after, limit=_ON_A_PAGE + 1
        )
    shown = receipts[:_ON_A_PAGE]
    names = await goods_names(session, list({one.line.sku for one in shown if one.line.sku}), now)
    return show(
        visit,
        "supplier_sheet.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        sheet=found,
        at_work=at_work,
        changes=[_Change(one, names.get(one.line.sku or "", ""), one.detail(visit.language)) for one in shown],
        wanted=wanted.value if wanted else "all",
        unchanged=max(found.ok - found.changed, 0),
        following=next_cursor(kind, receipts, _ON_A_PAGE, lambda one: one.line.position),
    )
