"""Fold entries of the ledger into its sums, exactly once each.

The list of what is not folded is the watermark: whoever posts lists his entries in the same transaction, so an entry
that commits late is not skipped, and a reader sees every entry either in the sums or on the list, never in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.queries.tallies import FORGET_TALLY, TALLY_BATCH, TALLY_LEDGER, UNTALLIED
from app.assistance.rules.summary import BUYER, FIGURES, GOODS, NAMED, PROJECTIONS, VIEWS, View
from app.core.db import Database, array, ask

FOLDED_AT_ONCE = 2_000
_TALLY_SECONDS = 300

# One at a time: an order's place in a count depends on what else of it was folded before.
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('assistance.fold', 0))")
_NEXT = text("SELECT entry_id FROM assistance_unfolded ORDER BY entry_id LIMIT :limit")
_PATIENCE = text(f"SELECT set_config('statement_timeout', '{_TALLY_SECONDS}s', true)")

_NAMES = tuple(NAMED.values())
_KEY = (*GOODS, *BUYER)
_TYPES = {column: "uuid" if column.endswith("_id") else "text" for column in (*_KEY, *_NAMES)}


def _month(day: str) -> str:
    return f"CAST(date_trunc('month', CAST({day} AS timestamp)) AS date)"


def _prevs(projections: Iterable[tuple[str, ...]], where: str = "") -> list[str]:
    return [f"{where}prev_{PROJECTIONS.index(goods)}" for goods in projections]


def _list(*parts: Iterable[str]) -> str:
    return ", ".join(item for part in parts for item in part)


def _named(columns: Sequence[str]) -> list[str]:
    return [NAMED[column] for column in columns if column in NAMED]


def _level(name: str, views: Sequence[View]) -> str:
    """Moves added up as far as all of these views allow, and then written as rows of each."""
    by = "day" if any(view.by == "day" for view in views) else "month"
    columns = [column for column in _KEY if any(column in view.columns for view in views)]
    projections = [goods for goods in PROJECTIONS if any(view.goods == goods for view in views)]
    prevs = _prevs(projections)
    at = by if by == "day" else "month"
    before = [prev if by == "day" else f"{_month(prev)} AS {prev}" for prev in prevs]
    groups = range(1, 1 + 1 + len(columns) + len(prevs))
    sums = _list(f"sum({figure}) AS {figure}" for figure in FIGURES)
    names = _list(f"max({name}) AS {name}" for name in _named(columns))
    rows = ", ".join(_row(view, "at" if by == "month" else view.by) for view in views)
    month = "" if by == "month" else f", {_month('at')} AS month, at AS day"
    return f"""{name} AS (
    SELECT v.*, m.entries, m.quantity, m.weight_g, m.gross_fen, m.refunded_fen
    FROM (SELECT *{month} FROM (
            SELECT {at} AS at, {_list(columns, before)}, {names}, {sums}
            FROM moves GROUP BY {_list(map(str, groups))}) AS g) AS m
    CROSS JOIN LATERAL (VALUES {rows}) AS v(view, at, prev, {_list(_KEY, _NAMES)}, orders)
)"""


def _row(view: View, at: str) -> str:
    (prev,) = _prevs([view.goods], "m.")
    if view.by == "month":
        prev = _month(prev)
    shown = set(view.columns) | set(_named(view.columns))
    cells = [f"m.{column}" if column in shown else f"CAST(NULL AS {_TYPES[column]})" for column in (*_KEY, *_NAMES)]
    # What was seen before within the same day or month is no new order of it.
    earlier = f"CASE WHEN {prev} < m.{at} THEN {prev} END"
    orders = f"CASE WHEN {prev} >= m.{at} THEN 0 ELSE m.orders END"
    return f"({view.code}, m.{at}, {earlier}, {', '.join(cells)}, {orders})"


_MEMBERS = {goods: f"w_{number}" for number, goods in enumerate(PROJECTIONS)}
_WINDOWS = ", ".join(
    f"{window} AS (PARTITION BY {_list(('order_id', 'side'), goods)} ORDER BY counted_on, id)"
    for goods, window in _MEMBERS.items()
)
_SEEN_BEFORE = ", ".join(
    f"lag(counted_on) OVER {_MEMBERS[goods]} AS {prev}"
    for goods, prev in zip(PROJECTIONS, _prevs(PROJECTIONS), strict=True)
)
_NO_PREVS = ", ".join("CAST(NULL AS date)" for _ in PROJECTIONS)
_LEVELS = {
    "narrow": [view for view in VIEWS if view.buyer != BUYER],
    "wide": [view for view in VIEWS if view.buyer == BUYER and view.by == "month"],
    "daily": [view for view in VIEWS if view.buyer == BUYER and view.by == "day"],
}

FOLD = text(f"""
WITH batch AS MATERIALIZED (
    DELETE FROM assistance_unfolded WHERE entry_id = ANY (SELECT unnest(CAST(:batch AS uuid[]))) RETURNING entry_id
), fresh AS MATERIALIZED (
    SELECT e.* FROM batch b JOIN assistance_entry e ON e.id = b.entry_id
), kin AS MATERIALIZED (
    SELECT e.id, e.order_id, e.counted_on, {_list(f"e.{column}" for column in (*_KEY, *_NAMES))},
           b.entry_id IS NOT NULL AS is_fresh
    FROM (SELECT DISTINCT order_id FROM fresh WHERE kind = 'sale') o
    JOIN assistance_entry e ON e.order_id = o.order_id AND e.kind = 'sale'
    LEFT JOIN batch b ON b.entry_id = e.id
    WHERE b.entry_id IS NOT NULL OR NOT EXISTS (SELECT FROM assistance_unfolded u WHERE u.entry_id = e.id)
), sides AS MATERIALIZED (
    SELECT 1 AS side, * FROM kin UNION ALL SELECT -1, * FROM kin WHERE NOT is_fresh
), odd AS MATERIALIZED (
    SELECT side, order_id FROM sides GROUP BY side, order_id HAVING count(DISTINCT ({_list(BUYER)})) > 1
    UNION SELECT side, order_id FROM sides GROUP BY side, order_id, product_id
          HAVING count(DISTINCT (category, supplier_id, township_code)) > 1
    UNION SELECT side, order_id FROM sides GROUP BY side, order_id, sku HAVING count(DISTINCT product_id) > 1
), noted AS (
    INSERT INTO assistance_odd_order (order_id) SELECT order_id FROM odd WHERE side = 1 ON CONFLICT DO NOTHING
), moves AS MATERIALIZED (
    SELECT counted_on AS day, counted_month AS month, {_list(_KEY, _NAMES)}, 1 AS entries, quantity, weight_g,
           CASE WHEN kind = 'refund' THEN 0 ELSE amount_fen END AS gross_fen,
           CASE WHEN kind = 'refund' THEN -amount_fen ELSE 0 END AS refunded_fen, 0 AS orders,
           {", ".join(f"CAST(NULL AS date) AS {prev}" for prev in _prevs(PROJECTIONS))}
    FROM fresh
    UNION ALL
    SELECT counted_on, {_month("counted_on")}, {_list(_KEY, _NAMES)}, 0, 0, 0, 0, 0, side,
           {_SEEN_BEFORE}
    FROM sides WHERE (side, order_id) NOT IN (SELECT side, order_id FROM odd) WINDOW {_WINDOWS}
), {", ".join(_level(name, views) for name, views in _LEVELS.items())}
INSERT INTO assistance_sum (view, at, prev, {_list(_KEY, _NAMES, FIGURES)})
SELECT view, at, prev, {_list(_KEY)}, {_list(f"max({name})" for name in _NAMES)},
       {_list(f"sum({figure})" for figure in FIGURES)}
