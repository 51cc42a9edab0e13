"""What auditors look for, as a table: one row for each case, and how many cases each check has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from app.reports.rules.exceptions import CHECKS, Check, Finding
from app.reports.rules.tables import Column, Drawing, Said, Table
from app.reports.service import words

_CHECK = Column(
    "check",
    Said("检查项", "Check"),
    width=18,
    words={check.value: explained.title for check, explained in CHECKS.items()},
)
_CASES = Column("cases", Said("问题数", "Cases"), "whole", 10)


def exceptions_table(
    found: Sequence[Finding], asked: Sequence[Check], *, first: date, last: date, as_of: datetime, undelivered: int
) -> Table:
    """Every case that the checks found, in their order; JSON has the checks with the number of their cases before."""
    cases = Counter(one.check for one in found)
    return Table(
        name=f"exceptions-{first}-{last}",
        title=Said("异常核查", "Exceptions"),
        as_of=as_of,
        columns=[
            _CHECK,
            Column("on_day", Said("日期", "Day"), "day", 12),
            Column("number", Said("单号", "Number"), width=20),
            Column("sku", Said("SKU", "SKU"), width=10),
            Column("line_id", Said("行 id", "Line id"), width=38, on_paper=False),
            Column("supplier_id", words.TITLES["supplier_id"], width=38, on_paper=False),
            Column("supplier", words.TITLES["supplier"], width=28),
            Column("amount_fen", Said("涉及金额（元）", "In question (yuan)"), "yuan", 14),
            Column("finding", Said("发现", "Finding"), width=44),
            Column("finding_en", Said("发现（英文）", "Finding (English)"), width=44, on_paper=False),
        ],
        rows=[
            (
                one.check.value,
                one.on_day.isoformat(),
                one.number,
                one.sku,
                None if one.line_id is None else str(one.line_id),
                None if one.supplier_id is None else str(one.supplier_id),
                one.supplier,
                one.amount_fen,
                one.told,
                one.told.en,
            )
            for one in found
        ],
        particulars=[(words.PERIOD, words.span(first, last))],
        notes=[
            *(
                Said(
                    f"{CHECKS[check].title.zh}：{CHECKS[check].question.zh}",
                    f"{CHECKS[check].title.en}: {CHECKS[check].question.en}",
                )
                for check in asked
            ),
            Said(
                "列出的是需要人工核实的线索，不等于已认定的问题。",
                "These are cases to be looked at by people, not verdicts.",
            ),
            *words.undelivered(undelivered),
        ],
        drawing=Drawing(
            Said("各检查项的问题数", "Cases by check"),
            [_CHECK, _CASES],
            [(CHECKS[check].title, cases[check]) for check in asked],
        ),
        head={
            "from": first.isoformat(),
            "to": last.isoformat(),
            "undelivered_facts": undelivered,
            "checks": [
                {
                    "check": check.value,
                    "title": CHECKS[check].title.zh,
                    "title_en": CHECKS[check].title.en,
                    "question": CHECKS[check].question.zh,
                    "question_en": CHECKS[check].question.en,
                    "cases": cases[check],
                }
                for check in asked
            ],
        },
    )
