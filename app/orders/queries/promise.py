"""The days on which something leaves a supplier's house, as they are known today."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, suppliers
from app.orders.rules.promise import Calendar


async def calendar(session: AsyncSession, supplier_id: UUID, *, since: date) -> Calendar:
    """A supplier's closures and the days on which no carrier collects, as far as they are not over before ``since``."""
    closures = await suppliers.closures(session, supplier_id, since=since)
    stops = await fulfilment.blackouts(session, since=since)
    return Calendar(tuple(closures), tuple(stop for stop in stops if stop.carrier is None))
