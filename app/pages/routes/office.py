"""The office's desk: goals against the season, where the money went, what to look into, and the way to every entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as PathParameter
from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance, audit, reports
from app.assistance import Benefits, Channel, Entry, Filter, HouseholdGroup, Kind, Wanted
from app.catalogue import CATEGORIES
from app.core.clock import local_day
from app.core.errors import Fault, InvalidInput
from app.core.web import Now, ReadSession, decode_cursor, next_cursor
from app.pages.guards import Official, Visit
from app.pages.routes import figures
from app.pages.routes.frame import PageRoute, show, words_of
from app.reports import Slice
from app.suppliers import TOWNSHIPS

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FIRST_YEAR, _LAST_YEAR = 2019, 2099
_ON_A_PAGE, _MOST_MONTHS, _MOST_DISPUTES, _MOST_FINDINGS = 50, 18, 50, 50
_BEGINNING = (date(2000, 1, 1), UUID(int=0))
EXPORTS = ("sales", "sales_by_day", "lines", "suppliers", "partners", "goals", "households", "farm-gate", "exceptions")
"""Reports that the desk offers as files; the ledger is offered where its entries are."""
_DIVISION = re.compile(r"[1-9][0-9](?:[0-9]{2}){0,2}", re.ASCII)
_MONTHS = 12
_Text = Annotated[str, Query(max_length=64)]


class _Asked:
    """The filters as the address of a page has them; every link of the office's pages is made from it."""

    def __init__(self, wanted: Slice, today: date) -> None:
        self.wanted, self._today = wanted, today

    def query(self, **changes: object) -> str:
        """The same filters with changes, as a query; what is as it would be anyway is left out."""
        wanted = self.wanted
        kept: dict[str, object] = {
            "year": wanted.first.year,
            "from": wanted.first.month,
            "to": wanted.last.month,
            "channel": wanted.channel,
            "category": wanted.category,
            "supplier": wanted.supplier_id,
            "township": wanted.township_code,
            "village": wanted.village,
            "division": wanted.division,
        } | changes
        usual = {"year": self._today.year, "from": 1, "to": _MONTHS}
        told = {name: str(value) for name, value in kept.items() if value and usual.get(name) != value}
        return f"?{urlencode(told)}" if told else ""

    def narrowed(self, **changes: object) -> str:
        """The desk with other filters."""
        return f"/office{self.query(**changes)}"

    def entries(self, **changes: object) -> str:
        """The entries behind a figure."""
        return f"/office/ledger{self.query(**changes)}"


def _asked(
    now: Now,
    year: _Text = "",
    first: Annotated[str, Query(alias="from", max_length=2)] = "",
    last: Annotated[str, Query(alias="to", max_length=2)] = "",
    channel: _Text = "",
    category: _Text = "",
    supplier: _Text = "",
    township: _Text = "",
    village: _Text = "",
    division: _Text = "",
) -> _Asked:
    """The filters. Raises ``InvalidInput``: a figure that silently is of something else would be a wrong one."""
    today = local_day(now)
    faults: list[Fault] = []

    def number(name: str, text: str, usual: int, least: int, most: int) -> int:
        if not text:
            return usual
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        faults.append(Fault(f"query:/{name}", "out_of_range", f"应为 {least} 至 {most}", f"{least} to {most}"))
        return usual

    def known(name: str, text: str, *, fits: bool) -> str | None:
        if text and not fits:
            faults.append(Fault(f"query:/{name}", "unknown", "没有该取值", "there is no such value"))
        return text or None

    of_year = number("year", year, today.year, _FIRST_YEAR, _LAST_YEAR)
    begins, ends = number("from", first, 1, 1, _MONTHS), number("to", last, _MONTHS, 1, _MONTHS)
    if begins > ends:
        faults.append(Fault("query:/to", "before_from", "结束月份早于开始月份", "to lies before from"))
    through = known("channel", channel, fits=channel in list(Channel))
    category_slug = known("category", category, fits=category in [root.slug for root in CATEGORIES])
    supplier_id = known("supplier", supplier, fits=_is_uuid(supplier))
    township_code = known("township", township, fits=township in TOWNSHIPS)
    place = known("division", division, fits=_DIVISION.fullmatch(division) is not None)
    if faults:
        raise InvalidInput(faults=faults)
    wanted = Slice(
        first=date(of_year, begins, 1),
        last=date(of_year, ends, 1),
        channel=through,
        category=category_slug,
        supplier_id=None if supplier_id is None else UUID(supplier_id),
        township_code=township_code,
        village=village or None,
        division=place,
    )
    return _Asked(wanted, today)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


Asked = Annotated[_Asked, Depends(_asked)]


