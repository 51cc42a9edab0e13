"""What the wholesale module announces. Names are stored and sent out: they never change.

Facts are never erased, so they hold no words that somebody wrote and nothing about persons.
"""

from __future__ import annotations

from datetime import date, datetime
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


class GoodsMissing(Fact):
    """Goods of a line left the house and nobody received them before their order was closed."""

    name: ClassVar[str] = "wholesale.goods_missing"
    missing_id: UUID
    po_id: UUID
    line_id: UUID
    supplier_id: UUID
    sku: str
    units: int

    @property
    def subject(self) -> UUID:
        """The purchase order."""
        return self.po_id


class ReceivedLine(BaseModel):
    """A line that a partner took in, with everything that counting and settling it needs, as frozen on the order.

    ``line_id`` is the receipt's line: a line of an order can be received in parts. ``quantity``, ``weight_g`` and
    ``net_fen`` are what is payable: goods taken in less those deducted. The other counts are units.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: UUID
    po_line_id: UUID
    line_no: int
    sku: str
    product_id: UUID
    product_name: str
    category: str
    supplier_id: UUID
    supplier_name: str
    township_code: str
    township: str
    lot_code: str | None
    quantity: int
    weight_g: int
    net_fen: int
    tax_rate_bp: int
    assisted: bool
    self_purchase: bool
    delivered_units: int
    received_units: int
    rejected_units: int
    short_units: int
    too_little: bool


class GoodsReceived(Fact):
    """A partner took goods in: from now on they are owed and counted. ``received_at`` is when that was."""

    name: ClassVar[str] = "wholesale.goods_received"
    receipt_id: UUID
    receipt_no: str
    po_id: UUID
    po_no: str
    partner_id: UUID
    partner_name: str
    division_code: str
    received_at: datetime
    lines: list[ReceivedLine]

    @property
    def subject(self) -> UUID:
        """The purchase order, so that a return is heard after the receipt."""
        return self.po_id


class ReturnedLine(BaseModel):
    """What of a receipt's line (``line_id``) is not owed any more. ``quantity`` may be zero: a lower price."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: UUID
    sku: str
    supplier_id: UUID
    quantity: int
    amount_fen: int


class GoodsReturned(Fact):
    """Goods that were taken in went back, or less is owed for them; ``source_id`` is the return or correction."""

    name: ClassVar[str] = "wholesale.goods_returned"
    source_id: UUID
    po_id: UUID
    partner_id: UUID
    returned_at: datetime
    lines: list[ReturnedLine]

    @property
    def subject(self) -> UUID:
        """The purchase order."""
        return self.po_id


class StatementSent(Fact):
    """A partner's statement of a month waits for the partner, the first time or revised."""

    name: ClassVar[str] = "wholesale.statement_sent"
    statement_id: UUID
    partner_id: UUID
    month: date
    revision: int
    payable_fen: int

    @property
    def subject(self) -> UUID:
        """The statement."""
        return self.statement_id


class StatementConfirmed(Fact):
    """A partner agrees to what it owes for a month; rebate and fees are taken off what it owes from now on."""

    name: ClassVar[str] = "wholesale.statement_confirmed"
    statement_id: UUID
    partner_id: UUID
    month: date
    goods_fen: int
    payable_fen: int
    due_on: date

    @property
    def subject(self) -> UUID:
        """The statement."""
        return self.statement_id


class StatementPaid(Fact):
    """Everything that a statement asks for has come."""

    name: ClassVar[str] = "wholesale.statement_paid"
    statement_id: UUID
    partner_id: UUID
    paid_on: date

    @property
    def subject(self) -> UUID:
        """The statement."""
        return self.statement_id


class PartnerRefunded(Fact):
    """Money went back to a partner: what it had paid too much, or what a month came to below zero."""

    name: ClassVar[str] = "wholesale.partner_refunded"
    refund_id: UUID
    partner_id: UUID
    amount_fen: int
    paid_on: date

    @property
    def subject(self) -> UUID:
        """The refund."""
        return self.refund_id


class StatementDue(Fact):
    """A statement is to be paid in ``-days`` days, today, or should have been ``days`` days ago; told once each."""

    name: ClassVar[str] = "wholesale.statement_due"
    statement_id: UUID
    partner_id: UUID
    due_on: date
    days: int
    open_fen: int

    @property
    def subject(self) -> UUID:
        """The statement."""
        return self.statement_id
