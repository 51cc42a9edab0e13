"""Set goals, see how they stand, write plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import AspectRow, GoalRow, MeasureRow, PlanRow
from app.assistance.rules import (
    FROM_LEDGER,
    Aspect,
    Channel,
    Filter,
    Goal,
    GoalsOverlap,
    GoalStanding,
    Measure,
    Metric,
    MetricNotAvailable,
    Period,
    Plan,
    UnknownAspect,
    UnknownFilterValue,
    UnknownGoal,
    disjoint,
    division_prefix,
    figures,
)
from app.catalogue import ROOTS
from app.core.errors import Fault
from app.core.ids import new_id
from app.identity import Actor
from app.suppliers import TOWNSHIPS
from app.suppliers import suppliers as list_suppliers

V = TypeVar("V")


async def resolve_filter(
    session: AsyncSession,
    *,
    categories: Sequence[str] | None = None,
    suppliers: Sequence[str] | None = None,
    townships: Sequence[str] | None = None,
    channels: Sequence[Channel] | None = None,
    divisions: Sequence[str] | None = None,
) -> Filter:
    """A filter from what people write: suppliers by id or code, townships by code or name, divisions by prefix.

    Raises ``UnknownFilterValue`` with a fault for every value that does not exist.
    """
    faults: list[Fault] = []
    by_written: dict[str, UUID] = {}
    if suppliers is not None:
        for card in await list_suppliers(session, limit=10_000):
            by_written[card.code] = by_written[str(card.id)] = card.id
    codes = {**{code: code for code in TOWNSHIPS}, **{name: code for code, name in TOWNSHIPS.items()}}

    def known(dimension: str, written: Sequence[str] | None, values: Mapping[str, V]) -> tuple[V, ...] | None:
        if written is None:
            return None
        for index, value in enumerate(written):
            if value not in values:
                pointer = f"/filter/{dimension}/{index}"
                faults.append(Fault(pointer, "unknown_filter_value", "没有该取值", "There is no such value"))
        return tuple(dict.fromkeys(values[value] for value in written if value in values))

    lowered = None if suppliers is None else [value.lower() if "-" in value else value for value in suppliers]
    found = Filter(
        categories=known("categories", categories, {root: root for root in sorted(ROOTS)}),
        suppliers=known("suppliers", lowered, by_written),
        townships=known("townships", townships, codes),
        channels=None if channels is None else tuple(dict.fromkeys(channels)),
        divisions=None if divisions is None else tuple(dict.fromkeys(division_prefix(code) for code in divisions)),
    )
    if faults:
        raise UnknownFilterValue(faults=faults)
    return found


async def set_goal(
    session: AsyncSession,
    *,
    code: str,
    name: str,
    period: Period,
    metric: Metric,
    target: int,
    only: Filter,
    partition_group: str | None = None,
    by: Actor,
    now: datetime,
) -> Goal:
    """Set a goal: ``target`` of ``metric`` over the sales that pass ``only`` within ``period``.

    Raises ``MetricNotAvailable``, ``UnknownFilterValue``, ``GoalCodeTaken``, and ``GoalsOverlap`` when another goal of
    the same partition group would count some of the same sales.
    """
    if metric not in FROM_LEDGER:
        raise MetricNotAvailable(metric=metric.value)
    if partition_group is not None:
        for other in await queries.partition(session, partition_group, period):
            # The same code in the same period is refused by its constraint, which says so.
            if (other.code, other.period) != (code, period) and not disjoint(only, other.filter):
                raise GoalsOverlap(other=other.code)
    row = GoalRow(
        id=new_id(now),
        code=code,
        name=name,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        metric=metric.value,
        target=target,
        categories=_listed(only.categories),
        suppliers=_listed(only.suppliers),
        townships=_listed(only.townships),
        channels=None if only.channels is None else [channel.value for channel in only.channels],
        divisions=_listed(only.divisions),
        partition_group=partition_group,
        version=1,
        created_at=now,
        by_account=by.account_id,
    )
    session.add(row)
    await session.flush()
    return queries.goal_value(row)


def _listed(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)


async def stand(session: AsyncSession, goals: Sequence[Goal], *, today: date) -> list[GoalStanding]:
    """How goals stand on ``today``: one statement over the ledger for all of them."""
    monthly = await queries.measure_goals(session, goals) if goals else {}
    return [GoalStanding(goal, figures(goal.target, monthly.get(goal.id, {}), goal.period, today)) for goal in goals]


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
    by: Actor,
    now: datetime,
) -> Measure:
    """Add a promise to an aspect of a plan.

    Raises ``NotFound``, ``UnknownAspect``, ``UnknownGoal``, ``NumberTaken``.
    """
    await queries.plan(session, plan_id)
    aspect_id = await queries.aspect_by_no(session, plan_id, aspect_no)
    if aspect_id is None:
        raise UnknownAspect(no=aspect_no)
    if goal_code is not None and not await queries.goal_code_exists(session, goal_code):
        raise UnknownGoal(goal=goal_code)
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
        by_account=by.account_id,
    )
    session.add(row)
    await session.flush()
    return queries.measure_value(row, aspect_no)
