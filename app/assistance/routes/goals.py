"""The office's goals over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.assistance import queries, service
from app.assistance.rules.goals import GoalCodeTaken, GoalsOverlap, MetricNotAvailable, UnknownFilterValue
from app.assistance.rules.season import year_of
from app.assistance.schemas import FIRST_YEAR, LAST_YEAR
from app.assistance.schemas.goals import GoalIn, GoalOut
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    etag,
    next_cursor,
    problems,
)
from app.identity import Officer

router = APIRouter(prefix="/v1/office", tags=["assistance"])


@router.get(
    "/goals",
    summary="List goals with their figures",
    operation_id="list_goals",
    response_model=Page[GoalOut],
    responses=problems(InvalidCursor),
)
async def list_goals(
    _: Officer,
    session: ReadSession,
    now: Now,
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="Goals that touch this year")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[GoalOut]:
    """Goals by start of their period and code, each with actual, progress, expectation, forecast and status.

    Goals overlap: only those of one partition group may be added up.
    """
    after = None
    if cursor is not None:
        start, code, last = decode_cursor("office.goals", cursor)
        after = (date.fromisoformat(str(start)), str(code), UUID(str(last)))
    period = None if year is None else year_of(year)
    found = await queries.goals(session, period, after=after, limit=limit + 1)
    standings = await service.stand(session, found[:limit], today=local_day(now))
    following = next_cursor("office.goals", found, limit, lambda goal: (goal.period.starts_on, goal.code, goal.id))
    return Page[GoalOut](items=[GoalOut.of(standing) for standing in standings], next_cursor=following)


@router.post(
    "/goals",
    status_code=201,
    summary="Set a goal",
    operation_id="set_goal",
    response_model=GoalOut,
    responses=problems(MetricNotAvailable, UnknownFilterValue, GoalCodeTaken, GoalsOverlap),
)
async def set_goal(body: GoalIn, by: Officer, session: WriteSession, now: Now, response: Response) -> GoalOut:
    """Set a goal over the counted sales that pass its filter.

    Goals of one `partition_group` must not be able to count the same sale: in at least one dimension both filters name
    values, and none in common.
    """
    goal = await service.set_goal(
        session,
        code=body.code,
        name=body.name,
        period=body.period,
        metric=body.metric,
        target=body.target,
        only=await service.resolve_filter(
            session,
            categories=body.filter.categories,
            suppliers=body.filter.suppliers,
            townships=body.filter.townships,
            channels=body.filter.channels,
            divisions=body.filter.divisions,
        ),
        partition_group=body.partition_group,
        by=by,
        now=now,
    )
    response.headers["ETag"] = etag(goal.version)
    (standing,) = await service.stand(session, [goal], today=local_day(now))
    return GoalOut.of(standing)


@router.get(
    "/goals/{goal_id}",
    summary="Read a goal with its figures",
    operation_id="get_goal",
    response_model=GoalOut,
    responses=problems(NotFound),
)
async def get_goal(goal_id: UUID, _: Officer, session: ReadSession, now: Now, response: Response) -> GoalOut:
    """One goal and how it stands today. The `ETag` names the version of its definition."""
    goal = await queries.goal(session, goal_id)
    response.headers["ETag"] = etag(goal.version)
    (standing,) = await service.stand(session, [goal], today=local_day(now))
    return GoalOut.of(standing)
