"""Reactions of claims to what the modules beneath them announce."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.claims import service
from app.fulfilment import ShipmentDelivered
from app.orders import LinesRefunded


async def on_lines_refunded(session: AsyncSession, fact: LinesRefunded, now: datetime) -> None:  # noqa: ARG001
    """Money went back; perhaps a claim waited for it."""
    await service.settle(session, fact)


async def on_shipment_delivered(session: AsyncSession, fact: ShipmentDelivered, now: datetime) -> None:  # noqa: ARG001
    """A parcel has reached the buyer; perhaps it makes a claim good."""
    await service.arrive(session, fact)
