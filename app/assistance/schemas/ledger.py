"""The wire format of the ledger of counted sales."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from app.assistance.rules import Channel, Entry, Evidence, Kind
from app.core.web import Out


class EntryOut(Out):
    """One line of the ledger. A reversing entry has negative figures and names the entry that it reverses.

    `evidence` is `platform` for what an order proves, `declared` for what was sold elsewhere and declared with a
    voucher, which names no SKU. `counted_on` is the day of `occurred_at` unless its month was closed by then.
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

    @classmethod
    def of(cls, entry: Entry) -> EntryOut:
        """From the module's value."""
        return cls.model_validate(entry)
