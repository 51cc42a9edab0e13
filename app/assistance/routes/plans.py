"""The office's yearly plans over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.assistance import queries, service
from app.assistance.rules.plans import Aspect, Measure, NumberTaken, Plan, PlanExists, UnknownAspect, UnknownGoal
from app.assistance.rules.progress import UnitMismatch
from app.assistance.schemas.plans import AspectIn, AspectOut, MeasureIn, MeasureOut, PlanIn, PlanOut
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
    page_of,
    problems,
)
from app.identity import Officer

router = APIRouter(prefix="/v1/office", tags=["assistance"])


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
    return page_of("office.plans", found, limit, PlanOut.of, key=lambda plan: (plan.year, plan.id))


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
    return page_of(kind, found, limit, AspectOut.of, key=lambda aspect: aspect.no)


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
    return page_of(kind, found, limit, MeasureOut.of, key=lambda measure: measure.no)


@router.post(
    "/plans/{plan_id}/measures",
    status_code=201,
    summary="Add a measure to a plan",
    operation_id="add_plan_measure",
    response_model=MeasureOut,
    responses=problems(NotFound, UnknownAspect, UnknownGoal, UnitMismatch, NumberTaken),
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
        evidence=body.evidence,
        evidence_min=body.evidence_min,
        by=by,
        now=now,
    )
    return MeasureOut.of(measure)


def _number(kind: str, cursor: str | None) -> int:
    return 0 if cursor is None else int(decode_cursor(kind, cursor)[0])
