"""A supplier's days off on a phone: say from when to when, and why; take it back while there is time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, suppliers
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.web import Now, ReadSession, TheEdge
from app.pages.guards import Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done
from app.suppliers import ClosureReason

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FIELDS = ("from_on", "to_on", "reason", "note")
_LONGEST_NOTE = 100


@router.get("/supplier/closures")
async def list_closures(visit: Seller, session: ReadSession, now: Now) -> Response:
    """What was announced and is not over, the carriers' stop days, and a form for more."""
    return await _page(visit, session, now, dict.fromkeys(_FIELDS, ""))


@router.post("/supplier/closures")
async def announce(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Announce days off, once however often the form is sent."""
    said = {name: form[name] for name in _FIELDS}
    try:
        from_on, to_on, reason, note = _read(said)
    except DomainError as wrong:
        refused: dict[str, Any] | None = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            made = await suppliers.announce_closure(session, from_on, to_on, reason, note, by=visit.person, now=now)
            return Done(id=made.id)

        _, refused = await once(visit, form, work)
    if refused is None:
        return go("/supplier/closures?saved=1")
    async with edge.db.read() as session:
        return await _page(visit, session, now, said, refused)


@router.post("/supplier/closures/{closure_id}")
async def end(visit: Seller, closure_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Take back what is still ahead; what has begun ends today."""

    async def work(session: AsyncSession) -> Done:
        today = local_day(now)
        known = await suppliers.closures(session, visit.supplier_id, since=today)
        chosen = next((one for one in known if one.id == closure_id), None)
        if chosen is None:
            raise NotFound
        if chosen.from_on > today:
            await suppliers.withdraw_closure(session, closure_id, by=visit.person, now=now)
        else:
            await suppliers.shorten_closure(
                session, closure_id, chosen.from_on, today, version=chosen.version, by=visit.person, now=now
            )
        return Done(id=closure_id)

    _, refused = await once(visit, form, work)
    if refused is None:
        return go("/supplier/closures?saved=1")
    async with edge.db.read() as session:
        return await _page(visit, session, now, dict.fromkeys(_FIELDS, ""), refused)


async def _page(
    visit: Visit, session: AsyncSession, now: datetime, said: dict[str, str], refused: dict[str, Any] | None = None
) -> Response:
    today = local_day(now)
    return show(
        visit,
        "closures.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        closures=await suppliers.closures(session, visit.supplier_id, since=today),
        stops=await fulfilment.blackouts(session, since=today),
        reasons=list(ClosureReason),
        said=said,
        today=today,
        saved=visit.request.query_params.get("saved") == "1" and refused is None,
    )


def _read(said: dict[str, str]) -> tuple[date, date, ClosureReason, str | None]:
    """Raises ``InvalidInput``."""
    faults = []
    days = {name: _day(said[name]) for name in ("from_on", "to_on")}
    faults += [Fault(f"/{name}", "invalid_day", "请选择日期", "Choose a day") for name, day in days.items() if not day]
    reason = next((known for known in ClosureReason if known.value == said["reason"]), None)
    if reason is None:
        faults.append(Fault("/reason", "missing", "请选择原因", "Choose the reason"))
    if len(said["note"]) > _LONGEST_NOTE or not said["note"].isprintable():
        faults.append(Fault("/note", "invalid_note", "至多 100 个字", "At most 100 characters"))
    from_on, to_on = days["from_on"], days["to_on"]
    if from_on is None or to_on is None or reason is None or faults:
        raise InvalidInput(faults=faults)
    return from_on, to_on, reason, said["note"] or None


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None  # noqa: PLR2004 - outside lie typing errors
