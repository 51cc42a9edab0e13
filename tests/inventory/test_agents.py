"""What an agent sees of the supplier that it enters stock for: the stock-room, and nothing else of anybody."""

from __future__ import annotations

import pytest

from tests.shop import Shop
from tests.suppliers.test_team import PHONE, accept, counting, entry, invited, join

COUNTED = "货号,库存数量\nGT04,70\n".encode()


def place(shop: Shop, supplier: str = "S01") -> str:
    return f"/v1/store/agencies/{shop.accounts[supplier].supplier_id}"


async def send_sheet(shop: Shop, who: str) -> str:
    async with shop.http(who) as http:
        answer = await http.post("/v1/supplier/inventory/imports", files={"file": ("a.csv", COUNTED)})
    assert answer.status_code == 202
    return str(answer.json()["id"])


def reads(shop: Shop, sheet: str, supplier: str = "S01", sku: str = "GT04") -> list[str]:
    here = place(shop, supplier)
    return [
        f"{here}/inventory",
        f"{here}/inventory/{sku}/movements",
        f"{here}/lots",
        f"{here}/inventory-imports",
        f"{here}/inventory-imports/{sheet}",
        f"{here}/inventory-imports/{sheet}/rows",
    ]


async def test_an_agent_reads_the_stock_room_of_its_supplier(shop: Shop):
    await join(shop, PHONE, "agent")
    sheet = await send_sheet(shop, "S01")
    answers = [(await shop.call(PHONE, "GET", path, key=None)) for path in reads(shop, sheet)]
    assert [answer.status_code for answer in answers] == [200] * 6
    stock, movements, lots, sheets, one, rows = (answer.json() for answer in answers)
    assert [line["sku"] for line in stock["items"]] == ["GT04", "GT14"]
    assert movements["items"][0]["kind"] == "received"
    assert {lot["sku"] for lot in lots["items"]} == {"GT04", "GT14"}
    assert [found["id"] for found in sheets["items"]] == [sheet] == [one["id"]]
    assert rows["items"] == []
    for path, mine in zip(reads(shop, sheet)[:3], ("inventory", "inventory/GT04/movements", "lots"), strict=True):
        own = await shop.call("S01", "GET", f"/v1/supplier/{mine}", key=None)
        seen = await shop.call(PHONE, "GET", path, key=None)
        if "movements" not in path:
            assert own.json() == seen.json()


async def test_of_others_it_reads_nothing_and_others_read_nothing_through_it(shop: Shop):
    await join(shop, PHONE, "agent")
    theirs, ours = await send_sheet(shop, "S08"), await send_sheet(shop, "S01")
    for path in reads(shop, theirs, "S08", "NO02"):
        assert (await shop.call(PHONE, "GET", path, key=None)).status_code == 404, path
    mixed = place(shop)
    for path in (
        f"{mixed}/inventory/NO02/movements",
        f"{mixed}/inventory-imports/{theirs}",
        f"{mixed}/inventory-imports/{theirs}/rows",
    ):
        assert (await shop.call(PHONE, "GET", path, key=None)).status_code == 404, path
    for who, status in (("buyer", 404), ("S01", 403), ("S08", 403), (None, 401)):
        for path in reads(shop, ours):
            assert (await shop.call(who, "GET", path, key=None)).status_code == status, (who, path)
    for path in ("/v1/supplier/orders", "/v1/supplier/settlements", "/v1/supplier/inventory"):
        assert (await shop.call(PHONE, "GET", path, key=None)).status_code == 403, path


async def test_it_reads_nothing_more_once_it_was_let_go(shop: Shop):
    await join(shop, PHONE, "agent")
    sheet = await send_sheet(shop, "S01")
    removed = await shop.call("S01", "DELETE", f"/v1/supplier/agents/{shop.accounts[PHONE].id}", key=None)
    assert removed.status_code == 204
    for path in reads(shop, sheet):
        assert (await shop.call(PHONE, "GET", path, key=None)).status_code == 404, path


async def newest(shop: Shop, who: str, path: str) -> tuple[str | None, bool, str]:
    answer = await shop.call(who, "GET", path, key=None)
    assert answer.status_code == 200, answer.text
    entry = answer.json()["items"][0]
    return entry["entered_by"], entry["on_behalf"], entry["kind"]


async def test_the_ledger_tells_who_entered_and_for_whom(shop: Shop):
    await join(shop, PHONE, "agent")
    own, through = "/v1/supplier/inventory/GT04/movements", f"{place(shop)}/inventory/GT04/movements"
    assert (await shop.call(PHONE, "POST", entry(shop, "S01"), counting(77))).status_code == 200
    assert await newest(shop, "S01", own) == ("向梅", True, "set")
    assert await newest(shop, PHONE, through) == ("向梅", True, "set")
    counted = await shop.call("S01", "POST", "/v1/supplier/inventory/updates", counting(78))
    assert counted.status_code == 200
    name = shop.accounts["S01"].name
    assert await newest(shop, "S01", own) == (name, False, "set")
    masked, behalf, _ = await newest(shop, PHONE, through)
    assert (masked, behalf) == (name[:1] + "*" * min(len(name) - 1, 2), False)
    await shop.pay(await shop.order({"GT04": 1}))
    assert await newest(shop, "S01", own) == (None, False, "reserved"), "who bought is nobody's business here"


async def test_programs_read_masked_names(shop: Shop):
    body = {"name": "ERP", "scopes": ["inventory:read"]}
    made = (await shop.call("S01", "POST", "/v1/supplier/api-keys", body, key=None)).json()
    assert (await shop.call("S01", "POST", "/v1/supplier/inventory/updates", counting(78))).status_code == 200
    headers = {"Authorization": f"Bearer {made['key']}"}
    answer = await shop.call(None, "GET", "/v1/supplier/inventory/GT04/movements", key=None, **headers)
    assert answer.json()["items"][0]["entered_by"].endswith("*")


@pytest.mark.parametrize("role", ["staff", "agent"])
async def test_whoever_is_of_one_supplier_may_be_another_ones_agent(shop: Shop, role: str):
    await join(shop, PHONE, role)
    assert (await accept(shop, PHONE, await invited(shop, PHONE, "agent", "S08"))).status_code == 200
    assert (await shop.call(PHONE, "POST", entry(shop, "S08"), counting(9, "NO02"))).status_code == 200
    assert await newest(shop, "S08", "/v1/supplier/inventory/NO02/movements") == ("向梅", True, "set")
    assert (await shop.call(PHONE, "GET", f"{place(shop, 'S08')}/inventory", key=None)).status_code == 200
