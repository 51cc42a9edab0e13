"""A report as a table that can be written in every format: said once, in the words of both languages.

A report describes its columns, rows, totals, notes and what is drawn of them. ``routes.answering`` gives it as JSON,
CSV, workbook or paper; amounts are whole fen in rows, and yuan for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from app.core.sheets import csv_line

Kind = Literal["text", "whole", "yuan", "share", "measure", "day", "month", "moment"]


@dataclass(frozen=True, slots=True)
class Said:
    """A text for people in both languages."""

    zh: str
    en: str

    def to(self, language: str) -> str:
        """In the language of ``Accept-Language``."""
        return self.zh if language == "zh" else self.en


Text = Said | str


def told(text: Text, language: str) -> str:
    """A text that may be the same in both languages, such as a name."""
    return text if isinstance(text, str) else text.to(language)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number whose unit differs from row to row. Fen are shown as yuan, other units as they are."""

    value: int
    unit: str

    @property
    def shown(self) -> Decimal:
        """What people read."""
        return Decimal(self.value).scaleb(-2) if self.unit == "fen" else Decimal(self.value)


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``key`` names it for programs, and the unit ends it (``net_fen``, ``progress_bp`` for a ``share``).

    ``day`` and ``month`` hold ``YYYY-MM-DD`` and ``YYYY-MM``, ``moment`` ISO 8601 in UTC, ``share`` basis points,
    ``measure`` a ``Measure``. What is not ``on_paper`` is for sheets; the column that names an id shows it where there
    is no name (``instead``).
    """

    key: str
    title: Said
    kind: Kind = "text"
    width: int = 16
    on_paper: bool = True
    instead: str | None = None
    words: Mapping[str, Said] = field(default_factory=dict)
    """What the codes of the column are called."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn of a report: bars, each with a label and a number for every column after the first.

    A workbook draws the last column, or all ``side_by_side``; so does paper with the last. Where so many ``parts``
    stand before the last column and make it up, both draw these on top of one another instead.
    """

    title: Said
    columns: Sequence[Column]
    bars: Sequence[Sequence[Any]]
    total: Sequence[Any] | None = None
    side_by_side: bool = False
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A report. Rows and ``totals`` are as long as ``columns``; of ``totals`` the first cell is a word for total.

    ``head`` is what JSON says before the rows; ``name`` is that of the file. ``notes`` say how it was counted.
    """

    name: str
    title: Said
    as_of: datetime
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    totals: Sequence[Any] | None = None
    particulars: Sequence[tuple[Said, Text]] = ()
    notes: Sequence[Said] = ()
    drawing: Drawing | None = None
    head: Mapping[str, Any] = field(default_factory=dict)
    footer: bool = False
    """Whether the notes belong to the figures so much that JSON and CSV say them too."""

    @property
    def keys(self) -> list[str]:
        """The names of the columns for programs."""
        return [column.key for column in self.columns]


def plain(column: Column, value: Any) -> Any:
    """A cell as programs read it: a share of 5527 basis points is 0.5527; a sentence has a column for each language."""
    if isinstance(value, Measure):
        return value.value
    if isinstance(value, Said):
        return value.zh
    return value / 10_000 if column.kind == "share" and value is not None else value


def key_of(column: Column) -> str:
    """What programs call the column; a share is not told in basis points."""
    return column.key.removesuffix("_bp") if column.kind == "share" else column.key


def csv_lines(table: Table) -> Iterator[str]:
    """The report as CSV (RFC 4180): a header, the rows, a row marked ``total``, and a ``note`` for each of a footer.

    Amounts are whole fen.
    """
    yield csv_line(map(key_of, table.columns))
    for row in table.rows:
        yield csv_line(map(plain, table.columns, row))
    if table.totals is not None:
        yield csv_line(["total", *map(plain, table.columns[1:], table.totals[1:])])
    for note in table.notes if table.footer else ():
        yield csv_line(["note", note.zh, *([""] * (len(table.columns) - 2))])


def document(table: Table) -> dict[str, Any]:
    """The report as JSON says it. ``totals`` has the figures that can be added up."""
    keys = [key_of(column) for column in table.columns]
    made: dict[str, Any] = {
        "as_of": table.as_of.isoformat().replace("+00:00", "Z"),
        **table.head,
        "rows": [dict(zip(keys, map(plain, table.columns, row), strict=True)) for row in table.rows],
    }
    if table.totals is not None:
        sums = zip(table.columns, table.totals, strict=True)
        made["totals"] = {
            key_of(column): plain(column, value) for column, value in sums if column.kind in ("whole", "yuan", "share")
            and value is not None
        }  # fmt: skip
    if table.footer:
        made["notes"] = [{"zh": note.zh, "en": note.en} for note in table.notes]
    return made


def called(table: Table, column: Column, row: Sequence[Any], language: str) -> Any:
    """A cell for people: a code by its word, a missing name by the id; dates as dates."""
    value = row[table.columns.index(column)]
    if value is None and column.instead is not None:
        value = row[table.keys.index(column.instead)]
    return shown(column, value, language)


def shown(column: Column, value: Any, language: str) -> Any:
    """A value of the column for people, as a workbook takes it."""
    if isinstance(value, Said):
        return value.to(language)
    if isinstance(value, Measure):
        return value.shown
    if value is None or not isinstance(value, str):
        return value
    if column.kind == "month":
        return date.fromisoformat(f"{value}-01")
    if column.kind == "day":
        return date.fromisoformat(value)
    if column.kind == "moment":
        return datetime.fromisoformat(value)
    return column.words[value].to(language) if value in column.words else value
