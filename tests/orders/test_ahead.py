"""Buying a harvest ahead: told when it ships, served in turn, and paid back when it falls short."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.wiring import CHORES
from app.worker import do_chore
from tests.shop import ADDRESS

SETTLE = next(chore for chore in CHORES if chore.name == "inventory.settle_presales")


async def sell_ahead(shop, sku="NO04", **change):
    now = shop.clock()
    body = {
        "sku": sku,
        "opens_at": now.isoformat(),
        "closes_at": (now + timedelta(days=5)).isoformat(),
        "harvest_from": "2026-11-24",
        "harvest_to": "2026-12-20",
        "ship_by": "2026-11-28",
        "expected_yield": 10,
        **change,
    }
    return await shop.call("S08", "POST", "/v1/supplier/presales", body, key=None)


async def lot(shop, quantity, sku="NO04"):
    code = f"L{shop.clock().timestamp()}-{quantity}"
    body = {"sku": sku, "code": code, "best_before": "2027-02-01", "quantity": quantity}
    answer = await shop.call("S08", "POST", "/v1/supplier/lots", body)
    assert answer.status_code == 201, answer.text


async def settle(shop, presale, **headers):
    return await shop.call("S08", "POST", f"/v1/supplier/presales/{presale['id']}/settle", **headers)


def lines_of(order):
    return [(line["presale"], line["ship_by"], line["waiting_quantity"]) for line in order["lines"]]


async def test_the_day_to_ship_by_is_told_before_and_frozen_after(shop, statements):
    presale = (await sell_ahead(shop)).json()
    assert (presale["cap"], presale["left"]) == (8, 8)
    (seen,) = (await shop.call(None, "GET", "/v1/store/presales", key=None)).json()["items"]
    assert (seen["sku"], seen["left"], seen["ship_by"]) == ("NO04", 8, "2026-11-28")
    items = [{"sku": "NO04", "quantity": 5}, {"sku": "GT04", "quantity": 1}]
    wish = {"items": items, "address": {"division_code": "370112"}}
    quote = (await shop.call(None, "POST", "/v1/store/quotes", wish, key=None)).json()
    assert [(line["presale"], line["ship_by"]) for line in quote["lines"]] == [(True, "2026-11-28"), (False, None)]
    assert quote["ship_within_hours"] == 48
    statements.clear()
    order = await shop.order({"NO04": 5, "GT04": 1})
    assert len(statements) <= 7
    assert lines_of(order) == [(True, "2026-11-28", 2), (False, None, 0)]
    etag = (await shop.call("S08", "GET", f"/v1/supplier/presales/{presale['id']}")).headers["etag"]
    path = f"/v1/supplier/presales/{presale['id']}"
    for match, change, status in (
        ("", {"ship_by": "2026-12-05"}, 428),
        ('"7"', {"ship_by": "2026-12-05"}, 412),
        (etag, {"expected_yield": 2}, 409),
        (etag, {"ship_by": "2026-12-05"}, 200),
    ):
        headers = {"If-Match": match} if match else {}
        answer = await shop.call("S08", "PATCH", path, change, key=None, **headers)
        assert answer.status_code == status, answer.text
    paid = await shop.pay(order)
    assert lines_of(paid) == [(True, "2026-11-28", 2), (False, "2026-11-22", 0)]
    assert (await shop.call("S01", "GET", path)).status_code == 404


async def test_what_has_not_come_is_not_sent_and_what_comes_goes_to_the_first(shop):
    await sell_ahead(shop)
    first, second = await shop.pay(await shop.order({"NO04": 5})), await shop.pay(await shop.order({"NO04": 4}))
    part, line = first["supplier_orders"][0], first["lines"][0]
    body = {"carrier": "ZTO", "tracking_number": "780000000001", "lines": [{"line_id": line["id"], "quantity": 5}]}
    path = f"/v1/supplier/orders/{part['id']}/shipments"
    answer = await shop.call("S08", "POST", path, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_reserved")
    await lot(shop, 3)
    assert [lines_of(await shop.look(order))[0][2] for order in (first, second)] == [0, 3]
    assert (await shop.call("S08", "POST", path, body)).status_code == 201
    body = {"items": [{"sku": "NO04", "quantity": 4}], "address": ADDRESS, "fresh_goods_acknowledged": True}
    answer = await shop.call("stranger", "POST", "/v1/store/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")


async def test_a_poor_harvest_is_paid_back_once_and_the_rest_is_sent(shop):
    presale = (await sell_ahead(shop)).json()
    order = await shop.pay(await shop.order({"NO04": 5, "GT04": 1}))
    await lot(shop, 1)
    assert (await settle(shop, presale)).json()["settled_at"] is not None
    assert (await settle(shop, presale)).status_code == 200
    await shop.settle()
    order = await shop.look(order)
    assert [refund["amount_fen"] for refund in order["refunds"]] == [7_990]
    assert order["status"] == "paid"
    assert [line["cancelled_quantity"] for line in order["lines"]] == [1, 0]
    assert await shop.stock("NO04") == (4, 4)


async def test_the_clock_settles_what_the_supplier_forgets(shop):
    await sell_ahead(shop)
    paid = await shop.pay(await shop.order({"NO04": 4}))
    shop.clock.advance(days=10)
    assert await do_chore(shop.db, SETTLE, shop.clock()) == 0
    shop.clock.advance(days=1)
    assert await do_chore(shop.db, SETTLE, shop.clock()) == 1
    assert await do_chore(shop.db, SETTLE, shop.clock()) == 0
    await shop.settle()
    order = await shop.look(paid)
    assert [refund["amount_fen"] for refund in order["refunds"]] == [7_990]
    assert await shop.scalar("SELECT count(*) FROM orders_refund WHERE asked_by IS NULL") == 1


async def test_an_unpaid_order_for_what_does_not_come_is_cancelled_as_a_whole(shop):
    presale = (await sell_ahead(shop)).json()
    order = await shop.order({"NO04": 4, "GT04": 1})
    await settle(shop, presale)
    await shop.settle()
    assert (await shop.look(order))["status"] == "cancelled"
    assert (await shop.stock("NO04"), await shop.stock("GT04")) == ((3, 0), (100, 0))


@pytest.mark.parametrize(("who", "status"), [("S01", 404), ("buyer", 403), (None, 401)])
async def test_a_harvest_is_sold_by_its_supplier_alone(shop, who, status):
    body = (await sell_ahead(shop)).json()
    sent = {name: body[name] for name in ("sku", "opens_at", "closes_at", "harvest_from", "harvest_to", "ship_by")}
    answer = await shop.call(who, "POST", "/v1/supplier/presales", {**sent, "expected_yield": 10}, key=None)
    assert answer.status_code == status
    answer = await shop.call(who, "POST", f"/v1/supplier/presales/{body['id']}/settle")
    assert answer.status_code == status
    assert (await shop.call("S08", "GET", "/v1/supplier/presales")).json()["items"][0]["settled_at"] is None
