"""What a sales report may be asked for, and how its figures are written; no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core.errors import DomainError, Fault, InvalidInput
from app.reports.rules.tables import Text

MOST_GROUPS = 3
MOST_YEARS = 50
MOST_ROWS = 200_000
MOST_SHEET_ROWS = 20_000
"""A workbook of more takes a process too long (CSV has room for more)."""
MOST_BARS, MOST_PERIODS = 12, 36
"""What a chart can show and a person can read: so many different things, or so many days, months or years."""


class Basis(StrEnum):
    """Which day a sale belongs to: the day it counts (completion), or the day it was paid.

    A supermarket's goods are paid with the statement they stand on, on the day on which the last of it came; what went
    back or was corrected is taken off with the statement that says so. Of one that is paid in part nothing is paid yet:
    money is for the whole of a statement, and no piece of goods can be said to be paid by half. One that comes to
    nothing or less is settled on the day it is closed. Rebates, fees and what is carried over are no goods.
    """

    COUNTED = "counted"
    PAID = "paid"


class Format(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class Group(StrEnum):
    """What the rows of a report can be grouped by."""

    MONTH = "month"
    DAY = "day"
    CATEGORY = "category"
    PRODUCT = "product"
    SKU = "sku"
    SUPPLIER = "supplier"
    TOWNSHIP = "township"
    VILLAGE = "village"
    CHANNEL = "channel"
    DIVISION = "division"
    PARTNER = "partner"


COLUMNS: dict[Group, tuple[str, ...]] = {
    Group.PRODUCT: ("product_id", "product"),
    Group.SUPPLIER: ("supplier_id", "supplier"),
    Group.TOWNSHIP: ("township_code", "township"),
    Group.DIVISION: ("division_code", "division"),
    Group.PARTNER: ("partner_id", "partner"),
}
"""Columns of a group: its id or code stands beside its name. The others are one column of their own name."""

FIGURES = ("orders", "quantity", "gross_fen", "refunded_fen", "platform_fen", "declared_fen", "net_fen")
"""``platform_fen`` and ``declared_fen`` together are ``net_fen``, which is ``gross_fen`` less ``refunded_fen``: what
only vouchers from outside the platform prove stands apart on every row."""
_AMOUNTS = sum(figure.endswith("_fen") for figure in FIGURES)


class ReportTooLarge(DomainError):
    """More rows than a person can use, or one answer should hold."""

    status = 422
    code = "report_too_large"
    zh = "结果超过 {most} 行：请用 POST /v1/office/exports 在后台导出，或缩短期间、减少分组。"
    en = "More than {most} rows: have the file made by POST /v1/office/exports, shorten the period or group by less."


class PaperTooLong(ReportTooLarge):
    """More rows than anybody reads on paper, and more than can be set in the memory that there is."""

    zh = "结果超过 {most} 行，PDF 排不下：请改用 CSV 或 xlsx，或缩短期间、减少分组。"
    en = "More than {most} rows do not go on paper: ask for csv or xlsx, shorten the period or group by less."


def columns(group: Group) -> tuple[str, ...]:
    """The columns that a group adds to every row."""
    return COLUMNS.get(group, (group.value,))


@dataclass(frozen=True, slots=True)
class Question:
    """What a sales report is asked: closed span of Shanghai days, groups in their order, and the basis."""

    first: date
    last: date
    groups: tuple[Group, ...]
    basis: Basis

    @property
    def of_whole_months(self) -> bool:
        """Whether the span begins with a month and ends with one."""
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of a row."""
        return (*(column for group in self.groups for column in columns(group)), *FIGURES)


