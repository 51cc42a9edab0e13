"""What goods cost before: a public history, an honest crossed-out price, and a supplier's change of a price."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.pricing.rules import was_price

OWN = "/v1/supplier/skus/GT04/price"


async def variant(shop):
    page = (await shop.call(None, "GET", f"/v1/store/products/golden-tea?{shop.clock.at}", key=None)).json()
    listed = (await shop.call(None, "GET", f"/v1/store/products?q=GT04&{shop.clock.at}", key=None)).json()["items"]
    assert listed[0]["variants"] == page["variants"]
    return page["variants"][0]


async def reprice(shop, fen, **later):
    shop.clock.at += timedelta(**later)
    answer = await shop.call("operator", "PUT", "/v1/operator/skus/GT04/price", {"price_fen": fen}, key=None)
    assert answer.status_code == 200, answer.text
    await shop.settle()


async def test_what_is_crossed_out_was_the_lowest_price_of_the_week_before(shop):
    at_first = await variant(shop)
    assert (at_first["was_price_fen"], at_first["unit"], at_first["unit_price_fen"]) == (None, "100g", 12_800)
    await reprice(shop, 9_900, days=20)
    assert (await variant(shop))["was_price_fen"] == 12_800
    # Raised, and lowered again the next day: it was to be had for less within the week.
    await reprice(shop, 20_000, days=8)
    await reprice(shop, 15_000, days=1)
    assert (await variant(shop))["was_price_fen"] is None
    await reprice(shop, 9_000, days=40)
    assert (await variant(shop))["was_price_fen"] == 15_000
    body = {"items": [{"sku": "GT04", "quantity": 1}], "address": {"division_code": "370112"}}
    quoted = (await shop.call(None, "POST", "/v1/store/quotes", body, key=None)).json()
    assert [(line["unit_price_fen"], line["was_price_fen"]) for line in quoted["lines"]] == [(9_000, 15_000)]
    shop.clock.at += timedelta(days=31)
    assert (await variant(shop))["was_price_fen"] is None

    path = "/v1/store/products/golden-tea/prices"
    first = (await shop.call(None, "GET", f"{path}?limit=3", key=None)).json()
    rest = (await shop.call(None, "GET", f"{path}?limit=3&cursor={first['next_cursor']}", key=None)).json()
    history = first["items"] + rest["items"]
    assert [row["price_fen"] for row in history] == [9_000, 15_000, 20_000, 9_900, 12_800]
    assert [row["valid_to"] for row in history] == [None, *(row["valid_from"] for row in history[:-1])]
    assert rest["next_cursor"] is None
    assert (await shop.call(None, "GET", "/v1/store/products/no-such/prices", key=None)).status_code == 404


async def test_what_buyers_paid_less_counts(shop):
    order = await shop.pay(await shop.order({"GT04": 2}))
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE orders_line SET discount_fen = 4000, amount_fen = amount_fen - 4000 WHERE order_id = :id"),
            {"id": order["id"]},
        )
    await reprice(shop, 9_900, days=3)
    assert (await variant(shop))["was_price_fen"] == 10_800


async def test_a_supplier_changes_the_price_that_it_has_read(shop):
    read = await shop.call("S01", "GET", OWN, key=None)
    assert (read.status_code, read.json()["price_fen"]) == (200, 12_800)
    tag, body = read.headers["ETag"], {"price_fen": 11_900}
    assert (await shop.call("S01", "PUT", OWN, body, key=None)).status_code == 428
    assert (await shop.call("S08", "PUT", OWN, body, key=None, **{"If-Match": tag})).status_code == 404
    changed = await shop.call("S01", "PUT", OWN, body, key=None, **{"If-Match": tag})
    assert (changed.status_code, changed.json()["price_fen"]) == (200, 11_900)
    stale = await shop.call("S01", "PUT", OWN, {"price_fen": 1}, key=None, **{"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert (await shop.call("S01", "GET", OWN, key=None)).json()["price_fen"] == 11_900


async def test_a_suppliers_price_far_off_those_of_the_week_is_the_marketplaces_to_set(shop):
    async def change(fen: int):
        tag = (await shop.call("S01", "GET", OWN, key=None)).headers["ETag"]
        answer = await shop.call("S01", "PUT", OWN, {"price_fen": fen}, key=None, **{"If-Match": tag})
        return answer.status_code, answer.json().get("code")

    for fen in (1, 5_119, 20_481):
        assert await change(fen) == (422, "price_needs_review")
    assert await change(5_120) == (200, None)
    shop.clock.at += timedelta(days=6)
    assert await change(5_119) == (422, "price_needs_review"), "not in two steps either"
    shop.clock.at += timedelta(days=2)
    assert await change(2_048) == (200, None)
    assert (await shop.call("operator", "PUT", "/v1/operator/skus/GT04/price", {"price_fen": 1}, key=None)).is_success


@pytest.mark.parametrize(
    ("price", "lowest", "was"),
    [
        (9_900, (12_800, None), 12_800),
        (9_900, (12_800, 9_900), None),
        (9_900, (), None),
        (9_900, (9_000, 12_800), None),
    ],
)
def test_only_a_higher_price_is_crossed_out(price, lowest, was):
    assert was_price(price, *lowest) == was
