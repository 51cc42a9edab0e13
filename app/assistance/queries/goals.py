"""Reads of goals, and what the ledger answers for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, exists, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import GoalReachedRow, GoalRow, GoalVersionRow
from app.assistance.queries.ledger import ledger
from app.assistance.queries.tallies import AREAS, TAKES
from app.assistance.rules import Channel, Entry
from app.assistance.rules.contribution import GoalShare
from app.assistance.rules.drill import Wanted
from app.assistance.rules.goals import Definition, Filter, Goal, Metric
from app.assistance.rules.season import Period
from app.core.errors import NotFound, StaleVersion

T = TypeVar("T")

_PASSES = f"e.counted_on BETWEEN g.starts_on AND g.ends_on AND {TAKES}"
_GOALS = f"""
WITH g AS MATERIALIZED (SELECT *, {AREAS} FROM assistance_goal WHERE id = ANY (CAST(:goals AS uuid[])))
"""

_SHARES = text(
    _GOALS
    + f"""
SELECT e.line_id, g.id, g.code, g.name, CAST(sum(e.amount_fen) AS bigint)
FROM g JOIN assistance_entry e ON e.id = ANY (CAST(:entries AS uuid[])) AND {_PASSES}
GROUP BY 1, 2, 3, 4 ORDER BY g.code
"""
)


async def goal_entries(session: AsyncSession, goal: Goal, *, after: tuple[date, UUID], limit: int) -> list[Entry]:
    """The entries that a goal counts, oldest first, after a place in the ledger."""
    only = goal.filter
    wanted = Wanted(
        category=only.categories,
        supplier_id=only.suppliers,
        township_code=only.townships,
        channel=only.channels,
        division_code=only.divisions,
    )
    period = goal.period
    return await ledger(session, period.starts_on, period.ends_on, wanted=wanted, after=after, limit=limit)


async def shares_of(session: AsyncSession, entries: Sequence[Entry]) -> dict[UUID, list[GoalShare]]:
    """What goals count of these entries, by line."""
    if not entries:
        return {}
    period = Period(min(entry.counted_on for entry in entries), max(entry.counted_on for entry in entries))
    concerned = list(await session.scalars(_meeting(period).with_only_columns(GoalRow.id)))
    values = {"goals": concerned, "entries": [entry.id for entry in entries]}
    found: dict[UUID, list[GoalShare]] = {}
    for line_id, *share in await session.execute(_SHARES, values):
        found.setdefault(line_id, []).append(GoalShare(*share))
    return found


def goal_value(row: GoalRow) -> Goal:
    """The row as a value."""
    return Goal(
        id=row.id,
        code=row.code,
        name=row.name,
        period=Period(row.starts_on, row.ends_on),
        metric=Metric(row.metric),
        target=row.target,
        filter=Filter(
            categories=None if row.categories is None else tuple(row.categories),
            suppliers=None if row.suppliers is None else tuple(row.suppliers),
            townships=None if row.townships is None else tuple(row.townships),
            channels=None if row.channels is None else tuple(Channel(channel) for channel in row.channels),
            divisions=None if row.divisions is None else tuple(row.divisions),
        ),
        partition_group=row.partition_group,
        version=row.version,
        season=None if row.season is None else tuple(row.season),
    )


async def lock_goal(session: AsyncSession, goal_id: UUID, version: int) -> GoalRow:
    """The row of a goal, locked, in the version that an edit was made from. Raises ``NotFound``, ``StaleVersion``."""
    row = await session.get(GoalRow, goal_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.version != version:
        raise StaleVersion
    return row


async def definitions(session: AsyncSession, goal: Goal, *, before: int | None, limit: int) -> list[Definition]:
    """The versions of a goal, the latest first, from one on."""
    statement = select(GoalVersionRow).where(GoalVersionRow.goal_id == goal.id)
    if before is not None:
        statement = statement.where(GoalVersionRow.version < before)
    rows = await session.scalars(statement.order_by(GoalVersionRow.version.desc()).limit(limit))
    return [_definition(goal, row) for row in rows]


def _definition(goal: Goal, row: GoalVersionRow) -> Definition:
    said = row.definition
    only = Filter(
        categories=_tuple(said["categories"], str),
        suppliers=_tuple(said["suppliers"], UUID),
        townships=_tuple(said["townships"], str),
        channels=_tuple(said["channels"], Channel),
        divisions=_tuple(said["divisions"], str),
    )
    then = replace(
        goal,
        name=said["name"],
        period=Period(date.fromisoformat(said["starts_on"]), date.fromisoformat(said["ends_on"])),
        target=said["target"],
        filter=only,
        partition_group=said["partition_group"],
        version=row.version,
        season=_tuple(said["season"], int),
    )
    return Definition(then, row.set_at, row.by_account)


def _tuple(values: list[Any] | None, kind: Callable[[Any], T]) -> tuple[T, ...] | None:
    return None if values is None else tuple(map(kind, values))


def _meeting(period: Period) -> Select[GoalRow]:
    return select(GoalRow).where(GoalRow.starts_on <= period.ends_on, GoalRow.ends_on >= period.starts_on)


async def goals(
    session: AsyncSession, period: Period | None, *, after: tuple[date, str, UUID] | None, limit: int
) -> list[Goal]:
    """Goals whose period meets ``period`` (all without it), by start, code and id."""
    statement = select(GoalRow) if period is None else _meeting(period)
    if after is not None:
        statement = statement.where(tuple_(GoalRow.starts_on, GoalRow.code, GoalRow.id) > after)
    statement = statement.order_by(GoalRow.starts_on, GoalRow.code, GoalRow.id).limit(limit)
    return [goal_value(row) for row in await session.scalars(statement)]


async def goal(session: AsyncSession, goal_id: UUID) -> Goal:
    """One goal. Raises ``NotFound``."""
    row = await session.get(GoalRow, goal_id)
    if row is None:
        raise NotFound
    return goal_value(row)


async def not_reached(session: AsyncSession, *, since: date, today: date) -> list[Goal]:
    """Goals that run, or have ended on ``since`` or later, whose present version nobody has yet found reached."""
    reached = exists().where(GoalReachedRow.goal_id == GoalRow.id, GoalReachedRow.version == GoalRow.version)
    rows = await session.scalars(_meeting(Period(since, today)).where(~reached).order_by(GoalRow.id))
    return [goal_value(row) for row in rows]


async def partition(session: AsyncSession, group: str, period: Period) -> list[Goal]:
    """The goals of a partition group whose period meets ``period``; the group is locked.

    The lock is the transaction's: two goals of one group cannot be checked against each other's absence.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"assistance.partition:{group}"))))
    rows = await session.scalars(_meeting(period).where(GoalRow.partition_group == group))
    return [goal_value(row) for row in rows]


async def goals_with_codes(session: AsyncSession, codes: Collection[str], period: Period) -> list[Goal]:
    """The goals with one of these codes whose period meets ``period``."""
    return [goal_value(row) for row in await session.scalars(_meeting(period).where(GoalRow.code.in_(codes)))]
