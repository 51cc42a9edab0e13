"""What each supplier sold, or each supermarket bought, beside the same days a year before."""

from __future__ import annotations

from app.reports.rules import FIGURES, Group, Report
from app.reports.rules.tables import Column, Drawing, Said, Table
from app.reports.service import words
from app.reports.service.sales import figure_column

_TITLES = {
    Group.SUPPLIER: Said("供应商销售报表", "Sales by supplier"),
    Group.PARTNER: Said("合作商超采购报表", "Purchases by supermarket"),
}
_MOST_BARS = 12
_NET = 1 + len(FIGURES)
"""Where the net stands in a row: behind id, name and the other figures."""


def parties_table(report: Report, before: Report) -> Table:
    """A report grouped by supplier or partner, and the one of the same days a year before, as one table.

    Sales that belong to nobody of the kind (those to consumers, among partners) are left out, of the totals too.
    """
    question = report.question
    (group,) = question.groups
    earlier = {row[0]: row for row in before.rows if row[0] is not None}
    rows = {row[0]: row for row in report.rows if row[0] is not None}
    rows |= {key: (*row[:2], *[0] * len(FIGURES)) for key, row in earlier.items() if key not in rows}
    whole = sum(row[-1] for row in rows.values())
    told = sorted(
        (
            (*row, _share(row[-1], whole), then, _share(row[-1] - then, then))
            for key, row in rows.items()
            for then in [earlier[key][-1] if key in earlier else 0]
        ),
        key=lambda row: (-row[_NET], row[0]),
    )
    sums = [sum(row[at] for row in told) for at in range(2, _NET + 1)]
    then = sum(row[_NET + 2] for row in told)
    name = words.TITLES[group.value]
    return Table(
        name=f"{group.value}s-{question.first}-{question.last}",
        title=_TITLES[group],
        as_of=report.as_of,
        columns=[
            Column(f"{group.value}_id", words.TITLES[f"{group.value}_id"], width=38, on_paper=False),
            Column(group.value, name, width=30, instead=f"{group.value}_id"),
            *map(figure_column, FIGURES),
            Column("net_share_bp", Said("占比", "Share of net"), "share", 10),
            Column("net_before_fen", Said("上年同期净额（元）", "Net a year before (yuan)"), "yuan", 19),
            Column("change_bp", Said("同比", "Change"), "share", 10),
        ],
        rows=told,
        totals=[None, None, *sums, None, then, _share(sums[-1] - then, then)],
        particulars=[(words.PERIOD, words.span(question.first, question.last))],
        notes=[words.COUNTED[question.basis], words.ONE_ORDER, *words.undelivered(report.undelivered_facts)],
        drawing=Drawing(
            Said(f"净额（元），按{name.zh}", f"Net (yuan) by {name.en.lower()}"),
            [Column(group.value, name), figure_column("net_fen")],
            [(row[1] or row[0], row[_NET]) for row in told[:_MOST_BARS]],
        ),
        head={
            "from": question.first.isoformat(),
            "to": question.last.isoformat(),
            "undelivered_facts": report.undelivered_facts,
        },
    )


def _share(part: int, whole: int) -> int | None:
    """In basis points, rounded half away from zero; None of nothing."""
    if whole <= 0:
        return None
    return (2 * abs(part) * 10_000 + whole) // (2 * whole) * (1 if part >= 0 else -1)
