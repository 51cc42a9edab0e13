"""Carts: guests' and buyers', what they show of a changing shop, coming home at sign-in, and being ordered once."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.wiring import CHORES
from tests.shop import ADDRESS

CARTS = "/v1/store/carts"


async def opened(shop, who=None):
    answer = await shop.call(who, "POST", CARTS, key=None)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def put(shop, cart, sku, quantity, who=None):
    return await shop.call(who, "PUT", f"{CARTS}/{cart}/items/{sku}", {"quantity": quantity}, key=None)


async def filled(shop, goods, who=None):
    cart = await opened(shop, who)
    for sku, quantity in goods.items():
        shop.clock.advance(seconds=1)
        answer = await put(shop, cart, sku, quantity, who)
        assert answer.status_code == 200, answer.text
    return cart


async def look(shop, cart, who=None, division=None):
    query = f"?division_code={division}" if division else ""
    answer = await shop.call(who, "GET", f"{CARTS}/{cart}{query}", key=None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def held(cart):
    return {line["sku"]: line["quantity"] for line in cart["lines"]}


def an_order(cart, **change):
    return {"cart_id": cart, "address": ADDRESS, "fresh_goods_acknowledged": True, **change}


async def test_a_guest_fills_a_cart_and_sees_what_it_would_cost(shop):
    cart = await filled(shop, {"NO02": 1, "GT04": 2, "GT14": 3})
    assert (await put(shop, cart, "GT14", 0)).status_code == 200
    assert held((await put(shop, cart, "GT04", 1)).json()) == {"NO02": 1, "GT04": 1}
    shown = await look(shop, cart, division="370112")
    assert [(line["sku"], line["unit_price_fen"], line["available"], line["changes"]) for line in shown["lines"]] == [
        ("NO02", 4_990, 50, []),
        ("GT04", 12_800, 100, []),
    ]
    assert [line["fresh"] for line in shown["lines"]] == [True, False]
    assert (shown["quote"]["goods_fen"], shown["quote"]["freight_fen"]) == (17_790, 600 + 1600)
    assert len(shown["quote"]["parcels"]) == 2
    assert (await look(shop, cart))["quote"] is None
    assert await shop.scalar("SELECT sum(reserved) FROM inventory_stock") == 0


async def test_a_cart_tells_what_changed_since_it_was_filled(shop):
    cart = await filled(shop, {"GT04": 1, "GT14": 2, "NO02": 45, "NO04": 3})
    for sku, price in (("GT04", 9_900), ("GT14", 4_990)):
        await shop.call("operator", "PUT", f"/v1/operator/skus/{sku}/price", {"price_fen": price}, key=None)
    await shop.order({"NO02": 10, "NO04": 3})
    changed = {line["sku"]: line["changes"] for line in (await look(shop, cart))["lines"]}
    assert changed == {"GT04": ["price_down"], "GT14": ["price_up"], "NO02": ["fewer_left"], "NO04": ["sold_out"]}
    await shop.call("operator", "POST", f"/v1/operator/products/{shop.products['GT04']}/withdraw", key=None)
    shown = await look(shop, cart, division="370112")
    assert shown["lines"][0]["changes"] == ["not_on_sale", "price_down"]
    assert [line["sku"] for line in shown["quote"]["lines"]] == ["GT14"], "only what could be ordered as it is"
    assert (await put(shop, cart, "GT04", 2)).json()["code"] == "not_on_sale"
    assert "GT04" not in held((await put(shop, cart, "GT04", 0)).json()), "what is withdrawn can be taken out"
    assert (await put(shop, cart, "GT14", 1)).json()["lines"][0]["changes"] == [], "the buyer has seen the new price"


async def test_a_buyer_has_one_cart_which_nobody_else_sees(shop):
    mine = await filled(shop, {"GT04": 1}, "buyer")
    assert await opened(shop, "buyer") == mine
    assert await opened(shop, "stranger") != mine
    for who in (None, "stranger", "S01"):
        assert (await shop.call(who, "GET", f"{CARTS}/{mine}", key=None)).status_code == 404
        assert (await put(shop, mine, "GT04", 5, who)).status_code == 404
    for who in ("stranger",):
        assert (await shop.call(who, "POST", f"{CARTS}/{mine}/claim", key=None)).status_code == 404
        answer = await shop.call(who, "POST", "/v1/store/orders", an_order(mine))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await shop.call(None, "POST", f"{CARTS}/{mine}/claim", key=None)).status_code == 401
    assert held(await look(shop, mine, "buyer")) == {"GT04": 1}


async def test_a_guests_cart_comes_home_and_is_not_added_twice(shop):
    mine = await filled(shop, {"GT04": 3, "GT14": 1}, "buyer")
    guest = await filled(shop, {"GT04": 2, "GT14": 4, "NO02": 1})
    for _ in range(2):
        home = await shop.call("buyer", "POST", f"{CARTS}/{guest}/claim", key=None)
        assert (home.status_code, home.json()["id"]) == (200, mine)
        assert held(home.json()) == {"GT04": 3, "GT14": 4, "NO02": 1}
    assert (await shop.call(None, "GET", f"{CARTS}/{guest}", key=None)).status_code == 404
    assert (await shop.call("stranger", "POST", f"{CARTS}/{guest}/claim", key=None)).status_code == 404
    assert (await shop.call("buyer", "POST", f"{CARTS}/{mine}/claim", key=None)).json()["id"] == mine


async def test_an_order_empties_the_cart_or_leaves_it_alone(shop):
    cart = await filled(shop, {"NO02": 1, "GT04": 2}, "buyer")
    refused = await shop.call("buyer", "POST", "/v1/store/orders", an_order(cart, fresh_goods_acknowledged=False))
    assert refused.json()["code"] == "fresh_goods_not_acknowledged"
    assert held(await look(shop, cart, "buyer")) == {"NO02": 1, "GT04": 2}
    await shop.call("operator", "PUT", "/v1/operator/skus/GT04/price", {"price_fen": 15_000}, key=None)
    order = await shop.call("buyer", "POST", "/v1/store/orders", an_order(cart))
    assert order.status_code == 201, order.text
    bought = [(line["sku"], line["quantity"], line["unit_price_fen"]) for line in order.json()["lines"]]
    assert bought == [("NO02", 1, 4_990), ("GT04", 2, 15_000)]
    assert held(await look(shop, cart, "buyer")) == {}
    again = await shop.call("buyer", "POST", "/v1/store/orders", an_order(cart))
    assert (again.status_code, again.json()["code"]) == (409, "cart_empty")


@pytest.mark.parametrize(
    "change", [{"items": [{"sku": "GT04", "quantity": 1}]}, {"cart_id": None}], ids=["both", "neither"]
)
async def test_an_order_is_of_goods_or_of_a_cart(shop, change):
    answer = await shop.call("buyer", "POST", "/v1/store/orders", an_order(str(uuid4()), **change))
    assert (answer.status_code, answer.json()["code"]) == (422, "items_or_cart")


async def test_a_cart_refuses_what_an_order_would(shop, session):
    cart = await filled(shop, {"GT04": 1})
    for sku, quantity, status, code in (
        ("NOPE", 1, 422, "unknown_sku"),
        ("GT04", -1, 422, "invalid_input"),
        ("GT04", 1_000_001, 422, "invalid_input"),
        ("GT04", "2", 422, "invalid_input"),
    ):
        answer = await put(shop, cart, sku, quantity)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert (await put(shop, str(uuid4()), "GT04", 1)).status_code == 404
    assert held(await look(shop, cart)) == {"GT04": 1}


async def test_a_cart_holds_as_many_lines_as_an_order(shop, session):
    cart = await filled(shop, {"GT04": 1})
    await session.execute(
        text("""
        WITH made AS (INSERT INTO catalogue_sku
            SELECT (jsonb_populate_record(k, jsonb_build_object('sku', 'X' || n, 'position', n))).*
            FROM catalogue_sku k, generate_series(1, 99) n WHERE k.sku = 'GT04' RETURNING sku)
        INSERT INTO orders_cart_item SELECT CAST(:cart AS uuid), sku, 1, 100, now() FROM made
        """),
        {"cart": cart},
    )
    assert (await put(shop, cart, "NO02", 1)).json()["code"] == "cart_full"
    assert (await put(shop, cart, "GT04", 5)).status_code == 200
    mine = await filled(shop, {"NO02": 1}, "buyer")
    assert (await shop.call("buyer", "POST", f"{CARTS}/{cart}/claim", key=None)).json()["code"] == "cart_full"
    assert held(await look(shop, mine, "buyer")) == {"NO02": 1}
    assert len((await look(shop, cart))["lines"]) == 100


async def test_carts_that_nobody_touches_are_forgotten(shop, clock):
    mine, guest = await filled(shop, {"GT04": 1}, "buyer"), await filled(shop, {"GT14": 1})
    clock.advance(days=20)
    await put(shop, guest, "GT14", 2)
    clock.advance(days=10, seconds=1)
    assert (await shop.call("buyer", "GET", f"{CARTS}/{mine}", key=None)).status_code == 404
    assert held(await look(shop, guest)) == {"GT14": 2}
    assert held(await look(shop, await opened(shop, "buyer"), "buyer")) == {}, "an expired cart does not come back"
    clock.advance(days=31)
    (chore,) = [chore for chore in CHORES if chore.name == "orders.expire_carts"]
    async with shop.db.write() as session:
        assert await chore.run(session, clock()) == 2
    assert await shop.scalar("SELECT count(*) FROM orders_cart_item") == 0


async def test_a_cart_is_ordered_once_and_merged_once_however_many_try(fresh_shop):
    shop = fresh_shop
    cart = await filled(shop, {"GT04": 2, "NO02": 1}, "buyer")
    answers = await asyncio.gather(*(shop.call("buyer", "POST", "/v1/store/orders", an_order(cart)) for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    assert await shop.stock("GT04") == (100, 2)

    guests = [await filled(shop, {"GT04": n + 1, "NO02": 4 - n}) for n in range(3)]
    claims = await asyncio.gather(
        *(shop.call(who, "POST", f"{CARTS}/{cart}/claim", key=None) for cart in guests for who in ("buyer", "buyer")),
        *(shop.call("stranger", "POST", f"{CARTS}/{guests[0]}/claim", key=None) for _ in range(2)),
    )
    assert {answer.status_code for answer in claims} <= {200, 404}
    of_buyer, of_stranger = held(await look(shop, cart, "buyer")), await opened(shop, "stranger")
    got = [of_buyer, held(await look(shop, of_stranger, "stranger"))]
    assert of_buyer["GT04"] == 3
    assert sum(goods.get("NO02") == 4 for goods in got) == 1, "one guest's cart goes to one buyer"
    assert (
        await shop.scalar(
            "SELECT count(*) FROM orders_cart_item i JOIN orders_cart c ON c.id = i.cart_id WHERE c.buyer_id IS NULL"
        )
        == 0
    )
