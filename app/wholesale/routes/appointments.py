"""Appointments at partners' docks: book, move, give up; open and close the dock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app import partners
from app.core.clock import SHANGHAI, local_day
from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    page_of,
    problems,
)
from app.identity import Operator, PartnerStaff
from app.partners import UnknownLocation
from app.wholesale import service
from app.wholesale.lifecycle import PoStepNotAllowed
from app.wholesale.queries import appointments as reads
from app.wholesale.routes.partner import own
from app.wholesale.rules.appointments import InvalidDockHours, NothingToBring, SlotClosed, SlotFull, WrongDock
from app.wholesale.schemas import Day
from app.wholesale.schemas.appointments import (
    AppointmentIn,
    AppointmentOut,
    ArrivalIn,
    DockChangeOut,
    DockDaysIn,
    DockHoursIn,
    DockSlotOut,
)

router = APIRouter(tags=["wholesale"])

_PATH = "/v1/partner/appointments"
_SHOWN_DAYS = 14
_EVERY_SLOT = 2_000


@router.get(
    _PATH,
    operation_id="list_dock_slots",
    summary="The times at the partner's docks, with what is booked",
    response_model=Page[DockSlotOut],
    responses=problems(InvalidCursor, UnknownLocation),
)
async def list_dock_slots(
    by: PartnerStaff,
    session: ReadSession,
    now: Now,
    dc_code: Annotated[str | None, Query(max_length=64, description="Only this dock")] = None,
    first_on: Annotated[Day | None, Query(alias="from", description="Today unless you say so")] = None,
    last_on: Annotated[Day | None, Query(alias="to", description="Two weeks later unless you say so")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DockSlotOut]:
    """In the order of time. `free_cases` is nothing where the dock is closed."""
    partner_id = own(by)
    places = (
        [await partners.location(session, partner_id, dc_code)]
        if dc_code is not None
        else await partners.locations(session, partner_id)
    )
    first = first_on or local_day(now)
    last = last_on or first + timedelta(days=_SHOWN_DAYS)
    after = decode_cursor("dock-slots", cursor) if cursor is not None else None
    found = await reads.slots(
        session,
        places,
        since=_midnight(first),
        until=_midnight(last) + timedelta(days=1),
        after=(datetime.fromisoformat(str(after[0])), UUID(str(after[1]))) if after else None,
        limit=limit + 1,
    )
    return page_of("dock-slots", found, limit, DockSlotOut.of, key=lambda one: (one.starts_at.isoformat(), one.id))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


@router.post(
    _PATH,
    operation_id="book_appointment",
    summary="Book a slot for an order, or move it to another",
    status_code=201,
    response_model=AppointmentOut,
    responses=problems(NotFound, PoStepNotAllowed, WrongDock, SlotFull, SlotClosed, NothingToBring),
)
async def book_appointment(body: AppointmentIn, by: PartnerStaff, session: WriteSession, now: Now) -> AppointmentOut:
    """An order has one appointment at a time, for all cases that are still to come. The same again changes nothing."""
    made = await service.book(session, body.purchase_order_id, body.slot_id, partner_id=own(by), by=by, now=now)
    return AppointmentOut.of(made)


@router.post(
    f"{_PATH}/{{appointment_id}}/release",
    operation_id="release_appointment",
    summary="Give an appointment up",
    response_model=AppointmentOut,
    responses=problems(NotFound),
)
async def release_appointment(
    appointment_id: UUID, by: PartnerStaff, session: WriteSession, now: Now
) -> AppointmentOut:
    """Others may have its room at once."""
    return AppointmentOut.of(await service.release_slot(session, appointment_id, partner_id=own(by), now=now))


@router.post(
    f"{_PATH}/{{appointment_id}}/arrived",
    operation_id="note_arrival",
    summary="The truck is at the dock",
    response_model=AppointmentOut,
    responses=problems(NotFound),
)
async def note_arrival(
    appointment_id: UUID, body: ArrivalIn, by: PartnerStaff, session: WriteSession, now: Now
) -> AppointmentOut:
    """More than half an hour after its slot began it is late."""
    noted = await service.note_arrival(session, appointment_id, partner_id=own(by), at=body.arrived_at or now, now=now)
    return AppointmentOut.of(noted)


@router.post(
    f"{_PATH}/slots",
    operation_id="open_dock",
    summary="Make slots out of a dock's hours",
    status_code=201,
    response_model=DockChangeOut,
    responses=problems(UnknownLocation, InvalidDockHours),
)
async def open_dock(body: DockHoursIn, by: PartnerStaff, session: WriteSession, now: Now) -> DockChangeOut:
    """Slots that are there already stay as they are; times that are over make none."""
    return await _open(session, own(by), body, now)


@router.post(
    f"{_PATH}/closed-days",
    operation_id="close_dock",
    summary="Take nothing in on some days",
    response_model=DockChangeOut,
    responses=problems(UnknownLocation),
)
async def close_dock(body: DockDaysIn, by: PartnerStaff, session: WriteSession, now: Now) -> DockChangeOut:
    """Nothing can be booked on them any more; `affected` are appointments to be moved."""
    return await _close(session, own(by), body, by, now)


@router.post(
    f"{_PATH}/open-days",
    operation_id="reopen_dock",
    summary="Take things in again on days that were closed",
    response_model=DockChangeOut,
    responses=problems(UnknownLocation),
)
async def reopen_dock(body: DockDaysIn, by: PartnerStaff, session: WriteSession) -> DockChangeOut:
    """Their slots can be booked as before."""
    place = await partners.location(session, own(by), body.dc_code)
    return DockChangeOut(changed=await service.reopen_dock(session, place.id, body.days), affected=[])


@router.post(
    "/v1/operator/partners/{partner_id}/dock-slots",
    operation_id="open_dock_of_partner",
    summary="Make slots out of the hours of a partner's dock",
    status_code=201,
    response_model=DockChangeOut,
    responses=problems(UnknownLocation, InvalidDockHours),
)
async def open_dock_of_partner(
    partner_id: UUID, body: DockHoursIn, _: Operator, session: WriteSession, now: Now
) -> DockChangeOut:
    """For a partner that tells its hours on paper."""
    return await _open(session, partner_id, body, now)


@router.post(
    "/v1/operator/partners/{partner_id}/dock-closed-days",
    operation_id="close_dock_of_partner",
    summary="Let a partner's dock take nothing in on some days",
    response_model=DockChangeOut,
    responses=problems(UnknownLocation),
)
async def close_dock_of_partner(
    partner_id: UUID, body: DockDaysIn, by: Operator, session: WriteSession, now: Now
) -> DockChangeOut:
    """Nothing can be booked on them any more."""
    return await _close(session, partner_id, body, by, now)


async def _open(session: WriteSession, partner_id: UUID, body: DockHoursIn, now: datetime) -> DockChangeOut:
    place = await partners.location(session, partner_id, body.dc_code)
    return DockChangeOut(changed=await service.open_dock(session, place.id, body.hours(), now=now), affected=[])


async def _close(
    session: WriteSession, partner_id: UUID, body: DockDaysIn, by: Operator, now: datetime
) -> DockChangeOut:
    place = await partners.location(session, partner_id, body.dc_code)
    closed = await service.close_dock(session, place.id, body.days, reason=body.reason, by=by, now=now)
    since, until = _midnight(body.first_on), _midnight(body.last_on) + timedelta(days=1)
    slots = await reads.slots(session, [place], since=since, until=until, limit=_EVERY_SLOT)
    affected = [AppointmentOut.of(one) for slot in slots for one in slot.appointments]
    return DockChangeOut(changed=closed, affected=affected)
