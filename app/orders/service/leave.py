"""A buyer who leaves: only this module knows whether anything is still on its way to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, suppliers
from app.buyers import leave_organisations
from app.identity import Actor
from app.orders import queries
from app.orders.rules import OrderStillOpen


async def close_account(session: AsyncSession, *, by: Actor, now: datetime) -> None:
    """Close the caller's account; their orders stay. Raises ``OrderStillOpen``, ``LastOwner``, ``NotAuthenticated``.

    ``LastSupplierOwner`` where a supplier would have nobody left who decides who works for it.
    """
    await identity.hold_open(session, by, to_close=True)
    if await queries.has_open(session, by=by):
        raise OrderStillOpen
    await suppliers.leave_supplier(session, by=by)
    await leave_organisations(session, by=by)
    await identity.close_account(session, by=by, now=now)
