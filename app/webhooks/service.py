"""The verbs of webhooks: subscribe, tell, note how it went, send again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.db import dump
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor
from app.webhooks import queries
from app.webhooks.events import MessageDue
from app.webhooks.lifecycle import MessageStatus, Step
from app.webhooks.models import AttemptRow, EndpointRow, MessageRow
from app.webhooks.rules import (
    MOST_ENDPOINTS,
    SECRETS_OVERLAP,
    Audience,
    Endpoint,
    Event,
    NotYetSent,
    Occurrence,
    TooManyEndpoints,
    check_url,
)

GONE = 410
_SECRET_BYTES = 24
_KEPT = timedelta(days=30)


async def subscribe(
    session: AsyncSession,
    audience: Audience,
    owner_id: UUID | None,
    *,
    url: str,
    events: Sequence[Event],
    private: bool,
    by: Actor,
    now: datetime,
) -> tuple[Endpoint, str]:
    """Tell ``url`` of ``events`` (all, when empty) from now on; the second value is the secret, told this once.

    ``private`` allows addresses inside. Raises ``UnsafeUrl``, ``TooManyEndpoints``.
    """
    check_url(url, private=private)
    if len(await queries.endpoints(session, audience, owner_id)) >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    secret = _new_secret()
    row = EndpointRow(
        id=new_id(now),
        audience=audience.value,
        owner_id=owner_id,
        url=url,
        events=[event.value for event in dict.fromkeys(events)],
        secret_sealed=keys().seal(secret, queries.SECRET),
        created_by=by.account_id,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return queries.endpoint_value(row), secret


async def change(
    session: AsyncSession,
    endpoint: EndpointRow,
    *,
    url: str | None,
    events: Sequence[Event] | None,
    enabled: bool | None,
    private: bool,
    now: datetime,
) -> Endpoint:
    """Change where to send and what, or switch it off and on again. Raises ``UnsafeUrl``."""
    if url is not None:
        check_url(url, private=private)
        endpoint.url = url
    if events is not None:
        endpoint.events = [event.value for event in dict.fromkeys(events)]
    if enabled is True:
        endpoint.disabled_at = endpoint.disabled_reason = None
    elif enabled is False and endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_reason = now, "by_owner"
    await session.flush()
    return queries.endpoint_value(endpoint)


async def rotate(session: AsyncSession, endpoint: EndpointRow, *, now: datetime) -> str:
    """A new secret, told this once; for a day messages are signed with the old one too."""
    secret = _new_secret()
    endpoint.previous_sealed, endpoint.previous_until = endpoint.secret_sealed, now + SECRETS_OVERLAP
    endpoint.secret_sealed = keys().seal(secret, queries.SECRET)
    await session.flush()
    return secret


async def unsubscribe(session: AsyncSession, endpoint: EndpointRow, *, now: datetime) -> None:
    """Tell it nothing any more."""
    endpoint.deleted_at = now
    await session.flush()


async def tell(session: AsyncSession, heard: Occurrence, *, now: datetime) -> int:
    """Write a message for every endpoint that wants to hear of this, and let couriers go; returns how many."""
    return await _write(session, await queries.listening(session, heard), heard, now)


async def ping(session: AsyncSession, endpoint: EndpointRow, *, now: datetime) -> None:
    """Send a test message to one endpoint."""
    await _write(session, [endpoint], Occurrence(Event.PING, endpoint.id, {}, now), now)


async def redeliver(session: AsyncSession, endpoint: EndpointRow, message_id: UUID, *, now: datetime) -> None:
    """Send a message again, with the same id, body and number. Raises ``NotFound``, ``NotYetSent``."""
    row = await session.get(MessageRow, message_id, with_for_update=True, populate_existing=True)
    if row is None or row.endpoint_id != endpoint.id:
        raise NotFound
    if not row.take(Step.SEND_AGAIN, now=now):
        raise NotYetSent
    emit(session, MessageDue(message_id=row.id, endpoint_id=endpoint.id, object_id=row.object_id, at=now))
    await session.flush()


async def note_attempt(
    session: AsyncSession,
    message_id: UUID,
    *,
    status: int | None,
    error: str | None,
    duration_ms: int,
    last: bool,
    now: datetime,
) -> bool:
    """Write down how a try went, and whether the message is done; ``last`` gives it up if it failed.

    An endpoint that answers 410, or that was given up on and has taken nothing since the message was written, is
    disabled: its owner switches it on again. Returns whether the message was delivered.
    """
    delivered = status is not None and 200 <= status < 300  # noqa: PLR2004 - the class of success
    session.add(AttemptRow(message_id=message_id, at=now, status=status, error=error, duration_ms=duration_ms))
    row = await session.get_one(MessageRow, message_id, with_for_update=True, populate_existing=True)
    row.attempts += 1
    # Nothing changes for a message that somebody else's lease has brought to an end in the meantime.
    if delivered:
        row.take(Step.DELIVER, now=now)
    elif (last or status == GONE) and row.take(Step.GIVE_UP, now=now):
        await _disable_if_dead(session, row, gone=status == GONE, now=now)
    await session.flush()
    return delivered


async def give_up(session: AsyncSession, message_id: UUID, *, now: datetime) -> None:
    """A message whose endpoint is no longer there stays unsent; it can be redelivered when the endpoint is back."""
    row = await session.get(MessageRow, message_id, with_for_update=True, populate_existing=True)
    if row is not None and row.take(Step.GIVE_UP, now=now):
        await session.flush()


async def forget_old(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Remove messages that ended more than 30 days ago; returns how many. The facts themselves stay.

    The last one about an object is kept: the next goes on counting from it.
    """
    newer = aliased(MessageRow)
    old = (
        select(MessageRow.id)
        .where(
            MessageRow.created_at < now - _KEPT,
            MessageRow.status != MessageStatus.PENDING.value,
            exists().where(
                newer.endpoint_id == MessageRow.endpoint_id,
                newer.object_id == MessageRow.object_id,
                newer.sequence > MessageRow.sequence,
            ),
        )
        .order_by(MessageRow.created_at)
        .limit(limit)
    )
    removed = await session.execute(delete(MessageRow).where(MessageRow.id.in_(old)).returning(MessageRow.id))
    return len(removed.all())


