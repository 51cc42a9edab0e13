"""What counts and what a refund takes back (domain handbook §2.2, §2.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.assistance.rules import Channel
from app.core.errors import DomainError


class EntryContradicted(DomainError):
    """The same source was posted before with other figures: a defect above the ledger, never written over."""

    code = "entry_contradicted"
    zh = "来源 {source} 已入账，且金额或数量与本次不同；台账不作覆盖，请以冲销分录更正。"
    en = "Source {source} was posted before with other figures; the ledger is not overwritten, post a reversing entry."


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme period and its test: goods from ``origin`` sent to ``destination`` (division-code prefixes)."""

    code: str
    starts_on: date
    ends_on: date | None
    origin: str
    destination: str


_BAOJING, _SHANDONG = "433125", "37"

PROGRAMMES: tuple[Programme, ...] = (
    Programme("P1", date(2016, 1, 1), date(2020, 12, 31), _BAOJING, _SHANDONG),
    Programme("P2", date(2021, 1, 1), date(2025, 12, 31), _BAOJING, _SHANDONG),
    Programme("P3", date(2026, 1, 1), None, _BAOJING, _SHANDONG),
)
"""The periods of domain handbook §2.1. Closed days on both ends; the last is open."""


def programme_on(day: date, programmes: Sequence[Programme] = PROGRAMMES) -> Programme | None:
    """The programme in force on ``day``."""
    for programme in programmes:
        if programme.starts_on <= day and (programme.ends_on is None or day <= programme.ends_on):
            return programme
    return None


class Reason(StrEnum):
    """Why a line was counted or not; the first test that fails names it."""

    COUNTED = "counted"
    NO_PROGRAMME = "no_programme"
    NOT_ASSISTED = "not_assisted"
    OTHER_ORIGIN = "other_origin"
    OTHER_DESTINATION = "other_destination"
    SELF_PURCHASE = "self_purchase"
    INTERNAL_TRANSFER = "internal_transfer"
    ON_832 = "on_832"
    NOTHING_PAID = "nothing_paid"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the test looks at: as frozen on the line when it was sold, with the amount that remains at completion."""

    assisted: bool
    township_code: str
    division_code: str
    self_purchase: bool
    on_832: bool
    net_fen: int
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a line counts, and the reason."""

    counted: bool
    reason: Reason


def decide(line: Candidate, programme: Programme | None) -> Decision:
    """The working test of domain handbook §2.2 for one line, under the programme in force on the day it completes.

    Payment and acceptance are not asked: only completed supplier orders come this far.
    """
    if programme is None:
        return Decision(False, Reason.NO_PROGRAMME)
    for failed, reason in (
        (not line.assisted, Reason.NOT_ASSISTED),
        (not line.township_code.startswith(programme.origin), Reason.OTHER_ORIGIN),
        (not line.division_code.startswith(programme.destination), Reason.OTHER_DESTINATION),
        (line.self_purchase, Reason.SELF_PURCHASE),
        (line.internal, Reason.INTERNAL_TRANSFER),
        (line.on_832, Reason.ON_832),
        (line.net_fen <= 0, Reason.NOTHING_PAID),
    ):
        if failed:
            return Decision(False, reason)
    return Decision(True, Reason.COUNTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One accepted line, as whoever sold it tells the ledger: a completed order, or what a supermarket took in.

    ``source_id`` is what was completed (a supplier order, a receipt) and ``line_id`` its line: told twice, it is
    counted once. A line belongs to one source, so a purchase order that is received in parts has a line for each part.
    ``quantity``, ``weight_g`` and ``net_fen`` are what was accepted and not given back until ``at``; ``net_fen`` is
    after discounts and without freight. ``assisted``, ``self_purchase`` and ``on_832`` are as frozen when it was sold;
    ``internal`` are goods that only move between hands of the same seller.
    """

    source_id: UUID
    line_id: UUID
    order_id: UUID
    at: datetime
    order_number: str | None = None
    po_no: str | None = None
    sku: str
    product_id: UUID
    product_name: str
    category: str
    supplier_id: UUID
    supplier_name: str
    township_code: str
    township: str
    channel: Channel
    division_code: str
    partner_id: UUID | None = None
    partner_name: str | None = None
    lot_code: str | None = None
    quantity: int
    weight_g: int
    net_fen: int
    assisted: bool
    self_purchase: bool = False
    on_832: bool = False
    internal: bool = False

    @property
    def candidate(self) -> Candidate:
        """What the test looks at."""
        return Candidate(
            assisted=self.assisted,
            township_code=self.township_code,
            division_code=self.division_code,
            self_purchase=self.self_purchase,
            on_832=self.on_832,
            net_fen=self.net_fen,
            internal=self.internal,
        )


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An accepted line that does not count: ``reason`` is the first test that failed, ``facts`` what all looked at."""

    id: UUID
    line_id: UUID
    order_number: str | None
    po_no: str | None
    sku: str
    product_name: str
    supplier_id: UUID
    supplier_name: str
    quantity: int
    net_fen: int
    occurred_at: datetime
    reason: Reason
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What of a line was given back after it was accepted. ``quantity`` may be zero: a price reduction."""

    line_id: UUID
    quantity: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class SaleReversed:
    """Money that went back for accepted lines, by one source: a settled refund, a return from a supermarket."""

    source_id: UUID
    at: datetime
    lines: tuple[TakenBack, ...]


@dataclass(frozen=True, slots=True)
class Remaining:
    """What of a counted sale has not been reversed yet."""

    quantity: int
    weight_g: int
    amount_fen: int


def reversal(left: Remaining, quantity: int, amount_fen: int) -> Remaining | None:
    """How much of a counted sale a refund takes back: never more than is left of it; ``None`` if that is nothing.

    The weight goes with the quantity, in proportion to what is left, so the last piece takes the last gram.
    """
    pieces = min(quantity, left.quantity)
    money = min(amount_fen, left.amount_fen)
    if pieces <= 0 and money <= 0:
        return None
    weight = left.weight_g * pieces // left.quantity if left.quantity else 0
    return Remaining(pieces, weight, money)
