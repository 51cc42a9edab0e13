from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import sealing
from app.core.clock import local_day
from app.core.db import array, ask
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.fulfilment import queries
from app.fulfilment.events import ShipmentDelivered, ShipmentDispatched, ShipmentInTrouble
from app.fulfilment.lifecycle import TRANSITIONS, Step
from app.fulfilment.models import PHONE_PURPOSE, BlackoutRow, ShipmentRow, TrackingRow
from app.fulfilment.rules import (
    CARRIERS,
    FOLLOWED,
    SILENCE,
    Blackout,
    BlackoutBegun,
    BlackoutKnown,
    Question,
    Report,
    Shipment,
    ShipmentExists,
    ShipmentLine,
    ShipmentStatus,
    TrackingState,
    Trouble,
    UnknownCarrier,
    check_blackout,
    check_label,
    credible,
    phone_hint,
    standing,
)
from app.identity import Actor

_ENTER = text("""
WITH entered AS (
    INSERT INTO fulfilment_shipment
        (id, reference, supplier_id, inbound, carrier, tracking_number, status, dispatched_at, phone_sealed)
    VALUES (:id, :reference, :supplier_id, :inbound, :carrier, :tracking_number, :status, :now, :phone)
    ON CONFLICT (carrier, tracking_number, reference) DO NOTHING RETURNING id
)
INSERT INTO fulfilment_shipment_line (shipment_id, position, line_reference, sku, lot_code, quantity)
SELECT entered.id, line.position, line.reference, line.sku, line.lot_code, line.quantity
FROM entered, unnest(CAST(:line_references AS uuid[]), CAST(:skus AS text[]), CAST(:lot_codes AS text[]),
                     CAST(:quantities AS bigint[])) WITH ORDINALITY
     AS line (reference, sku, lot_code, quantity, position)
RETURNING 1
""")

# What `ShipmentRow.arrive` does to a row in hand. The steps of the lifecycle's table come as parameters.
_ARRIVE = text("""
UPDATE fulfilment_shipment s
SET (status, state, delivered_at, trouble) = ROW(:after, :state, CAST(:now AS timestamptz), NULL)
WHERE id = :id AND supplier_id = :supplier_id AND status = ANY(CAST(:before AS text[]))
RETURNING reference, inbound, carrier, tracking_number, dispatched_at, news_at, news, (
    SELECT json_agg(json_build_array(line_reference, sku, quantity, lot_code) ORDER BY position)
    FROM fulfilment_shipment_line WHERE shipment_id = s.id)
""")

# A number may be on two parcels: it was asked about when the last of them was. The condition on the row itself is
# tried again after a wait for somebody who asks at the same moment.
_TAKE_QUESTIONS = text("""
UPDATE fulfilment_shipment SET asked_at = :now
WHERE delivered_at IS NULL AND (asked_at IS NULL OR asked_at <= :asked_before)
  AND (carrier, tracking_number) IN (
    SELECT carrier, tracking_number FROM fulfilment_shipment WHERE delivered_at IS NULL
    GROUP BY carrier, tracking_number
    HAVING min(dispatched_at) > :oldest AND max(coalesce(news_at, dispatched_at)) <= :silent_since
       AND (max(asked_at) IS NULL OR max(asked_at) <= :asked_before)
    ORDER BY max(asked_at) NULLS FIRST, carrier, tracking_number LIMIT :limit)
RETURNING id
""")


async def dispatch(
    session: AsyncSession,
    *,
    reference: UUID,
    supplier_id: UUID,
    carrier: str,
    tracking_number: str,
    lines: Sequence[ShipmentLine],
    now: datetime,
    shipment_id: UUID | None = None,
    phone: str | None = None,
    inbound: bool = False,
) -> Shipment:
    """Enter a parcel that was handed to a carrier. At least one line, quantities of at least 1.

    ``shipment_id`` may be given by a caller who has to name the parcel elsewhere first. Of the recipient's ``phone``
    only the end is kept, sealed, where the carrier asks for it before it answers; of an ``inbound`` parcel, which a
    buyer sends back to the supplier, that of its sender.
    Raises ``UnknownCarrier``, ``InvalidTrackingNumber``, ``ShipmentExists``.
    """
    check_label(carrier, tracking_number)
    if not lines:
        raise ValueError("a parcel with nothing in it")
    shipment = Shipment(
        id=shipment_id or new_id(now),
        reference=reference,
        supplier_id=supplier_id,
        carrier=carrier,
        tracking_number=tracking_number,
        status=ShipmentStatus.DISPATCHED,
        dispatched_at=now,
        delivered_at=None,
        lines=tuple(lines),
        inbound=inbound,
    )
    hint = phone_hint(carrier, phone)
    entered = await ask(
        session,
        _ENTER,
        {
            "id": shipment.id,
            "reference": reference,
            "supplier_id": supplier_id,
            "inbound": inbound,
            "carrier": carrier,
            "tracking_number": tracking_number,
            "status": shipment.status.value,
            "now": now,
            "phone": None if hint is None else sealing.keys().seal(hint, PHONE_PURPOSE),
            "line_references": array(line.line_reference for line in lines),
            "skus": array(line.sku for line in lines),
            "lot_codes": array(line.lot_code for line in lines),
            "quantities": array(line.quantity for line in lines),
        },
    )
    if not entered:
        raise ShipmentExists
    if not inbound:
        emit(
            session,
            ShipmentDispatched(
                shipment_id=shipment.id,
                reference=reference,
                supplier_id=supplier_id,
                carrier=carrier,
                tracking_number=tracking_number,
                at=now,
            ),
        )
    return shipment


