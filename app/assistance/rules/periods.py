"""Months that are closed and stay as they were reported (domain handbook §2.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.core.errors import DomainError, NotFound


class MonthNotOver(DomainError):
    """The month still goes on, so more may be counted in it."""

    code = "month_not_over"
    zh = "该月份（{month}）尚未结束，请在次月再结账。"
    en = "The month {month} is not over; close it in the next one."


class EarlierMonthOpen(DomainError):
    """Months are closed in their order, so that everything late has one month to go to."""

    code = "earlier_month_open"
    zh = "更早的月份（{month}）尚未结账，请先结该月。"
    en = "The earlier month {month} is open; close it first."


class FactsUndelivered(DomainError):
    """Something that happened in the month has not reached the ledger."""

    code = "facts_undelivered"
    zh = "该月份还有 {facts} 件已发生的业务未到达台账，请稍候再结账；如长时间不减少，请联系平台管理员。"
    en = (
        "{facts} facts of the month have not reached the ledger; try again in a moment, and if they do not get fewer, "
        "ask the marketplace's operators."
    )


class MonthClosed(DomainError):
    """The month was closed before: it is what it is."""

    code = "month_closed"
    zh = "该月份已结账，不能重复结账；更正请在当前月份以调整分录入账。"
    en = "The month is closed already; corrections are adjustments in the month that is open."


class MonthOpen(NotFound):
    """The snapshot of a month exists once it is closed."""

    code = "month_open"
    zh = "该月份尚未结账，没有可下载的快照。"
    en = "The month is open and has no snapshot yet; close it first."


class UnknownCutOff(DomainError):
    """The chain over the ledger has not come that far."""

    status = 422
    code = "unknown_cut_off"
    zh = "台账目前封存到第 {through} 号分录，请选用不大于它的截止号。"
    en = "The ledger is sealed up to entry {through}; name a cut-off that is not beyond it."


@dataclass(frozen=True, slots=True)
class Sums:
    """What the ledger says of a span, in fen: ``net_fen`` is the other three together.

    ``declared_fen`` is the part of ``net_fen`` that only vouchers from outside the platform stand behind.
    """

    entries: int
    sales_fen: int
    refunds_fen: int
    adjustments_fen: int
    net_fen: int
    declared_fen: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A month that was closed: all entries counted in it have places up to ``cut_off``.

    ``sha256`` is that of the month's canonical CSV, ``chain`` the digest of the ledger's chain at the cut-off; both in
    hex.
    """

    month: date
    closed_at: datetime
    closed_by: UUID
    cut_off: int
    sums: Sums
    sha256: str
    chain: str


@dataclass(frozen=True, slots=True)
class MonthStanding:
    """A month, closed or not; ``sums`` of an open one are those of now."""

    month: date
    closing: Closing | None
    sums: Sums
    undelivered_facts: int


def following(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def counted_on(day: date, open_from: date | None) -> date:
    """The day on which something of ``day`` counts: its own, or the first open one when its month is closed."""
    return day if open_from is None else max(day, open_from)
