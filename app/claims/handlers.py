"""Reactions of claims to what the modules beneath them announce."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.claims import queries, service
from app.fulfilment import ShipmentDelivered
from app.orders import LinesRefunded


async def on_lines_refunded(session: AsyncSession, fact: LinesRefunded, now: datetime) -> None:  # noqa: ARG001
    """Money went back; perhaps a claim waited for it."""
    await service.settle(session, fact)


async def on_shipments_delivered(
    session: AsyncSession,
    facts: Sequence[ShipmentDelivered],
    now: datetime,  # noqa: ARG001
) -> None:
    """Parcels were signed for; few of them are of a claim."""
    ours = await queries.known(session, [fact.reference for fact in facts])
    for fact in facts:
        if fact.reference in ours:
            await service.arrive(session, fact)