@router.get("/office")
async def desk(visit: Official, session: ReadSession, now: Now, asked: Asked) -> Response:
    """Everything an officer has to know of a year, on one page, and the way to every entry behind it."""
    today, wanted = local_day(now), asked.wanted
    year = wanted.first.year
    found = await reports.overview(session, wanted, now=now)
    standing = await assistance.stand_year(session, year, today=today)
    closings = await assistance.closings(session, before=None, limit=_MOST_MONTHS)
    concerns = await reports.concerns(session)
    # By supplier or place of origin an operator could tell a small group by difference, and may not see the register.
    whole = wanted.supplier_id is None and wanted.township_code is None and wanted.village is None
    benefits = await _benefits(session, wanted, today) if whole or visit.is_registrar else None
    t = words_of(visit.language)
    rows = figures.month_rows(found, today)
    now_fen, before_fen = figures.finished(rows)
    categories = _present([root.slug for root in CATEGORIES], found.categories)
    channels = _present(list(Channel), found.channels)
    labels = [t(f"month.{row.month.month}") for row in rows]
    by_category = figures.bars(
        ((slug, t(f"category.{slug}"), found.categories[slug].net_fen) for slug in categories),
        found.declared_by("category"),
    )
    names = {channel: t(f"office.channel.{channel}") for channel in channels}
    return show(
        visit,
        "office.html",
        asked=asked,
        wanted=wanted,
        exports=EXPORTS,
        today=today,
        found=found,
        years=range(max(_FIRST_YEAR, today.year - 8), today.year + 1),
        townships=TOWNSHIPS,
        cities=figures.cities(),
        filters=in_words(visit, wanted, dict(found.known_suppliers), asked),
        goals=[figures.goal_bar(one) for one in figures.leading(standing.goals)],
        plans=standing.plans,
        months=rows,
        compared=(now_fen, before_fen, figures.change(now_fen, before_fen)),
        categories=categories,
        by_category=by_category,
        by_channel=figures.bars(
            ((channel, name, found.channels[channel].net_fen) for channel, name in names.items()),
            found.declared_by("channel"),
        ),
        places=figures.place_rows(found, categories),
        of_suppliers=_ranked(found.suppliers, found.declared_by("supplier")),
        of_townships=_ranked(found.townships, found.declared_by("township")),
        of_villages=figures.bars(
            ((piece.key, piece.name or t("office.no_village"), piece.sums.net_fen) for piece in found.villages), {}
        ),
        charts={
            "months": figures.months_chart(
                rows, labels, (str(year), str(year - 1)), lambda month: asked.entries(**{"from": month, "to": month})
            ),
            "mix": figures.mix_chart(by_category, lambda slug: asked.entries(category=slug)),
            "channels": figures.channels_chart(found, rows, labels, names),
        },
        concerns=[one for one in concerns if one.count],
        closings=closings,
        benefits=benefits,
        few=benefits is not None and _tells_of_few(benefits),
        fewest=assistance.FEWEST_HOUSEHOLDS,
    )


async def _benefits(session: AsyncSession, wanted: Slice, today: date) -> Benefits | None:
    """What the slice did for households, as far as it has come; where they live and who pays are its filters."""
    if wanted.first > today:
        return None
    period = assistance.Period(wanted.first, min(wanted.ends_on, today))
    only = Filter(suppliers=_only(wanted.supplier_id), townships=_only(wanted.township_code))
    return await assistance.benefits(session, period, HouseholdGroup.TOWNSHIP, only=only)


def _tells_of_few(benefits: Benefits) -> bool:
    """Whether a figure of the desk, which hangs on walls, would tell of single households."""
    had = benefits.total.benefit
    counts = (had.paid_households, had.households, benefits.total.linked_only)
    return any(0 < count < assistance.FEWEST_HOUSEHOLDS for count in counts)


def _ranked(pieces: Sequence[reports.Piece], declared: dict[str, int]) -> list[figures.Bar]:
    return figures.bars(((piece.key, piece.name, piece.sums.net_fen) for piece in pieces), declared)


def _present(order: Sequence[str], found: dict[str, Any]) -> list[str]:
    """What there is something of, in the usual order, and then what nobody has heard of."""
    return [*(one for one in order if one in found), *sorted(set(found) - set(order))]


