"""Reads and single statements of dock slots and appointments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.errors import NotFound
from app.partners import Location
from app.wholesale.models import AppointmentRow, PurchaseOrderRow, SlotRow
from app.wholesale.rules.appointments import Appointment, Slot

_TAKE = text("""
UPDATE wholesale_slot s SET booked_cases = s.booked_cases + :cases
WHERE s.id = :slot_id AND NOT s.closed AND s.starts_at > :now AND s.booked_cases + :cases <= s.capacity_cases
  AND NOT EXISTS (SELECT 1 FROM wholesale_blackout b WHERE b.location_id = s.location_id
                  AND b.day = CAST(s.starts_at AT TIME ZONE 'Asia/Shanghai' AS date))
RETURNING s.booked_cases
""")
_GIVE = text("UPDATE wholesale_slot SET booked_cases = booked_cases - :cases WHERE id = :slot_id")
_CLOSED = """
(s.closed OR EXISTS (SELECT 1 FROM wholesale_blackout b WHERE b.location_id = s.location_id
                     AND b.day = CAST(s.starts_at AT TIME ZONE 'Asia/Shanghai' AS date)))
"""
_SLOTS = text(f"""
SELECT s.id, s.location_id, s.starts_at, s.ends_at, s.capacity_cases, s.booked_cases, {_CLOSED} AS closed
FROM wholesale_slot s
WHERE s.location_id = ANY (SELECT unnest(CAST(:locations AS uuid[]))) AND s.starts_at >= :since AND s.starts_at < :until
  AND (s.starts_at, s.id) > (:after_at, CAST(:after_id AS uuid))
ORDER BY s.starts_at, s.id LIMIT :limit
""")
_APPOINTMENTS = f"""
SELECT a.id, a.po_id, p.po_no, a.slot_id, p.location_code, s.starts_at, s.ends_at, a.cases, a.booked_at, a.arrived_at,
       {_CLOSED} AS slot_closed
FROM wholesale_appointment a JOIN wholesale_po p ON p.id = a.po_id JOIN wholesale_slot s ON s.id = a.slot_id
WHERE a.released_at IS NULL AND a.{{column}} = ANY (SELECT unnest(CAST(:ids AS uuid[]))) ORDER BY a.id
"""


async def take(session: AsyncSession, slot_id: UUID, cases: int, now: datetime) -> bool:
    """Take room for so many cases in a slot, in one conditional statement: False if there is none."""
    return bool(await ask(session, _TAKE, {"slot_id": slot_id, "cases": cases, "now": now}))


async def give(session: AsyncSession, slot_id: UUID, cases: int) -> None:
    """Give the room of so many cases back."""
    await session.execute(_GIVE, {"slot_id": slot_id, "cases": cases})


async def slot(session: AsyncSession, slot_id: UUID) -> SlotRow:
    """A slot. Raises ``NotFound``."""
    row = await session.get(SlotRow, slot_id, populate_existing=True)
    if row is None:
        raise NotFound
    return row


async def slots(
    session: AsyncSession,
    places: Sequence[Location],
    *,
    since: datetime,
    until: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Slot]:
    """Slots of these docks in the order of time, with the appointments in them. Two statements."""
    codes = {place.id: place.code for place in places}
    values = {
        "locations": list(codes),
        "since": since,
        "until": until,
        "after_at": after[0] if after else since,
        "after_id": after[1] if after else UUID(int=0),
        "limit": limit,
    }
    rows = (await session.execute(_SLOTS, values)).all()
    by_slot: dict[UUID, list[Appointment]] = {}
    for one in await appointments(session, "slot_id", [row.id for row in rows]):
        by_slot.setdefault(one.slot_id, []).append(one)
    return [
        Slot(
            id=row.id,
            location_code=codes[row.location_id],
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            capacity_cases=row.capacity_cases,
            booked_cases=row.booked_cases,
            closed=row.closed,
            appointments=tuple(by_slot.get(row.id, ())),
        )
        for row in rows
    ]


async def appointments(session: AsyncSession, column: str, ids: Collection[UUID]) -> list[Appointment]:
    """The open appointments of these orders (``po_id``), slots (``slot_id``), or with these ids (``id``)."""
    if not ids:
        return []
    rows = await session.execute(text(_APPOINTMENTS.format(column=column)), {"ids": list(ids)})
    return [Appointment(**row) for row in rows.mappings()]


async def lock_appointment(session: AsyncSession, appointment_id: UUID, partner_id: UUID | None) -> AppointmentRow:
    """An open appointment under the lock of its order, as every booking. Raises ``NotFound``."""
    po_id = await session.scalar(select(AppointmentRow.po_id).where(AppointmentRow.id == appointment_id))
    if po_id is None:
        raise NotFound
    po = await session.scalar(select(PurchaseOrderRow).where(PurchaseOrderRow.id == po_id).with_for_update())
    row = await session.get(AppointmentRow, appointment_id, populate_existing=True)
    if po is None or row is None or partner_id not in {None, po.partner_id} or row.released_at is not None:
        raise NotFound
    return row


async def open_of(session: AsyncSession, po_id: UUID) -> AppointmentRow | None:
    """The appointment that stands for an order."""
    wanted = select(AppointmentRow).where(AppointmentRow.po_id == po_id, AppointmentRow.released_at.is_(None))
    return (await session.scalars(wanted.execution_options(populate_existing=True))).one_or_none()
