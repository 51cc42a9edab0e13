"""Reads of the yearly plans."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import AspectRow, MeasureRow, PlanRow
from app.assistance.rules.plans import Aspect, Measure, Plan
from app.core.errors import NotFound


async def plans(session: AsyncSession, *, after: tuple[int, UUID] | None, limit: int) -> list[Plan]:
    """Plans, latest year first."""
    statement = select(PlanRow).order_by(PlanRow.year.desc(), PlanRow.id).limit(limit)
    if after is not None:
        year, last = after
        statement = statement.where(or_(PlanRow.year < year, and_(PlanRow.year == year, PlanRow.id > last)))
    return [Plan(row.id, row.year, row.title) for row in await session.scalars(statement)]


async def plan(session: AsyncSession, plan_id: UUID) -> Plan:
    """One plan. Raises ``NotFound``."""
    row = await session.get(PlanRow, plan_id)
    if row is None:
        raise NotFound
    return Plan(row.id, row.year, row.title)


async def aspects(session: AsyncSession, plan_id: UUID, *, after: int, limit: int) -> list[Aspect]:
    """Aspects of a plan with numbers after ``after``."""
    statement = (
        select(AspectRow).where(AspectRow.plan_id == plan_id, AspectRow.no > after).order_by(AspectRow.no).limit(limit)
    )
    return [Aspect(row.id, row.no, row.name) for row in await session.scalars(statement)]


async def aspect_by_no(session: AsyncSession, plan_id: UUID, no: int) -> UUID | None:
    """The id of an aspect of a plan."""
    found: UUID | None = await session.scalar(
        select(AspectRow.id).where(AspectRow.plan_id == plan_id, AspectRow.no == no)
    )
    return found


async def measures(session: AsyncSession, plan_id: UUID, *, after: int, limit: int) -> list[Measure]:
    """Measures of a plan with numbers after ``after``."""
    statement = (
        select(MeasureRow, AspectRow.no)
        .join(AspectRow, AspectRow.id == MeasureRow.aspect_id)
        .where(MeasureRow.plan_id == plan_id, MeasureRow.no > after)
        .order_by(MeasureRow.no)
        .limit(limit)
    )
    return [measure_value(row, aspect_no) for row, aspect_no in await session.execute(statement)]


async def measure(session: AsyncSession, measure_id: UUID) -> Measure:
    """One measure. Raises ``NotFound``."""
    found = await session.execute(
        select(MeasureRow, AspectRow.no)
        .join(AspectRow, AspectRow.id == MeasureRow.aspect_id)
        .where(MeasureRow.id == measure_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return measure_value(row[0], row[1])


def measure_value(row: MeasureRow, aspect_no: int) -> Measure:
    """The row as a value."""
    return Measure(
        id=row.id,
        aspect_no=aspect_no,
        no=row.no,
        text=row.text,
        indicator=row.indicator,
        unit=row.unit,
        target=row.target,
        owner=row.owner,
        due_on=row.due_on,
        goal_code=row.goal_code,
        evidence=row.evidence,
        evidence_min=row.evidence_min,
    )
