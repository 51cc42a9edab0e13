"""Loads and their delivery notes: which lots go, who may send them, what is told of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app import inventory, wholesale
from tests.files.builders import picture

SUPPLIER = "/v1/supplier/purchase-orders"


async def send(market, order, lines, who="S01", **more):
    path = f"{SUPPLIER}/{order['id']}/deliveries"
    return await market.shop.call(who, "POST", path, {"lines": lines, **more})


async def lot(market, sku, code, *, days_left, life, quantity, who="S01", **more):
    async with market.shop.db.write() as session:
        return await inventory.receive(
            session,
            sku=sku,
            code=code,
            harvested_on=None,
            produced_on=market.today - timedelta(days=life - days_left),
            best_before=market.today + timedelta(days=days_left),
            village=None,
            quantity=quantity,
            by=market.shop.actor(who),
            now=market.shop.clock(),
            **more,
        )


async def test_a_supplier_sees_and_sends_its_own_lines(market):
    shop = market.shop
    order = await market.place({"GT04": 5, "NO02": 2})
    for who, sku, total in (("S01", "GT04", 400_000), ("S08", "NO02", 32_000)):
        listed = (await shop.call(who, "GET", f"{SUPPLIER}?status=to_ship")).json()["items"]
        assert [(item["id"], item["total_fen"]) for item in listed] == [(order["id"], total)]
        seen = (await shop.call(who, "GET", f"{SUPPLIER}/{order['id']}")).json()
        assert [line["sku"] for line in seen["lines"]] == [sku]
        assert (seen["location"]["code"], seen["deliveries"]) == ("0012", [])
        assert "credit" not in seen
        assert "note" not in seen
    theirs = await send(market, order, [{"line_no": 2, "cases": 1}])
    assert (theirs.status_code, theirs.json()["code"]) == (422, "unknown_line")
    truck = {
        "vehicle_plate": "湘U12345",
        "driver_phone": "13800001234",
        "pallets": 1,
        "coldest_c10": 35,
        "warmest_c10": 80,
    }
    made = await send(market, order, [{"line_no": 1, "cases": 3}], carrier="自有车", **truck)
    assert made.status_code == 201, made.text
    note = made.json()
    assert note["number"].startswith("SH261120")
    assert (note["driver_phone"], note["cases"], note["pallets"]) == ("138******34", 3, 1)
    assert [(line["lot_code"], line["units"], line["best_before"]) for line in note["lines"]] == [
        ("GT04-A", 30, (market.today + timedelta(days=300)).isoformat())
    ]
    assert "13800001234" not in str(await shop.rows("SELECT payload FROM core_event"))
    after = await market.look(order)
    assert (after["status"], after["lines"][0]["shipped_units"]) == ("shipped", 30)
    assert await shop.stock("GT04") == (70, 20)
    assert (await shop.call("S08", "GET", f"{SUPPLIER}/{order['id']}")).json()["deliveries"] == []
    for who, path in (("P01", "/v1/partner/purchase-orders"), ("operator", "/v1/operator/purchase-orders")):
        shown = (await shop.call(who, "GET", f"{path}/{order['id']}/deliveries")).json()["deliveries"]
        assert [one["number"] for one in shown] == [note["number"]]
    too_much = await send(market, order, [{"line_no": 1, "cases": 2}, {"line_no": 1, "cases": 1}])
    assert (too_much.json()["code"], too_much.json()["errors"][0]["pointer"]) == ("ships_too_much", "/lines/1/cases")
    assert (await send(market, order, [{"line_no": 1, "cases": 2}])).status_code == 201
    assert (await shop.call("S01", "GET", f"{SUPPLIER}?status=to_ship")).json()["items"] == []
    assert await shop.breaks() == []


async def test_lots_go_by_first_expiry_with_the_life_that_was_promised_named_or_not(market):
    await lot(market, "GT04", "OLD", days_left=200, life=540, quantity=20)
    await lot(market, "GT04", "NEXT", days_left=280, life=300, quantity=10)
    order = await market.place({"GT04": 5})
    refused = await send(market, order, [{"line_no": 1, "cases": 1, "lot_code": "OLD"}])
    assert (refused.status_code, refused.json()["code"]) == (409, "lot_too_old")
    assert refused.json()["errors"][0]["pointer"] == "/lines/0/lot_code"
    note = (await send(market, order, [{"line_no": 1, "cases": 2}])).json()
    assert [(line["lot_code"], line["units"]) for line in note["lines"]] == [("NEXT", 10), ("GT04-A", 10)]
    assert (await market.look(order))["lines"][0]["shipped_units"] == 20
    assert await market.shop.breaks() == []


async def test_a_note_shows_the_certificates_of_its_lots(market):
    shop = market.shop
    async with shop.http("S01") as http:
        file = {"file": ("a.jpg", picture(), "image/jpeg")}
        kept = (await http.post("/v1/supplier/files", data={"purpose": "certificate"}, files=file)).json()
    await lot(market, "GT04", "PROVEN", days_left=290, life=300, quantity=10, certificate_file_id=UUID(kept["id"]))
    order = await market.place({"GT04": 2})
    note = (await send(market, order, [{"line_no": 1, "cases": 2}])).json()
    assert [(line["lot_code"], len(line["certificates"])) for line in note["lines"]] == [("PROVEN", 1), ("GT04-A", 0)]
    assert note["lines"][0]["certificates"][0]["url"].startswith("/v1/")


async def test_an_operator_sends_for_a_supplier_one_at_a_time(market):
    order = await market.place({"GT04": 1, "NO02": 2})
    path = f"/v1/operator/purchase-orders/{order['id']}/deliveries"
    both = {"lines": [{"line_no": number, "cases": 1} for number in (1, 2)]}
    refused = await market.shop.call("operator", "POST", path, both)
    assert (refused.status_code, refused.json()["code"]) == (422, "several_suppliers")
    made = await market.shop.call("operator", "POST", path, {"lines": [{"line_no": 2, "cases": 2}]})
    assert (made.status_code, made.json()["supplier_name"]) == (201, "新寨橙乡柑橘专业合作社（示例）")
    assert await market.shop.breaks() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"driver_phone": "12345"},
        {"coldest_c10": 90, "warmest_c10": 80},
        {"warmest_c10": 5_000},
        {"pallets": -1},
    ],
)
async def test_what_cannot_be_on_a_note_is_refused(market, wrong):
    order = await market.place({"GT04": 1})
    assert (await send(market, order, [{"line_no": 1, "cases": 1}], **wrong)).status_code == 422


async def test_what_is_not_confirmed_or_over_is_not_sent(market):
    lines = [{"line_no": 1, "sku": "GT04", "cases": 1, "unit_price_fen": 1}]
    doubt = (await market.send(market.body({}, lines=lines), query="?on_mismatch=review")).json()
    gone = await market.place({"GT04": 1})
    assert (await market.shop.call("S01", "GET", f"{SUPPLIER}/{doubt['id']}")).status_code == 404
    assert (await send(market, doubt, [{"line_no": 1, "cases": 1}])).json()["code"] == "step_not_allowed"
    assert (await send(market, gone, [{"line_no": 1, "cases": 1}], "S08")).status_code == 404
    market.shop.clock.advance(days=9)
    assert (await send(market, gone, [{"line_no": 1, "cases": 1}])).json()["code"] == "last_day_over"


async def test_what_was_not_sent_by_the_last_day_is_taken_back_and_the_rest_goes_on(market):
    order = await market.place({"GT04": 5})
    assert (await send(market, order, [{"line_no": 1, "cases": 2}])).status_code == 201
    amended = await market.send({**market.body({"GT04": 6}), "po_no": order["po_no"]})
    cancelled = await market.shop.call("P01", "POST", f"/v1/partner/purchase-orders/{order['id']}/cancel")
    assert [answer.json()["code"] for answer in (amended, cancelled)] == ["step_not_allowed"] * 2
    market.shop.clock.advance(days=9)
    async with market.shop.db.write() as session:
        assert await wholesale.close_due(session, now=market.shop.clock()) == 1
        assert await wholesale.close_due(session, now=market.shop.clock()) == 0
    await market.shop.settle()
    seen = await market.look(order)
    assert (seen["status"], seen["lines"][0]["promised_units"], seen["total_fen"]) == ("shipped", 20, 160_000)
    assert (await market.credit(), await market.shop.stock("GT04")) == (160_000, (80, 0))
    assert await market.shop.breaks() == []
