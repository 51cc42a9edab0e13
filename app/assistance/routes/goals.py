"""The office's goals over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries, service
from app.assistance.rules.goals import (
    FROM_LEDGER,
    Filter,
    GoalCodeTaken,
    GoalsOverlap,
    MetricNotAvailable,
    UnknownFilterValue,
)
from app.assistance.rules.season import year_of
from app.assistance.schemas import FIRST_YEAR, LAST_YEAR
from app.assistance.schemas.goals import DefinitionOut, FilterIn, GoalIn, GoalOut, GoalPatch
from app.core.clock import local_day
from app.core.errors import NotFound, StaleVersion
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    IfMatch,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    VersionRequired,
    WriteSession,
    decode_cursor,
    edge_of,
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
        only=await _resolved(session, body.filter),
        partition_group=body.partition_group,
        season=body.season,
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
async def get_goal(goal_id: UUID, _: Officer, request: Request) -> Response:
    """One goal and how it stands today. The `ETag` names the version of its definition."""
    edge = edge_of(request)  # not as dependencies: officers open this page again and again
    today = local_day(edge.clock())
    state = await queries.goal_state(edge.db, goal_id, today=today)
    last = edge.answers.last((goal_id, today))
    if last is not None and last.state == state:
        body = last.body
    else:
        async with edge.db.read() as session:
            goal = await queries.goal(session, goal_id)
            (standing,) = await service.stand(session, [goal], today=today)
        body = GoalOut.of(standing).model_dump_json(by_alias=True).encode()
        if goal.metric in FROM_LEDGER and goal.version == state.version:
            edge.answers.keep((goal_id, today), state, body)
    return Response(body, media_type="application/json", headers={"ETag": etag(state.version)})


@router.patch(
    "/goals/{goal_id}",
    summary="Define a goal anew",
    operation_id="change_goal",
    response_model=GoalOut,
    responses=problems(NotFound, VersionRequired, StaleVersion, UnknownFilterValue, GoalCodeTaken, GoalsOverlap),
)
async def change_goal(
    goal_id: UUID,
    body: GoalPatch,
    version: IfMatch,
    by: Officer,
    session: WriteSession,
    now: Now,
    response: Response,
) -> GoalOut:
    """Make the next version of a goal's definition; `If-Match` names the version that it was read in.

    Figures go by the new definition from now on, over the whole period; the old ones stay readable under `/versions`.
    Code and metric stay: a goal of another metric is another goal. Nothing is written when nothing changes.
    """
    only = None if body.filter is None else await _resolved(session, body.filter)
    goal = await service.change_goal(session, goal_id, version=version, change=body.change(only), by=by, now=now)
    response.headers["ETag"] = etag(goal.version)
    (standing,) = await service.stand(session, [goal], today=local_day(now))
    return GoalOut.of(standing)


@router.get(
    "/goals/{goal_id}/versions",
    summary="List the versions of a goal",
    operation_id="list_goal_versions",
    response_model=Page[DefinitionOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_goal_versions(
    goal_id: UUID, _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DefinitionOut]:
    """Every definition that the goal has had, the one in force first."""
    goal = await queries.goal(session, goal_id)
    kind = f"office.goal_versions.{goal.id}"
    before = None if cursor is None else int(decode_cursor(kind, cursor)[0])
    found = await queries.definitions(session, goal, before=before, limit=limit + 1)
    following = next_cursor(kind, found, limit, lambda one: (one.goal.version,))
    return Page[DefinitionOut](items=[DefinitionOut.of(one) for one in found[:limit]], next_cursor=following)


async def _resolved(session: AsyncSession, given: FilterIn) -> Filter:
    return await service.resolve_filter(
        session,
        categories=given.categories,
        suppliers=given.suppliers,
        townships=given.townships,
        channels=given.channels,
        divisions=given.divisions,
    )
