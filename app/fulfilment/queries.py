from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from app.core.asides import Aside
from app.core.clock import local_day
from app.core.db import array, ask
from app.core.errors import NotFound
from app.fulfilment.models import BlackoutRow, ShipmentLineRow, ShipmentRow, TrackingRow
from app.fulfilment.rules import Blackout, Question, SentPieces, Shipment, Tracking, TrackingEvent


async def shipments_of(session: AsyncSession, references: Collection[UUID]) -> list[Shipment]:
    """The parcels sent for these references, first one first."""
    rows = await session.scalars(
        select(ShipmentRow)
        .where(ShipmentRow.reference.in_(references))
        .options(joinedload(ShipmentRow.lines))
        .order_by(ShipmentRow.dispatched_at, ShipmentRow.id)
        .execution_options(populate_existing=True)
    )
    return [row.value() for row in rows.unique()]


_ALL_DELIVERED_AT = text("""
SELECT reference, max(delivered_at) FROM fulfilment_shipment WHERE reference = ANY(CAST(:references AS uuid[]))
GROUP BY reference HAVING bool_and(delivered_at IS NOT NULL)
""")


async def all_delivered_at(session: AsyncSession, references: Collection[UUID]) -> dict[UUID, datetime]:
    """When the last of the parcels sent for a reference arrived, for those of which none is under way."""
    rows = await ask(session, _ALL_DELIVERED_AT, {"references": array(references)})
    return {row[0]: row[1] for row in rows}


async def sent_of_lot(
    session: AsyncSession, sku: str, lot_code: str, *, after: UUID | None = None, limit: int | None = None
) -> list[SentPieces]:
    """What was sent of a lot to buyers, parcel by parcel in the order in which they were packed."""
    line = ShipmentLineRow
    wanted = (
        select(
            ShipmentRow.id,
            line.line_reference,
            func.sum(line.quantity).cast(BigInteger),
            ShipmentRow.dispatched_at,
            ShipmentRow.delivered_at,
        )
        .join(line, line.shipment_id == ShipmentRow.id)
        .where(line.sku == sku, line.lot_code == lot_code, ShipmentRow.inbound.is_(False))
        .group_by(ShipmentRow.id, line.line_reference)
    )
    if after is not None:
        wanted = wanted.where(ShipmentRow.id > after)
    rows = await session.execute(wanted.order_by(ShipmentRow.id).limit(limit))
    return [SentPieces(*row) for row in rows]


async def reach_of_lot(session: AsyncSession, sku: str, lot_code: str) -> tuple[int, int]:
    """How many pieces of a lot were sent to buyers, and in how many parcels."""
    line = ShipmentLineRow
    wanted = (
        select(func.coalesce(func.sum(line.quantity), 0).cast(BigInteger), func.count(ShipmentRow.id.distinct()))
        .join(line, line.shipment_id == ShipmentRow.id)
        .where(line.sku == sku, line.lot_code == lot_code, ShipmentRow.inbound.is_(False))
    )
    pieces, parcels = (await session.execute(wanted)).one()
    return pieces, parcels


async def get(session: AsyncSession, shipment_id: UUID, *, supplier_id: UUID) -> Shipment:
    """The supplier's own shipment. Raises ``NotFound``, for another's too."""
    return (await _one(session, shipment_id, supplier_id)).value()


async def track(session: AsyncSession, shipment_id: UUID, *, supplier_id: UUID | None = None) -> Tracking:
    """A parcel and all that was said of it, newest first. Raises ``NotFound``, for another supplier's too."""
    row = await _one(session, shipment_id, supplier_id)
    events = await events_of(session, [shipment_id])
    return Tracking(row.value(), tuple(reversed(events[shipment_id])))


async def page(
    session: AsyncSession,
    *,
    supplier_id: UUID | None,
    in_trouble: bool,
    after: UUID | None,
    limit: int,
    since: datetime | None = None,
) -> list[Shipment]:
    """Parcels, those that left last standing first; of one supplier, or with None of all; that left after ``since``."""
    wanted = select(ShipmentRow).options(selectinload(ShipmentRow.lines)).order_by(ShipmentRow.id.desc()).limit(limit)
    if supplier_id is not None:
        wanted = wanted.where(ShipmentRow.supplier_id == supplier_id)
    if in_trouble:
        wanted = wanted.where(ShipmentRow.trouble.is_not(None))
    if since is not None:
        wanted = wanted.where(ShipmentRow.dispatched_at > since)
    if after is not None:
        wanted = wanted.where(ShipmentRow.id < after)
    return [row.value() for row in await session.scalars(wanted)]


