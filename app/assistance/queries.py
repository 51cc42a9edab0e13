"""Reads of the ledger, the goals and the plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import RowMapping, Select, and_, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.assistance.models import AspectRow, EntryRow, GoalRow, MeasureRow, PlanRow
from app.assistance.rules import (
    Aspect,
    Channel,
    Entry,
    Filter,
    Goal,
    Kind,
    Measure,
    Metric,
    Period,
    Plan,
    Remaining,
    by_goal,
    year_of,
)
from app.assistance.rules.contribution import Certificate, Content, GoalShare, NoSuchCertificate, summed
from app.catalogue import CATEGORIES
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

_WIRE_COLUMNS = """e.id, e.posted_at, e.counted_on, e.kind, e.order_number, e.po_no, e.line_id, e.sku, e.lot_code,
    e.product_id, e.product_name, e.category, e.supplier_id, e.supplier_name, e.township_code, e.township, e.channel,
    e.division_code, e.quantity, e.weight_g, e.amount_fen, e.reverses"""

_GOAL_ENTRIES = text(
    _GOALS
    + f"""
SELECT {_WIRE_COLUMNS} FROM g JOIN assistance_entry e ON {_PASSES}
WHERE (CAST(:after_on AS date) IS NULL OR (e.counted_on, e.id) > (CAST(:after_on AS date), CAST(:after_id AS uuid)))
ORDER BY e.counted_on, e.id LIMIT :limit
"""
)

_LEDGER = text(f"""
SELECT {_WIRE_COLUMNS} FROM assistance_entry e
WHERE e.counted_on BETWEEN :first AND :last
  AND (e.counted_on, e.id) > (CAST(:after_on AS date), CAST(:after_id AS uuid))
ORDER BY e.counted_on, e.id LIMIT :limit
""")

_OF_LINES = text(f"""
SELECT {_WIRE_COLUMNS} FROM assistance_entry s JOIN assistance_entry e ON e.id = s.id OR e.reverses = s.id
WHERE s.kind = 'sale' AND s.line_id = ANY (CAST(:lines AS uuid[]))
ORDER BY e.reverses IS NOT NULL, e.counted_on, e.id
""")
_SHARES = text(
    _GOALS
    + f"""
SELECT e.line_id, g.id, g.code, g.name, CAST(sum(e.amount_fen) AS bigint)
FROM g JOIN assistance_entry e ON e.id = ANY (CAST(:entries AS uuid[])) AND {_PASSES}
GROUP BY 1, 2, 3, 4 ORDER BY g.code
"""
)
_OF_YEAR = text("""
SELECT e.order_id, e.category, e.township, e.quantity, e.amount_fen FROM assistance_entry e
WHERE e.order_id = ANY (CAST(:orders AS uuid[])) AND e.counted_on BETWEEN :first AND :last
""")
_CERTIFICATE = text("""
SELECT organisation_id, code, holder, uscc, content, digest, issued_at FROM assistance_certificate WHERE code = :code
""")

_LOCK_SALES = text("""
SELECT id, line_id, quantity, weight_g, amount_fen FROM assistance_entry
WHERE kind = 'sale' AND line_id = ANY (CAST(:lines AS uuid[])) ORDER BY id FOR UPDATE
""")
_REVERSED = text("""
SELECT reverses, -sum(quantity) AS quantity, -sum(weight_g) AS weight_g, -sum(amount_fen) AS amount_fen,
       -min(amount_fen) FILTER (WHERE source_id = :source) AS from_source_fen
