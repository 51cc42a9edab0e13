"""A report as CSV, as a workbook and on paper; all of them say the same to the fen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.core import pdf
from app.core.clock import SHANGHAI
from app.core.money import yuan
from app.core.sheets import Chart, Heading, Page
from app.core.sheets import workbook as written
from app.core.turns import turns
from app.reports.rules import MOST_SHEET_ROWS, PaperTooLong, ReportTooLarge
from app.reports.rules.tables import Column, Drawing, Said, Table, called, csv_lines, shown, told

_TEMPLATE = Path(__file__).parents[1] / "table.typ"
_CHUNK = 1_000
_WIDE = 8
"""A table of more columns is printed across."""
_PERCENT = 100

TOTAL = Said("合计", "Total")
NONE = Said("（无）", "(none)")
AS_OF = Said("数据截至", "As of")
_OVERVIEW = Said("图表", "Chart")
_DIGEST = Said(
    "同一报表 CSV 文件（format=csv）的 SHA-256 校验值：", "SHA-256 of the same report as a CSV file (format=csv):"
)


def csv_bytes(table: Table) -> Iterator[bytes]:
    """Chunks of the report as a CSV file; the byte order mark lets Excel read Chinese."""
    chunk = ["\ufeff"]
    for line in csv_lines(table):
        chunk.append(line)
        if len(chunk) >= _CHUNK:
            yield "".join(chunk).encode()
            chunk.clear()
    yield "".join(chunk).encode()


def digest_of(table: Table) -> str:
    """SHA-256 of the CSV file, in hexadecimal: who has that file can prove that the figures are these."""
    digest = sha256()
    for chunk in csv_bytes(table):
        digest.update(chunk)
    return digest.hexdigest()


async def workbook(table: Table, language: str) -> bytes:
    """The report as an ``.xlsx``: amounts are numbers in yuan, months and days are dates. Raises ``ReportTooLarge``."""
    if len(table.rows) > MOST_SHEET_ROWS:
        raise ReportTooLarge(most=MOST_SHEET_ROWS)
    async with turns("report", 1):
        return await asyncio.to_thread(_workbook, table, language)


async def paper(table: Table, language: str) -> bytes:
    """The report as a PDF. Raises ``ReportTooLarge``. The same report gives the same bytes."""
    if len(table.rows) > pdf.MAX_ROWS:
        raise PaperTooLong(most=pdf.MAX_ROWS)
    return await pdf.render(_TEMPLATE, _printed(table, language), at=table.as_of)


def particulars(table: Table, language: str) -> list[tuple[str, str]]:
    """What a report is of, and the moment of its figures."""
    found = [(name.to(language), told(value, language)) for name, value in table.particulars]
    return [*found, (AS_OF.to(language), f"{table.as_of.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")]


def _total(table: Table, language: str) -> list[Any] | None:
    return None if table.totals is None else [TOTAL.to(language), *table.totals[1:]]


def _workbook(table: Table, language: str) -> bytes:
    title = table.title.to(language)
    rows = Page(
        title,
        [heading_of(column, language) for column in table.columns],
        (
            [shown(column, value, language) for column, value in zip(table.columns, row, strict=True)]
            for row in table.rows
        ),
        [title, *(f"{name} {value}" for name, value in particulars(table, language))],
        total=_total(table, language) or [None] * len(table.columns),
        notes=[*(note.to(language) for note in table.notes), _DIGEST.to(language), digest_of(table)],
    )
    if table.drawing is None:
        return written(rows)
    return written(rows, overview(table.drawing, language))


def overview(drawing: Drawing, language: str) -> Page:
    """What is drawn of a report, as a sheet of its own with the numbers beside."""
    last = len(drawing.columns) - 1
    bars = [[told(label, language), *numbers] for label, *numbers in drawing.bars]
    total = None if drawing.total is None else [TOTAL.to(language), *drawing.total[1:]]
    values = range(1, last + 1) if drawing.side_by_side else range(last - drawing.parts, last) or [last]
    return Page(
        _OVERVIEW.to(language),
        [Heading(drawing.columns[0].title.to(language), "text", 26)]
        + [heading_of(column, language) for column in drawing.columns[1:]],
        bars,
        total=total,
        chart=Chart(drawing.title.to(language), labels=0, values=list(values), stacked=drawing.parts > 0),
    )


def heading_of(column: Column, language: str) -> Heading:
    """The column as a workbook heads it."""
    kind = "number" if column.kind == "measure" else column.kind
    return Heading(column.title.to(language), kind, column.width)


def _printed(table: Table, language: str) -> dict[str, Any]:
    columns = [column for column in table.columns if column.on_paper]
    drawing = table.drawing
    totals = None
    if table.totals is not None:
        by_key = dict(zip(table.keys, table.totals, strict=True))
        totals = [TOTAL.to(language)] + [_figure(column, by_key[column.key]) for column in columns[1:]]
    return {
        "lang": language,
        "title": table.title.to(language),
        "particulars": particulars(table, language),
        "wide": len(columns) > _WIDE,
        "chart": drawing.title.to(language) if drawing else "",
        "bars": _bars(drawing, language) if drawing else [],
        "parts": [one.title.to(language) for one in drawing.columns[-1 - drawing.parts : -1]] if drawing else [],
        "columns": [{"title": column.title.to(language), "kind": column.kind} for column in columns],
        "rows": [
            [_cell(column, called(table, column, row, language), language) for column in columns] for row in table.rows
        ],
        "totals": totals,
        "notes": [note.to(language) for note in table.notes],
        "digest": _DIGEST.to(language),
        "sha256": digest_of(table),
    }


def _bars(drawing: Drawing, language: str) -> list[tuple[str, str, list[float]]]:
    """Label, amount, and the lengths of its parts; one length where there are none, or they do not add up to a bar."""
    longest = max((abs(bar[-1]) for bar in drawing.bars), default=0) or 1
    column = drawing.columns[-1]
    made = []
    for bar in drawing.bars:
        parts = bar[-1 - drawing.parts : -1]
        lengths = parts if parts and min(parts) >= 0 else [bar[-1]]
        made.append((told(bar[0], language), _figure(column, bar[-1]), [length / longest for length in lengths]))
    return made


def _cell(column: Column, value: Any, language: str) -> str:
    if value is None:
        return NONE.to(language) if column.kind == "text" else ""
    if isinstance(value, datetime):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m}" if column.kind == "month" else value.isoformat()
    return str(value) if isinstance(value, str) else _figure(column, value)


def _figure(column: Column, value: Any) -> str:
    """A number as people write it: yuan with two places, shares in per cent, thousands apart."""
    if value is None or isinstance(value, str):
        return value or ""
    if column.kind == "yuan":
        return amount(value)
    if column.kind == "share":
        return f"{value // _PERCENT}.{value % _PERCENT:02d}%" if value >= 0 else f"-{_figure(column, -value)}"
    return f"{value:,}"


def amount(fen: int) -> str:
    """Fen as yuan with thousands apart."""
    whole, _, rest = yuan(fen).partition(".")
    return f"{'-' if whole == '-0' else ''}{int(whole):,}.{rest}"
