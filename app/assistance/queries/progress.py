"""Reads of how far measures have come."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.rules.goals import Goal
from app.assistance.rules.plans import Aspect, Measure, Plan
from app.assistance.rules.progress import Progress, ProgressStatus
from app.assistance.rules.season import year_of
from app.core.db import ask
from app.core.errors import NotFound


class YearPlan(NamedTuple):
    """A plan with its aspects by number, and of each measure the latest approved figure and how many wait."""

    plan: Plan
    aspects: dict[int, Aspect]
    measures: list[tuple[Measure, tuple[date, int] | None, int]]


_PROGRESS = """
SELECT p.id, p.measure_id, m.no AS measure_no, p.month, p.value, p.note, p.entered_by, p.entered_at,
       coalesce(d.verdict, 'waiting') AS status, d.decided_by, d.decided_at, d.note AS decision_note
FROM assistance_progress p JOIN assistance_measure m ON m.id = p.measure_id
LEFT JOIN assistance_progress_decision d ON d.progress_id = p.id
"""
_ONE = text(_PROGRESS + "WHERE p.id = :id")
_PAGE = text(
    _PROGRESS
    + """
WHERE (CAST(:measure AS uuid) IS NULL OR p.measure_id = :measure)
  AND (CAST(:status AS text) IS NULL OR coalesce(d.verdict, 'waiting') = :status)
  AND (CAST(:before AS uuid) IS NULL OR p.id < :before)
ORDER BY p.id DESC LIMIT :limit
"""
)
# The newest month that was approved; of several figures of it the one that was entered last.
_FIGURES = """
SELECT m.id, l.month, l.value, coalesce(w.waiting, 0)
FROM assistance_measure m
LEFT JOIN LATERAL (
    SELECT p.month, p.value FROM assistance_progress p
    JOIN assistance_progress_decision d ON d.progress_id = p.id AND d.verdict = 'approved'
    WHERE p.measure_id = m.id ORDER BY p.month DESC, p.id DESC LIMIT 1) l ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS waiting FROM assistance_progress p WHERE p.measure_id = m.id
      AND NOT EXISTS (SELECT FROM assistance_progress_decision d WHERE d.progress_id = p.id)) w ON true
"""
_LATEST = text(f"{_FIGURES} WHERE m.plan_id = :plan")
_OF_YEAR = text(f"""
SELECT p.id, p.title, a.id, a.no, a.name, m.id, m.no, m.text, m.indicator, m.unit, m.target, m.owner, m.due_on,
       m.goal_code, m.evidence, m.evidence_min, f.month, f.value, coalesce(f.waiting, 0)
FROM assistance_plan p JOIN assistance_aspect a ON a.plan_id = p.id
LEFT JOIN assistance_measure m ON m.aspect_id = a.id
LEFT JOIN ({_FIGURES}) AS f(measure_id, month, value, waiting) ON f.measure_id = m.id
WHERE p.year = :year ORDER BY p.id, a.no, m.no
""")
_MEASURE = text("SELECT id FROM assistance_measure WHERE plan_id = :plan AND no = :no")


async def measure_by_no(session: AsyncSession, plan_id: UUID, no: int) -> UUID:
    """The id of a measure of a plan. Raises ``NotFound``."""
    found: UUID | None = await session.scalar(_MEASURE, {"plan": plan_id, "no": no})
    if found is None:
        raise NotFound
    return found


async def progress(session: AsyncSession, progress_id: UUID) -> Progress:
    """One entered figure, without its documents. Raises ``NotFound``."""
    row = (await session.execute(_ONE, {"id": progress_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return Progress(**{**row, "status": ProgressStatus(row["status"])})


async def progress_page(
    session: AsyncSession,
    *,
    measure_id: UUID | None = None,
    status: ProgressStatus | None = None,
    before: UUID | None,
    limit: int,
) -> list[Progress]:
    """Entered figures, the latest first, without their documents."""
    values = {
        "measure": measure_id,
        "status": None if status is None else status.value,
        "before": before,
        "limit": limit,
    }
    rows = (await session.execute(_PAGE, values)).mappings()
    return [Progress(**{**row, "status": ProgressStatus(row["status"])}) for row in rows]


async def entered(session: AsyncSession, plan_id: UUID) -> dict[UUID, tuple[tuple[date, int] | None, int]]:
    """Of each measure of a plan the latest approved month and figure, and how many figures wait for approval."""
    rows = await session.execute(_LATEST, {"plan": plan_id})
    return {
        measure_id: (None if month is None else (month, value), waiting) for measure_id, month, value, waiting in rows
    }


async def of_year(session: AsyncSession, year: int) -> list[YearPlan]:
    """Every plan of a year with its aspects, its measures and what was entered for them: one statement."""
    found: dict[UUID, YearPlan] = {}
    for plan_id, title, aspect_id, aspect_no, aspect, *row in await ask(session, _OF_YEAR, {"year": year}):
        of_plan = found.setdefault(plan_id, YearPlan(Plan(plan_id, year, title), {}, []))
        of_plan.aspects[aspect_no] = Aspect(aspect_id, aspect_no, aspect)
        measure_id, *said, month, value, waiting = row
        if measure_id is not None:
            measure = Measure(measure_id, aspect_no, *said)
            of_plan.measures.append((measure, None if month is None else (month, value), waiting))
    return list(found.values())


def goals_of(measures: Collection[Measure], goals: Collection[Goal], year: int) -> dict[str, Goal]:
    """The goal of each code that measures name: of the plan's whole year where there is one, else the latest."""
    whole = year_of(year)
    named = {measure.goal_code for measure in measures}
    found: dict[str, Goal] = {}
    for goal in sorted(goals, key=lambda one: (one.period == whole, one.period.starts_on)):
        if goal.code in named:
            found[goal.code] = goal
    return found
