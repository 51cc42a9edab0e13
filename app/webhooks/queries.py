"""Reads of webhooks: always within what the caller owns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from app.core.errors import NotFound
from app.core.sealing import keys
from app.webhooks.lifecycle import MessageStatus
from app.webhooks.models import AttemptRow, EndpointRow, MessageRow
from app.webhooks.rules import Audience, Endpoint, Envelope, Event, Message, Occurrence

SECRET = "webhook_secret"  # noqa: S105 - the name of what is sealed
_LAST = (
    select(AttemptRow.status, AttemptRow.error)
    .where(AttemptRow.message_id == MessageRow.id)
    .order_by(AttemptRow.id.desc())
    .limit(1)
    .lateral("last")
)


def _owned(audience: Audience, owner_id: UUID | None) -> list[ColumnElement[bool]]:
    owner = EndpointRow.owner_id.is_(None) if owner_id is None else EndpointRow.owner_id == owner_id
    return [EndpointRow.audience == audience.value, owner, EndpointRow.deleted_at.is_(None)]


async def endpoints(session: AsyncSession, audience: Audience, owner_id: UUID | None) -> list[Endpoint]:
    """The owner's endpoints, oldest first: there are ten at most."""
    rows = await session.execute(select(EndpointRow).where(*_owned(audience, owner_id)).order_by(EndpointRow.id))
    return [endpoint_value(row) for row in rows.scalars()]


async def lock_endpoint(
    session: AsyncSession, endpoint_id: UUID, audience: Audience, owner_id: UUID | None
) -> EndpointRow:
    """The endpoint, for change. Raises ``NotFound`` for somebody else's."""
    wanted = select(EndpointRow).where(EndpointRow.id == endpoint_id, *_owned(audience, owner_id)).with_for_update()
    row = (await session.execute(wanted)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def anybody(session: AsyncSession, event: Event) -> bool:
    """Whether there is an endpoint for such messages at all: most have none, and need not be put together."""
    wanted = select(EndpointRow.id).where(*_awake(event)).limit(1)
    return (await session.execute(wanted)).first() is not None


def _awake(event: Event) -> list[ColumnElement[bool]]:
    return [
        or_(func.cardinality(EndpointRow.events) == 0, EndpointRow.events.contains([event.value])),
        EndpointRow.deleted_at.is_(None),
        EndpointRow.disabled_at.is_(None),
    ]


async def listening(session: AsyncSession, heard: Occurrence) -> list[EndpointRow]:
    """Who is to be told, locked in the order of ids: two messages of one object never get the same number."""
    concerned = EndpointRow.owner_id.in_(heard.owners) if heard.owners else EndpointRow.owner_id.is_(None)
    wanted = (
        select(EndpointRow)
        .where(
            concerned if heard.part else or_(EndpointRow.audience == Audience.OPERATOR.value, concerned),
            *_awake(heard.event),
        )
        .order_by(EndpointRow.id)
        .with_for_update(key_share=True)
    )
    return list((await session.execute(wanted)).scalars())


async def numbered(session: AsyncSession, endpoint_ids: Sequence[UUID], object_id: UUID) -> dict[UUID, int]:
    """How many messages about the object each endpoint has had."""
    wanted = (
        select(MessageRow.endpoint_id, func.max(MessageRow.sequence))
        .where(MessageRow.endpoint_id.in_(endpoint_ids), MessageRow.object_id == object_id)
        .group_by(MessageRow.endpoint_id)
    )
    return dict((await session.execute(wanted)).all())


async def messages(
    session: AsyncSession,
    endpoint_id: UUID,
    audience: Audience,
    owner_id: UUID | None,
    *,
    before: UUID | None,
    limit: int,
) -> list[Message]:
    """An endpoint's messages, newest first. Raises ``NotFound`` for somebody else's endpoint."""
    mine = select(EndpointRow.id).where(EndpointRow.id == endpoint_id, *_owned(audience, owner_id))
    if (await session.execute(mine)).first() is None:
        raise NotFound
    wanted = (
        select(MessageRow, _LAST.c.status, _LAST.c.error)
        .outerjoin(_LAST, true())
        .where(MessageRow.endpoint_id == endpoint_id)
    )
    if before is not None:
        wanted = wanted.where(MessageRow.id < before)
    return [_message(row) for row in await session.execute(wanted.order_by(MessageRow.id.desc()).limit(limit))]


async def envelope(session: AsyncSession, message_id: UUID, now: datetime) -> Envelope | None:
    """What to send, if it is still to be sent: None when it was delivered, given up, or its endpoint is disabled."""
    wanted = (
        select(
            MessageRow.body,
            EndpointRow.url,
            EndpointRow.secret_sealed,
            EndpointRow.previous_sealed,
            EndpointRow.previous_until,
        )
        .join(EndpointRow, EndpointRow.id == MessageRow.endpoint_id)
        .where(
            MessageRow.id == message_id,
            MessageRow.status == MessageStatus.PENDING.value,
            EndpointRow.disabled_at.is_(None),
            EndpointRow.deleted_at.is_(None),
        )
    )
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        return None
    sealed = [row.secret_sealed]
    if row.previous_sealed is not None and row.previous_until > now:
        sealed.append(row.previous_sealed)
    return Envelope(message_id, row.url, row.body, tuple(keys().unseal(bytes(one), SECRET) for one in sealed))


def endpoint_value(row: EndpointRow) -> Endpoint:
    """An endpoint without its secret."""
    events = tuple(Event(event) for event in row.events)
    return Endpoint(row.id, row.url, events, row.created_at, row.disabled_at, row.disabled_reason)


def _message(found: Row[MessageRow, int | None, str | None]) -> Message:
    row, status, error = found
    return Message(
        id=row.id,
        event=Event(row.event),
        object_id=row.object_id,
        sequence=row.sequence,
        status=MessageStatus(row.status),
        attempts=row.attempts,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
        last_status=status,
        last_error=error,
    )
