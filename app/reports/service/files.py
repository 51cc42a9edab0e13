"""A sales report as CSV, as a workbook and on paper; all of them say the same to the fen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.core import pdf
from app.core.clock import SHANGHAI
from app.core.money import yuan
from app.core.sheets import Chart, Heading, Page
from app.core.sheets import workbook as written
from app.core.turns import turns
from app.reports.rules import (
    FIGURES,
    MOST_SHEET_ROWS,
    Bar,
    Group,
    Report,
    ReportTooLarge,
    bars,
    columns,
    csv_lines,
    drawn_by,
)
from app.reports.service.words import WORDS, Words

_TEMPLATE = Path(__file__).parents[1] / "sales.typ"
_CHUNK = 1_000
_WIDTHS = {"product": 30, "supplier": 26, "division": 26, "partner": 26, "product_id": 38, "supplier_id": 38}
_WHOLE = ("orders", "quantity")


def csv_bytes(report: Report) -> Iterator[bytes]:
    """Chunks of the report as a CSV file; the byte order mark lets Excel read Chinese."""
    chunk = ["\ufeff"]
    for line in csv_lines(report):
        chunk.append(line)
        if len(chunk) >= _CHUNK:
            yield "".join(chunk).encode()
            chunk.clear()
    yield "".join(chunk).encode()


async def workbook(report: Report, language: str) -> bytes:
    """The report as an ``.xlsx``: amounts are numbers in yuan, months and days are dates. Raises ``ReportTooLarge``."""
    if len(report.rows) > MOST_SHEET_ROWS:
        raise ReportTooLarge(most=MOST_SHEET_ROWS)
    async with turns("report", 1):
        return await asyncio.to_thread(_workbook, report, WORDS[language])


async def paper(report: Report, language: str) -> bytes:
    """The report as a PDF. Raises ``ReportTooLarge``. The same report gives the same bytes."""
    if len(report.rows) > pdf.MAX_ROWS:
        raise ReportTooLarge(most=pdf.MAX_ROWS)
    return await pdf.render(_TEMPLATE, _printed(report, language), at=report.as_of)


def _workbook(report: Report, words: Words) -> bytes:
    question = report.question
    kinds = [_heading(column, words) for column in question.header]
    blanks = [None] * (len(question.header) - len(FIGURES) - 1)
    top = [words.title, *(f"{name} {value}" for name, value in _particulars(report, words))]
    rows = Page(
        words.title,
        kinds,
        (
            [_cell(column, value, words) for column, value in zip(question.header, row, strict=True)]
            for row in report.rows
        ),
        top,
        total=[words.total, *blanks, *report.totals],
        notes=[*_notes(report, words), words.digest, _digest(report)],
    )
    amounts = ("gross_fen", "refunded_fen", "net_fen")
    group = drawn_by(question)
    overview = Page(
        words.overview,
        [Heading(words.groups[group], "text", 26), *(_heading(column, words) for column in amounts)],
        [(bar.label, bar.gross_fen, bar.refunded_fen, bar.net_fen) for bar in _bars(report, words)],
        total=[words.total, *report.totals[-3:]],
        chart=Chart(words.chart.format(group=words.groups[group]), labels=0, values=[3]),
    )
    return written(rows, overview)


def _heading(column: str, words: Words) -> Heading:
    title = words.columns[column]
    if column in _WHOLE:
        return Heading(title, "whole", 10)
    if column in FIGURES:
        return Heading(title, "yuan", 17)
    if column in ("month", "day"):
        return Heading(title, "month" if column == "month" else "day", 12)
    return Heading(title, "text", _WIDTHS.get(column, 16))


def _cell(column: str, value: Any, words: Words) -> Any:
    if column == "month":
        return date.fromisoformat(f"{value}-01")
    if column == "day":
        return date.fromisoformat(value)
    return _named(column, value, words)


def _named(column: str, value: Any, words: Words) -> Any:
    if column == "category":
        return words.categories.get(value, value)
    if column == "channel":
        return words.channels.get(value, value)
    return value


def _printed(report: Report, language: str) -> dict[str, Any]:
    question, words = report.question, WORDS[language]
    group = drawn_by(question)
    drawn = _bars(report, words)
    longest = max((abs(bar.net_fen) for bar in drawn), default=0) or 1
    return {
        "lang": language,
        "title": words.title,
        "particulars": _particulars(report, words),
        "chart": words.chart.format(group=words.groups[group]),
        "bars": [[bar.label, _amount(bar.net_fen), bar.net_fen / longest] for bar in drawn],
        "groups": [words.columns[columns(one)[-1]] for one in question.groups],
        "figures": [words.columns[figure] for figure in FIGURES],
        "rows": [[*_labels(report, row, words), *_figures(row[-len(FIGURES) :])] for row in report.rows],
        "total": words.total,
        "totals": _figures(report.totals),
        "notes": _notes(report, words),
        "digest": words.digest,
        "sha256": _digest(report),
    }


def _labels(report: Report, row: Sequence[Any], words: Words) -> list[str]:
    """What the groups of a row are called; ids and codes are for sheets, unless there is no name."""
    labels, at = [], 0
    for group in report.question.groups:
        width = len(columns(group))
        labels.append(_label(group, row[at : at + width], words))
        at += width
    return labels


def _label(group: Group, cells: Sequence[Any], words: Words) -> str:
    known = next((cell for cell in reversed(cells) if cell is not None), words.none)
    return str(_named(group.value, known, words))


def _bars(report: Report, words: Words) -> list[Bar]:
    return bars(report, lambda group, cells: _label(group, cells, words), words.rest)


def _figures(figures: Sequence[int]) -> list[str]:
    orders, quantity, *amounts = figures
    return [f"{orders:,}", f"{quantity:,}", *map(_amount, amounts)]


def _amount(fen: int) -> str:
    whole, _, rest = yuan(fen).partition(".")
    return f"{int(whole):,}.{rest}"


def _particulars(report: Report, words: Words) -> list[tuple[str, str]]:
    question = report.question
    return [
        (words.period, words.span.format(first=question.first, last=question.last)),
        (words.basis, words.bases[question.basis]),
        (words.grouped, words.comma.join(words.groups[group] for group in question.groups)),
        (words.as_of, f"{report.as_of.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"),
    ]


def _notes(report: Report, words: Words) -> list[str]:
    notes = [words.counted[report.question.basis], words.sums]
    if report.undelivered_facts:
        notes.append(words.undelivered.format(count=report.undelivered_facts))
    return notes


def _digest(report: Report) -> str:
    """SHA-256 of the CSV file, in hexadecimal: who has that file can prove that the figures are these."""
    digest = sha256()
    for chunk in csv_bytes(report):
        digest.update(chunk)
    return digest.hexdigest()
