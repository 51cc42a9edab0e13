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
    """Parcels were signed for; few of them are of a claim. Orders are locked in the order of their ids, as ever."""
    ours = await queries.orders_of(session, [fact.reference for fact in facts])
    mine = [fact for fact in facts if fact.reference in ours]
    for fact in sorted(mine, key=lambda fact: ours[fact.reference]):
        await service.arrive(session, fact)
