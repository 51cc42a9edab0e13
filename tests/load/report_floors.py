"""What reports are measured against: bare routes that read what was summed beforehand, with nothing to add or to check.

The same server program, protocol and driver as the service; one statement and its rows as JSON. ``PORT`` and
``DATABASE_URL`` are set by the bench.
"""

from __future__ import annotations

import json
import os
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response

from tests.load.entries import YEAR
from tests.load.floors import Pool, serve

# What the answers are made of, and nothing else: twelve months of a few categories, and twelve months of a goal.
PREPARE = """
CREATE TABLE bench_month AS
SELECT counted_month AS month, category, count(DISTINCT order_id) FILTER (WHERE kind = 'sale') AS orders,
       CAST(sum(quantity) AS bigint) AS quantity,
       CAST(coalesce(sum(amount_fen) FILTER (WHERE kind <> 'refund'), 0) AS bigint) AS gross_fen,
       CAST(coalesce(-sum(amount_fen) FILTER (WHERE kind = 'refund'), 0) AS bigint) AS refunded_fen
FROM assistance_entry GROUP BY 1, 2;
CREATE INDEX ON bench_month (month);
CREATE TABLE bench_goal AS
SELECT g.id AS goal_id, e.counted_month AS month, CAST(sum(e.amount_fen) AS bigint) AS value
FROM assistance_goal g JOIN assistance_entry e ON e.counted_on BETWEEN g.starts_on AND g.ends_on
    AND e.channel = ANY (g.channels) GROUP BY 1, 2;
CREATE INDEX ON bench_goal (goal_id);
GRANT SELECT ON bench_month, bench_goal TO PUBLIC;
ANALYZE bench_month, bench_goal
"""
_YEAR = "SELECT * FROM bench_month WHERE month BETWEEN %(first)s AND %(last)s ORDER BY month, category"
_GOAL = "SELECT month, value FROM bench_goal WHERE goal_id = %(goal)s ORDER BY month"
_PAGE = """
SELECT id, posted_at, counted_on, kind, order_number, po_no, line_id, sku, lot_code, product_id, product_name, category,
       supplier_id, supplier_name, township_code, township, channel, division_code, quantity, weight_g, amount_fen,
       reverses
FROM assistance_entry WHERE counted_on <= %(last)s AND category = %(category)s
  AND (counted_on, id) > (%(first)s, '00000000-0000-0000-0000-000000000000') ORDER BY counted_on, id LIMIT 25
"""


def create_app() -> FastAPI:
    pool = Pool()

    @asynccontextmanager
    async def lifespan(_: FastAPI):
        await pool.open(os.environ["DATABASE_URL"])
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    async def told(statement: str, **values: Any) -> Response:
        async with pool.transaction() as connection:
            rows = await (await connection.execute(statement, values)).fetchall()
        return Response(json.dumps(rows, default=str, ensure_ascii=False).encode(), media_type="application/json")

    @app.get("/floor/year")
    async def year() -> Response:
        return await told(_YEAR, first=YEAR[0], last=YEAR[1])

    @app.get("/floor/goal/{goal}")
    async def goal(goal: str) -> Response:
        return await told(_GOAL, goal=goal)

    @app.get("/floor/entries")
    async def entries(category: str) -> Response:
        return await told(_PAGE, first=YEAR[0], last=YEAR[1], category=category)

    return app


if __name__ == "__main__":
    serve(create_app())
