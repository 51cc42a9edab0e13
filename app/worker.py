"""The worker: delivers facts, sends couriers, does the chores. Any number may run; rows are claimed, never shared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial

import httpx
from sqlalchemy import text
from structlog import get_logger

from app.core import logs, sealing
from app.core.clock import utc_now
from app.core.db import Database
from app.core.installation import recognise
from app.core.outbox import deliver_batch, run_couriers
from app.core.settings import Settings
from app.wiring import JOBS, Chore, build, chores, rounds

log = get_logger("worker")

_BEAT = text("""
INSERT INTO core_heartbeat (name, at) VALUES ('worker', :now)
ON CONFLICT (name) DO UPDATE SET at = greatest(core_heartbeat.at, excluded.at)
""")
_PAUSE_AFTER_TROUBLE = 1.0
_SLOW = "webhooks"
"""Far ends that anybody may name, and that take their time: money on its way to a provider does not wait for them."""


async def run(settings: Settings) -> None:
    """Work until cancelled. Trouble with the database is waited out."""
    logs.configure(settings.log_level)
    if settings.database_url is None:
        raise ValueError("the worker needs a database")
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        wiring = build(settings, http)
        db = Database(settings.database_url.get_secret_value(), settings.pool, wiring, name="baojing-worker")
        try:
            await recognise(db, sealing.keys())
            log.info("worker_started")
            idle = settings.worker.idle_seconds
            await asyncio.gather(
                _again_and_again("handlers", lambda now: _handlers(db, settings, now), idle),
                _again_and_again("couriers", lambda now: _couriers(db, settings, now, besides=_SLOW), idle),
                _again_and_again("slow couriers", lambda now: _couriers(db, settings, now, lane=_SLOW), idle),
                *(
                    _again_and_again(name, partial(job, db), settings.worker.jobs_every_seconds)
                    for name, job in JOBS.items()
                ),
                _chores(db, settings),
                _rounds(db, settings, http),
            )
        finally:
            await db.dispose()


async def _handlers(db: Database, settings: Settings, now: datetime) -> int:
    return await deliver_batch(db, now, limit=settings.worker.batch, attempts=settings.worker.attempts)


async def _couriers(
    db: Database, settings: Settings, now: datetime, *, lane: str | None = None, besides: str | None = None
) -> int:
    return await run_couriers(db, now, attempts=settings.worker.attempts, lane=lane, besides=besides)


async def _again_and_again(name: str, work: Callable[[datetime], Awaitable[int]], idle_seconds: float) -> None:
    while True:
        try:
            busy = await work(utc_now())
        except Exception as error:  # noqa: BLE001 - the database may be away for a while; the worker stays
            log.warning("worker_trouble", loop=name, error=type(error).__name__)
            await asyncio.sleep(_PAUSE_AFTER_TROUBLE)
            continue
        if not busy:
            await asyncio.sleep(idle_seconds)


async def _chores(db: Database, settings: Settings) -> None:
    while True:
        try:
            async with db.write() as session:
                await session.execute(_BEAT, {"now": utc_now()})
            await do_chores(db, chores(settings), utc_now)
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("worker_trouble", loop="chores", error=type(error).__name__)
            await asyncio.sleep(_PAUSE_AFTER_TROUBLE)
            continue
        await asyncio.sleep(settings.worker.chores_every_seconds)


async def _rounds(db: Database, settings: Settings, http: httpx.AsyncClient) -> None:
    """Those of the clock's errands that lead outside: each until it finds nothing to do, then a pause."""
    while True:
        for one_round in rounds(settings, http):
            try:
                while await one_round(db, utc_now()):
                    pass
            except Exception as error:  # noqa: BLE001 - see above; and one errand does not keep the others
                log.warning("worker_trouble", loop="rounds", error=type(error).__name__)
        await asyncio.sleep(settings.worker.chores_every_seconds)


async def do_chores(db: Database, chores: Iterable[Chore], clock: Callable[[], datetime]) -> None:
    """Run each chore; one that fails does not keep the others from their work."""
    for chore in chores:
        try:
            await do_chore(db, chore, clock())
        except Exception as error:
            log.exception("chore_failed", name=chore.name, error=type(error).__name__)


async def do_chore(db: Database, chore: Chore, now: datetime) -> int:
    """Run one chore until it finds less than a full batch; returns how much it did."""
    total = 0
    while True:
        async with db.write() as session:
            done = await chore.run(session, now)
        total += done
        if done < chore.batch:
            break
    if total:
        log.info("chore", name=chore.name, done=total)
    return total
