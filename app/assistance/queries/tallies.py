"""What the ledger answers for goals: by tallies that the fold keeps, and the few entries that no tally contains yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.rules.goals import Goal, by_goal
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
           CAST(CASE WHEN g.metric = 'orders' THEN count(*) FILTER (WHERE amount_fen > 0) ELSE 0 END AS int) AS orders
    FROM (SELECT {_INSIDE} AS inside, CASE WHEN g.metric = 'orders' THEN e.order_id END AS order_id,
                 CASE WHEN g.metric <> 'orders' THEN e.counted_month END AS own, min(e.counted_month) AS month,
                 sum(e.amount_fen) AS amount_fen, sum(e.weight_g) AS weight_g
          FROM assistance_entry e WHERE {{folded}}{TAKES} GROUP BY 1, 2, 3) AS part GROUP BY 1, 2
"""

_MEASURE = text(f"""
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
    SELECT m.goal_id AS id, m.month, m.inside, m.amount_fen, m.weight_g, m.orders
    FROM g JOIN assistance_goal_month m ON m.goal_id = g.id WHERE g.tallied
    UNION ALL
    SELECT g.id, e.counted_month, {_INSIDE}, e.amount_fen, e.weight_g, 0 FROM g JOIN tail e ON g.tallied AND {TAKES}
    UNION ALL
    SELECT id, month, inside, 0, 0, side
    FROM (SELECT g.id, {_INSIDE} AS inside, e.order_id, s.side, min(e.counted_month) AS month
          FROM g JOIN kin e ON g.tallied AND g.metric = 'orders' AND {TAKES} CROSS JOIN (VALUES (1), (-1)) AS s(side)
          WHERE s.side = 1 OR e.folded GROUP BY 1, 2, 3, 4 HAVING sum(e.amount_fen) > 0) AS part
    UNION ALL
    SELECT g.id, d.* FROM g CROSS JOIN LATERAL ({_OF_LEDGER.format(folded="NOT g.tallied AND ")}) d WHERE NOT g.tallied
)
SELECT told.id, month, inside, CAST(CASE g.metric WHEN 'orders' THEN sum(told.orders)
    WHEN 'quantity_g' THEN sum(told.weight_g) ELSE sum(told.amount_fen) END AS bigint)
FROM told JOIN g USING (id) GROUP BY told.id, month, inside, g.metric
""")

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
    SELECT g.id, e.counted_month AS month, {_INSIDE} AS inside, e.amount_fen, e.weight_g, 0 AS orders
    FROM g JOIN fresh e ON {TAKES}
    UNION ALL
    SELECT id, month, inside, 0, 0, side
    FROM (SELECT g.id, {_INSIDE} AS inside, e.order_id, s.side, min(e.counted_month) AS month
          FROM g JOIN kin e ON g.metric = 'orders' AND {TAKES} CROSS JOIN (VALUES (1), (-1)) AS s(side)
          WHERE s.side = 1 OR NOT e.is_fresh GROUP BY 1, 2, 3, 4 HAVING sum(e.amount_fen) > 0) AS part
)
INSERT INTO assistance_goal_month (goal_id, month, inside, amount_fen, weight_g, orders)
SELECT id, month, inside, sum(amount_fen), sum(weight_g), sum(orders) FROM told GROUP BY 1, 2, 3
ON CONFLICT (goal_id, month, inside) DO UPDATE SET
    amount_fen = assistance_goal_month.amount_fen + excluded.amount_fen,
    weight_g = assistance_goal_month.weight_g + excluded.weight_g,
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
INSERT INTO assistance_goal_month (goal_id, month, inside, amount_fen, weight_g, orders)
SELECT g.id, d.* FROM g CROSS JOIN LATERAL ({
    _OF_LEDGER.format(folded="NOT EXISTS (SELECT FROM assistance_unfolded u WHERE u.entry_id = e.id) AND ")
}) AS d
""")


async def measure_goals(session: AsyncSession, goals: Sequence[Goal]) -> dict[UUID, dict[date, int]]:
    """Actuals of any number of goals by month, in one statement."""
    rows = await ask(session, _MEASURE, {"goals": array(goal.id for goal in goals)})
    return by_goal((goal_id, month, value) for goal_id, month, inside, value in rows if inside)
