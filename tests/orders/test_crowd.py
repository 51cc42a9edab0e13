"""Many at once, with real connections and commits: nothing is sold twice, a key has one effect."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text

from tests.orders.test_discounts import voucher
from tests.shop import ADDRESS

BODY = {"items": [{"sku": "NO04", "quantity": 1}], "address": ADDRESS, "fresh_goods_acknowledged": True}


async def test_a_crowd_buys_exactly_what_there_is(fresh_shop):
    shop = fresh_shop
    answers = await asyncio.gather(
        *(shop.call("buyer", "POST", "/v1/store/orders", BODY, key=f"crowd-{n}") for n in range(24))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 21}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"out_of_stock"}
    assert await shop.stock("NO04") == (3, 3)
    assert await shop.scalar("SELECT count(*) FROM orders_order") == 3


async def test_one_key_has_one_effect_however_often_it_is_sent(fresh_shop):
    shop = fresh_shop
    answers = await asyncio.gather(*(shop.call("buyer", "POST", "/v1/store/orders", BODY, key="k") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    assert await shop.scalar("SELECT count(*) FROM orders_order") == 1


async def test_carts_in_opposite_order_do_not_lock_each_other_out(fresh_shop):
    shop = fresh_shop

    def cart(*skus: str):
        return {**BODY, "items": [{"sku": sku, "quantity": 1} for sku in skus]}

    answers = await asyncio.gather(
        *(
            shop.call("buyer", "POST", "/v1/store/orders", cart(*(("GT04", "NO02") if n % 2 else ("NO02", "GT04"))))
            for n in range(16)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    assert await shop.stock("GT04") == (100, 16)


async def test_cancel_and_payment_at_once_end_in_one_truth(fresh_shop):
    shop = fresh_shop
    for _ in range(4):
        order = await shop.order({"GT04": 1})
        started = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/payments", {"provider": "sandbox"})
        await asyncio.gather(
            shop.call(None, "POST", f"/v1/sandbox/payments/{started.json()['id']}/pay", key=None),
            shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel"),
        )
        await shop.settle()
        status = (await shop.look(order))["status"]
        captured, refunded = (
            await shop.rows(
                "SELECT coalesce(sum(amount_fen) FILTER (WHERE status = 'captured'), 0), coalesce(sum(refunded_fen), 0)"
                " FROM payments_payment WHERE reference = :id",
                id=order["id"],
            )
        )[0]
        assert status in ("cancelled", "refunded")
        assert captured == refunded
    assert await shop.stock("GT04") == (100, 0)


@pytest.mark.parametrize("end", ["pieces", "part"])
async def test_giving_back_and_ordering_lock_budgets_and_stock_in_one_order(fresh_shop, end):
    shop = fresh_shop
    budget, _ = await voucher(shop, 10_000)
    order = await shop.pay(await shop.order({"GT04": 2, "NO02": 1}))
    (part,) = (part for part in order["supplier_orders"] if part["supplier_id"] == order["lines"][0]["supplier_id"])
    if end == "pieces":
        body = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}], "reason": "霜冻减产"}
        taking_back = ("S01", "POST", f"/v1/supplier/orders/{part['id']}/cancellations", body)
    else:
        taking_back = ("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", {"supplier_order_id": part["id"]})
    buying = {**BODY, "items": [{"sku": "GT04", "quantity": 1}]}
    async with shop.db.write() as session:
        await session.execute(text("SELECT 1 FROM inventory_stock WHERE sku = 'GT04' FOR UPDATE"))
        back = asyncio.create_task(shop.call(*taking_back))
        await waiting(shop, 1)
        bought = asyncio.create_task(shop.call("buyer", "POST", "/v1/store/orders", buying))
        await waiting(shop, 2)
    assert {(await back).status_code // 100, (await bought).status_code // 100} == {2}, (back.result(), bought.result())
    assert (await bought).json()["discount_fen"] == 2_000
    assert await shop.scalar("SELECT used_fen FROM pricing_budget WHERE id = :id", id=budget) < 4_000


async def waiting(shop, many):
    """Until so many transactions wait for a lock, the last one having taken all that it takes before."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while await shop.scalar(waiting) < many:  # noqa: ASYNC110 - what we wait for happens in the database
        await asyncio.sleep(0.01)
