"""The demo county: the same every time, in the shape the handbook asks for, and without a break in its books."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from sqlalchemy import text

from app import audit, demo
from app.demo.county import _DATA, articles, is_fresh
from app.demo.plan import Ending, draw_plan

UNTIL = date(2026, 11, 22)


@pytest.fixture(scope="module")
def plan():
    return draw_plan(articles(), until=UNTIL, seed=1)


def test_the_plan_repeats_itself_and_differs_by_seed_and_end(plan):
    assert draw_plan(articles(), until=UNTIL, seed=1) == plan
    assert draw_plan(articles(), until=UNTIL, seed=2) != plan
    assert draw_plan(articles(), until=date(2026, 11, 21), seed=1) != plan


def test_the_plan_has_the_handbooks_proportions(plan):
    """§8.5: 2,400 orders of about 138 yuan; tea 46, dark tea 14, oil 16, oranges 22, sets 2 percent of the value."""
    by_sku = {article.sku: article for article in articles()}
    value: Counter[str] = Counter()
    for order in plan.orders:
        for sku, quantity in order.items:
            value[by_sku[sku].line] += by_sku[sku].price_fen * quantity
    total = sum(value.values())
    assert len(plan.orders) == 2400
    assert 12_000 < total / 2400 < 16_000
    wanted = {"golden-tea": 46, "dark-tea": 14, "camellia-oil": 16, "navel-orange": 22, "gift-set": 2}
    for line, percent in wanted.items():
        assert abs(value[line] * 100 / total - percent) < 4, (line, value[line] * 100 / total)


def test_a_set_with_oranges_is_fresh_and_a_set_of_what_keeps_is_not():
    fresh = {entry["id"] for entry in _DATA["skus"] if is_fresh(entry)}
    assert {"NO01", "NO07", "GB02"} <= fresh
    assert not fresh & {"GB01", "CO03", "GT03"}


def test_the_year_has_its_seasons(plan):
    months = Counter(order.at.month for order in plan.orders)
    assert min(months[11], months[12], months[1]) > 3 * max(months[6], months[7], months[8])
    oranges = {order.at.month for order in plan.orders for sku, _ in order.items if sku.startswith("NO")}
    assert oranges == {11, 12, 1}


def test_some_oranges_spoil_and_little_else(plan):
    fresh = [order for order in plan.orders if any(sku.startswith("NO") for sku, _ in order.items)]
    other = [order for order in plan.orders if order not in fresh]
    spoilt = [sum(order.ending is Ending.SPOILT for order in orders) / len(orders) for orders in (fresh, other)]
    assert 0.025 < spoilt[0] < 0.065
    assert spoilt[1] < 0.02


async def _books(database) -> dict[str, list[tuple]]:
    async with database.read() as session:
        assert await audit.check(session) == []

        async def rows(sql: str) -> list[tuple]:
            return [tuple(row) for row in await session.execute(text(sql))]

        return {
            "orders": await rows("SELECT id, number, placed_at, total_fen FROM orders_order ORDER BY id"),
            "ledger": await rows("SELECT id, counted_on, kind, sku, amount_fen FROM assistance_entry ORDER BY id"),
            "stock": await rows("SELECT sku, on_hand, reserved FROM inventory_stock ORDER BY sku"),
            "waiting": await rows("SELECT listener FROM core_delivery"),
            "people": await rows("SELECT count(*) FROM identity_account WHERE username IS NOT NULL"),
        }


async def test_a_short_history_loads_without_a_break_and_the_same_twice(db, settings, connection):
    async def loaded() -> dict[str, list[tuple]]:
        stages: list[str] = []
        await connection.execute(text("ALTER SEQUENCE orders_number_seq RESTART"))
        await demo.load(
            db,
            settings,
            until=UNTIL,
            seed=7,
            password="only-for-tests",
            report=lambda stage, _done, _total: stages.append(stage),
            count=40,
        )
        assert len(set(stages)) == 3
        assert await demo.is_loaded(db)
        return await _books(db)

    assert await demo.is_empty(db)
    savepoint = await connection.begin_nested()
    first = await loaded()
    await savepoint.rollback()
    second = await loaded()
    assert first == second
    assert len(first["orders"]) == 40
    assert first["ledger"]
    assert first["waiting"] == []
    assert first["people"] == [(len(demo.SIGN_INS),)]
