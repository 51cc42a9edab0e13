"""Days on which a supplier ships nothing, announced to its buyers before they come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError, Fault, InvalidInput

LONGEST = timedelta(days=60)
"""Who ships nothing for longer than that should not sell meanwhile."""

AHEAD = timedelta(days=366)
"""So far ahead a closure may be announced."""


class ClosureReason(StrEnum):
    """Why nothing is shipped, as buyers are told it."""

    SPRING_FESTIVAL = "spring_festival"
    PUBLIC_HOLIDAY = "public_holiday"
    HARVEST = "harvest"
    STOCKTAKING = "stocktaking"
    WEATHER = "weather"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Closure:
    """From ``from_on`` to ``to_on``, both included, the supplier ships nothing. ``note`` is for its buyers."""

    id: UUID
    supplier_id: UUID
    from_on: date
    to_on: date
    reason: ClosureReason
    note: str | None = None
    withdrawn: bool = False
    version: int = 1


class ClosuresOverlap(DomainError):
    """Some of these days are announced already."""

    code = "closures_overlap"
    zh = "这几天与已公告的放假（{from_on} 至 {to_on}）重叠，请改日期，或先撤回原来的。"
    en = "These days overlap with the closure from {from_on} to {to_on}; choose others, or withdraw that one first."


class ClosureFrozen(DomainError):
    """What buyers have been through is not rewritten."""

    code = "closure_frozen"
    zh = "放假已经开始或结束，已过去的日子不能更改；正在放假的可以提前结束，但不能早于今天。"
    en = (
        "The closure has begun or is over, and days that are past stay as they were; "
        "a running one can be made to end earlier, but not before today."
    )


def check_span(from_on: date, to_on: date, *, today: date) -> None:
    """Whether such a closure can be announced today. Raises ``InvalidInput``."""
    faults = []
    if from_on < today:
        faults.append(Fault("/from_on", "in_the_past", "放假不能从过去的日子开始", "it cannot begin in the past"))
    if from_on > today + AHEAD:
        faults.append(Fault("/from_on", "too_far_ahead", "最多提前一年公告", "announce it at most a year ahead"))
    if to_on < from_on:
        faults.append(Fault("/to_on", "ends_before_it_begins", "结束日不能早于开始日", "it ends before it begins"))
    elif to_on - from_on >= LONGEST:
        zh, en = "一次放假最多 60 天；更久请先下架商品", "at most 60 days; withdraw your products for longer"
        faults.append(Fault("/to_on", "too_long", zh, en))
    if faults:
        raise InvalidInput(faults=faults)


def shortened(known: Closure, from_on: date, to_on: date, *, today: date) -> None:
    """Whether a closure may become this shorter one: no new days, and none that has begun is taken out of it.

    Raises ``ClosureFrozen``, ``InvalidInput``.
    """
    faults = []
    if not known.from_on <= from_on <= known.to_on:
        zh, en = "只能缩短，不能提前开始", "a closure can be shortened, not begin earlier"
        faults.append(Fault("/from_on", "not_shorter", zh, en))
    if not known.from_on <= to_on <= known.to_on:
        zh, en = "只能缩短；要延长请另行公告后面的日子", "a closure can be shortened; announce further days apart"
        faults.append(Fault("/to_on", "not_shorter", zh, en))
    if to_on < from_on:
        faults.append(Fault("/to_on", "ends_before_it_begins", "结束日不能早于开始日", "it ends before it begins"))
    if known.to_on < today:
        raise ClosureFrozen
    if faults:
        raise InvalidInput(faults=faults)
    if known.from_on <= today and (from_on != known.from_on or to_on < today):
        raise ClosureFrozen
