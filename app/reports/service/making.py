"""Any report, asked for by its name: made from one snapshot, and written piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance
from app.assistance import HouseholdGroup
from app.core import pdf
from app.core.clock import local_day
from app.core.errors import Fault, InvalidInput
from app.core.sheets import Heading, LongBook, LongColumn, Page
from app.reports import queries
from app.reports.rules import (
    MOST_SHEET_ROWS,
    Basis,
    Group,
    PaperTooLong,
    Question,
    ReportTooLarge,
    ask,
    drawn_by,
    year_before,
)
from app.reports.rules.exceptions import Check, Finding
from app.reports.rules.exports import FILTERS, FileFormat, Subject, checked
from app.reports.rules.listings import Detail, Listing, Only
from app.reports.rules.tables import Said, Table
from app.reports.service.exceptions import exceptions_table
from app.reports.service.farm_gate import farm_gate_table
from app.reports.service.goals import goals_table
from app.reports.service.households import households_table
from app.reports.service.listings import csv_pieces, listing
from app.reports.service.parties import parties_table
from app.reports.service.sales import long_sales_table, sales_table
from app.reports.service.tables import TOTAL, csv_bytes, heading_of, overview, paper, particulars, workbook
from app.settlement import FarmGateGroup, ask_farm_gate, farm_gate

_GROUPS: Mapping[Subject, list[str]] = {
    Subject.HOUSEHOLDS: [HouseholdGroup.TOWNSHIP, *HouseholdGroup],
    Subject.FARM_GATE: [FarmGateGroup.SUPPLIER, *FarmGateGroup],
}
"""What reports with groups of their own can be grouped by; the first is what nobody has to say."""
Pieces = AsyncGenerator[tuple[bytes, int], None]
"""Pieces of a file, each with the number of rows that are in it until then."""

_MOST_GOALS = 1_000
_MOST_CASES = 10_000
_ABOUT = Said("说明", "About")
_ITEM, _CONTENT = Said("项目", "Item"), Said("内容", "Content")
_ROWS = Said("行数", "Rows")
_LONGEST_NAME = 28
_IDS = ("product", "supplier", "partner")


def _question(parameters: Mapping[str, Any], group_by: str = Group.MONTH.value) -> Question:
    """The days that are asked for. Raises ``InvalidInput``, pointing into ``parameters``."""
    try:
        return ask(
            date.fromisoformat(parameters["from"]),
            date.fromisoformat(parameters["to"]),
            parameters.get("group_by", group_by),
            Basis(parameters.get("basis", Basis.COUNTED)),
        )
    except InvalidInput as refusal:
        moved = [replace(one, pointer=one.pointer.replace("query:/", "/parameters/")) for one in refusal.faults]
        raise InvalidInput(faults=moved) from None


def understood(subject: Subject, parameters: Mapping[str, Any]) -> None:
    """Whether a report can be asked with these parameters, before it is. Raises ``InvalidInput``."""
    checked(subject, parameters)
    groups = _GROUPS.get(subject)
    if groups and not set(str(parameters.get("group_by", groups[0])).split(",")) <= set(groups):
        allowed = ", ".join(groups)
        said = (f"分组只能取：{allowed}", f"group by one of {allowed}")
        raise InvalidInput(faults=[Fault("/parameters/group_by", "unknown_group", *said)])
    if "from" in parameters:
        _question(parameters if subject is Subject.SALES else {**parameters, "group_by": Group.MONTH.value})


async def made(
    session: AsyncSession, subject: Subject, parameters: Mapping[str, Any], now: datetime
) -> Table | Listing:
    """The report, whole or, where it is long, with its rows to come from the snapshot of ``session``.

    Raises ``ReportTooLarge``.
    """
    return await _MAKERS[subject](session, parameters, now)


async def _detail(
    session: AsyncSession, parameters: Mapping[str, Any], now: datetime, *, detail: Detail
) -> Table | Listing:
    asked = _question(parameters)
    told: dict[str, Any] = {name: parameters[name] for name in FILTERS if name in parameters}
    only = Only(**told | {name: UUID(value) for name, value in told.items() if name in _IDS})
    return await listing(session, detail, asked.first, asked.last, only=only, now=now)


async def _sales(session: AsyncSession, parameters: Mapping[str, Any], now: datetime) -> Table | Listing:
    question = _question(parameters)
    count = await queries.rows_of_sales(session, question)
    if count <= MOST_SHEET_ROWS:
        return sales_table(await queries.sales(session, question, now=now))
    drawn = await queries.sales(session, replace(question, groups=(drawn_by(question),)), now=now)
    return Listing(long_sales_table(question, drawn), count, partial(queries.sold, session, question))


async def goals_report(session: AsyncSession, *, year: int, now: datetime) -> Table:
    """How the goals that touch a year stand."""
    today = local_day(now)
    goals = await assistance.goals(session, assistance.year_of(year), after=None, limit=_MOST_GOALS)
    standings = await assistance.stand(session, goals, today=today)
    waiting = await queries.undelivered(session)
    return goals_table(standings, year=year, today=today, as_of=now, undelivered=waiting)


async def households_report(
    session: AsyncSession, first: date, last: date, by: HouseholdGroup, *, now: datetime
) -> Table:
    """What sales did for households; nobody was paid on days that are to come."""
    until = max(first, min(last, local_day(now)))
    told = await assistance.benefits(session, assistance.Period(first, until), by)
    waiting = await queries.undelivered(session)
    return households_table(told, first=first, last=last, as_of=now, undelivered=waiting)


async def parties_report(session: AsyncSession, question: Question, *, now: datetime) -> Table:
    """Each supplier or supermarket beside the same days a year before."""
    report = await queries.sales(session, question, now=now)
    return parties_table(report, await queries.sales(session, year_before(question), now=now))


async def _goals(session: AsyncSession, parameters: Mapping[str, Any], now: datetime) -> Table:
    return await goals_report(session, year=parameters["year"], now=now)


async def _households(session: AsyncSession, parameters: Mapping[str, Any], now: datetime) -> Table:
    first, last = (date.fromisoformat(parameters[name]) for name in ("from", "to"))
    by = HouseholdGroup(parameters.get("group_by", HouseholdGroup.TOWNSHIP))
    return await households_report(session, first, last, by, now=now)


async def _parties(session: AsyncSession, parameters: Mapping[str, Any], now: datetime, *, group: Group) -> Table:
    return await parties_report(session, _question(parameters, group.value), now=now)


async def _farm_gate(session: AsyncSession, parameters: Mapping[str, Any], now: datetime) -> Table:
    first, last = (date.fromisoformat(parameters[name]) for name in ("from", "to"))
    question = ask_farm_gate(first, last, parameters.get("group_by", FarmGateGroup.SUPPLIER))
    return farm_gate_table(await farm_gate(session, question, now=now))


async def _exceptions(session: AsyncSession, parameters: Mapping[str, Any], now: datetime) -> Table:
    asked, question = [Check(parameters["check"])] if "check" in parameters else list(Check), _question(parameters)
    found: list[Finding] = []
    for one in asked:
        cases = await queries.exceptions(
            session, one, question.first, question.last, now=now, limit=_MOST_CASES + 1 - len(found)
        )
        found += cases
        if len(found) > _MOST_CASES:
            raise ReportTooLarge(most=_MOST_CASES)
    waiting = await queries.undelivered(session)
    return exceptions_table(found, asked, first=question.first, last=question.last, as_of=now, undelivered=waiting)


_Maker = Callable[[AsyncSession, Mapping[str, Any], datetime], Coroutine[Any, Any, Table | Listing]]
_MAKERS: Mapping[Subject, _Maker] = {
    Subject.LEDGER: partial(_detail, detail=Detail.LEDGER),
    Subject.LINES: partial(_detail, detail=Detail.LINES),
    Subject.SALES: _sales,
    Subject.GOALS: _goals,
    Subject.HOUSEHOLDS: _households,
    Subject.SUPPLIERS: partial(_parties, group=Group.SUPPLIER),
    Subject.PARTNERS: partial(_parties, group=Group.PARTNER),
    Subject.EXCEPTIONS: _exceptions,
    Subject.FARM_GATE: _farm_gate,
}


async def written(table: Table, form: FileFormat, language: str) -> Pieces:
    """A report that is all here as a file; call it with no session open. Raises ``ReportTooLarge``."""
    rows = len(table.rows)
    if form is FileFormat.CSV:
        for piece in csv_bytes(table):
            yield piece, rows
    else:
        draw = workbook if form is FileFormat.XLSX else paper
        yield await draw(table, language), rows


async def streamed(found: Listing, form: FileFormat, language: str) -> Pieces:
    """A long report as a file, while its rows come; on paper only what fits there. Raises ``PaperTooLong``."""
    match form:
        case FileFormat.CSV:
            pieces = csv_pieces(found)
        case FileFormat.XLSX:
            pieces = _long_workbook(found, language)
        case FileFormat.PDF:
            pieces = _long_paper(found, language)
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece


async def _long_workbook(found: Listing, language: str) -> Pieces:
    table = found.table
    columns = [
        LongColumn(heading_of(column, language), {code: said.to(language) for code, said in column.words.items()})
        for column in table.columns
    ]
    title = table.title.to(language)
    about = Page(
        _ABOUT.to(language),
        [Heading(_ITEM.to(language), width=28), Heading(_CONTENT.to(language), width=90)],
        [*particulars(table, language), (_ROWS.to(language), f"{found.count:,}")],
        [title],
        notes=[note.to(language) for note in table.notes],
    )
    pages = [about] if table.drawing is None else [about, overview(table.drawing, language)]
    total = None if table.totals is None else [TOTAL.to(language), *table.totals[1:]]
    book = LongBook(title[:_LONGEST_NAME], columns, found.count, total=total, pages=pages)
    yield await asyncio.to_thread(book.begin), 0
    done = 0
    async with aclosing(found.rows()) as batches:
        async for batch in batches:
            done += len(batch)
            yield await asyncio.to_thread(book.add, batch), done
    yield await asyncio.to_thread(book.close), done


async def _long_paper(found: Listing, language: str) -> Pieces:
    if found.count > pdf.MAX_ROWS:
        raise PaperTooLong(most=pdf.MAX_ROWS)
    async with aclosing(found.rows()) as batches:
        rows = [row async for batch in batches for row in batch]
    yield await paper(replace(found.table, rows=rows), language), len(rows)
