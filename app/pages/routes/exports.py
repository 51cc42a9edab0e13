"""An officer's exports: ask for a report as a file, watch how far it is, take it home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app import reports
from app.core.errors import Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge, last_seen, next_cursor
from app.pages.guards import Fields, Posted, Registrar, Visit
from app.pages.routes.frame import PageRoute, go, once, show
from app.pages.routes.office import EXPORTS, Asked
from app.pages.schemas import Done
from app.reports import ExportStatus, FileFormat, Group, Slice, Subject

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 20
_MIB = 1 << 20
_AT_WORK = (ExportStatus.QUEUED, ExportStatus.RUNNING)
_BY_DAY = f"{Group.DAY},{Group.SKU},{Group.DIVISION}"
_SALES: Mapping[str, str] = {"sales": f"{Group.MONTH},{Group.CATEGORY}", "sales_by_day": _BY_DAY}
Cursor = Annotated[str, Query(max_length=512)]


@router.get("/office/exports")
async def list_exports(visit: Registrar, session: ReadSession, cursor: Cursor = "") -> Response:
    """One's own exports, newest first; those that are in work get on while one looks."""
    return await _list(visit, session, cursor=cursor)


@router.post("/office/exports")
async def start_export(visit: Registrar, form: Posted, asked: Asked, edge: TheEdge, now: Now) -> Response:
    """Have the report of the page with this form made; the filters stand in its address, as on that page."""
    subject, parameters = _wanted(form, asked.wanted)

    async def work(session: AsyncSession) -> Done:
        found = await reports.start_export(
            session,
            subject,
            parameters,
            _format(form["format"]),
            language=visit.language,
            by=visit.person.account_id,
            settings=edge.settings.exports,
            now=now,
        )
        return Done(id=found.id)

    started, refused = await once(visit, form, work)
    if started is not None:
        return go("/office/exports")
    async with edge.db.read() as session:
        return await _list(visit, session, refused=refused)


@router.post("/office/exports/{export_id}/cancel")
async def cancel_export(visit: Registrar, export_id: UUID, _: Posted, edge: TheEdge) -> Response:
    """It is made no further, and its file is gone."""
    async with edge.db.write() as session:
        await reports.cancel_export(session, export_id, by=visit.person.account_id)
    return go("/office/exports")


@router.get("/office/exports/{export_id}/file")
async def get_file(visit: Registrar, export_id: UUID, edge: TheEdge, session: ReadSession) -> Response:
    """The file, to be saved."""
    found = reports.ready(await reports.export_of(session, export_id, account_id=visit.person.account_id))
    headers = {
        "Content-Disposition": f'attachment; filename="{found.name}"',
        "Content-Length": str(found.size),
        "Cache-Control": "private, no-store",
    }
    pieces = reports.file_of(edge.db, found.id)
    return StreamingResponse(pieces, media_type=reports.FILE_MEDIA[found.form], headers=headers)


def _format(text: str) -> FileFormat:
    if text not in list(FileFormat):
        raise InvalidInput(faults=[Fault("/format", "unknown", "请选择文件格式", "choose a format")])
    return FileFormat(text)


def _wanted(form: Fields, of: Slice) -> tuple[Subject, dict[str, Any]]:
    """The report that is meant, and what it is asked with."""
    chosen = form["report"]
    days = {"from": of.first.isoformat(), "to": of.ends_on.isoformat()}
    if chosen == Subject.LEDGER:
        only = {
            "kind": form["kind"],
            "channel": of.channel,
            "category": of.category,
            "supplier": of.supplier_id and str(of.supplier_id),
            "township": of.township_code,
            "village": of.village,
            "division": of.division,
        }
        return Subject.LEDGER, days | {name: value for name, value in only.items() if value}
    if chosen not in EXPORTS:
        raise InvalidInput(faults=[Fault("/report", "unknown", "请选择报表", "choose a report")])
    if chosen in _SALES:
        return Subject.SALES, days | {"group_by": _SALES[chosen]}
    return Subject(chosen), {"year": of.first.year} if chosen == Subject.GOALS else days


async def _list(
    visit: Visit, session: AsyncSession, *, cursor: str = "", refused: dict[str, Any] | None = None
) -> Response:
    before = last_seen("page:exports", cursor)
    account_id = visit.person.account_id
    found = await reports.page_of_exports(session, account_id, before=before, limit=_ON_A_PAGE + 1)
    shown = found[:_ON_A_PAGE]
    return show(
        visit,
        "office_exports.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        exports=shown,
        names={one.id: _name(one.subject, one.parameters) for one in shown},
        size=_size,
        at_work=[one.id for one in shown if one.status in _AT_WORK],
        following=next_cursor("page:exports", found, _ON_A_PAGE),
    )


def _name(subject: Subject, parameters: Mapping[str, Any]) -> str:
    """By which words a report is called."""
    return "sales_by_day" if parameters.get("group_by") == _BY_DAY else subject.value


def _size(count: int) -> str:
    """Bytes as people say them."""
    if count < _MIB:
        return f"{max(count / 1_024, 0.1):.1f} KiB"
    return f"{count / _MIB:.1f} MiB"
