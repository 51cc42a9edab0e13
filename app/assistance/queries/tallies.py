"""What the ledger answers for goals: by tallies that the fold keeps, and the few entries that no tally contains yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.queries.benefits import of_households
from app.assistance.rules.forecasts import Agreed, Ledger
from app.assistance.rules.goals import FROM_LEDGER, Goal
from app.core.db import array, ask

AREAS = """CASE WHEN divisions IS NOT NULL THEN ARRAY(SELECT code || '%' FROM unnest(divisions) AS code) END AS areas"""
TAKES = """(g.categories IS NULL OR e.category = ANY (g.categories))
  AND (g.suppliers IS NULL OR e.supplier_id = ANY (g.suppliers))
  AND (g.townships IS NULL OR e.township_code = ANY (g.townships))
  AND (g.channels IS NULL OR e.channel = ANY (g.channels))
  AND (g.areas IS NULL OR e.division_code LIKE ANY (g.areas))"""
_INSIDE = "e.counted_on BETWEEN g.starts_on AND g.ends_on"

# An order is counted once in each goal, in the month of its first entry, if it nets more than nothing there.
_OF_LEDGER = f"""
    SELECT month, inside, CAST(sum(amount_fen) AS bigint) AS amount_fen, CAST(sum(weight_g) AS bigint) AS weight_g,
           CAST(sum(refunded_fen) AS bigint) AS refunded_fen, CAST(sum(orders) AS int) AS orders
    FROM (SELECT e.counted_month AS month, {_INSIDE} AS inside, e.amount_fen, e.weight_g,
                 -least(e.amount_fen, 0) AS refunded_fen, 0 AS orders
          FROM assistance_entry e WHERE {{folded}}{TAKES}
          UNION ALL
          SELECT min(e.counted_month), {_INSIDE}, 0, 0, 0, 1
          FROM assistance_entry e WHERE g.metric = 'orders' AND {{folded}}{TAKES}
          GROUP BY 2, e.order_id HAVING sum(e.amount_fen) > 0) AS part GROUP BY 1, 2
"""

_OF_TALLIES = f"""
WITH g AS MATERIALIZED (
    SELECT a.*, t.goal_id IS NOT NULL AS tallied, {AREAS}
    FROM assistance_goal a LEFT JOIN assistance_goal_tally t ON t.goal_id = a.id AND t.version = a.version
    WHERE a.id = ANY (SELECT unnest(CAST(:goals AS uuid[])))
), tail AS MATERIALIZED (
    SELECT e.* FROM assistance_unfolded u JOIN assistance_entry e ON e.id = u.entry_id
), kin AS (
    SELECT e.*, u.entry_id IS NULL AS folded FROM (SELECT DISTINCT order_id FROM tail) o
    JOIN assistance_entry e USING (order_id) LEFT JOIN assistance_unfolded u ON u.entry_id = e.id
), told AS (
    SELECT m.goal_id AS id, m.month, m.inside, m.amount_fen, m.weight_g, m.refunded_fen, m.orders
    FROM g JOIN assistance_goal_month m ON m.goal_id = g.id WHERE g.tallied
    UNION ALL
    SELECT g.id, e.counted_month, {_INSIDE}, e.amount_fen, e.weight_g, -least(e.amount_fen, 0), 0
    FROM g JOIN tail e ON g.tallied AND {TAKES}
    UNION ALL
    SELECT id, month, inside, 0, 0, 0, side
    FROM (SELECT g.id, {_INSIDE} AS inside, e.order_id, s.side, min(e.counted_month) AS month
          FROM g JOIN kin e ON g.tallied AND g.metric = 'orders' AND {TAKES} CROSS JOIN (VALUES (1), (-1)) AS s(side)
          WHERE s.side = 1 OR e.folded GROUP BY 1, 2, 3, 4 HAVING sum(e.amount_fen) > 0) AS part
"""
# What was declared from outside the platform is asked of its own few entries, and has nothing in ``inside``.
_SUMMED = f""")
SELECT told.id, month, inside, CAST(CASE g.metric WHEN 'orders' THEN sum(told.orders)
    WHEN 'quantity_g' THEN sum(told.weight_g) ELSE sum(told.amount_fen) END AS bigint),
    CAST(sum(told.amount_fen) AS bigint), CAST(sum(told.refunded_fen) AS bigint)
FROM told JOIN g USING (id) GROUP BY told.id, month, inside, g.metric
UNION ALL
SELECT g.id, g.starts_on, NULL, CAST(CASE g.metric WHEN 'orders' THEN count(*) FILTER (WHERE d.amount_fen > 0)
    WHEN 'quantity_g' THEN sum(d.weight_g) ELSE sum(d.amount_fen) END AS bigint), 0, 0
