"""Fold entries of the ledger into its sums, exactly once each.

The list of what is not folded is the watermark: whoever posts lists his entries in the same transaction, so an entry
that commits late is not skipped, and a reader sees every entry either in the sums or on the list, never in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.queries.tallies import FORGET_TALLY, TALLY_BATCH, TALLY_LEDGER, UNTALLIED
from app.assistance.rules.summary import BUYER, FIGURES, GOODS, PROJECTIONS, VIEWS, View, with_names
from app.assistance.service.lots import fold_lots
from app.core.db import Database, array, ask

FOLDED_AT_ONCE = 2_000
_TALLY_SECONDS = 300

# One at a time: an order's place in a count depends on what else of it was folded before.
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('assistance.fold', 0))")
_NEXT = text("SELECT entry_id FROM assistance_unfolded ORDER BY entry_id LIMIT :limit")
_PATIENCE = text(f"SELECT set_config('statement_timeout', '{_TALLY_SECONDS}s', true)")

_SAID = with_names(GOODS)
_BOUGHT = with_names(BUYER)
_COUNT = len(PROJECTIONS)


def _list(*parts: Iterable[str]) -> str:
    return ", ".join(item for part in parts for item in part)


def _of(table: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


_UNSAID = {"sku": "''", "product_id": f"CAST('{UUID(int=0)}' AS uuid)"}
"""What stands in an article for what a sale declared from outside leaves open: by an index only values are found."""


def _written(table: str) -> str:
    """What a line says of its goods, as it stands in an article."""
    return ", ".join(
        f"coalesce({table}.{column}, {_UNSAID[column]})" if column in _UNSAID else f"{table}.{column}"
        for column in _SAID
    )


def _type(column: str) -> str:
    return "uuid" if column.endswith("_id") else "text"


def _projected(goods: Sequence[str]) -> list[str]:
    """The columns of ``assistance_goods`` for one projection of a line's goods."""
    kept = with_names(goods)
    return [f"n.{column}" if column in kept else f"CAST(NULL AS {_type(column)})" for column in _SAID]


_NEW_GOODS = f"""
    SELECT DISTINCT {_of("e", _SAID)} FROM unnest(CAST(:batch AS uuid[])) AS b(id) JOIN assistance_entry e USING (id)
    WHERE NOT EXISTS (SELECT FROM assistance_article a WHERE ({_of("a", _SAID)}) = ({_written("e")}))
"""
_NEW_BUYERS = f"""
    SELECT DISTINCT {_of("e", _BOUGHT)} FROM unnest(CAST(:batch AS uuid[])) AS b(id) JOIN assistance_entry e USING (id)
    WHERE NOT EXISTS (
        SELECT FROM assistance_buyer a WHERE ({_of("a", _BOUGHT)}) IS NOT DISTINCT FROM ({_of("e", _BOUGHT)}))
"""
NOTE_GOODS = text(f"""
INSERT INTO assistance_goods ({_list(_SAID)})
SELECT v.* FROM ({_NEW_GOODS}) AS n
CROSS JOIN LATERAL (VALUES {", ".join(f"({_list(_projected(goods))})" for goods in PROJECTIONS)}) AS v
ON CONFLICT DO NOTHING
""")
NOTE_ARTICLES = text(f"""
INSERT INTO assistance_article ({_list(_SAID)}, cells)
SELECT {_written("n")}, ARRAY[{
    ", ".join(
        f"(SELECT id FROM assistance_goods g WHERE ({_of('g', _SAID)}) IS NOT DISTINCT FROM ({_list(columns)}))"
        for columns in map(_projected, PROJECTIONS)
    )
}]
FROM ({_NEW_GOODS}) AS n
""")
NOTE_CHANNELS = text(f"""
INSERT INTO assistance_buyer (channel) SELECT DISTINCT n.channel FROM ({_NEW_BUYERS}) AS n ON CONFLICT DO NOTHING
""")
NOTE_BUYERS = text(f"""
INSERT INTO assistance_buyer ({_list(_BOUGHT)}, of_channel)
SELECT {_of("n", _BOUGHT)}, c.id FROM ({_NEW_BUYERS}) AS n
JOIN assistance_buyer c ON c.channel = n.channel AND c.division_code IS NULL
""")


