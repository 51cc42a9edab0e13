"""Parcels, what is in them, and when one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError
from app.fulfilment.rules.carriers import Advice, tracking_warnings


class ShipmentStatus(StrEnum):
    """Where a parcel stands."""

    DISPATCHED = "dispatched"
    DELIVERED = "delivered"


class TrackingState(StrEnum):
    """What a carrier last said of a parcel, in our own words (domain handbook §5.2)."""

    CREATED = "created"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    TO_LOCKER = "to_locker"
    PROBLEM = "problem"
    REFUSED = "refused"
    SIGNED = "signed"
    RETURNING = "returning"
    RETURNED = "returned"


class Trouble(StrEnum):
    """Why somebody should look after a parcel."""

    PROBLEM = "problem"
    REFUSED = "refused"
    RETURNING = "returning"
    RETURNED = "returned"
    SILENT = "silent"


TROUBLES = {trouble.value: trouble for trouble in Trouble}


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """``quantity`` sales units of what the caller calls ``line_reference``, out of one lot where that is known."""

    line_reference: UUID
    sku: str
    quantity: int
    lot_code: str | None = None


@dataclass(frozen=True, slots=True)
class SentPieces:
    """Pieces of one lot in one parcel, and the line of the caller's that they were sent for."""

    shipment_id: UUID
    line_reference: UUID
    quantity: int
    dispatched_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel handed to a carrier. ``reference`` means something to the caller alone.

    ``inbound`` goods are on their way back to the supplier.
    """

    id: UUID
    reference: UUID
    supplier_id: UUID
    carrier: str
    tracking_number: str
    status: ShipmentStatus
    dispatched_at: datetime
    delivered_at: datetime | None
    lines: tuple[ShipmentLine, ...]
    state: TrackingState = TrackingState.CREATED
    news_at: datetime | None = None
    news: str | None = None
    trouble: Trouble | None = None
    inbound: bool = False

    @property
    def warnings(self) -> tuple[Advice, ...]:
        """What looks odd about the number: formats drift, so this is told and never refused."""
        return tracking_warnings(self.carrier, self.tracking_number)


@dataclass(frozen=True, slots=True)
class Question:
    """A number to ask about. ``phone`` is the end of the recipient's, for those carriers that want it."""

    carrier: str
    tracking_number: str
    phone: str | None


class ShipmentExists(DomainError):
    """The same parcel was entered before for the same order."""

    status = 409
    code = "shipment_exists"
    zh = "该订单已登记过这个运单号，请勿重复发货。"
    en = "This tracking number was already entered for this order."
