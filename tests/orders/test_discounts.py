"""Promotions in orders: what is frozen on the line, what comes back, and that nobody takes too much at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.shop import ADDRESS

DATES = {"starts_at": "2026-11-01T00:00:00+08:00", "ends_at": "2026-12-31T00:00:00+08:00"}
TWENTY_OFF = {"name": "满 99 减 20", "kind": "amount_off", "threshold_fen": 9_900, "off_fen": 2_000, **DATES}


async def made(shop, path, body, who="operator"):
    answer = await shop.call(who, "POST", path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def voucher(shop, total_fen, *, division="370112", **change):
    budget = await made(
        shop,
        "/v1/operator/budgets",
        {"name": f"历城区消费帮扶券 {division}", "division_code": division, "total_fen": total_fen},
    )
    body = {**TWENTY_OFF, "name": "历城帮扶券", "budget_id": budget["id"], **change}
    return budget["id"], await made(shop, "/v1/operator/promotions", body)


async def coupon(shop, *, who="operator", **issued):
    promotion = await made(shop, f"/v1/{who_path(who)}/promotions", {**TWENTY_OFF, "by_coupon": True}, who)
    codes = await made(shop, f"/v1/{who_path(who)}/promotions/{promotion['id']}/coupons", issued, who)
    return promotion["id"], codes["codes"]


def who_path(who):
    return "operator" if who == "operator" else "supplier"


def an_order(**change):
    return {"items": [{"sku": "GT04", "quantity": 1}], "address": ADDRESS, "fresh_goods_acknowledged": True, **change}


async def ask(shop, body, who="buyer"):
    quote = {"items": body["items"], "address": {"division_code": body["address"]["division_code"]}}
    if "coupon" in body:
        quote["coupon"] = body["coupon"]
    return await shop.call(who, "POST", "/v1/store/quotes", quote, key=None)


async def used(shop, budget):
    return await shop.scalar("SELECT used_fen FROM pricing_budget WHERE id = :id", id=budget)


async def no_breaks(shop):
    assert await shop.breaks() == []


async def test_an_order_keeps_who_paid_for_its_discounts(shop):
    await made(shop, "/v1/supplier/promotions", {**TWENTY_OFF, "off_fen": 1_000, "sku": "GT04"}, "S01")
    budget, promotion = await voucher(shop, 10_000)
    items = [{"sku": "GT04", "quantity": 1}, {"sku": "NO02", "quantity": 1}]
    quote = (await ask(shop, an_order(items=items))).json()
    order = await shop.order({"GT04": 1, "NO02": 1})
    for name in ("goods_fen", "discount_fen", "freight_fen", "total_fen"):
        assert order[name] == quote[name]
    assert (order["discount_fen"], order["goods_fen"]) == (3_000, 17_790)
    lines = {line["sku"]: line for line in order["lines"]}
    assert [(lines[sku]["discount_fen"], lines[sku]["subsidy_fen"]) for sku in ("GT04", "NO02")] == [
        (2_406, 1_406),
        (594, 594),
    ]
    rows = await shop.rows("SELECT funder, sum(amount_fen) FROM orders_line_discount GROUP BY funder ORDER BY funder")
    assert rows == [("district", 2_000), ("supplier", 1_000)]
    assert await used(shop, budget) == 2_000
    uses = (await shop.call("operator", "GET", f"/v1/operator/budgets/{budget}/uses", key=None)).json()["items"]
    assert [(use["order_id"], use["promotion_id"], use["amount_fen"], use["returned_fen"]) for use in uses] == [
        (order["id"], promotion["id"], 2_000, 0)
    ]
    elsewhere = an_order(address={**ADDRESS, "division_code": "370102"})
    assert (await ask(shop, elsewhere)).json()["discount_fen"] == 1_000, "the budget is for another district"
    await no_breaks(shop)


async def test_the_ledger_counts_what_the_buyer_paid(shop):
    await voucher(shop, 10_000)
    order = await shop.complete({"GT04": 1})
    counted = await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry")
    assert counted == order["lines"][0]["amount_fen"] == 12_800 - 2_000
    await no_breaks(shop)


async def test_a_shared_coupon_without_a_limit_is_for_everybody_once(shop):
    await coupon(shop, code="FORALL")
    for who in ("buyer", "stranger"):
        assert (await ask(shop, an_order(coupon="FORALL"), who)).json()["discount_fen"] == 2_000
        assert (await shop.order({"GT04": 1}, who, coupon="FORALL"))["discount_fen"] == 2_000
        again = await shop.call(who, "POST", "/v1/store/orders", an_order(coupon="FORALL"))
        assert (again.status_code, again.json()["code"]) == (409, "coupon_used_up")
    await no_breaks(shop)


@pytest.mark.parametrize("end", ["cancelled unpaid", "expired", "cancelled paid"])
async def test_what_an_order_took_comes_back_when_it_ends(shop, end):
    budget, _ = await voucher(shop, 2_000)
    _, (code,) = await coupon(shop, code="Licheng50", total_limit=1)
    order = await shop.order({"GT04": 1}, coupon=" licheng50 ")
    assert (order["discount_fen"], await used(shop, budget)) == (4_000, 2_000)
    again = await shop.call("stranger", "POST", "/v1/store/orders", an_order(coupon=code))
    assert (again.status_code, again.json()["code"]) == (409, "coupon_used_up")
    assert (await shop.order({"GT04": 1}, "stranger"))["discount_fen"] == 0, "the budget is used up"
    if end == "expired":
        shop.clock.advance(minutes=31)
        from app import orders

        async with shop.db.write() as session:
            await orders.expire_due(session, now=shop.clock())
    else:
        if end == "cancelled paid":
            await shop.pay(order)
        for _ in range(2):
            await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
        await shop.settle()
    assert await used(shop, budget) == 0
    assert (await shop.order({"GT04": 1}, "stranger", coupon=code))["discount_fen"] == 4_000
    await no_breaks(shop)


async def test_a_refund_gives_the_subsidy_back_in_proportion(shop):
    budget, promotion = await voucher(shop, 10_000)
    order = await shop.complete({"GT04": 3})
    line = order["lines"][0]
    assert (line["amount_fen"], line["subsidy_fen"]) == (36_400, 2_000)

    async def refund(fen, quantity=0):
        body = {"lines": [{"line_id": line["id"], "amount_fen": fen, "quantity": quantity}], "reason": "坏果"}
        return await shop.call("operator", "POST", f"/v1/operator/orders/{order['id']}/refunds", body)

    assert (await refund(12_133, 1)).status_code == 201
    assert await used(shop, budget) == 2_000 - 2_000 * 12_133 // 36_400
    assert (await refund(24_268, 2)).json()["code"] == "refund_exceeds_line", "the subsidy is not the buyer's"
    assert (await refund(24_267, 2)).status_code == 201
    await shop.settle()
    assert await used(shop, budget) == 0
    shown = (await shop.call("operator", "GET", "/v1/operator/promotions", key=None)).json()["items"]
    assert [(one["id"], one["orders"], one["used_fen"]) for one in shown] == [(promotion["id"], 1, 0)]
    await no_breaks(shop)


async def test_a_coupon_is_its_holders_and_is_used_once(shop):
    holder = str(shop.accounts["buyer"].id)
    _, (code,) = await coupon(shop, holders=[holder])
    held = (await shop.call("buyer", "GET", "/v1/store/coupons", key=None)).json()["items"]
    assert [(one["code"], one["off_fen"]) for one in held] == [(code, 2_000)]
    assert (await shop.call("stranger", "GET", "/v1/store/coupons", key=None)).json()["items"] == []
    for who in ("stranger", None):
        assert (await ask(shop, an_order(coupon=code), who)).json()["code"] == "unknown_coupon"
    small = an_order(coupon=code, items=[{"sku": "GT14", "quantity": 1}])
    assert (await ask(shop, small)).json()["code"] == "coupon_not_applicable"
    assert (await shop.order({"GT04": 1}, coupon=code))["discount_fen"] == 2_000
    assert (await ask(shop, an_order(coupon=code))).json()["code"] == "coupon_used_up"
    assert (await shop.call("buyer", "GET", "/v1/store/coupons", key=None)).json()["items"] == []


async def test_a_stopped_or_future_promotion_is_not_earned(shop):
    promotion, (code,) = await coupon(shop, code="FUTURE", total_limit=5, per_buyer_limit=2)
    for n in range(2):
        assert (await shop.order({"GT04": 1}, coupon="future"))["discount_fen"] == 2_000, n
    assert (await ask(shop, an_order(coupon=code))).json()["code"] == "coupon_used_up", "twice by one buyer"
    assert (await ask(shop, an_order(coupon=code), "stranger")).json()["discount_fen"] == 2_000
    await shop.call("operator", "POST", f"/v1/operator/promotions/{promotion}/stop", key=None)
    assert (await ask(shop, an_order(coupon=code), "stranger")).json()["code"] == "unknown_coupon"
    later = {**TWENTY_OFF, "starts_at": "2026-11-21T00:00:00+08:00"}
    await made(shop, "/v1/operator/promotions", later)
    assert (await ask(shop, an_order())).json()["discount_fen"] == 0
    shop.clock.advance(days=1)
    assert (await ask(shop, an_order())).json()["discount_fen"] == 2_000


async def test_a_supplier_pays_for_its_own_goods_and_sees_its_own(shop):
    promotion, _ = await coupon(shop, who="S01", code="TEA20", total_limit=10)
    oranges = an_order(coupon="TEA20", items=[{"sku": "NO02", "quantity": 9}])
    assert (await ask(shop, oranges)).json()["code"] == "coupon_not_applicable"
    order = await shop.order({"GT04": 1, "NO02": 9}, coupon="TEA20")
    assert [(line["sku"], line["discount_fen"], line["subsidy_fen"]) for line in order["lines"]] == [
        ("GT04", 2_000, 0),
        ("NO02", 0, 0),
    ]
    fixed = {"name": "一口价", "kind": "fixed_price", "sku": "NO02", "price_fen": 100, **DATES}
    refused = await shop.call("S01", "POST", "/v1/supplier/promotions", fixed, key=None)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_sku")
    for path in ("stop", "coupons", "uses"):
        method, body = ("GET", None) if path == "uses" else ("POST", {"count": 1} if path == "coupons" else None)
        answer = await shop.call("S08", method, f"/v1/supplier/promotions/{promotion}/{path}", body)
        assert answer.status_code == 404, path
    assert len((await shop.call("S01", "GET", f"/v1/supplier/promotions/{promotion}/uses")).json()["items"]) == 1
    assert (await shop.call("S08", "GET", "/v1/supplier/promotions")).json()["items"] == []


async def test_promotions_cost_an_order_without_them_nothing(shop, statements):
    await shop.order({"GT14": 1})
    await voucher(shop, 100_000)
    statements.clear()
    await shop.order({"GT14": 1})
    assert len(statements) <= 7, "\n".join(statements)
    statements.clear()
    assert (await shop.order({"GT04": 1}))["discount_fen"] == 2_000
    assert len(statements) <= 11, "\n".join(statements)


async def test_a_crowd_never_overspends_a_budget_or_a_coupon(fresh_shop):
    shop = fresh_shop
    budget, _ = await voucher(shop, 3 * 2_000 + 1_999)
    _, (code,) = await coupon(shop, code="CROWD", total_limit=2, per_buyer_limit=1)
    people = ["buyer", "stranger"]

    async def crowd(**change):
        bodies = [an_order(items=[{"sku": "GT04", "quantity": 1}], **change) for _ in range(10)]
        return await asyncio.gather(
            *(shop.call(people[n % 2], "POST", "/v1/store/orders", body) for n, body in enumerate(bodies))
        )

    answers = await crowd()
    taken = Counter(answer.json().get("discount_fen", answer.json().get("code")) for answer in answers)
    assert taken[2_000] == 3, taken
    assert set(taken) <= {2_000, 0, "promotion_used_up"}
    assert await used(shop, budget) == 6_000
    answers = await crowd(coupon=code)
    assert Counter(answer.status_code for answer in answers)[201] == 2
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {"coupon_used_up"}
    first = await shop.rows("SELECT id FROM orders_order WHERE discount_fen > 0")
    await asyncio.gather(
        *(
            shop.call("operator", "POST", f"/v1/operator/orders/{order_id}/cancel", {"reason": "测试"})
            for (order_id,) in first
        )
    )
    assert await used(shop, budget) == 0
    assert await shop.scalar("SELECT used_count FROM pricing_coupon") == 0
    await no_breaks(shop)
