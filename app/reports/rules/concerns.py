"""What waits for an officer, and the way of an order through the ledger; no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Concern(StrEnum):
    """What may be wrong, or waits for somebody."""

    FACTS_PARKED = "facts_parked"
    FACTS_WAITING = "facts_waiting"
    CLAIMS_DISPUTED = "claims_disputed"
    STATEMENTS_DISPUTED = "statements_disputed"
    PROPOSALS_WAITING = "proposals_waiting"
    FIGURES_WAITING = "figures_waiting"


@dataclass(frozen=True, slots=True)
class Found:
    """How many there are of a concern, and since when the oldest."""

    concern: Concern
    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A claim about which buyer and supplier disagree, without who they are."""

    order_number: str
    supplier: str
    kind: str
    status: str
    refund_fen: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class TrailLine:
    """A line of an order and the lot that it came from; money in fen."""

    id: UUID
    sku: str
    name: str
    supplier: str
    status: str
    township: str
    village: str
    quantity: int
    amount_fen: int
    refunded_fen: int
    assisted: bool
    self_purchase: bool
    lot_code: str | None
    trace_code: str | None
    harvested_on: date | None
    produced_on: date | None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """What the ledger says of a line."""

    line_id: UUID
    counted_on: date
    posted_at: datetime
    kind: str
    evidence: str
    product: str
    lot_code: str | None
    quantity: int
    amount_fen: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Trail:
    """An order as an officer may see it: goods, where they came from and went, and its entries. No personal data."""

    number: str
    channel: str
    division_code: str
    placed_at: datetime | None
    paid_at: datetime | None
    lines: Sequence[TrailLine]
    entries: Sequence[TrailEntry]

    @property
    def counted_fen(self) -> int:
        """What of it counts."""
        return sum(entry.amount_fen for entry in self.entries)
