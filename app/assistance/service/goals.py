"""Set goals and see how they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import GoalRow
from app.assistance.rules import Channel
from app.assistance.rules.forecasts import figures
from app.assistance.rules.goals import (
    FROM_LEDGER,
    Filter,
    Goal,
    GoalsOverlap,
    GoalStanding,
    Metric,
    MetricNotAvailable,
    UnknownFilterValue,
    disjoint,
    division_prefix,
)
from app.assistance.rules.season import Period
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