def _month(day: str) -> str:
    return f"CAST(date_trunc('month', CAST({day} AS timestamp)) AS date)"


def _level(name: str, views: Sequence[View]) -> str:
    """Moves added up as far as all of these views allow: what each of them then sums again is much less."""
    at = "month" if all(view.by == "month" for view in views) else "day, month"
    places = [place for place, goods in enumerate(PROJECTIONS) if any(view.goods == goods for view in views)]
    cells = [f"cell_{place}" for place in places]
    prevs = [f"prev_{place}" for place in places]
    before = [f"{_month(prev)} AS {prev}" for prev in prevs] if at == "month" else prevs
    buyer = "buyer_id" if views[0].buyer == BUYER else "channel_id"
    groups = _list(map(str, range(1, len(at.split(", ")) + 2 + 2 * len(places))))
    sums = _list(f"sum({figure}) AS {figure}" for figure in FIGURES)
    return f"""{name} AS MATERIALIZED (
    SELECT {at}, {buyer} AS bought_by, {_list(cells, before)}, {sums} FROM moves GROUP BY {groups}
)"""


def _rows(level: str, view: View) -> str:
    """The rows of a view, from its level."""
    place = PROJECTIONS.index(view.goods)
    prev = _month(f"prev_{place}") if view.by == "month" else f"prev_{place}"
    # What was seen before within the same day or month is no new order of it.
    orders = f"coalesce(sum(orders) FILTER (WHERE prev_{place} IS NULL OR {prev} < {view.by}), 0)"
    sums = [orders if figure == "orders" else f"sum({figure})" for figure in FIGURES]
    return f"""
SELECT {view.code}, {view.by}, cell_{place}, bought_by, CASE WHEN {prev} < {view.by} THEN {prev} END, {_list(sums)}
FROM {level} GROUP BY 2, 3, 4, 5 HAVING sum(entries) <> 0 OR {orders} <> 0"""


_PLACES = range(_COUNT)
_CELLS = [f"cell_{place}" for place in _PLACES]
_LEVELS = {
    "narrow": [view for view in VIEWS if view.buyer != BUYER],
    "wide": [view for view in VIEWS if view.buyer == BUYER and view.by == "month"],
    "daily": [view for view in VIEWS if view.buyer == BUYER and view.by == "day"],
}
_ONE_EACH = (
    ("sku", PROJECTIONS.index(tuple(GOODS))),
    ("product_id", PROJECTIONS.index(("category", "product_id", "supplier_id", "township_code"))),
    ("supplier_id", PROJECTIONS.index(("supplier_id",))),
    ("township_code", PROJECTIONS.index(("township_code",))),
)
_SAYS = f"""JOIN assistance_article a ON ({_of("a", _SAID)}) = ({_written("e")})
    JOIN assistance_buyer w ON (w.channel, w.division_code) = (e.channel, e.division_code)
        AND (w.partner_id, w.partner_name) IS NOT DISTINCT FROM (e.partner_id, e.partner_name)"""
_SHOWN = _list(
    ("w.id AS buyer_id", "w.of_channel AS channel_id"), (f"a.cells[{place + 1}] AS cell_{place}" for place in _PLACES)
)

