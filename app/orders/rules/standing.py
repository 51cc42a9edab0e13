"""Where the lines of orders stand, for those who call goods back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.core.money import split
from app.orders.lifecycle import Status


@dataclass(frozen=True, slots=True)
class LineStanding:
    """One line, what was sent and paid back of it, and its buyer with all but the first characters hidden."""

    line_id: UUID
    order_id: UUID
    order_number: str
    supplier_order_id: UUID
    supplier_id: UUID
    status: Status
    sku: str
    quantity: int
    to_send: int
    refunded_quantity: int
    amount_fen: int
    refunded_fen: int
    division_code: str
    recipient: str
    phone: str

    def worth_of(self, pieces: int) -> tuple[int, int]:
        """How many of ``pieces`` are not paid back, and what they cost, in fen."""
        left = min(pieces, self.quantity - self.refunded_quantity)
        return left, min(split(self.amount_fen, [left, self.quantity - left])[0], self.amount_fen - self.refunded_fen)
