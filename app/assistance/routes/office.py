"""The office's plans, goals and ledger over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.assistance import queries, service
from app.assistance.rules import (
    Aspect,
    Entry,
    Goal,
    GoalCodeTaken,
    GoalsOverlap,
    Measure,
    MetricNotAvailable,
    NumberTaken,
    Plan,
    PlanExists,
    UnknownAspect,
    UnknownFilterValue,
    UnknownGoal,
    year_of,
)
from app.assistance.schemas import (
    FIRST_YEAR,
    LAST_YEAR,
    AspectIn,
    AspectOut,
    Day,
    EntryOut,
    GoalIn,
    GoalOut,
    MeasureIn,
    MeasureOut,
    PlanIn,
    PlanOut,
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
    WriteSession,
    decode_cursor,
    encode_cursor,
    etag,
    problems,
)
from app.identity import Officer

router = APIRouter(prefix="/v1/office", tags=["assistance"])

_BEGINNING, _END = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)


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
    following = _goal_cursor(found[limit - 1]) if len(found) > limit else None
    return Page[GoalOut](items=[GoalOut.of(standing) for standing in standings], next_cursor=following)


def _goal_cursor(goal: Goal) -> str:
    return encode_cursor("office.goals", goal.period.starts_on.isoformat(), goal.code, str(goal.id))


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


@router.get(
    "/plans",
    summary="List plans",
    operation_id="list_plans",
    response_model=Page[PlanOut],
    responses=problems(InvalidCursor),
)
async def list_plans(
    _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PlanOut]:
    """Yearly cooperation plans, latest first."""
    after = None
    if cursor is not None:
        year, last = decode_cursor("office.plans", cursor)
        after = (int(year), UUID(str(last)))
    found = await queries.plans(session, after=after, limit=limit + 1)
    following = None
    if len(found) > limit:
        following = encode_cursor("office.plans", found[limit - 1].year, str(found[limit - 1].id))
    return Page[PlanOut](items=[PlanOut.of(plan) for plan in found[:limit]], next_cursor=following)


@router.post(
    "/plans",
    status_code=201,
    summary="Open a plan",
    operation_id="create_plan",
    response_model=PlanOut,
    responses=problems(PlanExists),
)
async def create_plan(body: PlanIn, by: Officer, session: WriteSession, now: Now) -> PlanOut:
    """Open a year's plan; aspects and measures are added to it."""
    plan: Plan = await service.create_plan(session, year=body.year, title=body.title, by=by, now=now)
    return PlanOut.of(plan)


@router.get(
    "/plans/{plan_id}/aspects",
    summary="List the aspects of a plan",
    operation_id="list_plan_aspects",
    response_model=Page[AspectOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_aspects(
    plan_id: UUID, _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[AspectOut]:
    """Fields of work by number."""
    kind = f"office.aspects.{(await queries.plan(session, plan_id)).id}"
    found = await queries.aspects(session, plan_id, after=_number(kind, cursor), limit=limit + 1)
    following = encode_cursor(kind, found[limit - 1].no) if len(found) > limit else None
    return Page[AspectOut](items=[AspectOut.of(aspect) for aspect in found[:limit]], next_cursor=following)


@router.post(
    "/plans/{plan_id}/aspects",
    status_code=201,
    summary="Add an aspect to a plan",
    operation_id="add_plan_aspect",
    response_model=AspectOut,
    responses=problems(NotFound, NumberTaken),
)
async def add_aspect(plan_id: UUID, body: AspectIn, by: Officer, session: WriteSession, now: Now) -> AspectOut:
    """Add a field of work."""
    aspect: Aspect = await service.add_aspect(session, plan_id, no=body.no, name=body.name, by=by, now=now)
    return AspectOut.of(aspect)


@router.get(
    "/plans/{plan_id}/measures",
    summary="List the measures of a plan",
    operation_id="list_plan_measures",
    response_model=Page[MeasureOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_measures(
    plan_id: UUID, _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[MeasureOut]:
    """Promises by number, through all aspects."""
    kind = f"office.measures.{(await queries.plan(session, plan_id)).id}"
    found = await queries.measures(session, plan_id, after=_number(kind, cursor), limit=limit + 1)
    following = encode_cursor(kind, found[limit - 1].no) if len(found) > limit else None
    return Page[MeasureOut](items=[MeasureOut.of(measure) for measure in found[:limit]], next_cursor=following)


@router.post(
    "/plans/{plan_id}/measures",
    status_code=201,
    summary="Add a measure to a plan",
    operation_id="add_plan_measure",
    response_model=MeasureOut,
    responses=problems(NotFound, UnknownAspect, UnknownGoal, NumberTaken),
)
async def add_measure(plan_id: UUID, body: MeasureIn, by: Officer, session: WriteSession, now: Now) -> MeasureOut:
    """Add a promise to an aspect; `goal_code` ties it to a goal that the ledger measures."""
    measure: Measure = await service.add_measure(
        session,
        plan_id,
        aspect_no=body.aspect_no,
        no=body.no,
        text=body.text,
        indicator=body.indicator,
        unit=body.unit,
        target=body.target,
        owner=body.owner,
        due_on=body.due_on,
        goal_code=body.goal_code,
        by=by,
        now=now,
    )
    return MeasureOut.of(measure)


def _number(kind: str, cursor: str | None) -> int:
    return 0 if cursor is None else int(decode_cursor(kind, cursor)[0])
