"""Exports: asked for by an officer, made by the worker, kept for some days.

The worker sees one moment of the database for as long as it makes a file, and writes the file down beside that, piece
by piece, each in a transaction that also says how far it is and how long others shall leave it alone. A worker who is
gone is replaced by another who begins anew, since the moment that the first one saw is gone with it; pieces are
written only by whoever was the last to take an export up, so one file comes of it, of one moment.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog import get_logger

from app.core.db import Database, ask
from app.core.errors import DomainError
from app.core.ids import new_id
from app.core.settings import ExportSettings
from app.reports.lifecycle import Status, Step
from app.reports.models import ExportPieceRow, ExportRow
from app.reports.queries import exports as read
from app.reports.rules.exports import (
    CHUNK_BYTES,
    KEPT_DAYS,
    MOST_ATTEMPTS,
    MOST_BYTES,
    Export,
    ExportStopped,
    ExportTooLarge,
    FileFormat,
    Subject,
    TooManyExports,
)
from app.reports.rules.listings import Listing
from app.reports.service.making import Pieces, made, streamed, understood, written

log = get_logger("exports")

_LEASE = timedelta(seconds=120)
"""How long others leave alone what a worker has in hand; longer than any one statement of it may take."""
_STATEMENT_SECONDS = 100
_SNAPSHOT_SECONDS = 1_800
_TELL_AFTER_SECONDS = 2.0
_SERVER_ERROR = 500

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")
_FORGET = text("""
DELETE FROM reports_export WHERE id IN (
    SELECT id FROM reports_export WHERE asked_at < :before AND status IN ('failed', 'expired')
    ORDER BY asked_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")


class _Lost(Exception):
    """Somebody cancelled the export, or another worker has taken it up."""


async def start_export(
    session: AsyncSession,
    subject: Subject,
    parameters: Mapping[str, Any],
    form: FileFormat,
    *,
    language: str,
    by: UUID,
    settings: ExportSettings,
    now: datetime,
) -> Export:
    """Ask for a file; asking for the same while it waits or is in work gives the same export.

    Raises ``InvalidInput``, ``TooManyExports``.
    """
    understood(subject, parameters)
    await ask(session, _ALONE, {"subject": f"reports.exports {by}"})
    if (same := await read.same_at_work(session, by, subject, parameters, form, language=language)) is not None:
        return same
    if await read.exports_at_work(session, by) >= settings.most_at_work:
        raise TooManyExports(most=settings.most_at_work)
    row = ExportRow(
        id=new_id(now),
        account_id=by,
        subject=subject.value,
        parameters=dict(parameters),
        form=form.value,
        language=language,
        keep_hours=settings.keep_hours,
        status=Status.QUEUED.value,
        asked_at=now,
        due_at=now,
        attempt=0,
        done=0,
        total=0,
    )
    session.add(row)
    await session.flush()
    return read.export_value(row)


async def cancel_export(session: AsyncSession, export_id: UUID, *, by: UUID) -> None:
    """Forget an export and its file; a worker who has it in hand leaves off. Raises ``NotFound``."""
    await read.export_of(session, export_id, account_id=by)
    await session.execute(delete(ExportRow).where(ExportRow.id == export_id))


async def work_on_exports(db: Database, now: datetime) -> int:
    """Make the file that has been waited for longest; returns 0 when none is due."""
    async with db.write() as session:
        row = await read.next_export(session, now)
        if row is None:
            return 0
        row.take(Step.START, due_at=now + _LEASE)
        row.attempt += 1
        row.done = row.total = 0
        await _drop_file(session, row.id)
        if row.attempt > MOST_ATTEMPTS:
            _give_up(row, ExportStopped(), now)
            return 1
        asked, work = read.export_value(row), _Work(db, row.id, row.attempt, now)
    try:
        await _make(db, asked, work, now)
    except _Lost:
        log.info("export_lost", id=str(asked.id))
    except DomainError as refusal:
        if refusal.status >= _SERVER_ERROR:
            await work.put_off(refusal)
        else:
            await work.fail(refusal)
    except Exception as error:  # noqa: BLE001 - whatever it was, somebody may have more luck later
        await work.put_off(error)
    return 1


async def _make(db: Database, asked: Export, work: _Work, now: datetime) -> None:
    async with db.snapshot(seconds=_SNAPSHOT_SECONDS, statement_seconds=_STATEMENT_SECONDS) as session:
        found = await made(session, asked.subject, asked.parameters, now)
        if isinstance(found, Listing):
            work.total = found.count
            await work.take_all(streamed(found, asked.form, asked.language))
            table = found.table
    if not isinstance(found, Listing):
        table, work.total = found, len(found.rows)
        await work.take_all(written(found, asked.form, asked.language))
    await work.finish(f"{table.name}.{asked.form.value}", table.as_of)


class _Work:
    """What one worker has in hand."""

    def __init__(self, db: Database, export_id: UUID, attempt: int, now: datetime) -> None:
        self.total = 0
        self._db, self._id, self._attempt = db, export_id, attempt
        self._now, self._began = now, time.monotonic()
        self._told_at = self._began
        self._waiting: list[bytes] = []
        self._waits = self._size = self._pieces = self._done = 0
        self._digest = sha256()

    async def take_all(self, pieces: Pieces) -> None:
        """Write the file down while it comes."""
        async with aclosing(pieces):
            async for piece, done in pieces:
                self._waiting.append(piece)
                self._waits += len(piece)
                self._done = done
                if self._waits >= CHUNK_BYTES or time.monotonic() - self._told_at > _TELL_AFTER_SECONDS:
                    await self._tell()

    async def finish(self, name: str, as_of: datetime) -> None:
        """The file is whole."""
        await self._tell()
        async with self._db.write() as session:
            row = await self._mine(session)
            row.take(Step.FINISH)
            row.done, row.total = self.total, self.total
            row.name, row.as_of = name, as_of
            row.size, row.sha256 = self._size, self._digest.hexdigest()
            row.finished_at = self._at()
            row.expires_at = row.finished_at + timedelta(hours=row.keep_hours)

    async def fail(self, refusal: DomainError) -> None:
        """It cannot be made, and never will be."""
        async with self._db.write() as session:
            row = await read.lock_attempt(session, self._id, self._attempt)
            if row is not None:
                await _drop_file(session, row.id)
                _give_up(row, refusal, self._at())

    async def put_off(self, error: Exception) -> None:
        """Try later, and each time later."""
        log.warning("export_put_off", id=str(self._id), error=type(error).__name__, exc_info=error)
        async with self._db.write() as session:
            row = await read.lock_attempt(session, self._id, self._attempt)
            if row is not None:
                row.due_at = self._at() + timedelta(seconds=5**row.attempt)

    async def _tell(self) -> None:
        piece = b"".join(self._waiting)
        self._waiting.clear()
        self._waits = 0
        self._size += len(piece)
        if self._size > MOST_BYTES:
            raise ExportTooLarge
        self._digest.update(piece)
        packed = await asyncio.to_thread(zlib.compress, piece, 1)
        async with self._db.write() as session:
            row = await self._mine(session)
            row.done, row.total, row.due_at = self._done, self.total, self._at() + _LEASE
            if piece:
                session.add(ExportPieceRow(export_id=self._id, position=self._pieces, content=packed))
                self._pieces += 1
        self._told_at = time.monotonic()

    async def _mine(self, session: AsyncSession) -> ExportRow:
        row = await read.lock_attempt(session, self._id, self._attempt)
        if row is None:
            raise _Lost
        return row

    def _at(self) -> datetime:
        """What the clock shows by now: the time that was told, and what has gone by since."""
        return self._now + timedelta(seconds=time.monotonic() - self._began)


async def forget_exports(session: AsyncSession, *, now: datetime, limit: int = 20) -> int:
    """Remove files that were kept long enough, and weeks later that there were any; returns how many files went."""
    rows = await read.lock_expired(session, now, limit)
    for row in rows:
        row.take(Step.EXPIRE)
        await _drop_file(session, row.id)
    await session.flush()
    await session.execute(_FORGET, {"before": now - timedelta(days=KEPT_DAYS), "limit": limit})
    return len(rows)


async def _drop_file(session: AsyncSession, export_id: UUID) -> None:
    await session.execute(delete(ExportPieceRow).where(ExportPieceRow.export_id == export_id))


def _give_up(row: ExportRow, why: DomainError, now: datetime) -> None:
    row.problem_code, row.problem_zh, row.problem_en = why.code, why.sentence("zh"), why.sentence("en")
    row.finished_at = now
    row.take(Step.FAIL)
