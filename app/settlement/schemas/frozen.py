"""Money near its provider's limit, on the wire."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from app.core.web import Out


class FrozenMoneyOut(Out):
    """What of a payment is still to be split for a supplier's order, and where that stands."""

    supplier_order_id: UUID
    payment_id: UUID
    provider: str
    transaction: str = Field(description="The payment's number at the provider")
    order_number: str
    supplier_id: UUID
    supplier_name: str
    order_status: str = Field(description="Of the supplier's order; only `completed` ones are settled")
    statement_number: str | None = Field(description="The statement that it stands on, if there is one")
    statement_status: str | None
    held_fen: int
    captured_at: datetime
    frozen_until: date = Field(description="The last day on which the provider keeps it to be split")
