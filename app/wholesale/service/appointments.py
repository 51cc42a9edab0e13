"""Book a time at a dock, move it, give it up; open and close the dock (domain handbook §4.1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.ids import new_id
from app.identity import Actor
from app.wholesale import queries
from app.wholesale.lifecycle import PoStepNotAllowed, allowed
from app.wholesale.models import AppointmentRow, BlackoutRow, SlotRow
from app.wholesale.queries import OPEN, Locked
from app.wholesale.queries import appointments as reads
from app.wholesale.rules.appointments import (
    Appointment,
    DockHours,
    NothingToBring,
    SlotClosed,
    SlotFull,
    WrongDock,
    slots_of,
)


async def book(
    session: AsyncSession, po_id: UUID, slot_id: UUID, *, partner_id: UUID | None, by: Actor, now: datetime
) -> Appointment:
    """Book a slot for what is still to come of an order; an order has one at a time, so this moves it.

    The same slot again changes nothing. Raises ``NotFound``, ``PoStepNotAllowed``, ``WrongDock``, ``SlotFull``,
    ``SlotClosed`` and ``NothingToBring``.
    """
    locked = await queries.lock(session, po_id, partner_id=partner_id)
    po = locked.po
    if locked.status not in OPEN:
        raise PoStepNotAllowed(locked.status, allowed(locked.status))
    slot = await reads.slot(session, slot_id)
    if slot.location_id != po.location_id or local_day(slot.starts_at) > po.closes_on:
        raise WrongDock
    # A case that is only partly to come takes its room all the same.
    cases = sum(-(-(line.promised_units - line.delivered_units) // line.case_pack) for line in locked.lines)
    if not cases:
        raise NothingToBring
    before = await reads.open_of(session, po_id)
    if before is not None and before.slot_id == slot_id and before.cases == cases:
        (found,) = await reads.appointments(session, "id", [before.id])
        return found
    # Slots are locked in the order of their ids, whichever is given and whichever is taken.
    freed = [(before.slot_id, -before.cases)] if before is not None else []
    for one, change in sorted([*freed, (slot_id, cases)]):
        if change < 0:
            await reads.give(session, one, -change)
        elif not await reads.take(session, one, change, now):
            slot = await reads.slot(session, slot_id)
            free = slot.capacity_cases - slot.booked_cases
            if free >= cases:
                raise SlotClosed
            raise SlotFull(free=free, cases=cases)
    if before is not None:
        before.released_at = now
        await session.flush()
    row = AppointmentRow(
        id=new_id(now), po_id=po_id, slot_id=slot_id, cases=cases, booked_at=now, by_account=by.account_id
    )
    session.add(row)
    await session.flush()
    (made,) = await reads.appointments(session, "id", [row.id])
    return made


async def release_slot(
    session: AsyncSession, appointment_id: UUID, *, partner_id: UUID | None, now: datetime
) -> Appointment:
    """Give an appointment up: others may have its room. Raises ``NotFound``."""
    row = await reads.lock_appointment(session, appointment_id, partner_id)
    (found,) = await reads.appointments(session, "id", [row.id])
    row.released_at = now
    await reads.give(session, row.slot_id, row.cases)
    await session.flush()
    return found


async def free_room(session: AsyncSession, locked: Locked, *, now: datetime) -> None:
    """Give up the time that stands for an order which will not come, or not to this dock; nothing asked without one."""
    row = await reads.open_of(session, locked.po.id) if locked.booked else None
    if row is not None:
        row.released_at = now
        await reads.give(session, row.slot_id, row.cases)
        await session.flush()


async def note_arrival(
    session: AsyncSession, appointment_id: UUID, *, partner_id: UUID | None, at: datetime, now: datetime
) -> Appointment:
    """The truck is there. Raises ``NotFound``."""
    row = await reads.lock_appointment(session, appointment_id, partner_id)
    row.arrived_at = min(at, now)
    await session.flush()
    (found,) = await reads.appointments(session, "id", [row.id])
    return found


async def open_dock(session: AsyncSession, location_id: UUID, hours: DockHours, *, now: datetime) -> int:
    """Make the slots of a dock's hours; those that begin when another does are there already. Returns how many are new.

    Raises ``InvalidDockHours``.
    """
    rows = [
        {
            "id": new_id(now),
            "location_id": location_id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "capacity_cases": hours.capacity_cases,
        }
        for starts_at, ends_at in slots_of(hours)
        if starts_at > now
    ]
    if not rows:
        return 0
    made = insert(SlotRow).values(rows).on_conflict_do_nothing(index_elements=["location_id", "starts_at"])
    return len((await session.scalars(made.returning(SlotRow.id))).all())


async def close_dock(
    session: AsyncSession, location_id: UUID, days: tuple[date, date], *, reason: str | None, by: Actor, now: datetime
) -> int:
    """Let a dock take nothing in on the days from the first to the last; what is booked there stays to be moved."""
    first, last = days
    rows = [
        {
            "location_id": location_id,
            "day": first + timedelta(days=n),
            "reason": reason,
            "at": now,
            "by_account": by.account_id,
        }
        for n in range((last - first).days + 1)
    ]
    closed = insert(BlackoutRow).values(rows).on_conflict_do_nothing(index_elements=["location_id", "day"])
    return len((await session.scalars(closed.returning(BlackoutRow.day))).all())


async def reopen_dock(session: AsyncSession, location_id: UUID, days: tuple[date, date]) -> int:
    """Take days without a dock back; returns how many that were."""
    gone = delete(BlackoutRow).where(BlackoutRow.location_id == location_id, BlackoutRow.day.between(*days))
    return len((await session.scalars(gone.returning(BlackoutRow.day))).all())
