"""An ``.xlsx`` for people to open. Text is written as text, whatever it looks like: never a formula, never a link."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import xlsxwriter

from app.core.clock import SHANGHAI

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Kind = Literal["text", "whole", "yuan", "day", "moment"]
Value = str | int | date | datetime | None
_FORMATS: dict[Kind, str] = {
    "text": "@",
    "whole": "#,##0",
    "yuan": "#,##0.00",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_OFFERED_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Heading:
    """A column. ``yuan`` takes fen and shows yuan; ``text`` keeps codes and phone numbers as they are.

    Who fills the sheet in is offered ``choices``: some words, or a range of cells such as ``=货号!$A$2:$A$40``.
    """

    title: str
    kind: Kind = "text"
    width: int = 14
    choices: Sequence[str] | str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of a workbook: lines of a title, a header, rows as wide as the header."""

    name: str
    headings: Sequence[Heading]
    rows: Iterable[Sequence[Value]]
    title: Sequence[str] = ()


def workbook(*pages: Page) -> bytes:
    """The workbook as a file. Takes about a second for 10,000 rows: call it in a thread when there may be many."""
    file = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#F2F2F2", "bottom": 1})
        titles = book.add_format({"bold": True, "font_size": 13})
        formats = {kind: book.add_format({"num_format": shown}) for kind, shown in _FORMATS.items()}
        for page in pages:
            sheet = book.add_worksheet(page.name)
            for at, heading in enumerate(page.headings):
                sheet.set_column(at, at, heading.width, formats[heading.kind])
            top = 0
            for line in page.title:
                sheet.write_string(top, 0, line, titles)
                top += 1
            for at, heading in enumerate(page.headings):
                sheet.write_string(top, at, heading.title, bold)
            _offer(sheet, page.headings, top + 1)
            sheet.freeze_panes(top + 1, 0)
            for number, row in enumerate(page.rows, start=top + 1):
                for at, (heading, value) in enumerate(zip(page.headings, row, strict=True)):
                    _write(sheet, number, at, heading.kind, value, formats[heading.kind])
    return file.getvalue()


def csv_line(cells: Iterable[object]) -> str:
    """A line of CSV (RFC 4180). What a spreadsheet would take for a formula is text again by an apostrophe."""
    return ",".join(map(_csv_cell, cells)) + "\r\n"


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
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


def _write(sheet: Any, row: int, at: int, kind: Kind, value: Value, style: Any) -> None:
    if value is None:
        return
    match kind:
        case "text":
            sheet.write_string(row, at, str(value), style)
        case "whole":
            sheet.write_number(row, at, value, style)
        case "yuan":
            assert isinstance(value, int)  # noqa: S101 - amounts are whole fen
            sheet.write_number(row, at, Decimal(value).scaleb(-2), style)
        case "day":
            sheet.write_datetime(row, at, value, style)
        case "moment":
            assert isinstance(value, datetime)  # noqa: S101 - the heading says so
            sheet.write_datetime(row, at, value.astimezone(SHANGHAI).replace(tzinfo=None), style)
