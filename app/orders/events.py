"""What the orders module announces. Names are stored and sent out: they never change.

Facts are never erased, so they hold no words that somebody wrote: why something was cancelled stands with its refund.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.core.events import Fact


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SoldLine(_Line):
    """A line that was paid."""

    sku: str
    product_id: UUID
    quantity: int


class CountableLine(_Line):
    """Everything that counting a sale needs, as it was frozen on the line (domain handbook §2.2).

    ``quantity``, ``weight_g`` and ``net_fen`` are what remains after refunds settled before completion; ``net_fen``
    is after discounts and without freight. ``on_832`` tells that the order stands on the 832 platform, which counts it.
    """

    line_id: UUID
    sku: str
    product_id: UUID
    product_name: str
    category: str
    supplier_id: UUID
    supplier_name: str
    township_code: str
    township: str
    channel: str
    division_code: str
    quantity: int
    weight_g: int
    net_fen: int
    assisted: bool
    self_purchase: bool
    on_832: bool = False
    lot_code: str | None
    buyer_id: UUID


class RefundedLine(_Line):
    """What of a line was given back. ``quantity`` may be zero: a price reduction for goods that were kept."""

    line_id: UUID
    quantity: int
    amount_fen: int


class CancelledLine(_Line):
    """So many pieces of a line will not be sent."""

    line_id: UUID
    quantity: int


class OrderPlaced(Fact):
    """A buyer placed an order; its stock is reserved."""

    name: ClassVar[str] = "orders.placed"
    order_id: UUID

    @property
    def subject(self) -> UUID:
        """The order."""
        return self.order_id


class OrderPaid(Fact):
    """The money for an order arrived."""

    name: ClassVar[str] = "orders.paid"
    order_id: UUID
    lines: list[SoldLine]

    @property
    def subject(self) -> UUID:
        """The order."""
        return self.order_id


class OrderCancelled(Fact):
    """An order ended before it was shipped: it was cancelled, or nobody paid in time."""

    name: ClassVar[str] = "orders.cancelled"
    order_id: UUID

    @property
    def subject(self) -> UUID:
        """The order."""
        return self.order_id


class SupplierOrderCompleted(Fact):
    """The buyer has the goods and keeps them: the moment at which a sale counts (domain handbook §2.8)."""

    name: ClassVar[str] = "orders.supplier_order_completed"
    order_id: UUID
    supplier_order_id: UUID
    number: str
    lines: list[CountableLine]

    @property
    def subject(self) -> UUID:
        """The supplier order, so that a refund of it is heard after its completion."""
        return self.supplier_order_id


class LinesCancelled(Fact):
    """Pieces of a paid supplier order were cancelled before shipment; their money is on its way back."""

    name: ClassVar[str] = "orders.lines_cancelled"
    order_id: UUID
    supplier_order_id: UUID
    lines: list[CancelledLine]

    @property
    def subject(self) -> UUID:
        """The supplier order."""
        return self.supplier_order_id


class LinesRefunded(Fact):
    """Money went back to the buyer for some lines of one supplier order."""

    name: ClassVar[str] = "orders.lines_refunded"
    refund_id: UUID
    order_id: UUID
    supplier_order_id: UUID
    lines: list[RefundedLine]

    @property
    def subject(self) -> UUID:
        """The supplier order."""
        return self.supplier_order_id
