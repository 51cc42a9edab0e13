"""The register of households for officers: by pseudonym, with contracts, payments, and how income was worked out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance, files
from app.assistance import ChangeKind, Differences, HouseholdStanding, LinkKind, Period
from app.catalogue import CATEGORIES
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge
from app.pages.guards import Fields, Posted, Registrar, Visit
from app.pages.routes.frame import PageRoute, go, refused_with, show, words_of
from app.pages.routes.office import Asked, in_words
from app.suppliers import TOWNSHIPS, cards

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 50
_FIRST_YEAR = 2019
_LOOKED = "在办公页面查看"
"""What the log of looks says of a page on which no number stands."""
_LONGEST, _MOST_PERSONS = 200, 50
_CHANGES = (ChangeKind.MOVED, ChangeKind.CORRECTED, ChangeKind.LEFT, ChangeKind.RETURNED)
_Text = Annotated[str, Query(max_length=64)]


def _period(asked: Asked, today: date) -> Period:
    """As far as the year has come: what has not begun is its first day."""
    first = asked.wanted.first
    return Period(first, max(first, min(asked.wanted.ends_on, today)))


@router.get("/office/households")
async def list_households(
    visit: Registrar,
    session: ReadSession,
    now: Now,
    asked: Asked,
    kind: _Text = "",
    standing: _Text = "",
    page: _Text = "",
) -> Response:
    """Everybody in the register at the end of the period, and what the period did for them."""
    wanted, today = asked.wanted, local_day(now)
    period = _period(asked, today)
    of_kind = next((one for one in LinkKind if one == kind), None)
    of_standing = next((one for one in HouseholdStanding if one == standing), None)
    found = await assistance.register(
        session,
        period,
        township=wanted.township_code,
        supplier=wanted.supplier_id,
        kind=of_kind,
        standing=of_standing,
    )
    known = found.suppliers
    at = min(int(page), 10_000) if page.isascii() and page.isdigit() else 0
    shown = found.rows[at * _ON_A_PAGE : (at + 1) * _ON_A_PAGE]
    t = words_of(visit.language)
    filters = in_words(visit, wanted, {str(one): name for one, name in known.items()}, asked)
    return show(
        visit,
        "office_households.html",
        asked=asked,
        wanted=wanted,
        period=period,
        found=found,
        rows=shown,
        at=at,
        more=len(found.rows) > (at + 1) * _ON_A_PAGE,
        kind=of_kind,
        standing=of_standing,
        kinds=list(LinkKind),
        standings=list(HouseholdStanding),
        filters=[one for one in filters if one[0] in ("supplier", "township")],
        names=known,
        options=sorted(known.items(), key=lambda one: one[1]),
        years=range(max(_FIRST_YEAR, today.year - 8), today.year + 1),
        townships=TOWNSHIPS,
        class_of=lambda one: assistance.period_class(one.classes, period.ends_on),
        lines={root.slug: t(f"category.{root.slug}") for root in CATEGORIES},
    )


@router.get("/office/households/{household_id}")
async def show_household(visit: Registrar, edge: TheEdge, now: Now, asked: Asked, household_id: UUID) -> Response:
    """One household without its number; that somebody looked is written down all the same."""
    return await _page(visit, edge, now, asked, household_id)


@router.post("/office/households/{household_id}/number")
async def reveal(visit: Registrar, form: Posted, edge: TheEdge, now: Now, asked: Asked, household_id: UUID) -> Response:
    """With its number, for a reason that is kept."""
    why = form["why"]
    if 4 <= len(why) <= _LONGEST:  # noqa: PLR2004
        return await _page(visit, edge, now, asked, household_id, why=why)
    zh, en = "请写明查看原因，4 至 200 个字", "Say why, in 4 to 200 characters"
    wrong = InvalidInput(faults=[Fault("/why", "missing", zh, en)])
    return await _page(visit, edge, now, asked, household_id, form=form, refused=refused_with(visit.request, wrong))


@router.post("/office/households/{household_id}/changes")
async def change(visit: Registrar, form: Posted, edge: TheEdge, now: Now, asked: Asked, household_id: UUID) -> Response:
    """Write down what is true of it from a day on."""
    try:
        kind, told, on, note = _change(form)
        async with edge.db.write() as session:
            await assistance.change_household(
                session, household_id, kind, told, on=on, note=note, by=visit.person, now=now
            )
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
        return await _page(visit, edge, now, asked, household_id, form=form, refused=refused)
    return go(f"/office/households/{household_id}{asked.query()}#h-versions")


def _change(form: Fields) -> tuple[ChangeKind, Differences, date, str]:
    """What the form says. Raises ``InvalidInput``."""
    faults = []
    change = next((one for one in _CHANGES if one == form["change"]), None)
    if change is None:
        faults.append(Fault("/change", "missing", "请选择变更类型", "Choose what changed"))
    try:
        on = date.fromisoformat(form["on"])
    except ValueError:
        on = date.min
        faults.append(Fault("/on", "missing", "请填写生效日期", "The day from which it is true"))
    note = " ".join(form["note"].split())
    if not 0 < len(note) <= _LONGEST:
        faults.append(
            Fault("/note", "missing", "请写明依据，至多 200 个字", "Say what shows it, in 1 to 200 characters")
        )
    numbers: dict[str, int | None] = {}
    for name, least in (("persons", 1), ("persons_linked", 0)):
        said = form[name]
        fits = said.isascii() and said.isdigit() and len(said) < 3 and least <= int(said) <= _MOST_PERSONS  # noqa: PLR2004
        if said and not fits:
            zh, en = f"应为 {least} 至 {_MOST_PERSONS} 的整数", f"A whole number from {least} to {_MOST_PERSONS}"
            faults.append(Fault(f"/{name}", "out_of_range", zh, en))
        numbers[name] = int(said) if said and fits else None
    if faults or change is None:
        raise InvalidInput(faults=faults)
    village = form["village"][:_LONGEST] or None
    return change, Differences(form["township_code"] or None, village, None, **numbers), on, note


async def _page(
    visit: Visit,
    edge: TheEdge,
    now: datetime,
    asked: Asked,
    household_id: UUID,
    *,
    why: str = "",
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    """``why`` is given where the number is to be shown."""
    period = _period(asked, local_day(now))
    async with edge.db.write() as session:
        found = await assistance.see_household(session, household_id, why=why or _LOOKED, by=visit.person, now=now)
        income = await assistance.income_of(session, household_id, period.starts_on, period.ends_on)
        evidence = await _evidence(session, found, now)
        names = await _names(session, found)
    fields = ("change", "on", "township_code", "village", "persons", "persons_linked", "note", "why")
    return show(
        visit,
        "office_household.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        asked=asked,
        period=period,
        code=assistance.pseudonym(household_id),
        file=found,
        named=bool(why),
        income=income,
        evidence=evidence,
        names=names,
        said={name: form[name] if form else "" for name in fields},
        changes=_CHANGES,
        townships=TOWNSHIPS,
        today=local_day(now),
        class_now=assistance.period_class(found.household.classes, local_day(now)),
        pseudonym=assistance.pseudonym,
    )


async def _evidence(
    session: AsyncSession, found: assistance.HouseholdFile, now: datetime
) -> dict[UUID, list[files.File]]:
    lists = {one.list_id for one in found.payments}
    return await files.links(session, to=lists, now=now) if lists else {}


async def _names(session: AsyncSession, found: assistance.HouseholdFile) -> dict[UUID, str]:
    wanted = {one.supplier_id for one in found.linkages} | {one.payment.supplier_id for one in found.payments}
    return {one: card.name for one, card in (await cards(session, list(wanted))).items()}
