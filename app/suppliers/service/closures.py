"""Days on which a supplier ships nothing: announce them, make them fewer, take them back while they are still ahead."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.errors import NotPermitted, StaleVersion
from app.core.ids import new_id
from app.identity import Actor
from app.suppliers import queries
from app.suppliers.models import ClosureRow
from app.suppliers.rules.closures import (
    Closure,
    ClosureFrozen,
    ClosureReason,
    ClosuresOverlap,
    check_span,
    shortened,
)


async def announce_closure(
    session: AsyncSession,
    from_on: date,
    to_on: date,
    reason: ClosureReason,
    note: str | None,
    *,
    by: Actor,
    now: datetime,
) -> Closure:
    """The caller's supplier ships nothing on these days, the first and the last included.

    What was promised to buyers who have paid stays as it is. Raises ``InvalidInput``, ``ClosuresOverlap``.
    """
    today = local_day(now)
    check_span(from_on, to_on, today=today)
    supplier_id = await _hold(session, by)
    for known in await queries.closures(session, supplier_id, since=from_on):
        if known.from_on <= to_on:
            raise ClosuresOverlap(from_on=known.from_on, to_on=known.to_on)
    row = ClosureRow(
        id=new_id(now),
        supplier_id=supplier_id,
        from_on=from_on,
        to_on=to_on,
        reason=reason.value,
        note=note,
        version=1,
        announced_by=by.account_id,
        announced_at=now,
    )
    session.add(row)
    await session.flush()
    return row.value()


async def shorten_closure(
    session: AsyncSession, closure_id: UUID, from_on: date, to_on: date, *, version: int, by: Actor, now: datetime
) -> Closure:
    """Ship again earlier than announced, or stop later.

    Raises ``NotFound``, ``StaleVersion``, ``ClosureFrozen``, ``InvalidInput``.
    """
    row = await _find(session, closure_id, by)
    if row.version != version:
        raise StaleVersion
    if row.withdrawn_at is not None:
        raise ClosureFrozen
    shortened(row.value(), from_on, to_on, today=local_day(now))
    row.from_on, row.to_on, row.version = from_on, to_on, row.version + 1
    await session.flush()
    return row.value()


async def withdraw_closure(session: AsyncSession, closure_id: UUID, *, by: Actor, now: datetime) -> None:
    """Take it back as a whole, before its first day; again changes nothing. Raises ``NotFound``, ``ClosureFrozen``."""
    row = await _find(session, closure_id, by)
    if row.withdrawn_at is not None:
        return
    if row.from_on <= local_day(now):
        raise ClosureFrozen
    row.withdrawn_at, row.version = now, row.version + 1
    await session.flush()


async def _hold(session: AsyncSession, by: Actor) -> UUID:
    """Of one supplier's closures one is changed at a time."""
    if by.supplier_id is None:
        raise NotPermitted
    return (await queries.lock(session, by.supplier_id)).id


async def _find(session: AsyncSession, closure_id: UUID, by: Actor) -> ClosureRow:
    return await queries.closure(session, closure_id, supplier_id=await _hold(session, by))