FROM ({" UNION ALL ".join(f"SELECT * FROM {name}" for name in _LEVELS)}) AS row
GROUP BY view, at, prev, {_list(_KEY)}
HAVING sum(entries) <> 0 OR sum(orders) <> 0
ON CONFLICT (view, at, prev, {_list(_KEY)}) DO UPDATE SET
    {_list(f"{name} = greatest(assistance_sum.{name}, excluded.{name})" for name in _NAMES)},
    {_list(f"{figure} = assistance_sum.{figure} + excluded.{figure}" for figure in FIGURES)}
""")


async def fold_batch(session: AsyncSession, *, limit: int = FOLDED_AT_ONCE) -> int:
    """Fold so many entries into the sums and the tallies of goals; 0 where there are none, or another folds."""
    ((alone,),) = await ask(session, _ALONE, {})
    if not alone:
        return 0
    batch = [entry_id for (entry_id,) in await ask(session, _NEXT, {"limit": limit})]
    if batch:
        found: dict[str, Any] = {"batch": array(batch)}
        await ask(session, TALLY_BATCH, found)  # first: it asks what of an order was folded before
        await ask(session, FOLD, found)
    return len(batch)


async def tally_goals(session: AsyncSession) -> int:
    """Sum the ledger for one goal that was set or changed since; returns how many were."""
    ((alone,),) = await ask(session, _ALONE, {})
    if not alone:
        return 0
    goals = [goal_id for (goal_id,) in await ask(session, UNTALLIED, {})]
    if goals:
        await ask(session, _PATIENCE, {})
        await ask(session, FORGET_TALLY, {"goal": goals[0]})
        await ask(session, TALLY_LEDGER, {"goal": goals[0]})
    return len(goals)


async def fold_ledger(db: Database, now: datetime) -> int:  # noqa: ARG001 - what the worker calls its jobs with
    """Go one step on: a batch of entries, or the tally of one goal; 0 when there is nothing to do."""
    async with db.write() as session:
        folded = await fold_batch(session)
    if folded:
        return folded
    async with db.write() as session:
        return await tally_goals(session)
