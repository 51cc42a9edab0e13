"""Whatever officers, operators and commands change is written down with the change, once, and nothing else is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import staffing
from app.identity import Role
from tests.shop import Shop

PRICE = "/v1/operator/skus/GT04/price"


async def trail(shop: Shop, query: str = "") -> list[dict[str, Any]]:
    answer = await shop.call("operator", "GET", f"/v1/operator/audit{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_change_names_who_what_and_what_came_of_it(shop: Shop):
    answer = await shop.call("operator", "PUT", PRICE, {"price_fen": 13_000}, key=None, **{"X-Request-ID": "r-1"})
    assert answer.is_success
    (entry,) = await trail(shop)
    assert entry["account_id"] == str(shop.accounts["operator"].id)
    assert (entry["name"], entry["role"], entry["method"], entry["path"]) == ("operator", "operator", "PUT", PRICE)
    assert (entry["operation"], entry["request_id"]) == ("set_price", "r-1")
    (fact,) = entry["facts"]
    assert fact["name"] == "pricing.price_changed"
    assert entry["about"] == ["GT04", fact["subject"]]
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE id = :id", id=fact["id"]) == 1


async def test_what_was_refused_or_repeated_changed_nothing(shop: Shop):
    assert (await shop.call("operator", "PUT", PRICE, {"price_fen": 0}, key=None)).status_code == 422
    order = await shop.complete({"GT04": 1})
    body = {"reason": "坏了", "lines": [{"line_id": order["lines"][0]["id"], "amount_fen": 500, "quantity": 0}]}
    path = f"/v1/operator/orders/{order['id']}/refunds"
    too_much = {**body, "lines": [{**body["lines"][0], "amount_fen": 10**9}]}
    for _ in range(2):
        assert (await shop.call("operator", "POST", path, too_much, key="refused")).status_code == 409
        assert (await shop.call("operator", "POST", path, body, key="once")).status_code == 201
    assert [entry["operation"] for entry in await trail(shop)] == ["refund_order_lines"]
    assert [entry["operation"] for entry in await trail(shop, f"?about={order['id']}")] == ["refund_order_lines"]


async def test_buyers_suppliers_and_readers_are_not_in_it(shop: Shop):
    order = await shop.complete({"GT04": 1})
    await shop.call("officer", "GET", "/v1/office/goals")
    await shop.call("S01", "GET", "/v1/supplier/orders")
    assert order["status"]
    assert await trail(shop) == []


async def test_it_is_read_by_who_what_when_and_page_by_page(shop: Shop):
    for price in (13_000, 13_100, 13_200):
        who = "operator2" if price == 13_100 else "operator"
        assert (await shop.call(who, "PUT", PRICE, {"price_fen": price}, key=None)).is_success
        shop.clock.advance(minutes=1)
    second = shop.accounts["operator2"].id
    assert [entry["name"] for entry in await trail(shop, f"?account_id={second}")] == ["operator2"]
    assert await trail(shop, "?operation=publish_product") == []
    assert len(await trail(shop, "?operation=set_price&about=GT04")) == 3
    until = (await trail(shop))[0]["at"].replace("+", "%2B")
    assert len(await trail(shop, f"?to={until}")) == 2
    assert len(await trail(shop, f"?from={until}")) == 1
    first = (await shop.call("operator", "GET", "/v1/operator/audit?limit=2")).json()
    rest = (await shop.call("operator", "GET", f"/v1/operator/audit?limit=2&cursor={first['next_cursor']}")).json()
    ids = [entry["id"] for entry in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 3
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("who", ["officer", "S01", "P01", "buyer"])
async def test_only_operators_read_it(shop: Shop, who: str):
    assert (await shop.call(who, "GET", "/v1/operator/audit")).status_code == 403


async def test_commands_are_in_it(shop: Shop):
    wanted = staffing.Wanted(Role.OFFICER, "new-officer")
    await staffing.make(shop.db, wanted, "golden-tea-2026", now=shop.clock())
    (entry,) = await trail(shop, "?about=new-officer")
    assert (entry["account_id"], entry["name"], entry["role"]) == (None, None, "command")


async def test_an_act_ends_with_its_request(shop: Shop):
    await shop.call("operator", "PUT", PRICE, {"price_fen": 13_000}, key=None)
    async with shop.db.write() as session:
        await session.execute(text("SELECT 1"))
    assert len(await trail(shop)) == 1


async def test_two_at_once_are_told_apart(fresh_shop: Shop):
    pairs = {"operator": "GT04", "operator2": "NO04"}
    answers = await asyncio.gather(
        *(
            fresh_shop.call(who, "PUT", f"/v1/operator/skus/{sku}/price", {"price_fen": 5_000}, key=None)
            for who, sku in pairs.items()
        )
    )
    assert [answer.text for answer in answers if not answer.is_success] == []
    assert {entry["name"]: entry["about"][0] for entry in await trail(fresh_shop)} == pairs


async def test_nobody_changes_or_removes_an_entry(shop: Shop):
    await shop.call("operator", "PUT", PRICE, {"price_fen": 13_000}, key=None)
    for change in ("UPDATE core_audit_entry SET path = ''", "DELETE FROM core_audit_entry"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with shop.db.write() as session:
                await session.execute(text(change))
    assert len(await trail(shop)) == 1


def test_every_operation_of_the_staff_has_a_name_of_its_own(shop: Shop):
    names = [
        route.operation_id
        for route in shop.app.routes
        if isinstance(route, APIRoute) and route.path.startswith(("/v1/operator", "/v1/office"))
    ]
    assert None not in names
    assert len(set(names)) == len(names)
