"""Days on which no carrier collects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.core.errors import DomainError, Fault, InvalidInput

LONGEST_BLACKOUT = timedelta(days=30)
"""No carrier stops for longer: about 3 days before to 5 days after the Spring Festival (domain handbook §5.3)."""


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days, both included, on which a carrier takes no parcels; ``carrier`` is None when none does."""

    id: UUID
    carrier: str | None
    from_on: date
    to_on: date


class BlackoutKnown(DomainError):
    """Some of these days are in the calendar already."""

    code = "blackout_known"
    zh = "承运商在 {from_on} 至 {to_on} 已登记停运，请改日期，或先删除原来的。"
    en = "The calendar has this carrier stopped from {from_on} to {to_on}; choose other days, or remove those first."


class BlackoutBegun(DomainError):
    """Promises were made by it."""

    code = "blackout_begun"
    zh = "停运日已经开始或结束，不能再删除。"
    en = "These days have begun or are over and stay in the calendar."


def check_blackout(from_on: date, to_on: date, *, today: date) -> None:
    """Whether such days can be put into the calendar today. Raises ``InvalidInput``."""
    faults = []
    if from_on < today:
        faults.append(Fault("/from_on", "in_the_past", "不能登记过去的日子", "it cannot begin in the past"))
    if to_on < from_on:
        faults.append(Fault("/to_on", "ends_before_it_begins", "结束日不能早于开始日", "it ends before it begins"))
    elif to_on - from_on >= LONGEST_BLACKOUT:
        faults.append(Fault("/to_on", "too_long", "一次最多 30 天", "at most 30 days"))
    if faults:
        raise InvalidInput(faults=faults)