def _refuse(where: str, code: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(faults=[Fault(f"query:/{where}", code, zh, en)])


def ask(first: date, last: date, group_by: str, basis: Basis) -> Question:
    """Check a question. Raises ``InvalidInput`` for a turned or endless period and for groups that make no sense."""
    if first > last:
        raise _refuse("to", "before_from", "结束日期早于开始日期", "to lies before from")
    if last.year - first.year > MOST_YEARS:
        raise _refuse("to", "period_too_long", f"期间不得超过 {MOST_YEARS} 年", f"at most {MOST_YEARS} years")
    names = [name.strip() for name in group_by.split(",")]
    allowed = ", ".join(Group)
    if any(name not in list(Group) for name in names):
        raise _refuse("group_by", "unknown_group", f"分组只能取：{allowed}", f"group by one of {allowed}")
    if len(set(names)) != len(names) or len(names) > MOST_GROUPS:
        raise _refuse("group_by", "too_many_groups", f"最多 {MOST_GROUPS} 个互不相同的分组", "up to 3 different groups")
    if Group.VILLAGE in names and basis is Basis.PAID:
        zh, en = (
            "按村分组须用 basis=counted：付款时尚未定批次",
            "lots are not known at payment: group by it with counted",
        )
        raise _refuse("group_by", "village_not_paid", zh, en)
    return Question(first, last, tuple(Group(name) for name in names), basis)


def year_before(question: Question) -> Question:
    """The same days of the year before; the last of February for the leap day."""
    return replace(question, first=_last_year(question.first), last=_last_year(question.last))


def _last_year(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


@dataclass(frozen=True, slots=True)
class Report:
    """A sales report. Rows have the columns of ``question.header``; ``totals`` are its figures over all rows.

    Rows and totals come from one snapshot. An order that appears in two rows is one order in the totals.
    ``undelivered_facts`` is how many sales and refunds have been announced but not yet counted. ``entries`` is how many
    the ledger had in all, and 0 where it was not asked.
    """

    question: Question
    as_of: datetime
    rows: Sequence[tuple[Any, ...]]
    totals: tuple[int, ...]
    undelivered_facts: int
    entries: int = 0

    @property
    def declared_fen(self) -> int:
        """What of the net only vouchers from outside the platform prove."""
        return self.totals[FIGURES.index("declared_fen")]


def presented(question: Question, found: Sequence[Any], name_of_division: Callable[[str], str | None]) -> list[Any]:
    """The group cells of one row: ``found`` has the key of each group and then the names of those that have some."""
    cells: list[Any] = []
    names = iter(found[len(question.groups) :])
    for group, key in zip(question.groups, found, strict=False):
        if group is Group.MONTH:
            cells.append(f"{key:%Y-%m}")
        elif group is Group.DAY:
            cells.append(key.isoformat())
        elif group is Group.DIVISION:
            cells += [key, name_of_division(key)]
        elif group in COLUMNS:
            cells += [None if key is None else str(key), next(names)]
        else:
            cells.append(key)
    return cells


@dataclass(frozen=True, slots=True)
class Bar:
    """The amounts of one piece of a report, all in fen. ``net_fen`` and its two parts may be negative."""

    label: Text
    gross_fen: int
    refunded_fen: int
    platform_fen: int
    declared_fen: int
    net_fen: int


def drawn_by(question: Question) -> Group:
    """The group that a chart of the report is drawn by: the month, else the category, else the first group."""
    return next((group for group in (Group.MONTH, Group.CATEGORY) if group in question.groups), question.groups[0])


def bars(report: Report, shown: Callable[[Group, tuple[Any, ...]], Text], rest: Text) -> list[Bar]:
    """The report summed up for a chart, in few bars; all the bars together are the totals.

    ``shown`` names a group by its cells. Time goes on in its order, by longer pieces when it is long. Of other groups
    the largest come first, and those that find no room are one bar called ``rest``.
    """
    group = drawn_by(report.question)
    at = report.question.header.index(columns(group)[0])
    width = len(columns(group))
    sums: dict[str, list[int]] = {}
    labels: dict[str, Text] = {}
    for row in report.rows:
        key = str(row[at])
        if key not in sums:
            sums[key], labels[key] = [0] * _AMOUNTS, shown(group, row[at : at + width])
        for place, fen in enumerate(row[-_AMOUNTS:]):
            sums[key][place] += fen
    if group in (Group.MONTH, Group.DAY):
        return [Bar(label, *amounts) for label, amounts in _shortened(sums).items()]
    largest = sorted(sums, key=lambda key: -sums[key][-1])
    kept = largest if len(largest) <= MOST_BARS else largest[: MOST_BARS - 1]
    made = [Bar(labels[key], *sums[key]) for key in kept]
    if len(kept) < len(largest):
        made.append(Bar(rest, *map(sum, zip(*(sums[key] for key in largest[len(kept) :]), strict=True))))
    return made


def _shortened(days: dict[str, list[int]]) -> dict[str, list[int]]:
    """Sums by day or month (``2026-11-20``, ``2026-11``) by month or year as well, until they are few."""
    sums = dict(sorted(days.items()))
    for length in (7, 4):
        if len(sums) <= MOST_PERIODS:
            break
        longer: dict[str, list[int]] = {}
        for key, amounts in sums.items():
            whole = longer.setdefault(key[:length], [0] * _AMOUNTS)
            for place, fen in enumerate(amounts):
                whole[place] += fen
        sums = longer
    return sums
