"""The address book over HTTP, and what an order takes from it."""

from __future__ import annotations

from tests.shop import ADDRESS, Shop

BOOK = "/v1/store/addresses"


async def save(shop: Shop, who: str = "buyer", **change):
    return await shop.call(who, "POST", BOOK, {**ADDRESS, **change}, key=None)


async def test_an_address_is_saved_replaced_and_removed(shop: Shop):
    first = (await save(shop, label="家")).json()
    assert (first["is_default"], first["label"], first["division"]) == (True, "家", "山东省济南市历城区")
    second = (await save(shop, is_default=True)).json()
    path = f"{BOOK}/{first['id']}"
    book = (await shop.call("buyer", "GET", BOOK)).json()["items"]
    assert {one["id"]: one["is_default"] for one in book} == {second["id"]: True, first["id"]: False}
    changed = await shop.call("buyer", "PUT", path, {**ADDRESS, "detail": "泉城路1号", "is_default": True}, key=None)
    assert (changed.json()["detail"], changed.json()["is_default"], changed.json()["label"]) == (
        "泉城路1号",
        True,
        None,
    )
    for method in ("GET", "PUT", "DELETE"):
        theirs = await shop.call("stranger", method, path, ADDRESS if method == "PUT" else None, key=None)
        assert theirs.status_code == 404
    assert (await shop.call("buyer", "DELETE", path, key=None)).status_code == 204
    assert (await shop.call("buyer", "GET", path)).status_code == 404
    sealed = await shop.scalar("SELECT string_agg(a::text, '') FROM buyers_address a")
    assert ADDRESS["phone"].encode().hex() not in sealed
    assert ADDRESS["phone"] not in sealed


async def test_a_county_by_name_is_taken_when_only_one_is_called_that(shop: Shop):
    by_name = {key: value for key, value in ADDRESS.items() if key != "division_code"}
    saved = await shop.call("buyer", "POST", BOOK, {**by_name, "division": "济南市历城区"}, key=None)
    assert (saved.status_code, saved.json()["division_code"]) == (201, "370112")
    refused = await shop.call("buyer", "POST", BOOK, {**by_name, "division": "市中区"}, key=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "ambiguous_division")
    told = [error["detail"] for error in refused.json()["errors"]]
    assert {"370103 山东省济南市市中区", "370402 山东省枣庄市市中区"} <= set(told)
    for wrong in (by_name, {**ADDRESS, "division": "历城区"}):
        assert (await shop.call("buyer", "POST", BOOK, wrong, key=None)).json()["code"] == "invalid_input"
    assert await shop.scalar("SELECT count(*) FROM buyers_address") == 1


async def test_a_book_holds_fifty(shop: Shop):
    async with shop.http("buyer") as client:
        for _ in range(50):
            assert (await client.post(BOOK, json=ADDRESS)).status_code == 201
        full = await client.post(BOOK, json=ADDRESS)
        assert (full.status_code, full.json()["code"]) == (409, "too_many_addresses")
        one = (await client.get(f"{BOOK}?limit=1")).json()["items"][0]["id"]
        assert (await client.delete(f"{BOOK}/{one}")).status_code == 204
        assert (await client.post(BOOK, json=ADDRESS)).status_code == 201


async def test_an_order_keeps_its_own_copy_of_an_address_of_the_book(shop: Shop):
    saved = (await save(shop)).json()
    order = await shop.order({"GT04": 1}, address=None, address_id=saved["id"])
    await shop.call("buyer", "PUT", f"{BOOK}/{saved['id']}", {**ADDRESS, "detail": "泉城路1号"}, key=None)
    await shop.call("buyer", "DELETE", f"{BOOK}/{saved['id']}", key=None)
    assert (await shop.look(order))["address"]["detail"] == ADDRESS["detail"]
    goods = {"items": [{"sku": "GT04", "quantity": 1}]}
    foreign = (await save(shop, "stranger")).json()["id"]
    for address in ({"address_id": foreign}, {"address_id": saved["id"]}):
        refused = await shop.call("buyer", "POST", "/v1/store/orders", {**goods, **address})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_address")
    for address in ({}, {"address": ADDRESS, "address_id": foreign}):
        refused = await shop.call("buyer", "POST", "/v1/store/orders", {**goods, **address})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


async def test_divisions_are_listed_for_everybody(shop: Shop):
    assert len((await shop.call(None, "GET", "/v1/store/divisions")).json()["items"]) == 31
    towns = (await shop.call(None, "GET", "/v1/store/divisions?parent=370112")).json()["items"]
    assert towns[0] == {
        "code": "370112001",
        "name": "山大路街道",
        "level": "township",
        "full_name": "山东省济南市历城区山大路街道",
    }
    found = (await shop.call(None, "GET", "/v1/store/divisions?name=市中区")).json()["items"]
    assert {"370103", "370402"} <= {place["code"] for place in found}