async def events_of(session: AsyncSession, shipment_ids: Collection[UUID]) -> dict[UUID, list[TrackingEvent]]:
    """What was said of each parcel, oldest first."""
    rows = await session.scalars(
        select(TrackingRow)
        .where(TrackingRow.shipment_id.in_(shipment_ids))
        .order_by(TrackingRow.occurred_at, TrackingRow.id)
    )
    found: dict[UUID, list[TrackingEvent]] = {shipment_id: [] for shipment_id in shipment_ids}
    for row in rows:
        found[row.shipment_id].append(row.value())
    return found


async def questions(session: AsyncSession, shipment_ids: Collection[UUID]) -> list[Question]:
    """What to ask about those of these parcels that are under way; once for each number."""
    rows = await session.scalars(
        select(ShipmentRow)
        .where(ShipmentRow.id.in_(shipment_ids), ShipmentRow.delivered_at.is_(None))
        .order_by(ShipmentRow.id)
    )
    found = {(row.carrier, row.tracking_number): row.question() for row in rows}
    return list(found.values())


async def lock_numbered(session: AsyncSession, carrier: str, tracking_number: str) -> Sequence[ShipmentRow]:
    """The parcels under one number (one may have been packed for two orders), locked in the order of their ids."""
    rows = await session.scalars(
        select(ShipmentRow)
        .where(ShipmentRow.carrier == carrier, ShipmentRow.tracking_number == tracking_number)
        .order_by(ShipmentRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def lock_silent(session: AsyncSession, since: datetime, limit: int, *, today: date) -> Sequence[ShipmentRow]:
    """Parcels under way that nobody has heard of since then, and whose silence was not noticed yet.

    A carrier that has stood still on one of the days since then has had nothing to tell.
    """
    of_carrier = BlackoutRow.carrier.is_(None) | (BlackoutRow.carrier == ShipmentRow.carrier)
    stood_still = exists().where(of_carrier, BlackoutRow.to_on >= local_day(since), BlackoutRow.from_on <= today)
    rows = await session.scalars(
        select(ShipmentRow)
        .where(
            ShipmentRow.delivered_at.is_(None),
            ShipmentRow.trouble.is_(None),
            ShipmentRow.dispatched_at <= since,
            func.coalesce(ShipmentRow.news_at, ShipmentRow.dispatched_at) <= since,
            ~stood_still,
        )
        .order_by(ShipmentRow.dispatched_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return rows.all()


async def _one(session: AsyncSession, shipment_id: UUID, supplier_id: UUID | None) -> ShipmentRow:
    wanted = (
        select(ShipmentRow)
        .where(ShipmentRow.id == shipment_id)
        .options(joinedload(ShipmentRow.lines))
        .execution_options(populate_existing=True)
    )
    if supplier_id is not None:
        wanted = wanted.where(ShipmentRow.supplier_id == supplier_id)
    row = (await session.scalars(wanted)).unique().one_or_none()
    if row is None:
        raise NotFound
    return row


async def blackouts(session: AsyncSession, *, since: date) -> list[Blackout]:
    """The carriers' days without collection that are not over before ``since``, by day. Read whole: they are few."""
    rows = await session.scalars(
        select(BlackoutRow).where(BlackoutRow.to_on >= since).order_by(BlackoutRow.from_on, BlackoutRow.id)
    )
    return [row.value() for row in rows]


async def page_of_blackouts(session: AsyncSession, *, before: UUID | None, limit: int) -> list[Blackout]:
    """The whole calendar, what was entered last first."""
    query = select(BlackoutRow)
    if before is not None:
        query = query.where(BlackoutRow.id < before)
    return [row.value() for row in await session.scalars(query.order_by(BlackoutRow.id.desc()).limit(limit))]


_STOPPED = """(SELECT json_agg(json_build_array(fb.id, fb.from_on, fb.to_on)) FROM fulfilment_blackout fb
    WHERE fb.carrier IS NULL AND fb.to_on >= :stopped_since)"""


def stopped_days(*, since: date) -> Aside:
    """As JSON, the days not over before ``since`` on which no carrier takes parcels; null for none.

    Where one of them stops, a supplier hands its parcels to another: that moves no promise.
    """
    return Aside(_STOPPED, {"stopped_since": since})


def read_stops(said: list[list[str]] | None) -> tuple[Blackout, ...]:
    """What ``stopped_days`` said."""
    return tuple(
        Blackout(UUID(found[0]), None, date.fromisoformat(found[1]), date.fromisoformat(found[2]))
        for found in said or ()
    )
