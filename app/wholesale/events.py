"""What the wholesale module announces. Names are stored and sent out: they never change.

Facts are never erased, so they hold no words that somebody wrote and nothing about persons.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.core.events import Fact


class PromisedLine(BaseModel):
    """So many units of a SKU are promised by a supplier."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: UUID
    supplier_id: UUID
    sku: str
    units: int
    amount_fen: int


class SentLine(BaseModel):
    """So many units of a line left the house."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: UUID
    sku: str
    lot_code: str | None
    units: int


class PurchaseOrderConfirmed(Fact):
    """Stock and credit are reserved for a purchase order, the first time or in a new version."""

    name: ClassVar[str] = "wholesale.purchase_order_confirmed"
    po_id: UUID
    partner_id: UUID
    version: int
    lines: list[PromisedLine]

    @property
    def subject(self) -> UUID:
        """The purchase order."""
        return self.po_id


class PurchaseOrderCancelled(Fact):
    """Nothing (more) of a purchase order will come: ``status`` is cancelled, rejected, expired or closed."""

    name: ClassVar[str] = "wholesale.purchase_order_cancelled"
    po_id: UUID
    partner_id: UUID
    status: str

    @property
    def subject(self) -> UUID:
        """The purchase order."""
        return self.po_id


class GoodsDispatched(Fact):
    """A supplier's load for a purchase order left the house."""

    name: ClassVar[str] = "wholesale.goods_dispatched"
    delivery_id: UUID
    po_id: UUID
    supplier_id: UUID
    lines: list[SentLine]

    @property
    def subject(self) -> UUID:
        """The purchase order."""
        return self.po_id
