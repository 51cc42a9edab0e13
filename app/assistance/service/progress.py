"""Enter how far a measure has come, decide about what another entered, and see how a plan stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import files
from app.assistance import queries
from app.assistance.models import ProgressDecisionRow, ProgressRow
from app.assistance.rules.progress import (
    EvidenceMissing,
    MeasureComputed,
    MeasureStanding,
    PlanStanding,
    Progress,
    ProgressDecided,
    ProgressStatus,
    SecondOfficerNeeded,
    YearStanding,
    check_month,
    stand,
)
from app.assistance.rules.season import year_of
from app.assistance.service.goals import stand as stand_goals
from app.core.clock import local_day
from app.core.ids import new_id
from app.identity import Actor

_MOST_MEASURES = 1_000


async def enter_progress(
    session: AsyncSession,
    plan_id: UUID,
    measure_no: int,
    *,
    month: date,
    value: int,
    note: str,
    evidence: Sequence[UUID],
    by: Actor,
    now: datetime,
) -> Progress:
    """Say how far a measure had come at the end of ``month``; it counts once another officer approves.

    Raises ``NotFound``, ``MeasureComputed``, ``MonthOutOfPlan``, ``EvidenceMissing``, ``UnknownFile``.
    """
    plan = await queries.plan(session, plan_id)
    measure = await queries.measure(session, await queries.measure_by_no(session, plan_id, measure_no))
    if measure.goal_code is not None:
        raise MeasureComputed(goal=measure.goal_code)
    check_month(plan, month, local_day(now))
    if len(evidence) < measure.evidence_min:
        raise EvidenceMissing(least=measure.evidence_min, rule=measure.evidence or measure.indicator)
    progress_id = new_id(now)
    row = {"measure_id": measure.id, "month": month, "value": value, "note": note}
    await session.execute(insert(ProgressRow).values(id=progress_id, **row, entered_by=by.account_id, entered_at=now))
    purpose = files.Purpose.EVIDENCE
    await files.attach(session, evidence, owner=by, purpose=purpose, to=progress_id, now=now, pointer="/evidence")
    return await queries.progress(session, progress_id)


async def decide_progress(
    session: AsyncSession, progress_id: UUID, *, approve: bool, note: str, by: Actor, now: datetime
) -> Progress:
    """Approve or decline a figure that another officer entered.

    Raises ``NotFound``, ``ProgressDecided``, ``SecondOfficerNeeded``.
    """
    found = await queries.progress(session, progress_id)
    if found.status is not ProgressStatus.WAITING:
        raise ProgressDecided
    if found.entered_by == by.account_id:
        raise SecondOfficerNeeded
    verdict = ProgressStatus.APPROVED if approve else ProgressStatus.DECLINED
    decision = {"verdict": verdict.value, "note": note, "decided_by": by.account_id, "decided_at": now}
    await session.execute(insert(ProgressDecisionRow).values(progress_id=progress_id, **decision))
    return await queries.progress(session, progress_id)


async def with_evidence(
    session: AsyncSession, found: Sequence[Progress], *, now: datetime
) -> list[tuple[Progress, list[files.File]]]:
    """The same figures, each with links to its documents: one statement."""
    links = await files.links(session, to=[one.id for one in found], now=now)
    return [(one, links.get(one.id, [])) for one in found]


async def stand_plan(session: AsyncSession, plan_id: UUID, *, today: date) -> list[MeasureStanding]:
    """How every measure of a plan stands, by number: a handful of statements for any number of them."""
    plan = await queries.plan(session, plan_id)
    measures = await queries.measures(session, plan_id, after=0, limit=_MOST_MEASURES)
    entered = await queries.entered(session, plan_id)
    codes = [measure.goal_code for measure in measures if measure.goal_code is not None]
    named = await queries.goals_with_codes(session, codes, year_of(plan.year)) if codes else []
    goals = queries.goals_of(measures, named, plan.year)
    told = await queries.measure_goals(session, list(goals.values()), today=today)
    standings = []
    for measure in measures:
        latest, waiting = entered[measure.id]
        goal = goals.get(measure.goal_code) if measure.goal_code is not None else None
        computed = None if goal is None else (goal.metric, sum(told[goal.id].inside.values()))
        standings.append(stand(measure, computed=computed, entered=latest, waiting=waiting, today=today))
    return standings


async def stand_year(session: AsyncSession, year: int, *, today: date) -> YearStanding:
    """How the goals that meet a year and the year's plans stand: four statements, however much was promised."""
    goals = await queries.goals(session, year_of(year), after=None, limit=_MOST_MEASURES)
    standing = await stand_goals(session, goals, today=today)
    actual = {one.goal.id: one.figures.actual for one in standing}
    plans = []
    for found in await queries.of_year(session, year):
        of_code = queries.goals_of([measure for measure, _, _ in found.measures], goals, year)
        standings = []
        for measure, latest, waiting in found.measures:
            goal = of_code.get(measure.goal_code) if measure.goal_code is not None else None
            computed = None if goal is None else (goal.metric, actual[goal.id])
            standings.append(stand(measure, computed=computed, entered=latest, waiting=waiting, today=today))
        standings.sort(key=lambda one: one.measure.no)
        plans.append(PlanStanding(found.plan, tuple(found.aspects.values()), tuple(standings)))
    return YearStanding(tuple(standing), tuple(plans))
