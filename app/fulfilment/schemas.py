"""Parcels on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out
from app.fulfilment.rules import CARRIERS, Blackout, Shipment, Tracking, TrackingState, Trouble


class TrackingEventOut(Out):
    """One thing that the carrier said; names and telephone numbers are masked."""

    at: datetime
    state: TrackingState
    text: str = Field(examples=["[济南市] 快件已签收，签收人：本人"])


class ParcelOut(Out):
    """A parcel on its way."""

    id: UUID
    reference: UUID = Field(description="What it was sent for: a supplier order, or a claim")
    supplier_id: UUID
    inbound: bool = Field(description="Goods on their way back to the supplier")
    carrier: str
    carrier_name: str = Field(examples=["中通快递"])
    tracking_number: str
    state: TrackingState
    trouble: Trouble | None = Field(description="Why somebody should look after it; null while all is well")
    dispatched_at: datetime
    delivered_at: datetime | None
    news_at: datetime | None
    news: str | None

    @classmethod
    def of(cls, parcel: Shipment) -> Self:
        """From the value."""
        return cls(
            id=parcel.id,
            reference=parcel.reference,
            supplier_id=parcel.supplier_id,
            inbound=parcel.inbound,
            carrier=parcel.carrier,
            carrier_name=CARRIERS[parcel.carrier].name_zh,
            tracking_number=parcel.tracking_number,
            state=parcel.state,
            trouble=parcel.trouble,
            dispatched_at=parcel.dispatched_at,
            delivered_at=parcel.delivered_at,
            news_at=parcel.news_at,
            news=parcel.news,
        )


class TrackingOut(ParcelOut):
    """A parcel and all that was said of it, newest first."""

    events: list[TrackingEventOut]

    @classmethod
    def told(cls, found: Tracking) -> Self:
        """From the value."""
        events = [TrackingEventOut.model_validate(event) for event in found.events]
        return cls(**dict(ParcelOut.of(found.shipment)), events=events)


class CarrierAnswer(Out):
    """What Kuaidi100 wants to hear; anything else, and it sends the notification again."""

    result: bool = True
    returnCode: str = "200"  # noqa: N815 - its own spelling
    message: str = "成功"


class BlackoutIn(Body):
    """Days on which parcels are not collected."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"carrier": None, "from_on": "2027-02-03", "to_on": "2027-02-10"}]}
    )
    carrier: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,8}$")] | None = Field(
        None, description="One of them, or null: no carrier collects", examples=["ZTO"]
    )
    from_on: date = Field(description="The first day, today at the earliest")
    to_on: date = Field(description="The last day; at most 30 days in all")


class BlackoutOut(Out):
    """Days, the first and the last included, on which parcels are not collected."""

    id: UUID
    carrier: str | None = Field(description="Null: no carrier collects, and promises to ship are counted without them")
    from_on: date
    to_on: date

    @classmethod
    def of(cls, blackout: Blackout) -> Self:
        """From the value."""
        return cls.model_validate(blackout)
