"""A shop that has traded a little: every kind of object exists, so that paths lead somewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app import settlement
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from app.wiring import build
from tests.conftest import NOON, Clock, clone, connect, enter
from tests.shop import ADDRESS, ORGANISATION, Shop

PROMOTION = {
    "name": "满 99 减 20",
    "kind": "amount_off",
    "threshold_fen": 9_900,
    "off_fen": 2_000,
    "by_coupon": True,
    "starts_at": "2026-11-01T00:00:00+08:00",
    "ends_at": "2026-12-01T00:00:00+08:00",
}
GOAL = {
    "code": "G1",
    "name": "黄金茶销售额",
    "year": 2026,
    "metric": "net_sales_fen",
    "target": 1_000_000,
    "filter": {"categories": ["golden-tea"]},
}


@dataclass(frozen=True)
class World:
    """The shop, and the ids of what is in it by the name that a path or body gives them."""

    shop: Shop
    known: dict[str, list[str]]


@pytest.fixture(scope="session")
async def populated(
    server_url: URL, settings: Settings, shop_template: tuple[str, Shop]
) -> AsyncIterator[tuple[AsyncEngine, World]]:
    with clone(server_url, "populated", shop_template[0]) as url:
        clock = Clock(NOON)
        db = connect(url, settings)
        try:
            shop = enter(shop_template[1], db, settings, clock)
            world = World(shop, await _trade(shop))
            async with db.write() as session:
                await session.execute(
                    text("INSERT INTO core_heartbeat (name, at) VALUES ('worker', :now)"), {"now": clock()}
                )
        finally:
            await db.dispose()
        engine = create_async_engine(url)
        yield engine, world
        await engine.dispose()


async def _made(shop: Shop, who: str | None, path: str, body: dict[str, Any] | None = None) -> str:
    answer = await shop.call(who, "POST", path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def _trade(shop: Shop) -> dict[str, list[str]]:
    done = await shop.complete({"GT04": 2, "NO02": 1})
    shipped = await shop.ship(await shop.pay(await shop.order({"GT14": 3})), deliver=False)
    paid = await shop.pay(await shop.order({"GT04": 1, "NO02": 2}))
    waiting = await shop.order({"GT04": 1})
    started = await shop.call("buyer", "POST", f"/v1/store/orders/{waiting['id']}/payments", {"provider": "sandbox"})
    assert started.status_code == 201, started.text
    of_stranger = await shop.order({"GT14": 1}, who="stranger")
    goal = await shop.call("officer", "POST", "/v1/office/goals", GOAL)
    assert goal.status_code == 201, goal.text
    plan = await shop.call("officer", "POST", "/v1/office/plans", {"year": 2026, "title": "保靖县 2026 年消费帮扶计划"})
    assert plan.status_code == 201, plan.text
    key = await shop.call("S01", "POST", "/v1/supplier/api-keys", {"name": "库存工具"})
    assert key.status_code == 201, key.text
    cart = await _made(shop, None, "/v1/store/carts")
    filled = await shop.call(None, "PUT", f"/v1/store/carts/{cart}/items/GT04", {"quantity": 2}, key=None)
    assert filled.status_code == 200, filled.text
    budget = await _made(shop, "operator", "/v1/operator/budgets", {"name": "历城区帮扶券", "total_fen": 100_000})
    voucher = await _made(shop, "operator", "/v1/operator/promotions", {**PROMOTION, "budget_id": budget})
    own = await _made(shop, "S01", "/v1/supplier/promotions", PROMOTION)
    await shop.call(
        "operator", "POST", f"/v1/operator/promotions/{voucher}/coupons", {"code": "LICHENG", "total_limit": 9}
    )
    await shop.order({"GT04": 1}, coupon="LICHENG")
    line = {"line_id": done["lines"][0]["id"], "stars": 5, "text": "好茶"}
    review = await _made(shop, "buyer", "/v1/store/reviews", line)
    complaint = {"kind": "other", "lines": [{"line_id": done["lines"][0]["id"], "quantity": 1}]}
    claim = await shop.call("buyer", "POST", f"/v1/store/orders/{done['id']}/claims", complaint)
    assert claim.status_code == 201, claim.text
    saved = await shop.call("buyer", "POST", "/v1/store/addresses", ADDRESS)
    assert saved.status_code == 201, saved.text
    founded = await shop.call("buyer", "POST", "/v1/store/organisations", ORGANISATION)
    assert founded.status_code == 201, founded.text
    path = f"/v1/store/organisations/{founded.json()['id']}/invitations"
    invited = await shop.call("buyer", "POST", path, {"phone": "13905310002"})
    assert invited.status_code == 201, invited.text
    holder = await shop.scalar("SELECT name FROM suppliers_supplier WHERE code = 'S01'")
    account = {"holder": holder, "bank": "某银行（示例）", "account": "6200000000000001234"}
    await _made(shop, "S01", "/v1/supplier/payout-accounts", account)
    async with shop.db.write() as session:
        await settlement.issue_statements(session, date(2026, 11, 1), now=NOON + timedelta(days=20))
    orders = [done, shipped, paid, waiting, of_stranger]

    async def column(sql: str) -> list[str]:
        return [str(row[0]) for row in await shop.rows(sql)]

    return {
        "order_id": [order["id"] for order in orders],
        "supplier_order_id": [part["id"] for order in orders for part in order["supplier_orders"]],
        "line_id": [line["id"] for order in orders for line in order["lines"]],
        "statement_id": await column("SELECT id FROM settlement_statement ORDER BY number"),
        "claim_id": [claim.json()["id"]],
        "payment_id": await column("SELECT id FROM payments_payment"),
        "shipment_id": await column("SELECT id FROM fulfilment_shipment"),
        "product_id": [str(product) for product in shop.products.values()],
        "supplier_id": await column("SELECT id FROM suppliers_supplier"),
        "goal_id": [goal.json()["id"]],
        "plan_id": [plan.json()["id"]],
        "cart_id": [cart],
        "budget_id": [budget],
        "promotion_id": [voucher, own],
        "review_id": [review],
        "key_id": [key.json()["id"]],
        "address_id": [saved.json()["id"]],
        "organisation_id": [founded.json()["id"]],
        "invitation_id": [invited.json()["id"]],
        "account_id": [str(shop.accounts["buyer"].id)],
        "sku": list(shop.products),
        "lot_code": await column("SELECT code FROM inventory_lot"),
        "slug": await column("SELECT slug FROM catalogue_product"),
        "trace_code": await column("SELECT trace_code FROM inventory_lot"),
        "division_code": ["370112", "430102", "110105"],
        "provider": ["sandbox"],
    }


@pytest.fixture
async def world(populated: tuple[AsyncEngine, World], settings: Settings) -> AsyncIterator[World]:
    """The world inside a transaction that is rolled back after the test."""
    engine, made = populated
    async with engine.connect() as connection:
        outer = await connection.begin()
        db = Database.within(connection, build(settings))
        yield replace(
            made, shop=replace(made.shop, db=db, app=create_app(settings, database=db, clock=made.shop.clock))
        )
        await outer.rollback()


@pytest.fixture
async def row_counts(world: World):
    """How many rows every table holds: refusals leave all of them as they are."""

    async def count() -> dict[str, int]:
        tables = await world.shop.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        counted = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for (table,) in tables)
        return dict(await world.shop.rows(counted))

    return count
