"""An ``.xlsx`` for people to open. Text is written as text, whatever it looks like: never a formula, never a link."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import xlsxwriter

from app.core.clock import SHANGHAI

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Kind = Literal["text", "whole", "yuan", "share", "number", "day", "month", "moment"]
Value = str | int | Decimal | date | datetime | None
_FORMATS: dict[Kind, str] = {
    "text": "@",
    "whole": "#,##0",
    "yuan": "#,##0.00",
    "share": "0.00%",
    "number": "#,##0.##",
    "day": "yyyy-mm-dd",
    "month": "yyyy-mm",
    "moment": "yyyy-mm-dd hh:mm",
}
_MARKED = re.compile(r'[",\r\n]|^[=+\-@\t]')
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_OFFERED_ROWS = 50_000
_LINE_POINTS = 16
_A4 = 9  # ECMA-376 part 1, 18.3.1.63


@dataclass(frozen=True, slots=True)
class Heading:
    """A column. ``text`` keeps codes and phone numbers as they are.

    ``yuan`` takes fen and shows yuan, ``share`` takes basis points and shows per cent, ``number`` any.

    Who fills the sheet in is offered ``choices``: some words, or a range of cells such as ``=货号!$A$2:$A$40``.
    """

    title: str
    kind: Kind = "text"
    width: int = 14
    choices: Sequence[str] | str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns of a page drawn beside it: the column at ``labels`` along the axis, those at ``values`` upwards.

    Those that are ``stacked`` stand on top of one another.
    """

    title: str
    labels: int
    values: Sequence[int]
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of a workbook: lines of a title, a header, rows as wide as the header.

    A page with a ``total`` (a last row, its texts written as text whatever the column is) is a report, which can be
    filtered without the total. With a total or a chart it is printed as wide as the paper, its header on every page.
    ``notes`` stand below all of it.
    """

    name: str
    headings: Sequence[Heading]
    rows: Iterable[Sequence[Value]]
    title: Sequence[str] = ()
    total: Sequence[Value] | None = None
    chart: Chart | None = None
    notes: Sequence[str] = ()


OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Styles:
    """The formats of a workbook: of cells and of sums by their kind, of headers, titles and notes."""

    def __init__(self, book: Any) -> None:
        self.titles = book.add_format({"bold": True, "font_size": 13})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.cells = {kind: book.add_format({"num_format": shown} | _aligned(kind)) for kind, shown in _FORMATS.items()}
        head = {"bold": True, "bg_color": "#F2F2F2", "bottom": 1}
        self.heads = {kind: book.add_format(head | _aligned(kind)) for kind in _FORMATS}
        self.sums = {
            kind: book.add_format({"num_format": shown, "bold": True, "top": 1}) for kind, shown in _FORMATS.items()
        }


def _aligned(kind: Kind) -> dict[str, str]:
    """Headers stand over what they head; days are read like words."""
    return {"align": "left" if kind in ("text", "day", "month", "moment") else "right"}


def workbook(*pages: Page) -> bytes:
    """The workbook as a file. Takes about a second for 10,000 rows: call it in a thread when there may be many."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        styles = Styles(book)
        for page in pages:
            write_page(book, styles, page)
    return file.getvalue()


def write_page(book: Any, styles: Styles, page: Page) -> None:
    """Add a sheet to a workbook of the library."""
    sheet = book.add_worksheet(page.name)
    for at, heading in enumerate(page.headings):
        sheet.set_column(at, at, heading.width, styles.cells[heading.kind])
    top = 0
    for line in page.title:
        sheet.write_string(top, 0, line, styles.titles)
        top += 1
    for at, heading in enumerate(page.headings):
        sheet.write_string(top, at, heading.title, styles.heads[heading.kind])
    _offer(sheet, page.headings, top + 1)
    sheet.freeze_panes(top + 1, 0)
    last, rows = top, page.rows if page.chart is None else list(page.rows)
    for last, row in enumerate(rows, start=top + 1):
        for at, (heading, value) in enumerate(zip(page.headings, row, strict=True)):
            write_cell(sheet, last, at, heading.kind, value, styles.cells[heading.kind])
    if page.total is not None:
        _close(sheet, page.headings, page.total, (top, last), styles.sums)
    if page.total is not None or page.chart is not None:
        print_across(sheet, top)
    for below, note in enumerate(page.notes, start=last + 3):
        _note(sheet, below, page.headings, note, styles.wrapped)
    if page.chart is not None and last > top:
        sheet.insert_chart(top, len(page.headings) + 1, _drawn(book, page, page.chart, top, list(rows)))


