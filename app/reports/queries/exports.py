"""Reads of exports and of their files, and their locks."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import NotFound
from app.reports.lifecycle import AT_WORK, Status
from app.reports.models import ExportPieceRow, ExportRow
from app.reports.rules.exports import Export, ExportGone, ExportNotReady, FileFormat, Problem, Subject

_WORKING = [status.value for status in sorted(AT_WORK)]


async def export_of(session: AsyncSession, export_id: UUID, *, account_id: UUID) -> Export:
    """An export of this account. Raises ``NotFound``."""
    query = select(ExportRow).where(ExportRow.id == export_id, ExportRow.account_id == account_id)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return export_value(row)


async def page_of_exports(session: AsyncSession, account_id: UUID, *, before: UUID | None, limit: int) -> list[Export]:
    """The exports of an account, newest first."""
    query = select(ExportRow).where(ExportRow.account_id == account_id)
    if before is not None:
        query = query.where(ExportRow.id < before)
    return [export_value(row) for row in await session.scalars(query.order_by(ExportRow.id.desc()).limit(limit))]


async def same_at_work(
    session: AsyncSession,
    account_id: UUID,
    subject: Subject,
    parameters: Mapping[str, Any],
    form: FileFormat,
    *,
    language: str,
) -> Export | None:
    """The export of the same that waits already."""
    row = await session.scalar(
        select(ExportRow)
        .where(
            ExportRow.account_id == account_id,
            ExportRow.status.in_(_WORKING),
            ExportRow.subject == subject.value,
            ExportRow.parameters == parameters,
            ExportRow.form == form.value,
            ExportRow.language == language,
        )
        .order_by(ExportRow.id)
        .limit(1)
    )
    return None if row is None else export_value(row)


async def exports_at_work(session: AsyncSession, account_id: UUID) -> int:
    """How many exports of an account wait or are in work."""
    at_work = (ExportRow.account_id == account_id, ExportRow.status.in_(_WORKING))
    return (await session.scalar(select(func.count()).where(*at_work))) or 0


async def next_export(session: AsyncSession, now: datetime) -> ExportRow | None:
    """The export that has waited longest for a worker, locked; those that another has in hand are not seen."""
    found: ExportRow | None = await session.scalar(
        select(ExportRow)
        .where(ExportRow.due_at.is_not(None), ExportRow.due_at <= now)
        .order_by(ExportRow.due_at, ExportRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return found


async def lock_attempt(session: AsyncSession, export_id: UUID, attempt: int) -> ExportRow | None:
    """The export, locked, if this attempt is still the one that makes it; None if it was cancelled or taken over."""
    found: ExportRow | None = await session.scalar(
        select(ExportRow)
        .where(ExportRow.id == export_id, ExportRow.attempt == attempt, ExportRow.status == Status.RUNNING.value)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def lock_expired(session: AsyncSession, now: datetime, limit: int) -> list[ExportRow]:
    """Exports whose files are to go, locked."""
    rows = await session.scalars(
        select(ExportRow)
        .where(ExportRow.status == Status.DONE.value, ExportRow.expires_at <= now)
        .order_by(ExportRow.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(rows)


def ready(found: Export) -> Export:
    """The export if there is a file of it. Raises ``ExportNotReady``, ``ExportGone``."""
    if found.status in AT_WORK:
        raise ExportNotReady(retry_after=2)
    if found.status != Status.DONE:
        raise ExportGone
    return found


async def file_of(db: Database, export_id: UUID) -> AsyncGenerator[bytes, None]:
    """The file, piece by piece, with no transaction open between them; whose it is was asked before."""
    position = 0
    while True:
        async with db.read() as session:
            piece = await session.scalar(
                select(ExportPieceRow.content).where(
                    ExportPieceRow.export_id == export_id, ExportPieceRow.position == position
                )
            )
        if piece is None:
            return
        yield zlib.decompress(piece)
        position += 1


def export_value(row: ExportRow) -> Export:
    """The value that crosses the border."""
    problem = None
    if row.problem_code is not None:
        problem = Problem(row.problem_code, str(row.problem_zh), str(row.problem_en))
    return Export(
        id=row.id,
        subject=Subject(row.subject),
        parameters=row.parameters,
        form=FileFormat(row.form),
        language=row.language,
        status=row.status,
        asked_at=row.asked_at,
        done=row.done,
        total=row.total,
        name=row.name,
        as_of=row.as_of,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
        size=row.size,
        sha256=row.sha256,
        problem=problem,
    )