async def deliver(session: AsyncSession, shipment_id: UUID, *, supplier_id: UUID, now: datetime) -> Shipment:
    """Note that the supplier's own parcel was signed for; a second time changes nothing. Raises ``NotFound``."""
    before = [status for status, steps in TRANSITIONS.items() if Step.DELIVER in steps]
    (after,) = {TRANSITIONS[status][Step.DELIVER] for status in before}
    parameters = {
        "id": shipment_id,
        "supplier_id": supplier_id,
        "before": array(before),
        "after": after.value,
        "state": TrackingState.SIGNED.value,
        "now": now,
    }
    arrived = await ask(session, _ARRIVE, parameters)
    if not arrived:
        return await queries.get(session, shipment_id, supplier_id=supplier_id)
    ((reference, inbound, carrier, tracking_number, dispatched_at, news_at, news, lines),) = arrived
    shipment = Shipment(
        id=shipment_id,
        reference=reference,
        supplier_id=supplier_id,
        carrier=carrier,
        tracking_number=tracking_number,
        status=after,
        dispatched_at=dispatched_at,
        delivered_at=now,
        state=TrackingState.SIGNED,
        news_at=news_at,
        news=news,
        trouble=None,
        inbound=inbound,
        lines=tuple(ShipmentLine(UUID(line), sku, quantity, lot_code) for line, sku, quantity, lot_code in lines),
    )
    _tell_delivered(session, shipment, now)
    return shipment


async def record(session: AsyncSession, report: Report, *, now: datetime) -> int:
    """Note what a carrier says of a number; returns how many of our parcels it is about.

    What was heard before changes nothing, and it does not matter in which order it is heard: where a parcel stands
    follows from all that was said. A signature delivers it as of the signing, once.
    """
    rows = await queries.lock_numbered(session, report.carrier, report.tracking_number)
    for row in rows:
        heard = credible(report.events, dispatched_at=row.dispatched_at, now=now)
        if heard:
            said = [
                {"shipment_id": row.id, "occurred_at": one.at, "state": one.state, "text": one.text, "heard_at": now}
                for one in heard
            ]
            await session.execute(insert(TrackingRow).values(said).on_conflict_do_nothing())
    events = await queries.events_of(session, [row.id for row in rows])
    for row in rows:
        found = standing(events[row.id])
        if found is None:
            continue
        if found.signed_at is not None and row.arrive(min(max(found.signed_at, row.dispatched_at), now)):
            _tell_delivered(session, row, now)
        if row.stand(found) and found.trouble is not None:
            _tell_trouble(session, row, found.trouble, now)
    await session.flush()
    return len(rows)


async def take_questions(
    session: AsyncSession, *, silent_since: datetime, asked_before: datetime, now: datetime, limit: int
) -> list[Question]:
    """Numbers to ask about now, each once, marked as asked: the longest silent first.

    Of two workers who ask at once, one finds nothing left to ask.
    """
    parameters = {
        "silent_since": silent_since,
        "asked_before": asked_before,
        "oldest": silent_since - FOLLOWED,
        "now": now,
        "limit": limit,
    }
    ids = (await session.scalars(_TAKE_QUESTIONS, parameters)).all()
    return await queries.questions(session, ids)


async def notice_silence(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Mark parcels that nobody has heard of for too long; returns how many."""
    rows = await queries.lock_silent(session, now - SILENCE, limit, today=local_day(now))
    for row in rows:
        row.trouble = Trouble.SILENT.value
        _tell_trouble(session, row, Trouble.SILENT, now)
    await session.flush()
    return len(rows)


def _tell_delivered(session: AsyncSession, row: Shipment | ShipmentRow, now: datetime) -> None:
    emit(
        session,
        ShipmentDelivered(
            shipment_id=row.id, reference=row.reference, supplier_id=row.supplier_id, inbound=row.inbound, at=now
        ),
    )


def _tell_trouble(session: AsyncSession, row: ShipmentRow, trouble: Trouble, now: datetime) -> None:
    emit(
        session,
        ShipmentInTrouble(
            shipment_id=row.id, reference=row.reference, supplier_id=row.supplier_id, trouble=trouble, at=now
        ),
    )


# Of the calendar one entry is made at a time, so that no two of them overlap.
_HOLD_CALENDAR = text("LOCK TABLE fulfilment_blackout IN SHARE ROW EXCLUSIVE MODE")


async def announce_blackout(
    session: AsyncSession, carrier: str | None, from_on: date, to_on: date, *, by: Actor, now: datetime
) -> Blackout:
    """A carrier, or with None every one, takes no parcels on these days, the first and the last included.

    Raises ``UnknownCarrier``, ``InvalidInput``, ``BlackoutKnown``.
    """
    if carrier is not None and carrier not in CARRIERS:
        raise UnknownCarrier
    check_blackout(from_on, to_on, today=local_day(now))
    await session.execute(_HOLD_CALENDAR)
    for known in await queries.blackouts(session, since=from_on):
        if known.carrier == carrier and known.from_on <= to_on:
            raise BlackoutKnown(from_on=known.from_on, to_on=known.to_on)
    row = BlackoutRow(
        id=new_id(now), carrier=carrier, from_on=from_on, to_on=to_on, entered_by=by.account_id, entered_at=now
    )
    session.add(row)
    await session.flush()
    return row.value()


async def remove_blackout(session: AsyncSession, blackout_id: UUID, *, now: datetime) -> None:
    """Take days out of the calendar before they come. Raises ``NotFound``, ``BlackoutBegun``."""
    row = await session.get(BlackoutRow, blackout_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.from_on <= local_day(now):
        raise BlackoutBegun
    await session.delete(row)
    await session.flush()