FOLD = text(f"""
WITH batch AS MATERIALIZED (
    DELETE FROM assistance_unfolded WHERE entry_id = ANY (SELECT unnest(CAST(:batch AS uuid[]))) RETURNING entry_id
), fresh AS MATERIALIZED (
    SELECT e.id, e.order_id, e.kind, e.counted_on AS day, e.counted_month AS month, e.quantity, e.weight_g,
           e.amount_fen, {_SHOWN}
    FROM batch b JOIN assistance_entry e ON e.id = b.entry_id {_SAYS}
), sold AS MATERIALIZED (
    SELECT DISTINCT order_id FROM fresh WHERE kind = 'sale'
), kin AS MATERIALIZED (
    SELECT e.id, e.order_id, e.counted_on AS day, e.counted_month AS month, {_of("e", (one for one, _ in _ONE_EACH))},
           b.entry_id IS NOT NULL AS is_fresh, {_SHOWN}, count(*) OVER (PARTITION BY e.order_id) AS of_order
    FROM sold JOIN assistance_entry e ON e.order_id = sold.order_id AND e.kind = 'sale' {_SAYS}
    LEFT JOIN batch b ON b.entry_id = e.id
    WHERE b.entry_id IS NOT NULL OR NOT EXISTS (SELECT FROM assistance_unfolded u WHERE u.entry_id = e.id)
), sides AS MATERIALIZED (
    SELECT 1 AS side, * FROM kin WHERE of_order > 1 UNION ALL SELECT -1, * FROM kin WHERE of_order > 1 AND NOT is_fresh
), odd AS MATERIALIZED (
    SELECT side, order_id FROM sides GROUP BY side, order_id HAVING min(buyer_id) <> max(buyer_id)
        OR {" OR ".join(f"count(DISTINCT cell_{place}) <> count(DISTINCT {one})" for one, place in _ONE_EACH)}
), noted AS (
    INSERT INTO assistance_odd_order (order_id) SELECT order_id FROM odd WHERE side = 1 ON CONFLICT DO NOTHING
), moves AS MATERIALIZED (
    SELECT day, month, buyer_id, channel_id, {_list(_CELLS)}, 1 AS entries, quantity, weight_g,
           CASE WHEN kind = 'refund' THEN 0 ELSE amount_fen END AS gross_fen,
           CASE WHEN kind = 'refund' THEN -amount_fen ELSE 0 END AS refunded_fen, 0 AS orders,
           {_list(f"CAST(NULL AS date) AS prev_{place}" for place in _PLACES)}
    FROM fresh
    UNION ALL
    SELECT day, month, buyer_id, channel_id, {_list(_CELLS)}, 0, 0, 0, 0, 0, 1, {_list("NULL" for _ in _PLACES)}
    FROM kin WHERE of_order = 1
    UNION ALL
    SELECT day, month, buyer_id, channel_id, {_list(_CELLS)}, 0, 0, 0, 0, 0, side,
           {_list(f"lag(day) OVER w_{place}" for place in _PLACES)}
    FROM sides s WHERE NOT EXISTS (SELECT FROM odd o WHERE o.order_id = s.order_id AND o.side = s.side)
    WINDOW {_list(f"w_{place} AS (PARTITION BY order_id, side, cell_{place} ORDER BY day, id)" for place in _PLACES)}
), {", ".join(_level(name, views) for name, views in _LEVELS.items())}
INSERT INTO assistance_sum (view, at, goods_id, buyer_id, prev, {_list(FIGURES)})
{" UNION ALL ".join(_rows(name, view) for name, views in _LEVELS.items() for view in views)}
ON CONFLICT (view, at, goods_id, buyer_id, prev) DO UPDATE SET
    {_list(f"{figure} = assistance_sum.{figure} + excluded.{figure}" for figure in FIGURES)}
""")


async def fold_batch(session: AsyncSession, *, limit: int = FOLDED_AT_ONCE) -> int:
    """Fold so many entries into the sums and the tallies of goals; 0 where there are none, or another folds."""
    ((alone,),) = await ask(session, _ALONE, {})
    if not alone:
        return 0
    batch = [entry_id for (entry_id,) in await ask(session, _NEXT, {"limit": limit})]
    if batch:
        found = {"batch": array(batch)}
        # The tallies come before the fold: they ask what of an order was folded already.
        for statement in (NOTE_GOODS, NOTE_ARTICLES, NOTE_CHANNELS, NOTE_BUYERS, TALLY_BATCH, FOLD):
            await ask(session, statement, found)
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
        folded = max(folded, await fold_lots(session, limit=FOLDED_AT_ONCE))
    if folded:
        return folded
    async with db.write() as session:
        return await tally_goals(session)
