"""What the auditor says: a rule, and a break of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must always be true, and the read-only statement that finds where it is not.

    Every row of ``sql`` is a break. The columns ``found`` and ``expected`` are the two figures that should agree; all
    others are ids.
    """

    name: str
    zh: str
    en: str
    sql: str


@dataclass(frozen=True, slots=True)
class Break:
    """One place where a rule does not hold; ``ids`` say where, ``detail`` says what, in Chinese and English."""

    rule: str
    ids: dict[str, str]
    detail: str


def as_break(rule: Rule, row: Mapping[str, Any]) -> Break:
    """A row of the rule's statement in words."""
    ids = {name: str(value) for name, value in row.items() if name not in ("found", "expected") and value is not None}
    if "found" not in row:
        return Break(rule.name, ids, f"{rule.zh} / {rule.en}")
    found, expected = row["found"], row["expected"]
    zh = f"{rule.zh}（实为 {found}，应为 {expected}）"
    return Break(rule.name, ids, f"{zh} / {rule.en} (found {found}, expected {expected})")
