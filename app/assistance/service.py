"""Use cases: post a counted sale and its reversal, set goals, write plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import AspectRow, GoalRow, MeasureRow, PlanRow
from app.assistance.rules import (
    FROM_LEDGER,
    Aspect,
    Candidate,
    Channel,
    EntryContradicted,
    Filter,
    Goal,
    GoalsOverlap,
    GoalStanding,
    Kind,
    Measure,
    Metric,
    MetricNotAvailable,
    Period,
    Plan,
    UnknownAspect,
    UnknownFilterValue,
    UnknownGoal,
    decide,
    disjoint,
    division_prefix,
    figures,
    programme_on,
    reversal,
)
from app.catalogue import ROOTS
from app.core.clock import local_day
from app.core.db import dump
from app.core.errors import Fault
from app.core.ids import new_id
from app.identity import Actor
from app.orders import CountableLine, LinesRefunded, SupplierOrderCompleted
from app.suppliers import TOWNSHIPS
from app.suppliers import suppliers as list_suppliers

V = TypeVar("V")

_POST_SALES = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, lot_code, quantity, weight_g, amount_fen)
SELECT r.id, :posted_at, :occurred_at, :counted_on, 'sale', :source, r.line_id, :order_id, :order_number,
    r.sku, r.product_id, r.product_name, r.category, r.supplier_id, r.supplier_name, r.township_code, r.township,
    r.channel, r.division_code, r.lot_code, r.quantity, r.weight_g, r.net_fen
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS r(id uuid, line_id uuid, sku text, product_id uuid,
    product_name text, category text, supplier_id uuid, supplier_name text, township_code text, township text,
    channel text, division_code text, lot_code text, quantity integer, weight_g bigint, net_fen bigint)
ON CONFLICT DO NOTHING RETURNING line_id
""")

_POST_REVERSALS = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    po_no, sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, partner_id, partner_name, lot_code, quantity, weight_g, amount_fen, reverses)
SELECT r.id, :posted_at, :occurred_at, :counted_on, 'refund', :source, e.line_id, e.order_id, e.order_number,
    e.po_no, e.sku, e.product_id, e.product_name, e.category, e.supplier_id, e.supplier_name, e.township_code,
    e.township, e.channel, e.division_code, e.partner_id, e.partner_name, e.lot_code,
    -r.quantity, -r.weight_g, -r.amount_fen, e.id
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS r(id uuid, sale uuid, quantity integer, weight_g bigint,
    amount_fen bigint)
JOIN assistance_entry e ON e.id = r.sale
ON CONFLICT (kind, source_id, line_id) DO NOTHING
""")


def _counts(line: CountableLine, day: date) -> bool:
    candidate = Candidate(line.assisted, line.township_code, line.division_code, line.self_purchase, line.net_fen)
    return decide(candidate, programme_on(day)).counted


async def count_sale(session: AsyncSession, completed: SupplierOrderCompleted, *, now: datetime) -> int:
    """Post one sale entry for each line of a completed supplier order that counts; return how many were new.

    Hearing the same completion again posts nothing. Raises ``EntryContradicted`` if it says something else than before.
    """
    day = local_day(completed.at)
    lines = [line for line in completed.lines if _counts(line, day)]
    if not lines:
        return 0
    rows = [{"id": str(new_id(now)), **line.model_dump(mode="json")} for line in lines]
    values = _posting(completed.at, completed.supplier_order_id, rows, now)
    values |= {"order_id": completed.order_id, "order_number": completed.number}
    fresh = set((await session.execute(_POST_SALES, values)).scalars())
    if len(fresh) < len(lines):
        before = await queries.posted(session, Kind.SALE, completed.supplier_order_id)
        if any(before.get(line.line_id) != (line.quantity, line.net_fen) for line in lines):
            raise EntryContradicted(source=completed.supplier_order_id)
    return len(fresh)


async def reverse_sale(session: AsyncSession, refunded: LinesRefunded, *, now: datetime) -> int:
    """Post one reversing entry for each refunded line that was counted; return how many were new.

    The reversal carries the attribution of the sale and falls on the day of the refund (domain handbook §2.8). Never
    more is reversed than was counted. Facts about a supplier order are heard in the order in which they happened, so a
    refund that finds no sale came before completion, which left it out of the sale, or was of a line that does not
    count.
    """
    asked = {line.line_id: line for line in refunded.lines}
    sales = await queries.lock_sales(session, asked, source=refunded.refund_id)
    rows: list[dict[str, Any]] = []
    for sale in sales:
        line = asked[sale.line_id]
        if sale.from_source_fen is not None:
            if sale.from_source_fen > line.amount_fen:
                raise EntryContradicted(source=refunded.refund_id)
            continue
        back = reversal(sale.left, line.quantity, line.amount_fen)
        if back is not None:
            parts = {"quantity": back.quantity, "weight_g": back.weight_g, "amount_fen": back.amount_fen}
            rows.append({"id": str(new_id(now)), "sale": str(sale.id), **parts})
    if rows:
        await session.execute(_POST_REVERSALS, _posting(refunded.at, refunded.refund_id, rows, now))
    return len(rows)


def _posting(at: datetime, source: UUID, rows: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any]:
    return {
        "posted_at": now,
        "occurred_at": at,
        "counted_on": local_day(at),
        "source": source,
        "lines": dump(rows),
    }


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
