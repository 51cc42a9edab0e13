"""Delivery of facts: at least once to couriers, exactly once in effect for handlers, in order for each subject.

A delivery is a row that exists until it is done. Handlers run inside the transaction that removes the row, so effect
and tick commit together; couriers run with no transaction open and use the delivery's id as idempotency key at the far
end. What fails is retried with back-off, then parked and alarmed, never dropped; a parked delivery holds back later
ones of the same subject, because a reversal must not overtake what it reverses.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import structlog
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database, array, ask, write_last_words
from app.core.events import CourierCall, Fact, FarEndAway, Listener, Wiring

log = structlog.get_logger("outbox")

LEASE = timedelta(seconds=30)
"""How long a courier may take before another worker may try the same delivery."""

_LADDER_SECONDS = (1, 2, 5, 15, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)

_CLAIM = text("""
SELECT d.position, d.id, d.listener, d.attempts, e.name, e.payload
FROM core_delivery d JOIN core_event e ON e.id = d.event_id
WHERE d.by_courier = :by_courier AND d.parked_at IS NULL AND d.due_at <= :now
  AND (CAST(:only AS bigint) IS NULL OR d.position = :only)
  AND (CAST(:lane AS text) IS NULL OR d.lane = :lane)
  AND (CAST(:besides AS text) IS NULL OR d.lane <> :besides)
  AND NOT EXISTS (SELECT 1 FROM core_delivery earlier
                  WHERE earlier.lane = d.lane AND earlier.subject = d.subject
                    AND earlier.position < d.position)
ORDER BY d.position LIMIT :limit
FOR UPDATE OF d SKIP LOCKED
""")
_DONE = text("DELETE FROM core_delivery WHERE position = ANY(CAST(:positions AS bigint[]))")
_LEASE = text(
    "UPDATE core_delivery SET due_at = :until, attempts = attempts + 1 "
    "WHERE position = ANY(CAST(:positions AS bigint[]))"
)
_FAILED = text(
    "UPDATE core_delivery SET attempts = :attempts, due_at = :due, last_error = :error, "
    "parked_at = CAST(:parked AS timestamptz) WHERE position = :position"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery in hand."""

    position: int
    id: UUID
    listener: Listener
    attempts: int
    fact: Fact


async def deliver_batch(db: Database, now: datetime, *, limit: int = 50, attempts: int = 12) -> int:
    """Run up to ``limit`` handlers and return how many deliveries were settled, done or put off.

    The batch shares one transaction, but for handlers that asked for one of their own; if one fails, nothing of the
    shared one holds, and each is then run alone.
    """
    batch: list[Claimed] = []
    alone: list[Claimed] = []
    try:
        async with db.write() as session:
            batch = await _claim(session, db.wiring, now, by_courier=False, limit=limit)
            alone = [delivery for delivery in batch if delivery.listener.alone]
            together = [delivery for delivery in batch if not delivery.listener.alone]
            await _handle(session, together, now)
            await _tick(session, together)
    except Exception as error:
        if not batch:
            raise
        log.warning("batch_failed", error=type(error).__name__, size=len(batch))
        alone = batch
    for delivery in alone:
        await _alone(db, delivery, now, attempts)
    return len(batch)


async def run_couriers(
    db: Database,
    now: datetime,
    *,
    limit: int = 8,
    attempts: int = 12,
    lane: str | None = None,
    besides: str | None = None,
) -> int:
    """Send up to ``limit`` couriers out together and return how many went.

    They wait for the slowest of them. ``lane`` sends those of one module only, ``besides`` all but those of one.
    """
    async with db.write() as session:
        batch = await _claim(session, db.wiring, now, by_courier=True, limit=limit, lane=lane, besides=besides)
        if batch:
            await ask(session, _LEASE, {"until": now + LEASE, "positions": array(d.position for d in batch)})
    await asyncio.gather(*(_send(db, delivery, now, attempts) for delivery in batch))
    return len(batch)


async def deliver_within(session: AsyncSession, wiring: Wiring, now: datetime, *, limit: int = 200) -> int:
    """Run handlers until none is due, in the transaction that announced the facts; returns how many deliveries.

    For a history that is being replayed, with nobody beside it: what fails, fails the transaction.
    """
    told = total = 0
    while True:
        await session.flush()
        told += await write_last_words(session, wiring)
        if total and total >= told:
            return total
        batch = await _claim(session, wiring, now, by_courier=False, limit=limit)
        if not batch:
            return total
        await _handle(session, batch, now)
        await _tick(session, batch)
        total += len(batch)


async def deliver_all(db: Database, now: datetime, *, limit: int = 200) -> int:
    """Run handlers until none is due: for tests and the demo loader, which have no worker beside them."""
    total = 0
    while count := await deliver_batch(db, now, limit=limit):
        total += count
    return total