def _note(sheet: Any, row: int, headings: Sequence[Heading], note: str, style: Any) -> None:
    """A note as wide as the columns and as high as it needs, so that it does not widen the printed page."""
    wide = sum(2 if mark > "\u2e80" else 1 for mark in note)
    sheet.set_row(row, _LINE_POINTS * (1 + wide // sum(heading.width for heading in headings)))
    if len(headings) > 1:
        sheet.merge_range(row, 0, row, len(headings) - 1, "", style)
    sheet.write_string(row, 0, note, style)


def _close(
    sheet: Any, headings: Sequence[Heading], total: Sequence[Value], span: tuple[int, int], styles: dict[Kind, Any]
) -> None:
    """The last row of a report, and how the report is filtered; ``span`` is from header to last row."""
    top, last = span
    for at, (heading, value) in enumerate(zip(headings, total, strict=True)):
        if value is None:
            sheet.write_blank(last + 1, at, None, styles["text"])
        else:
            kind = "text" if isinstance(value, str) else heading.kind
            write_cell(sheet, last + 1, at, kind, value, styles[kind])
    sheet.autofilter(top, 0, last, len(headings) - 1)


def print_across(sheet: Any, header: int) -> None:
    """Let a sheet be printed as wide as the paper, with its header row on every page."""
    sheet.repeat_rows(header)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)


def _drawn(book: Any, page: Page, chart: Chart, top: int, rows: Sequence[Sequence[Value]]) -> Any:
    """The chart, with its numbers beside the cells that they come from: a phone's preview reads no cells."""
    last = top + len(rows)
    drawn = book.add_chart({"type": "column", "subtype": "stacked"} if chart.stacked else {"type": "column"})
    for at in chart.values:
        drawn.add_series(
            {
                "name": page.headings[at].title,
                "categories": [page.name, top + 1, chart.labels, last, chart.labels],
                "categories_data": [str(row[chart.labels]) for row in rows],
                "values": [page.name, top + 1, at, last, at],
                "values_data": [_number(page.headings[at].kind, row[at]) for row in rows],
            }
        )
    drawn.set_title({"name": chart.title})
    drawn.set_legend({"position": "bottom"})
    drawn.set_x_axis({"label_position": "low"})
    shares = page.headings[chart.values[0]].kind == "share"
    drawn.set_y_axis({"num_format": _FORMATS["share" if shares else "whole"]})
    drawn.set_size({"width": 760, "height": 400})
    return drawn


def csv_line(cells: Iterable[object]) -> str:
    """A line of CSV (RFC 4180). What a spreadsheet would take for a formula is text again by an apostrophe."""
    return ",".join(map(_csv_cell, cells)) + "\r\n"


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    if _MARKED.search(value) is None:
        return value
    guarded = f"'{value}" if value.startswith(_FORMULA) else value
    if any(mark in guarded for mark in ',"\r\n'):
        return '"' + guarded.replace('"', '""') + '"'
    return guarded


def _offer(sheet: Any, headings: Sequence[Heading], first: int) -> None:
    for at, heading in enumerate(headings):
        if heading.choices is not None:
            source = heading.choices if isinstance(heading.choices, str) else list(heading.choices)
            offer = {"validate": "list", "source": source, "error_type": "warning"}
            sheet.data_validation(first, at, first + _OFFERED_ROWS, at, offer)


def write_cell(sheet: Any, row: int, at: int, kind: Kind, value: Value, style: Any) -> None:
    """A cell of its kind; None writes nothing."""
    if value is None:
        return
    match kind:
        case "text":
            shown = str(value)  # the library would take <r>…</r> for markup and write it as it is
            sheet.write_string(row, at, f"{shown} " if shown.startswith("<r>") else shown, style)
        case "whole":
            sheet.write_number(row, at, value, style)
        case "yuan" | "share" | "number":
            sheet.write_number(row, at, _number(kind, value), style)
        case "day" | "month":
            sheet.write_datetime(row, at, value, style)
        case "moment":
            assert isinstance(value, datetime)  # noqa: S101 - the heading says so
            sheet.write_datetime(row, at, value.astimezone(SHANGHAI).replace(tzinfo=None), style)


def _number(kind: Kind, value: Value) -> Decimal:
    if isinstance(value, Decimal):
        return value
    assert isinstance(value, int)  # noqa: S101 - the heading says so; amounts are whole fen
    return Decimal(value).scaleb({"yuan": -2, "share": -4}.get(kind, 0))
