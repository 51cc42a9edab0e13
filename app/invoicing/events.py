"""What invoicing announces. Names are stored: they never change."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact


class DrawingOrdered(Fact):
    """An invoice is complete and must be drawn."""

    name: ClassVar[str] = "invoicing.drawing_ordered"
    invoice_id: UUID
    supplier_order_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier order, so that a red invoice follows its blue one."""
        return self.supplier_order_id


class InvoiceIssued(Fact):
    """The drawer gave an invoice its number."""

    name: ClassVar[str] = "invoicing.issued"
    invoice_id: UUID
    order_id: UUID
    supplier_order_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier order."""
        return self.supplier_order_id
