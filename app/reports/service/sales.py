"""A sales report as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.reports.rules import FIGURES, Group, Question, Report, bars, columns, drawn_by
from app.reports.rules.tables import Column, Drawing, Said, Table, Text
from app.reports.service import words

_WIDTHS = {"product": 30, "supplier": 26, "division": 26, "partner": 26, "product_id": 38, "supplier_id": 38}
_WORDS = {"category": words.CATEGORY_NAMES, "channel": words.CHANNELS}
_NONE = Said("（无）", "(none)")


def sales_table(report: Report, *, drawn: bool = True) -> Table:
    """The sales report in both languages; programs need nothing ``drawn``."""
    question = report.question
    return Table(
        name=f"sales-{question.basis.value}-{question.first}-{question.last}",
        title=Said("销售报表", "Sales report"),
        as_of=report.as_of,
        columns=[*(column for one in question.groups for column in _of_group(one)), *_figures(report)],
        rows=report.rows,
        totals=[None] * (len(question.header) - len(FIGURES)) + list(report.totals),
        particulars=[
            (words.PERIOD, words.span(question.first, question.last)),
            (words.BASIS, words.BASES[question.basis]),
            (words.GROUPED, joined([words.GROUPS[one] for one in question.groups])),
        ],
        notes=[
            words.COUNTED[question.basis],
            words.ONE_ORDER,
            *words.declared(report.declared_fen, report.totals[-1]),
            *words.undelivered(report.undelivered_facts),
        ],
        drawing=_drawing(report) if drawn else None,
        head={
            "basis": question.basis.value,
            "from": question.first.isoformat(),
            "to": question.last.isoformat(),
            "group_by": [one.value for one in question.groups],
            "undelivered_facts": report.undelivered_facts,
            "declared_fen": report.declared_fen,
        },
    )


def long_sales_table(question: Question, drawn: Report) -> Table:
    """The report of a ``question`` with so many rows that they come later; ``drawn`` is the one of its chart alone."""
    whole = replace(drawn, question=question, rows=())
    return replace(sales_table(whole, drawn=False), drawing=_drawing(drawn))


def _figures(report: Report) -> list[Column]:
    """The columns of figures; paper has no room for what is apart where nothing is."""
    apart = report.declared_fen != 0 or any(row[-2] for row in report.rows)
    shown = map(figure_column, FIGURES)
    return [replace(one, on_paper=apart or one.key not in ("platform_fen", "declared_fen")) for one in shown]


def _drawing(report: Report) -> Drawing:
    group = drawn_by(report.question)
    shown = words.GROUPS[group]
    drawn = bars(report, _label, words.REST)
    if any(one.declared_fen for one in drawn):
        return Drawing(
            Said(
                f"净额（元），按{shown.zh}：平台与申报分列", f"Net (yuan) by {shown.en}: of the platform and declared"
            ),
            [Column(group.value, words.TITLES[columns(group)[-1]]), *map(figure_column, FIGURES[2:])],
            [(one.label, *(getattr(one, name) for name in FIGURES[2:])) for one in drawn],
            total=[None, *report.totals[2:]],
            parts=2,
        )
    whole = [name for name in FIGURES[2:] if name not in ("platform_fen", "declared_fen")]
    return Drawing(
        Said(f"净额（元），按{shown.zh}", f"Net (yuan) by {shown.en}"),
        [Column(group.value, words.TITLES[columns(group)[-1]]), *map(figure_column, whole)],
        [(one.label, *(getattr(one, name) for name in whole)) for one in drawn],
        total=[None, *(figure for name, figure in zip(FIGURES, report.totals, strict=True) if name in whole)],
    )


def joined(parts: Sequence[Said]) -> Said:
    """Several texts as a list."""
    return Said("、".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def figure_column(key: str) -> Column:
    """The column of a figure."""
    whole = not key.endswith("_fen")
    return Column(key, words.TITLES[key], "whole" if whole else "yuan", 10 if whole else 17)


def _of_group(group: Group) -> list[Column]:
    *ids, name = columns(group)
    found = [Column(key, words.TITLES[key], width=_WIDTHS.get(key, 16), on_paper=False) for key in ids]
    kind: Any = group.value if group in (Group.MONTH, Group.DAY) else "text"
    width = 12 if kind != "text" else _WIDTHS.get(name, 16)
    shown = Column(name, words.TITLES[name], kind, width, instead=ids[0] if ids else None, words=_WORDS.get(name, {}))
    return [*found, shown]


def _label(group: Group, cells: Sequence[str | None]) -> Text:
    known: Text = next((cell for cell in reversed(cells) if cell is not None), _NONE)
    return known if isinstance(known, Said) else _WORDS.get(group.value, {}).get(known, known)