FROM g CROSS JOIN LATERAL (
    SELECT sum(e.amount_fen) AS amount_fen, sum(e.weight_g) AS weight_g FROM assistance_entry e
    WHERE e.evidence = 'declared' AND {_INSIDE} AND {TAKES} GROUP BY e.order_id) AS d
GROUP BY g.id, g.starts_on, g.metric
"""
# What no tally tells yet comes back without a month. It is asked for in the second statement alone: a plan that might
# have to read all of the ledger is made anew each time, and takes longer than the rest.
_MEASURE = text(f"{_OF_TALLIES} UNION ALL SELECT g.id, NULL, false, 0, 0, 0, 0 FROM g WHERE NOT g.tallied {_SUMMED}")
_MEASURE_ALL = text(
    f"""{_OF_TALLIES}
    UNION ALL
    SELECT g.id, d.* FROM g CROSS JOIN LATERAL ({_OF_LEDGER.format(folded="NOT g.tallied AND ")}) d WHERE NOT g.tallied
{_SUMMED}"""
)

TALLIED = f"""
    SELECT a.*, {AREAS}
    FROM assistance_goal a JOIN assistance_goal_tally t ON t.goal_id = a.id AND t.version = a.version
"""
"""The goals whose tallies are kept, with ``TAKES`` as their filter over an entry ``e``."""

TALLY_BATCH = text(f"""
WITH batch AS MATERIALIZED (
    SELECT unnest(CAST(:batch AS uuid[])) AS entry_id
), fresh AS MATERIALIZED (
    SELECT e.* FROM batch b JOIN assistance_entry e ON e.id = b.entry_id
), g AS MATERIALIZED ({TALLIED}), kin AS MATERIALIZED (
    SELECT e.*, b.entry_id IS NOT NULL AS is_fresh FROM (SELECT DISTINCT order_id FROM fresh) o
    JOIN assistance_entry e USING (order_id) LEFT JOIN batch b ON b.entry_id = e.id
    WHERE EXISTS (SELECT FROM g WHERE metric = 'orders')
      AND (b.entry_id IS NOT NULL OR NOT EXISTS (SELECT FROM assistance_unfolded u WHERE u.entry_id = e.id))
), told AS (
    SELECT g.id, e.counted_month AS month, {_INSIDE} AS inside, e.amount_fen, e.weight_g,
           -least(e.amount_fen, 0) AS refunded_fen, 0 AS orders
    FROM g JOIN fresh e ON {TAKES}
    UNION ALL
    SELECT id, month, inside, 0, 0, 0, side
    FROM (SELECT g.id, {_INSIDE} AS inside, e.order_id, s.side, min(e.counted_month) AS month
          FROM g JOIN kin e ON g.metric = 'orders' AND {TAKES} CROSS JOIN (VALUES (1), (-1)) AS s(side)
          WHERE s.side = 1 OR NOT e.is_fresh GROUP BY 1, 2, 3, 4 HAVING sum(e.amount_fen) > 0) AS part
)
INSERT INTO assistance_goal_month (goal_id, month, inside, amount_fen, weight_g, refunded_fen, orders)
SELECT id, month, inside, sum(amount_fen), sum(weight_g), sum(refunded_fen), sum(orders) FROM told GROUP BY 1, 2, 3
ON CONFLICT (goal_id, month, inside) DO UPDATE SET
    amount_fen = assistance_goal_month.amount_fen + excluded.amount_fen,
    weight_g = assistance_goal_month.weight_g + excluded.weight_g,
    refunded_fen = assistance_goal_month.refunded_fen + excluded.refunded_fen,
    orders = assistance_goal_month.orders + excluded.orders
""")

UNTALLIED = text("""
SELECT g.id FROM assistance_goal g WHERE NOT EXISTS (
    SELECT FROM assistance_goal_tally t WHERE t.goal_id = g.id AND t.version = g.version) ORDER BY g.id
