"""What a report on the farm gate may be asked for, and its columns: who got what of the price, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.core.errors import DomainError, Fault, InvalidInput
from app.settlement.rules import share_bp

MOST_GROUPS = 3
MOST_ROWS = 100_000
_MOST_YEARS = 50


class FarmGateGroup(StrEnum):
    """What the rows of the report can be grouped by; `line` is each sold line by itself."""

    MONTH = "month"
    SUPPLIER = "supplier"
    TOWNSHIP = "township"
    CATEGORY = "category"
    SKU = "sku"
    CHANNEL = "channel"
    LINE = "line"


COLUMNS: dict[FarmGateGroup, tuple[str, str]] = {
    FarmGateGroup.SUPPLIER: ("supplier_id", "supplier"),
    FarmGateGroup.TOWNSHIP: ("township_code", "township"),
    FarmGateGroup.SKU: ("sku", "name"),
    FarmGateGroup.LINE: ("line_id", "order_number"),
}
"""Groups whose id or code stands beside a name; the others are one column of their own name."""

FIGURES = (
    "quantity",
    "listed_fen",
    "supplier_discount_fen",
    "platform_discount_fen",
    "district_discount_fen",
    "paid_fen",
    "refunded_fen",
    "added_fen",
    "tax_fen",
    "commission_fen",
    "farm_gate_fen",
    "freight_fen",
    "adjustment_fen",
    "supplier_fen",
)
MEASURES = (*FIGURES, "share_bp", "days_to_paid")
"""All figures of a row; the last two are no sums, and either may be unknown."""


class FarmGateTooLarge(DomainError):
    """More rows than a person can use or a process should hold."""

    status = 422
    code = "report_too_large"
    zh = "结果超过 {most} 行，请缩短期间或减少分组。"
    en = "More than {most} rows; shorten the period or group by less."


@dataclass(frozen=True, slots=True)
class Question:
    """A closed span of Shanghai days, and the groups in their order."""

    first: date
    last: date
    groups: tuple[FarmGateGroup, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of a row."""
        named = (column for group in self.groups for column in COLUMNS.get(group, (group.value,)))
        return (*named, *MEASURES)


@dataclass(frozen=True, slots=True)
class Shares:
    """The answer: rows as wide as the question's header, and the measures of all of them together.

    Rows and totals come from one snapshot of the journal.
    """

    question: Question
    as_of: datetime
    rows: Sequence[tuple[Any, ...]]
    totals: tuple[int | None, ...]


def ask(first: date, last: date, group_by: str) -> Question:
    """Check a question. Raises ``InvalidInput`` for a turned or endless period and for groups that make no sense."""
    if first > last:
        raise _refused("to", "before_from", "结束日期早于开始日期", "to lies before from")
    if last.year - first.year > _MOST_YEARS:
        raise _refused("to", "period_too_long", f"期间不得超过 {_MOST_YEARS} 年", f"at most {_MOST_YEARS} years")
    names = group_by.split(",")
    if len(set(names)) != len(names) or len(names) > MOST_GROUPS:
        raise _refused("group_by", "too_many_groups", f"最多 {MOST_GROUPS} 个不同的分组", "up to 3 different groups")
    return Question(first, last, tuple(FarmGateGroup(name) for name in names))


def measured(figures: Sequence[int], days_to_paid: int | None) -> tuple[int | None, ...]:
    """The measures of a row: its sums, what of the goods' price reached the supplier, and after how many days."""
    commission, farm_gate = (figures[FIGURES.index(name)] for name in ("commission_fen", "farm_gate_fen"))
    return (*figures, share_bp(farm_gate, farm_gate + commission), days_to_paid)


def _refused(where: str, code: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(faults=[Fault(f"query:/{where}", code, zh, en)])