async def pending(session: AsyncSession) -> dict[str, int]:
    """How many deliveries wait, and how many are parked."""
    row = (
        await session.execute(
            text("SELECT count(*) FILTER (WHERE parked_at IS NULL), count(parked_at) FROM core_delivery")
        )
    ).one()
    return {"waiting": row[0], "parked": row[1]}


async def _claim(
    session: AsyncSession,
    wiring: Wiring,
    now: datetime,
    *,
    by_courier: bool,
    limit: int,
    only: int | None = None,
    lane: str | None = None,
    besides: str | None = None,
) -> list[Claimed]:
    wanted = {
        "by_courier": by_courier,
        "now": now,
        "limit": limit,
        "only": only,
        "lane": lane,
        "besides": besides,
    }
    rows = await ask(session, _CLAIM, wanted)
    claimed = []
    for position, delivery_id, listener_name, attempts, name, payload in rows:
        listener = wiring.listeners.get(listener_name)
        fact = _read(listener, payload)
        if listener is None or fact is None:
            reason = "UnknownListener" if listener is None else "UnreadableFact"
            await session.execute(_FAILED, _failure(position, attempts, now, reason, park=True))
            log.error("delivery_parked", listener=listener_name, fact=name, reason=reason)
            continue
        claimed.append(Claimed(position, delivery_id, listener, attempts, fact))
    return claimed


def _read(listener: Listener | None, payload: Any) -> Fact | None:
    """The fact, unless another version wrote it in another form: such a one must not hold up the facts of others."""
    try:
        return listener.fact.model_validate(payload) if listener is not None else None
    except ValidationError:
        return None


async def _handle(session: AsyncSession, batch: list[Claimed], now: datetime) -> None:
    """Let each listener react to all it has in the batch: of one subject a module has one fact in it at most."""
    of_listener: dict[str, list[Claimed]] = {}
    for delivery in batch:
        of_listener.setdefault(delivery.listener.name, []).append(delivery)
    for deliveries in of_listener.values():
        listener, facts = deliveries[0].listener, [delivery.fact for delivery in deliveries]
        assert listener.handler is not None  # noqa: S101 - by_courier says which kind was claimed
        for heard in [facts] if listener.many else facts:
            await listener.handler(session, heard, now)
        await session.flush()


async def _tick(session: AsyncSession, batch: list[Claimed]) -> None:
    if batch:
        await ask(session, _DONE, {"positions": array(delivery.position for delivery in batch)})


async def _alone(db: Database, delivery: Claimed, now: datetime, attempts: int) -> None:
    try:
        async with db.write() as session:
            again = await _claim(session, db.wiring, now, by_courier=False, limit=1, only=delivery.position)
            await _handle(session, again, now)
            await _tick(session, again)
    except Exception as error:  # noqa: BLE001 - see deliver_batch
        await _put_off(db, delivery, delivery.attempts + 1, now, attempts, error)


async def _send(db: Database, delivery: Claimed, now: datetime, attempts: int) -> None:
    assert delivery.listener.courier is not None  # noqa: S101 - by_courier says which kind was claimed
    call = CourierCall(delivery_id=delivery.id, attempt=delivery.attempts + 1, now=now, db=db)
    try:
        await delivery.listener.courier(call, delivery.fact)
    except Exception as error:  # noqa: BLE001 - the far end may fail in any way; the fact must not be lost
        await _put_off(db, delivery, delivery.attempts + 1, now, attempts, error)
        return
    async with db.write() as session:
        await _tick(session, [delivery])


async def _put_off(db: Database, delivery: Claimed, tried: int, now: datetime, attempts: int, error: Exception) -> None:
    park = tried >= attempts
    async with db.write() as session:
        await session.execute(_FAILED, _failure(delivery.position, tried, now, type(error).__name__, park=park))
    report = log.error if park else log.warning
    report(
        "delivery_parked" if park else "delivery_failed",
        listener=delivery.listener.name,
        fact=delivery.fact.name,
        subject=str(delivery.fact.subject),
        attempts=tried,
        error=type(error).__name__,
        # That the far end is away says all; anything else may be a mistake of ours, whose place must be found.
        exc_info=None if isinstance(error, (FarEndAway, httpx.TransportError, ConnectionError)) else error,
    )


def _failure(position: int, tried: int, now: datetime, error: str, *, park: bool) -> dict[str, Any]:
    rung = _LADDER_SECONDS[min(tried, len(_LADDER_SECONDS)) - 1] if tried else 1
    due = now + timedelta(seconds=rung * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, guards nothing
    return {"position": position, "attempts": tried, "due": due, "error": error, "parked": now if park else None}
