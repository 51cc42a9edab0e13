"""The ledger of counted sales over HTTP, whole and as a goal counts it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.assistance import queries
from app.assistance.rules import Entry
from app.assistance.schemas import FIRST_YEAR, LAST_YEAR, Day
from app.assistance.schemas.ledger import EntryOut
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Page,
    ReadSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Officer

router = APIRouter(prefix="/v1/office", tags=["assistance"])

_BEGINNING, _END = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)


@router.get(
    "/goals/{goal_id}/entries",
    summary="List the ledger entries that a goal counts",
    operation_id="list_goal_entries",
    response_model=Page[EntryOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_goal_entries(
    goal_id: UUID, _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[EntryOut]:
    """The evidence behind a goal's actual figure, oldest first."""
    goal = await queries.goal(session, goal_id)
    kind = f"office.goal_entries.{goal.id}"
    return _entries(
        kind, await queries.goal_entries(session, goal.id, after=_place(kind, cursor), limit=limit + 1), limit
    )


@router.get(
    "/ledger",
    summary="Read the ledger of counted sales",
    operation_id="list_ledger",
    response_model=Page[EntryOut],
    responses=problems(InvalidCursor),
)
async def list_ledger(
    _: Officer,
    session: ReadSession,
    first: Annotated[Day | None, Query(alias="from", description="First day counted (Asia/Shanghai)")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day counted, inclusive")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[EntryOut]:
    """Every counted sale and every reversal, by the day on which it counts, oldest first."""
    first, last = first or _BEGINNING, last or _END
    if first > last:
        raise InvalidInput(faults=[Fault("query:/to", "before_from", "结束日期早于开始日期", "to lies before from")])
    found = await queries.ledger(session, first, last, after=_place("office.ledger", cursor), limit=limit + 1)
    return _entries("office.ledger", found, limit)


def _place(kind: str, cursor: str | None) -> tuple[date, UUID]:
    if cursor is None:
        return queries.BEGINNING
    counted_on, last = decode_cursor(kind, cursor)
    return date.fromisoformat(str(counted_on)), UUID(str(last))


def _entries(kind: str, found: list[Entry], limit: int) -> Page[EntryOut]:
    following = None
    if len(found) > limit:
        end = found[limit - 1]
        following = encode_cursor(kind, end.counted_on.isoformat(), str(end.id))
    return Page[EntryOut](items=[EntryOut.of(entry) for entry in found[:limit]], next_cursor=following)
