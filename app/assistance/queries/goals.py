"""Reads of goals, and what the ledger answers for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import GoalRow
from app.assistance.queries.ledger import WIRE_COLUMNS, entry_value
from app.assistance.rules import Channel, Entry
from app.assistance.rules.contribution import GoalShare
from app.assistance.rules.goals import Filter, Goal, Metric, by_goal
from app.assistance.rules.season import Period
from app.core.errors import NotFound

_PASSES = """
      e.counted_on BETWEEN g.starts_on AND g.ends_on
  AND (g.categories IS NULL OR e.category = ANY (g.categories))
  AND (g.suppliers IS NULL OR e.supplier_id = ANY (g.suppliers))
  AND (g.townships IS NULL OR e.township_code = ANY (g.townships))
  AND (g.channels IS NULL OR e.channel = ANY (g.channels))
  AND (g.areas IS NULL OR e.division_code LIKE ANY (g.areas))
"""

_GOALS = """
WITH g AS MATERIALIZED (
    SELECT *, CASE WHEN divisions IS NOT NULL THEN ARRAY(SELECT code || '%' FROM unnest(divisions) AS code) END AS areas
    FROM assistance_goal WHERE id = ANY (CAST(:goals AS uuid[]))
)
"""

# An order is counted once in each goal, in the month of its first entry, if it nets more than nothing there.
_MEASURE = text(
    _GOALS
    + f""", part AS (
    SELECT g.id, g.metric,
           CASE WHEN g.metric = 'orders' THEN e.order_id END AS order_id,
           CASE WHEN g.metric <> 'orders' THEN e.counted_month END AS month,
           min(e.counted_month) AS first_month, sum(e.amount_fen) AS amount_fen, sum(e.weight_g) AS weight_g
    FROM g JOIN assistance_entry e ON {_PASSES}
    GROUP BY 1, 2, 3, 4
)
SELECT id, coalesce(month, first_month) AS month,
       CAST(CASE metric WHEN 'orders' THEN count(*) FILTER (WHERE amount_fen > 0)
                        WHEN 'quantity_g' THEN sum(weight_g)
                        ELSE sum(amount_fen) END AS bigint)
FROM part GROUP BY 1, 2, metric
"""
)

_GOAL_ENTRIES = text(
    _GOALS
    + f"""
SELECT {WIRE_COLUMNS} FROM g JOIN assistance_entry e ON {_PASSES}
WHERE (CAST(:after_on AS date) IS NULL OR (e.counted_on, e.id) > (CAST(:after_on AS date), CAST(:after_id AS uuid)))
ORDER BY e.counted_on, e.id LIMIT :limit
"""
)

_SHARES = text(
    _GOALS
    + f"""
SELECT e.line_id, g.id, g.code, g.name, CAST(sum(e.amount_fen) AS bigint)
FROM g JOIN assistance_entry e ON e.id = ANY (CAST(:entries AS uuid[])) AND {_PASSES}
GROUP BY 1, 2, 3, 4 ORDER BY g.code
"""
)


async def goal_entries(session: AsyncSession, goal_id: UUID, *, after: tuple[date, UUID], limit: int) -> list[Entry]:
    """The entries that a goal counts, oldest first, after a place in the ledger."""
    values = {"goals": [goal_id], "after_on": after[0], "after_id": after[1], "limit": limit}
    return [entry_value(row) for row in (await session.execute(_GOAL_ENTRIES, values)).mappings()]


async def measure_goals(session: AsyncSession, goals: Sequence[Goal]) -> dict[UUID, dict[date, int]]:
    """Actuals of any number of goals by month, in one statement."""
    rows = await session.execute(_MEASURE, {"goals": [goal.id for goal in goals]})
    return by_goal((goal_id, month, value) for goal_id, month, value in rows)


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
    )


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


async def partition(session: AsyncSession, group: str, period: Period) -> list[Goal]:
    """The goals of a partition group whose period meets ``period``; the group is locked.

    The lock is the transaction's: two goals of one group cannot be checked against each other's absence.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"assistance.partition:{group}"))))
    rows = await session.scalars(_meeting(period).where(GoalRow.partition_group == group))
    return [goal_value(row) for row in rows]


async def goal_code_exists(session: AsyncSession, code: str) -> bool:
    """Whether any goal has this code."""
    return (await session.scalar(select(GoalRow.id).where(GoalRow.code == code).limit(1))) is not None
