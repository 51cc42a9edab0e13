"""Write plans."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import AspectRow, MeasureRow, PlanRow
from app.assistance.rules.plans import Aspect, Measure, Plan, UnknownAspect, UnknownGoal
from app.assistance.rules.progress import check_unit
from app.assistance.rules.season import year_of
from app.core.ids import new_id
from app.identity import Actor


async def create_plan(session: AsyncSession, *, year: int, title: str, by: Actor, now: datetime) -> Plan:
    """Open a year's plan. Raises ``PlanExists``."""
    row = PlanRow(id=new_id(now), year=year, title=title, created_at=now, by_account=by.account_id)
    session.add(row)
    await session.flush()
    return Plan(row.id, row.year, row.title)


async def add_aspect(session: AsyncSession, plan_id: UUID, *, no: int, name: str, by: Actor, now: datetime) -> Aspect:
    """Add a field of work to a plan. Raises ``NotFound``, ``NumberTaken``."""
    await queries.plan(session, plan_id)
    row = AspectRow(id=new_id(now), plan_id=plan_id, no=no, name=name, by_account=by.account_id)
    session.add(row)
    await session.flush()
    return Aspect(row.id, row.no, row.name)


async def add_measure(
    session: AsyncSession,
    plan_id: UUID,
    *,
    aspect_no: int,
    no: int,
    text: str,
    indicator: str,
    unit: str,
    target: int,
    owner: str,
    due_on: date | None = None,
    goal_code: str | None = None,
    evidence: str | None = None,
    evidence_min: int = 1,
    by: Actor,
    now: datetime,
) -> Measure:
    """Add a promise to an aspect of a plan. With a goal of the plan's year the ledger says how far it has come.

    Raises ``NotFound``, ``UnknownAspect``, ``UnknownGoal``, ``UnitMismatch``, ``NumberTaken``.
    """
    plan = await queries.plan(session, plan_id)
    aspect_id = await queries.aspect_by_no(session, plan_id, aspect_no)
    if aspect_id is None:
        raise UnknownAspect(no=aspect_no)
    if goal_code is not None:
        named = await queries.goals_with_codes(session, [goal_code], year_of(plan.year))
        if not named:
            raise UnknownGoal(goal=goal_code)
        for goal in named:
            check_unit(goal, unit)
    row = MeasureRow(
        id=new_id(now),
        plan_id=plan_id,
        aspect_id=aspect_id,
        no=no,
        text=text,
        indicator=indicator,
        unit=unit,
        target=target,
        owner=owner,
        due_on=due_on,
        goal_code=goal_code,
        evidence=evidence,
        evidence_min=evidence_min,
        by_account=by.account_id,
    )
    session.add(row)
    await session.flush()
    return queries.measure_value(row, aspect_no)