async def _disable_if_dead(session: AsyncSession, failed: MessageRow, *, gone: bool, now: datetime) -> None:
    taken_since = exists().where(
        MessageRow.endpoint_id == failed.endpoint_id, MessageRow.delivered_at >= failed.created_at
    )
    dead = update(EndpointRow).where(EndpointRow.id == failed.endpoint_id, EndpointRow.disabled_at.is_(None))
    if not gone:
        dead = dead.where(~taken_since)
    await session.execute(dead.values(disabled_at=now, disabled_reason="gone" if gone else "unreachable"))


async def _write(session: AsyncSession, to: Sequence[EndpointRow], heard: Occurrence, now: datetime) -> int:
    before = await queries.numbered(session, [row.id for row in to], heard.object_id) if to else {}
    for endpoint in to:
        sequence = before.get(endpoint.id, 0) + 1
        body = {
            "type": heard.event.value,
            "timestamp": heard.at.isoformat(),
            "object_id": str(heard.object_id),
            "sequence": sequence,
            "data": heard.data,
        }
        message = MessageRow(
            id=new_id(now),
            endpoint_id=endpoint.id,
            event=heard.event.value,
            object_id=heard.object_id,
            sequence=sequence,
            body=dump(body),
            status=MessageStatus.PENDING.value,
            attempts=0,
            created_at=now,
        )
        session.add(message)
        emit(session, MessageDue(message_id=message.id, endpoint_id=endpoint.id, object_id=heard.object_id, at=now))
    await session.flush()
    return len(to)


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
