"""Recalls on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.recalls.rules import Draft, Notice, Reach, Recipient, Status


class DraftOut(Out):
    """A refund that an operator may confirm."""

    id: UUID
    lot_id: UUID
    order_number: str
    line_id: UUID
    sku: str
    sent: bool = Field(description="True: the buyer has or will get the goods; false: they can never be sent")
    quantity: int
    amount_fen: int = Field(description="What the pieces cost, as far as it was not paid back")
    recipient: str = Field(description="Masked", examples=["王**"])
    phone: str = Field(description="Masked", examples=["138******34"])
    status: Status
    drafted_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """From the value."""
        line = draft.line
        return cls(
            id=draft.id,
            lot_id=draft.lot_id,
            order_number=line.order_number,
            line_id=line.line_id,
            sku=line.sku,
            sent=draft.sent,
            quantity=draft.quantity,
            amount_fen=draft.amount_fen,
            recipient=line.recipient,
            phone=line.phone,
            status=draft.status,
            drafted_at=draft.drafted_at,
            decided_at=draft.decided_at,
        )


class RecallNoticeOut(Out):
    """Goods of a line that were called back. What was sent is not to be eaten or drunk; the rest will not come."""

    lot_code: str = Field(examples=["20260412-A"])
    recalled_at: datetime
    line_id: UUID
    sku: str
    sent: bool = Field(description="True: the buyer has or will get the goods; false: they will not be sent")
    quantity: int
    status: Status = Field(description="`draft`: the refund waits for a decision; `confirmed`: it is on its way")

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """From the value."""
        return cls.model_validate(notice)


class RecallNoticesOut(Out):
    """All that there is to know of recalled goods in an order; empty for nearly all."""

    items: list[RecallNoticeOut]


class RefundCountsOut(Out):
    """Refunds after a recall, by what was decided."""

    draft: int = Field(description="Not decided yet")
    confirmed: int
    dismissed: int


class RecallReachOut(Out):
    """How far a lot got, and how its recall stands."""

    lot_id: UUID
    recalled_at: datetime | None
    sent_pieces: int = Field(description="Sales units that were sent to buyers")
    parcels: int
    left: int = Field(description="Sales units in the house, held by orders that cannot be served with them")
    refunds: RefundCountsOut

    @classmethod
    def of(cls, found: Reach) -> Self:
        """From the value."""
        return cls(
            lot_id=found.lot_id,
            recalled_at=found.recalled_at,
            sent_pieces=found.pieces,
            parcels=found.parcels,
            left=found.left,
            refunds=RefundCountsOut(**{status.value: count for status, count in found.refunds.items()}),
        )


class RecipientOut(Out):
    """Pieces of a lot in somebody's parcel."""

    shipment_id: UUID
    order_number: str = Field(description="Of goods that were sent for a claim, the order that it is about")
    recipient: str = Field(description="Masked", examples=["王**"])
    phone: str = Field(description="Masked", examples=["138******34"])
    division_code: str
    quantity: int
    dispatched_at: datetime
    delivered_at: datetime | None

    @classmethod
    def of(cls, found: Recipient) -> Self:
        """From the value."""
        line = found.line
        return cls(
            shipment_id=found.shipment_id,
            order_number=line.order_number,
            recipient=line.recipient,
            phone=line.phone,
            division_code=line.division_code,
            quantity=found.quantity,
            dispatched_at=found.dispatched_at,
            delivered_at=found.delivered_at,
        )
