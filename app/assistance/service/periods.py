"""Close a month, and hand in reports."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import ClosingRow, SealRow, SubmissionRow
from app.assistance.rules.periods import (
    Closing,
    EarlierMonthOpen,
    FactsUndelivered,
    MonthClosed,
    MonthNotOver,
    UnknownCutOff,
    following,
)
from app.assistance.rules.submissions import STATEMENT, STATEMENT_DEFINITION, Submission
from app.assistance.service.seals import seal_everything
from app.core.clock import day_start, local_day
from app.core.ids import new_id
from app.identity import Actor


async def close_month(session: AsyncSession, month: date, *, by: Actor, now: datetime) -> Closing:
    """Close a month for ever: seal the ledger, and keep what the month says and the SHA-256 of all of it.

    Whoever posts waits meanwhile, and finds the month closed. Raises ``MonthNotOver``, ``MonthClosed``,
    ``EarlierMonthOpen``, and ``FactsUndelivered`` while something that happened in it has not reached the ledger.
    """
    end = following(month)
    if local_day(now) < end:
        raise MonthNotOver(month=f"{month:%Y-%m}")
    await queries.stop_posting(session)
    upto = await queries.open_from(session)
    if upto is not None and month < upto:
        raise MonthClosed
    oldest = upto or await queries.first_month(session)
    if oldest is not None and oldest < month:
        raise EarlierMonthOpen(month=f"{oldest:%Y-%m}")
    if waiting := await queries.undelivered(session, day_start(end)):
        raise FactsUndelivered(facts=waiting)
    await seal_everything(session, now=now)
    cut_off = await queries.sealed_through(session)
    sums = await queries.sums_of(session, month)
    digest = hashlib.sha256()
    async for piece in queries.canonical_csv(session, month, cut_off):
        digest.update(piece)
    chain = await session.scalar(select(SealRow.digest).where(SealRow.seq_to == cut_off))
    closing = Closing(
        month=month,
        closed_at=now,
        closed_by=by.account_id,
        cut_off=cut_off,
        sums=sums,
        sha256=digest.hexdigest(),
        chain=(chain or b"").hex(),
    )
    row = asdict(closing)
    await session.execute(insert(ClosingRow).values({**row.pop("sums"), **row}))
    return closing


async def submit_statement(
    session: AsyncSession, first: date, last: date, *, cut_off: int | None = None, by: Actor, now: datetime
) -> Submission:
    """Hand in the ledger's own statement of some days, as of a cut-off, or of everything posted until now.

    Raises ``UnknownCutOff``.
    """
    if cut_off is None:
        await seal_everything(session, now=now)
    through = await queries.sealed_through(session)
    if cut_off is not None and cut_off > through:
        raise UnknownCutOff(through=through)
    at = through if cut_off is None else cut_off
    content, rows = await queries.statement(session, first, last, at)
    return await submit(
        session,
        report=STATEMENT,
        definition=STATEMENT_DEFINITION,
        parameters={"from": first.isoformat(), "to": last.isoformat()},
        cut_off=at,
        rows=rows,
        content=content,
        media_type="text/csv; charset=utf-8",
        by=by,
        now=now,
    )


async def submit(
    session: AsyncSession,
    *,
    report: str,
    definition: str,
    parameters: Mapping[str, Any],
    cut_off: int,
    rows: int,
    content: bytes,
    media_type: str,
    by: Actor,
    now: datetime,
) -> Submission:
    """Keep a report as it is handed in, byte for byte.

    ``parameters`` are what it was asked with, as JSON; ``from`` and ``to`` among them, days as ISO text, are the span
    in which changes are looked for later. ``cut_off`` is the last place of the ledger that it knew.
    """
    submission = Submission(
        id=new_id(now),
        report=report,
        definition=definition,
        parameters=dict(parameters),
        cut_off=cut_off,
        rows=rows,
        media_type=media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        submitted_at=now,
        submitted_by=by.account_id,
    )
    row = asdict(submission)
    del row["reproduced"]
    await session.execute(insert(SubmissionRow).values(**row, content=content))
    return submission


async def reproduce(session: AsyncSession, submission_id: UUID) -> Submission:
    """A report that was handed in, made again from the ledger at its cut-off where assistance can. Raises ``NotFound``.

    ``reproduced`` is False as well if the kept bytes are no longer those of their hash.
    """
    kept, content = await queries.submission(session, submission_id)
    whole = hashlib.sha256(content).hexdigest() == kept.sha256
    if (kept.report, kept.definition) != (STATEMENT, STATEMENT_DEFINITION):
        return replace(kept, reproduced=None if whole else False)
    first, last = (date.fromisoformat(kept.parameters[name]) for name in ("from", "to"))
    again, _ = await queries.statement(session, first, last, kept.cut_off)
    return replace(kept, reproduced=whole and again == content)