""")

FORGET_TALLY = text("DELETE FROM assistance_goal_month WHERE goal_id = :goal")

TALLY_LEDGER = text(f"""
WITH g AS MATERIALIZED (
    SELECT a.*, {AREAS} FROM assistance_goal a WHERE id = :goal
), noted AS (
    INSERT INTO assistance_goal_tally (goal_id, version) SELECT id, version FROM g
    ON CONFLICT (goal_id) DO UPDATE SET version = excluded.version
)
INSERT INTO assistance_goal_month (goal_id, month, inside, amount_fen, weight_g, refunded_fen, orders)
SELECT g.id, d.* FROM g CROSS JOIN LATERAL ({
    _OF_LEDGER.format(folded="NOT EXISTS (SELECT FROM assistance_unfolded u WHERE u.entry_id = e.id) AND ")
}) AS d
""")


# What is promised and not delivered yet, valued as it will count; a partial delivery is no new order.
AGREED = f"""
WITH g AS MATERIALIZED (
    SELECT a.*, {AREAS} FROM assistance_goal a WHERE a.id = ANY (SELECT unnest(CAST(:goals AS uuid[])))
), awaited AS (
    SELECT true AS by_po, p.id AS order_id, l.category, l.supplier_id, l.township_code, 'supermarket' AS channel,
           p.division_code, p.required_on AS due_on, l.promised_units - l.delivered_units AS units, l.net_weight_g,
           (l.promised_units - l.delivered_units) * l.unit_price_fen AS amount_fen, p.status = 'confirmed' AS whole
    FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id
    WHERE p.status IN ('confirmed', 'shipped', 'partially_received') AND l.promised_units > l.delivered_units
      AND l.assisted AND NOT l.self_purchase AND p.closes_on >= :today
    UNION ALL
    SELECT false, o.id, l.category, l.supplier_id, l.township_code, o.channel, o.division_code, s.ship_by, w.quantity,
           l.net_weight_g, l.amount_fen * w.quantity / l.quantity, true
    FROM inventory_promise w JOIN inventory_presale s ON s.id = w.presale_id JOIN orders_order o ON o.id = w.reference
    JOIN orders_line l ON l.order_id = o.id AND l.sku = w.sku
    WHERE o.paid_at IS NOT NULL AND l.assisted AND NOT l.self_purchase AND o.ext_832_order_no IS NULL
)
SELECT g.id, e.by_po, CAST(CASE g.metric WHEN 'orders' THEN count(DISTINCT e.order_id) FILTER (WHERE e.whole)
    WHEN 'quantity_g' THEN sum(e.units * e.net_weight_g) ELSE sum(e.amount_fen) END AS bigint) AS value
FROM g JOIN awaited e ON greatest(e.due_on, :today) BETWEEN g.starts_on AND g.ends_on
    AND e.division_code LIKE '37%' AND {TAKES}
GROUP BY 1, 2, g.metric
"""
_AGREED = text(AGREED)


async def measure_goals(session: AsyncSession, goals: Sequence[Goal], *, today: date) -> dict[UUID, Ledger]:
    """What the ledger says of goals, in one statement where tallies are kept; of households, what the register does."""
    if not goals:
        return {}
    inside: dict[UUID, dict[date, int]] = {goal.id: {} for goal in goals}
    history: dict[UUID, Counter[date]] = {goal.id: Counter() for goal in goals}
    moved: dict[UUID, list[int]] = {goal.id: [0, 0] for goal in goals}
    declared: dict[UUID, int] = {}
    lately = today.replace(year=today.year - 1, day=1)
    asked = {"goals": array(goal.id for goal in goals)}
    found = await ask(session, _MEASURE, asked)
    if any(month is None for _, month, *_ in found):
        found = await ask(session, _MEASURE_ALL, asked)
    for goal_id, month, within, value, amount_fen, refunded_fen in found:
        if within is None:
            declared[goal_id] = int(value)
            continue
        if within:
            inside[goal_id][month] = int(value)
        history[goal_id][month] += int(value)
        if month > lately:
            moved[goal_id][0] += amount_fen + refunded_fen
            moved[goal_id][1] += refunded_fen
    told = {
        goal.id: Ledger(inside[goal.id], history[goal.id], _share(*reversed(moved[goal.id])), declared.get(goal.id, 0))
        for goal in goals
    }
    return told | await of_households(session, [goal for goal in goals if goal.metric not in FROM_LEDGER], today=today)


def _share(part: int, whole: int) -> int:
    return min(10_000 * part // whole, 10_000) if whole > 0 else 0


async def agreed_for(session: AsyncSession, goals: Sequence[Goal], *, today: date) -> dict[UUID, Agreed]:
    """What purchase orders and pre-sales will still bring to each goal within its period, in its unit."""
    found: dict[UUID, dict[bool, int]] = {}
    for goal_id, by_po, value in await ask(
        session, _AGREED, {"goals": array(goal.id for goal in goals), "today": today}
    ):
        found.setdefault(goal_id, {})[by_po] = int(value)
    return {goal_id: Agreed(parts.get(True, 0), parts.get(False, 0)) for goal_id, parts in found.items()}
