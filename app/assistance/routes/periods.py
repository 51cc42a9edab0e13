"""Months over HTTP: where they stand, closing them, and their snapshots; reports handed in, and what changed since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath
from starlette.responses import StreamingResponse

from app.assistance import queries, service
from app.assistance.rules.periods import (
    EarlierMonthOpen,
    FactsUndelivered,
    MonthClosed,
    MonthNotOver,
    MonthOpen,
    UnknownCutOff,
)
from app.assistance.schemas import FIRST_YEAR, LAST_YEAR, Day
from app.assistance.schemas.periods import (
    MONTH,
    ChangeOut,
    ChangesOut,
    MonthChangeOut,
    MonthOut,
    SubmissionIn,
    SubmissionOut,
    first_of,
)
from app.core.clock import local_day
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Officer, OfficerAlone

router = APIRouter(prefix="/v1/office", tags=["assistance"])

Month = Annotated[str, InPath(pattern=MONTH, description="Calendar month (Asia/Shanghai)", examples=["2026-10"])]
Place = Annotated[int, Query(ge=0, le=10**12)]
_BEGINNING, _END = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
_CSV = "text/csv; charset=utf-8"


@router.get(
    "/periods",
    summary="List closed months",
    operation_id="list_periods",
    responses=problems(InvalidCursor),
)
async def list_periods(
    _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[MonthOut]:
    """Months that are closed, the latest first."""
    before = None if cursor is None else date.fromisoformat(str(decode_cursor("office.periods", cursor)[0]))
    found = await queries.closings(session, before=before, limit=limit + 1)
    following = encode_cursor("office.periods", found[limit - 1].month.isoformat()) if len(found) > limit else None
    return Page[MonthOut](items=[MonthOut.closed(closing) for closing in found[:limit]], next_cursor=following)


@router.get(
    "/periods/{month}",
    summary="Where a month stands",
    operation_id="get_period",
    responses=problems(NotFound),
)
async def get_period(_: Officer, month: Month, session: ReadSession, now: Now) -> MonthOut:
    """Open with the figures of now, or closed with those for ever. A month that has not begun is not there."""
    if first_of(month) > local_day(now):
        raise NotFound
    return MonthOut.of(await queries.month_standing(session, first_of(month)))


@router.post(
    "/periods/{month}/close",
    summary="Close a month",
    operation_id="close_period",
    responses=problems(MonthNotOver, MonthClosed, EarlierMonthOpen, FactsUndelivered),
)
async def close_period(by: OfficerAlone, month: Month, session: WriteSession, now: Now) -> MonthOut:
    """Freeze a month that is over. What comes late is counted in the month that is open, with its true time kept."""
    return MonthOut.closed(await service.close_month(session, first_of(month), by=by, now=now))


@router.get(
    "/periods/{month}/entries.csv",
    summary="The snapshot of a closed month",
    operation_id="get_period_snapshot",
    response_class=Response,
    responses={
        **problems(MonthOpen),
        200: {"description": "The canonical CSV", "content": {"text/csv": {"schema": {"type": "string"}}}},
    },
)
async def get_period_snapshot(_: Officer, month: Month, edge: TheEdge) -> Response:
    """Every entry of the month as UTF-8 CSV with LF: the bytes whose SHA-256 the month names, whenever it is asked."""
    first = first_of(month)
    async with edge.db.read() as session:
        closing = await queries.closed(session, first)

    async def pieces() -> AsyncIterator[bytes]:
        async with edge.db.read() as session:
            async for piece in queries.canonical_csv(session, first, closing.cut_off):
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="ledger-{month}.csv"', "ETag": f'"{closing.sha256}"'}
    return StreamingResponse(pieces(), media_type=_CSV, headers=headers)


@router.post(
    "/submissions",
    status_code=201,
    summary="Hand in a statement of the ledger",
    operation_id="submit_statement",
    responses=problems(UnknownCutOff),
)
async def submit_statement(body: SubmissionIn, by: OfficerAlone, session: WriteSession, now: Now) -> SubmissionOut:
    """Keep what the ledger says of some days, byte for byte, with the cut-off from which it can be made again."""
    _in_order(body.first, body.last, "/to")
    submitted = await service.submit_statement(session, body.first, body.last, cut_off=body.cut_off, by=by, now=now)
    return SubmissionOut.of(submitted)


@router.get(
    "/submissions",
    summary="List reports that were handed in",
    operation_id="list_submissions",
    responses=problems(InvalidCursor),
)
async def list_submissions(
    _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SubmissionOut]:
    """The latest first."""
    before = None if cursor is None else UUID(str(decode_cursor("office.submissions", cursor)[0]))
    found = await queries.submissions(session, before=before, limit=limit + 1)
    following = encode_cursor("office.submissions", str(found[limit - 1].id)) if len(found) > limit else None
    return Page[SubmissionOut](items=[SubmissionOut.of(one) for one in found[:limit]], next_cursor=following)


@router.get(
    "/submissions/{submission_id}",
    summary="A report that was handed in",
    operation_id="get_submission",
    responses=problems(NotFound),
)
async def get_submission(_: Officer, submission_id: UUID, session: ReadSession) -> SubmissionOut:
    """What it was made from; it is made again, and `reproduced` tells whether that gives the same bytes."""
    return SubmissionOut.of(await service.reproduce(session, submission_id))


@router.get(
    "/submissions/{submission_id}/content",
    summary="The bytes of a report that was handed in",
    operation_id="get_submission_content",
    response_class=Response,
    responses={
        **problems(NotFound),
        200: {"description": "As it was handed in", "content": {"text/csv": {"schema": {"type": "string"}}}},
    },
)
async def get_submission_content(_: Officer, submission_id: UUID, session: ReadSession) -> Response:
    """The same bytes for ever."""
    submitted, content = await queries.submission(session, submission_id)
    headers = {"Content-Disposition": f'attachment; filename="{submitted.report}-{submitted.id}"'}
    return Response(content, media_type=submitted.media_type, headers={**headers, "ETag": f'"{submitted.sha256}"'})


@router.get(
    "/submissions/{submission_id}/changes",
    summary="What changed since a report was handed in",
    operation_id="list_submission_changes",
    responses=problems(NotFound, InvalidCursor, UnknownCutOff),
)
async def list_submission_changes(
    _: Officer,
    submission_id: UUID,
    session: ReadSession,
    upto: Annotated[
        Place | None, Query(description="Look no further than this entry; by default as far as it goes")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ChangesOut:
    """Every entry since that concerns the days of the report, also where it had to be counted in a later month."""
    submitted, _content = await queries.submission(session, submission_id)
    first, last = (date.fromisoformat(str(submitted.parameters[name])) for name in ("from", "to"))
    return await _changes(session, submitted.cut_off, upto, first, last, limit, cursor)


@router.get(
    "/ledger/changes",
    summary="What the ledger says differently between two cut-offs",
    operation_id="list_ledger_changes",
    responses=problems(InvalidCursor, UnknownCutOff),
)
async def list_ledger_changes(
    _: Officer,
    session: ReadSession,
    after: Annotated[Place, Query(description="The earlier cut-off")],
    upto: Annotated[Place | None, Query(description="The later cut-off; by default as far as the ledger goes")] = None,
    first: Annotated[Day | None, Query(alias="from", description="First day (Asia/Shanghai)")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day, inclusive")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ChangesOut:
    """The entries with places after `after` up to `upto` that concern the days from `from` to `to`, summed and told."""
    return await _changes(session, after, upto, first or _BEGINNING, last or _END, limit, cursor)


async def _changes(
    session: ReadSession, after: int, upto: int | None, first: date, last: date, limit: int, cursor: str | None
) -> ChangesOut:
    _in_order(first, last, "query:/to")
    through = await queries.sealed_through(session)
    if max(after, upto or 0) > through:
        raise UnknownCutOff(through=through)
    upto = through if upto is None else upto
    kind = f"office.changes.{after}.{first}.{last}"
    page_after = after
    if cursor is not None:  # later pages end where the first one did
        page_after, upto = (int(value) for value in decode_cursor(kind, cursor))
    found = await queries.changes(
        session, after=after, upto=upto, first=first, last=last, page_after=page_after, limit=limit + 1
    )
    following = encode_cursor(kind, found.items[limit - 1].seq, upto) if len(found.items) > limit else None
    return ChangesOut(
        after=after,
        upto=upto,
        net_fen=found.net_fen,
        months=[
            MonthChangeOut(
                month=f"{one.month:%Y-%m}",
                kind=one.kind,
                evidence=one.evidence,
                entries=one.entries,
                amount_fen=one.amount_fen,
            )
            for one in found.months
        ],
        items=[ChangeOut.of(change) for change in found.items[:limit]],
        next_cursor=following,
    )


def _in_order(first: date, last: date, pointer: str) -> None:
    if first > last:
        raise InvalidInput(faults=[Fault(pointer, "before_from", "结束日期早于开始日期", "to lies before from")])