FROM assistance_entry WHERE reverses = ANY (CAST(:sales AS uuid[])) GROUP BY reverses
""")

_ROOT_NAMES = {root.slug: root.name for root in CATEGORIES}

BEGINNING = (date(2000, 1, 1), UUID(int=0))
"""A place in the ledger before every entry."""


@dataclass(frozen=True, slots=True)
class CountedSale:
    """A counted line under lock: what is left of it, and whether one source has reversed some of it already."""

    id: UUID
    line_id: UUID
    left: Remaining
    from_source_fen: int | None


async def lock_sales(session: AsyncSession, lines: Collection[UUID], *, source: UUID) -> list[CountedSale]:
    """Lock the sale entries of ``lines``, in the order of their ids, and see what of each is left."""
    sales = (await session.execute(_LOCK_SALES, {"lines": list(lines)})).all()
    if not sales:
        return []
    # A second statement on purpose: it sees what a reversal that held the lock before us has committed.
    rows = (await session.execute(_REVERSED, {"sales": [sale.id for sale in sales], "source": source})).all()
    gone = {row.reverses: row for row in rows}
    found = []
    for sale in sales:
        row = gone.get(sale.id)
        left = Remaining(
            sale.quantity - int(row.quantity if row else 0),
            sale.weight_g - int(row.weight_g if row else 0),
            sale.amount_fen - int(row.amount_fen if row else 0),
        )
        from_source = None if row is None or row.from_source_fen is None else int(row.from_source_fen)
        found.append(CountedSale(sale.id, sale.line_id, left, from_source))
    return found


async def posted(session: AsyncSession, kind: Kind, source: UUID) -> dict[UUID, tuple[int, int]]:
    """What a source has posted: line → (quantity, amount_fen)."""
    rows = await session.execute(
        select(EntryRow.line_id, EntryRow.quantity, EntryRow.amount_fen).where(
            EntryRow.kind == kind.value, EntryRow.source_id == source
        )
    )
    return {line_id: (quantity, amount_fen) for line_id, quantity, amount_fen in rows}


def _entry(row: RowMapping) -> Entry:
    return Entry(**{**row, "kind": Kind(row["kind"]), "channel": Channel(row["channel"])})


async def ledger(
    session: AsyncSession, first: date, last: date, *, after: tuple[date, UUID], limit: int
) -> list[Entry]:
    """Entries counted on the days ``first`` to ``last``, oldest first, after a place in the ledger."""
    values = {"first": first, "last": last, "after_on": after[0], "after_id": after[1], "limit": limit}
    return [_entry(row) for row in (await session.execute(_LEDGER, values)).mappings()]


async def goal_entries(session: AsyncSession, goal_id: UUID, *, after: tuple[date, UUID], limit: int) -> list[Entry]:
    """The entries that a goal counts, oldest first, after a place in the ledger."""
    values = {"goals": [goal_id], "after_on": after[0], "after_id": after[1], "limit": limit}
    return [_entry(row) for row in (await session.execute(_GOAL_ENTRIES, values)).mappings()]


async def measure_goals(session: AsyncSession, goals: Sequence[Goal]) -> dict[UUID, dict[date, int]]:
    """Actuals of any number of goals by month, in one statement."""
    rows = await session.execute(_MEASURE, {"goals": [goal.id for goal in goals]})
    return by_goal((goal_id, month, value) for goal_id, month, value in rows)


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
    )


async def entries_of(session: AsyncSession, lines: Collection[UUID]) -> list[Entry]:
    """The ledger entries of order lines: their sales, and what reversed those."""
    rows = await session.execute(_OF_LINES, {"lines": list(lines)})
    return [_entry(row) for row in rows.mappings()]


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


async def counted_for(session: AsyncSession, organisation_id: UUID, year: int) -> Content:
    """What was counted of an organisation's orders in a calendar year, after the refunds of that year."""
    period = year_of(year)
    placed = await orders.ids_for(session, organisation_id)
    values = {"orders": placed, "first": period.starts_on, "last": period.ends_on}
    rows = (await session.execute(_OF_YEAR, values)).all()
    by_order: Counter[UUID] = Counter()
    for row in rows:
        by_order[row.order_id] += row.amount_fen
    return Content(
        year=year,
        net_fen=by_order.total(),
        orders=sum(1 for fen in by_order.values() if fen > 0),
        categories=summed(
            [(_ROOT_NAMES.get(row.category, row.category), row.quantity, row.amount_fen) for row in rows]
        ),
        townships=summed([(row.township, row.quantity, row.amount_fen) for row in rows]),
    )


async def certificate(session: AsyncSession, code: str) -> Certificate:
    """The certificate with this code. Raises ``NoSuchCertificate``."""
    row = (await session.execute(_CERTIFICATE, {"code": code})).one_or_none()
    if row is None:
        raise NoSuchCertificate
    content = Content.from_json(row.content)
    return Certificate(
        code=row.code,
        holder=row.holder,
        uscc=row.uscc,
        content=content,
        digest=row.digest,
        issued_at=row.issued_at,
        current=content == await counted_for(session, row.organisation_id, content.year),
    )
