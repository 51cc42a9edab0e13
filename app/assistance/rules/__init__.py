"""The words and the line of the ledger that everything in assistance is decided about, without a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """Why a line of the ledger exists."""

    SALE = "sale"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class Channel(StrEnum):
    """How the goods reached the buyer (the contract's words)."""

    RETAIL = "retail"
    SUPERMARKET = "supermarket"
    ORGANISATION = "organisation"


class Evidence(StrEnum):
    """What stands behind an entry. The two are told apart in every total: only the first can be traced to the lot."""

    PLATFORM = "platform"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger of counted sales. Reversing entries have negative figures and name what they reverse.

    What was declared from outside the platform names a line of goods and no product. ``occurred_at`` is when it
    happened, which may lie in a month that was closed before it was heard of; ``counted_on`` never does.
    """

    id: UUID
    posted_at: datetime
    occurred_at: datetime
    counted_on: date
    kind: Kind
    evidence: Evidence
    order_number: str | None
    po_no: str | None
    line_id: UUID
    sku: str | None
    lot_code: str | None
    product_id: UUID | None
    product_name: str
    category: str
    supplier_id: UUID
    supplier_name: str
    township_code: str
    township: str
    channel: Channel
    division_code: str
    quantity: int
    weight_g: int
    amount_fen: int
    reverses: UUID | None
    reason: str | None
