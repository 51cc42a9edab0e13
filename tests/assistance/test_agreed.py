"""What supermarkets and buyers have agreed to counts in the forecast of the goals that it will count for."""

import pytest

from tests.market import open_market
from tests.orders.test_ahead import sell_ahead

GOALS = {
    "all": {},
    "tea": {"categories": ["golden-tea"]},
    "oranges": {"categories": ["navel-orange"]},
    "retail": {"channels": ["retail"]},
    "supermarket": {"channels": ["supermarket"]},
    "yantai": {"divisions": ["3706"]},
}


async def agreed(shop, only, *, metric="net_sales_fen", **period):
    body = {"code": "G1", "name": "目标", "metric": metric, "target": 1_000_000, "filter": only}
    body |= period or {"year": 2026}
    goal = await shop.call("officer", "POST", "/v1/office/goals", body, key=None)
    assert goal.status_code == 201, goal.text
    goal = goal.json()
    return goal["forecast"]["agreed"]["purchase_orders"], goal["forecast"]["agreed"]["presales"]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("all", (432_000, 39_950)),
        ("tea", (400_000, 0)),
        ("oranges", (32_000, 39_950)),
        ("retail", (0, 39_950)),
        ("supermarket", (432_000, 0)),
        ("yantai", (0, 0)),
    ],
)
async def test_open_purchase_orders_and_presales_by_the_goals_filter(shop, only, expected):
    market = await open_market(shop)
    await market.place({"GT04": 5, "NO02": 2})
    assert (await sell_ahead(shop)).status_code == 201
    await shop.pay(await shop.order({"NO04": 8}))
    await shop.order({"NO04": 1})  # nobody has paid for it
    assert await agreed(shop, GOALS[only]) == expected


async def test_in_the_unit_of_the_goal_and_within_its_period(shop):
    market = await open_market(shop)
    await market.place({"GT04": 5})
    assert await agreed(shop, {}, metric="orders") == (1, 0)
    assert await agreed(shop, {}, metric="quantity_g", **{"from": "2026-11-01", "to": "2026-11-25"}) == (5_000, 0)
    assert await agreed(shop, {}, **{"from": "2026-11-01", "to": "2026-11-24"}) == (0, 0)