def in_words(visit: Visit, wanted: Slice, names: dict[str, str], asked: _Asked) -> list[tuple[str, str, str]]:
    """Each filter in words, its value, and the page without it."""
    t = words_of(visit.language)
    told: list[tuple[str, str]] = []
    if wanted.channel is not None:
        told.append(("channel", t(f"office.channel.{wanted.channel}")))
    if wanted.category is not None:
        told.append(("category", t(f"category.{wanted.category}")))
    if wanted.supplier_id is not None:
        told.append(("supplier", names.get(str(wanted.supplier_id), str(wanted.supplier_id))))
    if wanted.township_code is not None:
        told.append(("township", TOWNSHIPS[wanted.township_code]))
    if wanted.village is not None:
        told.append(("village", wanted.village))
    if wanted.division is not None:
        told.append(("division", _place(wanted.division)))
    return [(name, shown, asked.query(**{name: None})) for name, shown in told]


def _place(code: str) -> str:
    return reports.division_name(code) or dict(figures.cities()).get(code, code)


@router.get("/office/ledger")
async def ledger(
    visit: Official,
    session: ReadSession,
    now: Now,
    asked: Asked,
    kind: _Text = "",
    goal: _Text = "",
    cursor: Annotated[str, Query(max_length=512)] = "",
) -> Response:
    """The entries behind a figure, oldest first; of a goal, those that it counts."""
    wanted = asked.wanted
    place = _BEGINNING
    if cursor:
        day, last = decode_cursor("page:office", cursor)
        place = date.fromisoformat(str(day)), UUID(str(last))
    shown = standing = found = None
    if goal:
        if not _is_uuid(goal):
            raise InvalidInput(faults=[Fault("query:/goal", "unknown", "没有该目标", "there is no such goal")])
        shown = await assistance.goal(session, UUID(goal))
        (standing,) = await assistance.stand(session, [shown], today=local_day(now))
        entries = await assistance.goal_entries(session, shown, after=place, limit=_ON_A_PAGE + 1)
    else:
        only = Wanted(
            kind=(Kind(kind),) if kind in list(Kind) else None,
            category=_only(wanted.category),
            supplier_id=_only(wanted.supplier_id),
            township_code=_only(wanted.township_code),
            village=_only(wanted.village),
            channel=None if wanted.channel is None else (Channel(wanted.channel),),
            division_code=_only(wanted.division),
        )
        found = await reports.overview(session, wanted, now=now)
        entries = await assistance.ledger(
            session, wanted.first, wanted.ends_on, wanted=only, after=place, limit=_ON_A_PAGE + 1
        )
    return show(
        visit,
        "office_ledger.html",
        asked=asked,
        wanted=wanted,
        found=found,
        goal=standing,
        kinds=list(Kind),
        kind=kind,
        filters=[] if found is None else in_words(visit, wanted, dict(found.known_suppliers), asked),
        entries=[(entry, _place(entry.division_code)) for entry in entries[:_ON_A_PAGE]],
        following=next_cursor("page:office", entries, _ON_A_PAGE, key=_place_in_ledger),
    )


def _only(value: Any) -> tuple[Any] | None:
    return None if value is None else (value,)


def _place_in_ledger(entry: Entry) -> tuple[date, UUID]:
    return entry.counted_on, entry.id


@router.get("/office/orders/{number}")
async def order(
    visit: Official,
    session: ReadSession,
    now: Now,
    number: Annotated[str, PathParameter(max_length=64)],
    line: _Text = "",
) -> Response:
    """An order without its buyer: what was sold, of which lot and village, and what the ledger counts of it."""
    trail = await reports.trail(session, number, line_id=UUID(line) if _is_uuid(line) else None)
    return show(visit, "office_order.html", trail=trail, place=_place(trail.division_code), today=local_day(now))


@router.get("/office/exceptions")
async def exceptions(visit: Official, session: ReadSession, now: Now, check: _Text = "", year: _Text = "") -> Response:
    """What waits for somebody, what an auditor asks about a year, and on request whether the books agree."""
    of_year = int(year) if year.isascii() and year.isdigit() and _FIRST_YEAR <= int(year) <= _LAST_YEAR else now.year
    span = date(of_year, 1, 1), date(of_year, 12, 31)
    answers = [
        (one, explained, await reports.exceptions(session, one, *span, now=now, limit=_MOST_FINDINGS + 1))
        for one, explained in reports.CHECKS.items()
    ]
    found = await reports.concerns(session)
    standing = await assistance.stand_year(session, local_day(now).year, today=local_day(now))
    return show(
        visit,
        "office_exceptions.html",
        concerns=found,
        disputes=await reports.disputes(session, limit=_MOST_DISPUTES),
        year=of_year,
        years=range(max(_FIRST_YEAR, now.year - 8), now.year + 1),
        answers=answers,
        most=_MOST_FINDINGS,
        overdue=[(plan.plan, one) for plan in standing.plans for one in plan.measures if one.overdue],
        breaks=await audit.check(session, now=now) if check else None,
        rules=audit.RULES,
        now=now,
    )
