"""How far the measures of a plan have come, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries, service
from app.assistance.rules.progress import (
    EvidenceMissing,
    MeasureComputed,
    MonthOutOfPlan,
    Progress,
    ProgressDecided,
    ProgressStatus,
    SecondOfficerNeeded,
)
from app.assistance.schemas.progress import PlanStandingOut, ProgressDecisionIn, ProgressIn, ProgressOut
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
    last_seen,
    next_cursor,
    problems,
)
from app.files import UnknownFile
from app.identity import Officer, OfficerAlone

router = APIRouter(prefix="/v1/office", tags=["assistance"])

_ALL = 1_000


@router.get(
    "/plans/{plan_id}/standing",
    summary="How a plan stands",
    operation_id="get_plan_standing",
    response_model=PlanStandingOut,
    responses=problems(NotFound),
)
async def get_standing(plan_id: UUID, _: Officer, session: ReadSession, now: Now) -> PlanStandingOut:
    """Every measure with its figure: what sales can measure by the ledger, the others as entered and approved."""
    plan = await queries.plan(session, plan_id)
    aspects = await queries.aspects(session, plan_id, after=0, limit=_ALL)
    return PlanStandingOut.of(plan, aspects, await service.stand_plan(session, plan_id, today=local_day(now)))


@router.post(
    "/plans/{plan_id}/measures/{no}/progress",
    status_code=201,
    summary="Enter how far a measure has come",
    operation_id="enter_measure_progress",
    response_model=ProgressOut,
    responses=problems(NotFound, MeasureComputed, MonthOutOfPlan, EvidenceMissing, UnknownFile),
)
async def enter_progress(
    plan_id: UUID, no: int, body: ProgressIn, by: OfficerAlone, session: WriteSession, now: Now
) -> ProgressOut:
    """The figure at the end of a month, since the year began. It counts once another officer approves it.

    The same month can be entered again: what is approved last counts, and the earlier figure stays readable.
    """
    entered = await service.enter_progress(
        session,
        plan_id,
        no,
        month=body.month,
        value=body.value,
        note=body.note,
        evidence=body.evidence,
        by=by,
        now=now,
    )
    return (await _shown(session, [entered], now))[0]


@router.get(
    "/plans/{plan_id}/measures/{no}/progress",
    summary="Figures that were entered for a measure",
    operation_id="list_measure_progress",
    response_model=Page[ProgressOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_of_measure(
    plan_id: UUID,
    no: int,
    _: Officer,
    session: ReadSession,
    now: Now,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ProgressOut]:
    """The latest first, with evidence and decisions."""
    measure_id = await queries.measure_by_no(session, plan_id, no)
    kind = f"office.progress.{measure_id}"
    found = await queries.progress_page(session, measure_id=measure_id, before=last_seen(kind, cursor), limit=limit + 1)
    items = await _shown(session, found[:limit], now)
    return Page[ProgressOut](items=items, next_cursor=next_cursor(kind, found, limit, lambda one: one.id))


@router.get(
    "/progress",
    summary="Figures that were entered for any measure",
    operation_id="list_progress",
    response_model=Page[ProgressOut],
    responses=problems(InvalidCursor),
)
async def list_progress(
    _: Officer,
    session: ReadSession,
    now: Now,
    status: Annotated[ProgressStatus | None, Query(description="`waiting` are those nobody has decided")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ProgressOut]:
    """The latest first."""
    found = await queries.progress_page(
        session, status=status, before=last_seen("office.progress", cursor), limit=limit + 1
    )
    items = await _shown(session, found[:limit], now)
    return Page[ProgressOut](items=items, next_cursor=next_cursor("office.progress", found, limit, lambda one: one.id))


@router.post(
    "/progress/{progress_id}/approve",
    summary="Approve an entered figure",
    operation_id="approve_progress",
    response_model=ProgressOut,
    responses=problems(NotFound, ProgressDecided, SecondOfficerNeeded),
)
async def approve_progress(
    progress_id: UUID, body: ProgressDecisionIn, by: OfficerAlone, session: WriteSession, now: Now
) -> ProgressOut:
    """The second officer agrees, and the figure counts. Whoever entered it cannot."""
    decided = await service.decide_progress(session, progress_id, approve=True, note=body.note, by=by, now=now)
    return (await _shown(session, [decided], now))[0]


@router.post(
    "/progress/{progress_id}/decline",
    summary="Decline an entered figure",
    operation_id="decline_progress",
    response_model=ProgressOut,
    responses=problems(NotFound, ProgressDecided, SecondOfficerNeeded),
)
async def decline_progress(
    progress_id: UUID, body: ProgressDecisionIn, by: OfficerAlone, session: WriteSession, now: Now
) -> ProgressOut:
    """The second officer does not agree, and says why."""
    decided = await service.decide_progress(session, progress_id, approve=False, note=body.note, by=by, now=now)
    return (await _shown(session, [decided], now))[0]


async def _shown(session: AsyncSession, found: list[Progress], now: Now) -> list[ProgressOut]:
    return [ProgressOut.of(*one) for one in await service.with_evidence(session, found, now=now)]
