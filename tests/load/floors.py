"""The floors: what the same server, loop, parser and PostgreSQL do when nothing but the work itself is done.

One process of a bare FastAPI application: a route that returns bytes, a route that writes an order's rows with one
statement in one transaction, and a route that runs one grouping statement. No middleware, no validation, no sessions;
psycopg itself, with a list of open connections for a pool. ``PORT``, ``DATABASE_URL`` and ``PAGE`` (a file) are set by
the bench.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import uvicorn
from fastapi import FastAPI, Response
from sqlalchemy import make_url

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.patience import PatientProtocol
from app.launcher import bind
from tests.load import bulk

CONNECTIONS = 16
"""As many as a process of the service may open."""

# Exactly the rows that the service writes for an order of one line; nobody listens to orders.placed, so there is no
# delivery. The key's row is written once, complete.
ORDER = """
WITH placed AS (
    INSERT INTO orders_order (id, number, buyer_id, channel, division_code, address_sealed, placed_at, expires_at,
                              goods_fen, discount_fen, freight_fen, total_fen)
    VALUES (%(order)s, 'BJ261123' || lpad((nextval('orders_number_seq') * 61803399 %% 100000000)::text, 8, '0'),
            %(buyer)s, 'retail', '370112', %(address)s, %(now)s, %(now)s + interval '30 minutes', 990, 0, 800, 1790)
    RETURNING number
), part AS (
    INSERT INTO orders_supplier_order (id, order_id, supplier_id, status, goods_fen, discount_fen, freight_fen,
                                       amount_fen, due_at)
    VALUES (%(part)s, %(order)s, %(supplier)s, 'pending_payment', 990, 0, 800, 1790, %(now)s + interval '30 minutes')
), line AS (
    INSERT INTO orders_line (id, order_id, supplier_order_id, position, sku, product_id, name, product_name, quantity,
                             unit_price_fen, discount_fen, amount_fen, supplier_id, supplier_name, category,
                             township_code, township, village, net_weight_g, tax_rate_bp, assisted, self_purchase)
    VALUES (%(line)s, %(order)s, %(part)s, 0, %(sku)s, %(product)s, '保靖黄金茶1号 雨前二级 100g 袋',
            '保靖黄金茶1号 雨前二级', 1, 990, 0, 990, %(supplier)s, '保靖县第一茶叶专业合作社（示例）', 'golden-tea',
            '433125116', '吕洞山镇', '黄金村', 100, 900, true, false)
), stock AS (
    UPDATE inventory_stock SET reserved = reserved + 1 WHERE sku = %(sku)s AND on_hand - reserved >= 1
    RETURNING on_hand - reserved AS available
), moved AS (
    INSERT INTO inventory_movement (sku, kind, on_hand_delta, reserved_delta, reference, by_account, effective_at,
                                    recorded_at)
    VALUES (%(sku)s, 'reserved', 0, 1, %(order)s, %(buyer)s, %(now)s, %(now)s)
), held AS (
    INSERT INTO inventory_reservation (reference, sku, quantity) VALUES (%(order)s, %(sku)s, 1)
), told AS (
    INSERT INTO core_event (id, name, subject, at, payload)
    VALUES (%(event)s, 'orders.placed', %(order)s, %(now)s, CAST(%(fact)s AS jsonb))
), answered AS (
    INSERT INTO core_idempotency (principal, key, fingerprint, created_at, status, media_type, headers, body)
    VALUES (%(principal)s, %(key)s, %(fingerprint)s, %(now)s, 201, 'application/json', '{}', %(answer)s)
)
SELECT number, available FROM placed, stock
"""

REPORT = """
SELECT counted_month, category, count(DISTINCT order_id) FILTER (WHERE kind = 'sale') AS orders,
       sum(quantity) AS quantity, sum(amount_fen) FILTER (WHERE kind <> 'refund') AS gross_fen,
       -sum(amount_fen) FILTER (WHERE kind = 'refund') AS refunded_fen
FROM assistance_entry WHERE counted_on BETWEEN %(first)s AND %(last)s
GROUP BY counted_month, category ORDER BY counted_month, category
"""


class Pool:
    """Open connections, handed out one at a time."""

    def __init__(self) -> None:
        self._free: asyncio.LifoQueue[psycopg.AsyncConnection] = asyncio.LifoQueue()

    async def open(self, url: str) -> None:
        parsed = make_url(url)
        for _ in range(CONNECTIONS):
            self._free.put_nowait(
                await psycopg.AsyncConnection.connect(
                    host=str(parsed.query["host"]), dbname=parsed.database, user=parsed.username
                )
            )

    async def close(self) -> None:
        while not self._free.empty():
            await self._free.get_nowait().close()

    @asynccontextmanager
    async def transaction(self):
        connection = await self._free.get()
        try:
            yield connection
            await connection.commit()
        except BaseException:
            await connection.rollback()
            raise
        finally:
            self._free.put_nowait(connection)


def create_app() -> FastAPI:
    pool = Pool()
    page = Path(os.environ["PAGE"]).read_bytes()
    products = int(os.environ["PRODUCTS"])
    first, last = json.loads(os.environ["PERIOD"])
    address, answer, fingerprint = b"\0" * 160, b"a" * 1200, b"\0" * 32

    @asynccontextmanager
    async def lifespan(_: FastAPI):
        await pool.open(os.environ["DATABASE_URL"])
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/floor/page")
    async def send_page() -> Response:
        return Response(page, media_type="application/json")

    @app.post("/floor/order", status_code=201)
    async def write_order() -> Response:
        now, number = utc_now(), 1 + random.randrange(products)
        order, buyer = new_id(now), bulk.buyer_id(1 + number % bulk.BUYERS)
        row = {
            "order": order,
            "part": new_id(now),
            "line": new_id(now),
            "event": new_id(now),
            "buyer": buyer,
            "supplier": bulk.supplier_id(number),
            "product": bulk.product_id(number),
            "sku": bulk.sku(number),
            "address": address,
            "now": now,
            "fact": f'{{"at":"{now.isoformat()}","order_id":"{order}"}}',
            "principal": f"account:{buyer}",
            "key": str(uuid4()),
            "fingerprint": fingerprint,
            "answer": answer,
        }
        async with pool.transaction() as connection:
            found = await (await connection.execute(ORDER, row)).fetchone()
        assert found is not None
        return Response(answer, 201, media_type="application/json")

    @app.get("/floor/report")
    async def group() -> Response:
        async with pool.transaction() as connection:
            rows = await (await connection.execute(REPORT, {"first": first, "last": last})).fetchall()
        found = [
            (str(month), category, *map(int, (orders, quantity, gross or 0, refunded or 0)))
            for month, category, orders, quantity, gross, refunded in rows
        ]
        return Response(json.dumps(found).encode(), media_type="application/json")

    return app


def serve(app: FastAPI) -> None:
    """Serve as ``baojing serve --shared`` does: the same loop, parser, protocol, collector and sharing of the port."""
    listener = bind("127.0.0.1", int(os.environ["PORT"]), shared=True)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        loop="uvloop",
        http=PatientProtocol,
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)
    server.run(sockets=[listener])


if __name__ == "__main__":
    serve(create_app())
