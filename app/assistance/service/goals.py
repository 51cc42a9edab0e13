"""Set goals and see how they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.events import GoalReached
from app.assistance.models import GoalReachedRow, GoalRow, GoalVersionRow
from app.assistance.rules import Channel
from app.assistance.rules.forecasts import NOTHING, figures
from app.assistance.rules.goals import (
    FROM_LEDGER,
    Change,
    Filter,
    Goal,
    GoalsOverlap,
    GoalStanding,
    Metric,
    UnknownFilterValue,
    check_metric,
    disjoint,
    division_prefix,
)
from app.assistance.rules.season import SEASON, Period, calendar_of
from app.catalogue import ROOTS
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.suppliers import TOWNSHIPS
from app.suppliers import suppliers as list_suppliers

V = TypeVar("V")

_COUNTED_LATE = timedelta(days=31)
"""What happened in a goal's period may be counted so much later and still make it reached."""


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
    season: Sequence[int] | None = None,
    by: Actor,
    now: datetime,
) -> Goal:
    """Set a goal: ``target`` of ``metric`` over the sales that pass ``only`` within ``period``.

    Raises ``MetricNotAvailable``, ``UnknownFilterValue``, ``GoalCodeTaken``, and ``GoalsOverlap`` when another goal of
    the same partition group would count some of the same sales.
    """
    check_metric(metric, only, partition_group)
    await _stand_apart(
        session, partition_group, period, only, ours=lambda other: (other.code, other.period) == (code, period)
    )
    row = GoalRow(
        id=new_id(now),
        code=code,
        metric=metric.value,
        version=1,
        created_at=now,
        by_account=by.account_id,
        **_columns(name, period, target, only, partition_group, season),
    )
    session.add(row)
    await _keep(session, row, by, now)
    return queries.goal_value(row)


async def change_goal(
    session: AsyncSession, goal_id: UUID, *, version: int, change: Change, by: Actor, now: datetime
) -> Goal:
    """Define a goal anew from now on: its next version. The old definition stays readable, its code and metric stay.

    Raises ``NotFound``, ``StaleVersion``, ``MetricNotAvailable``, ``GoalCodeTaken``, ``GoalsOverlap``.
    """
    row = await queries.lock_goal(session, goal_id, version)
    goal = queries.goal_value(row)
    after = goal if not change.given else change.of(goal)
    if after == goal:
        return goal
    check_metric(after.metric, after.filter, after.partition_group)
    await _stand_apart(
        session, after.partition_group, after.period, after.filter, ours=lambda other: other.id == goal_id
    )
    for column, value in _columns(
        after.name, after.period, after.target, after.filter, after.partition_group, after.season
    ).items():
        setattr(row, column, value)
    row.version += 1
    await _keep(session, row, by, now)
    return queries.goal_value(row)


async def _stand_apart(
    session: AsyncSession, group: str | None, period: Period, only: Filter, *, ours: Callable[[Goal], bool]
) -> None:
    """No other goal of the partition group may count the same sale. Raises ``GoalsOverlap``."""
    if group is None:
        return
    for other in await queries.partition(session, group, period):
        # The same code in the same period is refused by its constraint, which says so.
        if not ours(other) and not disjoint(only, other.filter):
            raise GoalsOverlap(other=other.code)


def _columns(
    name: str, period: Period, target: int, only: Filter, group: str | None, season: Sequence[int] | None
) -> dict[str, Any]:
    """The columns of a goal that another version may change."""
    return {
        "name": name,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "target": target,
        "categories": _listed(only.categories),
        "suppliers": _listed(only.suppliers),
        "townships": _listed(only.townships),
        "channels": None if only.channels is None else [channel.value for channel in only.channels],
        "divisions": _listed(only.divisions),
        "partition_group": group,
        "season": _listed(season),
    }


async def _keep(session: AsyncSession, row: GoalRow, by: Actor, now: datetime) -> None:
    """Write the definition down as a version that stays."""
    await session.flush()
    goal = queries.goal_value(row)
    columns = _columns(goal.name, goal.period, goal.target, goal.filter, goal.partition_group, goal.season)
    definition = {
        name: value if value is None or isinstance(value, int | str) else _plain(value)
        for name, value in columns.items()
    }
    session.add(
        GoalVersionRow(goal_id=row.id, version=row.version, set_at=now, by_account=by.account_id, definition=definition)
    )
    await session.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return [one if isinstance(one, int) else str(one) for one in value]


def _listed(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)


async def notice_reached(session: AsyncSession, *, now: datetime) -> int:
    """Tell of goals that are reached by what is counted now: each version once. Returns how many."""
    today = local_day(now)
    waiting = await queries.not_reached(session, since=today - _COUNTED_LATE, today=today)
    told = await queries.measure_goals(session, waiting, today=today)
    found = [(goal, told[goal.id].actual) for goal in waiting if told[goal.id].actual >= goal.target]
    noticed = 0
    for goal, actual in found:
        row = {"goal_id": goal.id, "version": goal.version, "noticed_at": now, "actual": actual}
        once = insert(GoalReachedRow).values(row).on_conflict_do_nothing().returning(GoalReachedRow.goal_id)
        if await session.scalar(once) is None:  # another worker was here at the same moment
            continue
        noticed += 1
        emit(
            session,
            GoalReached(
                goal_id=goal.id,
                code=goal.code,
                goal_name=goal.name,
                version=goal.version,
                starts_on=goal.period.starts_on,
                ends_on=goal.period.ends_on,
                metric=goal.metric,
                target=goal.target,
                actual=actual,
                at=now,
            ),
        )
    return noticed


async def stand(session: AsyncSession, goals: Sequence[Goal], *, today: date) -> list[GoalStanding]:
    """How goals stand on ``today``: one statement over the tallies of the ledger, one over what is agreed."""
    if not goals:
        return []
    told = await queries.measure_goals(session, goals, today=today)
    of_ledger = [goal for goal in goals if goal.metric in FROM_LEDGER]
    agreed = await queries.agreed_for(session, of_ledger, today=today)
    return [
        GoalStanding(
            goal,
            figures(
                goal.target,
                told[goal.id],
                goal.period,
                today,
                season=goal.season or SEASON,
                calendar=calendar_of(goal.filter.categories, goal.season),
                agreed=agreed.get(goal.id, NOTHING),
            ),
        )
        for goal in goals
    ]
