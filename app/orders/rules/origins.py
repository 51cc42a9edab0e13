"""Where the goods of an order come from, and what the test of assistance looks at, as frozen on its lines."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.orders.lifecycle import Status


@dataclass(frozen=True, slots=True)
class LineOrigin:
    """One line of an order with its origin. ``net_fen`` is what was paid for it and not asked back."""

    order_id: UUID
    order_number: str
    line_id: UUID
    sku: str
    name: str
    status: Status
    supplier_name: str
    township_code: str
    township: str
    village: str
    division_code: str
    assisted: bool
    self_purchase: bool
    on_832: bool
    net_fen: int
    lot_codes: tuple[str, ...]
