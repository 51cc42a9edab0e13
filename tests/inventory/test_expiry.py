"""What is past its best-before date is neither received, nor shipped, nor counted on."""

from __future__ import annotations

from datetime import timedelta

from app.core.clock import local_day
from app.wiring import CHORES
from app.worker import do_chore
from tests.files.builders import pdf

CHORE = {chore.name: chore for chore in CHORES}["inventory.write_off_expired"]


async def receive(shop, code: str, days: int, quantity: int = 10):
    body = {
        "sku": "GT04",
        "code": code,
        "best_before": (local_day(shop.clock()) + timedelta(days=days)).isoformat(),
        "quantity": quantity,
    }
    return await shop.call("S01", "POST", "/v1/supplier/lots", body)


async def test_a_lot_past_its_date_is_not_received(shop):
    answer = await receive(shop, "OLD", -1)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "expired")
    assert await shop.stock("GT04") == (100, 0)


async def test_what_expires_leaves_the_book_unless_it_is_promised(shop):
    await receive(shop, "SOON", 0, 10)
    await shop.order({"GT04": 105})
    assert await do_chore(shop.db, CHORE, shop.clock()) == 0
    shop.clock.advance(days=1)
    assert await do_chore(shop.db, CHORE, shop.clock()) == 1
    assert await shop.stock("GT04") == (105, 105)
    assert await do_chore(shop.db, CHORE, shop.clock()) == 0
    moved = await shop.rows("SELECT kind, on_hand_delta FROM inventory_movement ORDER BY id DESC LIMIT 1")
    assert moved == [("adjusted", -5)]


async def test_an_expired_lot_is_not_shipped(shop):
    await receive(shop, "SOON", 0, 10)
    order = await shop.pay(await shop.order({"GT04": 2}))
    shop.clock.advance(days=1)
    part, line = order["supplier_orders"][0], order["lines"][0]
    body = {"carrier": "ZTO", "tracking_number": "780000000001", "lines": [{"line_id": line["id"], "quantity": 2}]}
    named = {**body, "lines": [{**body["lines"][0], "lot_code": "SOON"}]}
    refused = await shop.call("S01", "POST", f"/v1/supplier/orders/{part['id']}/shipments", named)
    assert (refused.status_code, refused.json()["code"]) == (409, "lot_expired")
    shipped = await shop.call("S01", "POST", f"/v1/supplier/orders/{part['id']}/shipments", body)
    assert shipped.status_code == 201
    assert await shop.rows("SELECT lot_code FROM fulfilment_shipment_line") == [("GT04-A",)]


async def test_a_lot_comes_with_its_proof_of_quality(shop):
    async with shop.http("S01") as client:
        files, purpose = {"file": ("报告.pdf", pdf(), "application/pdf")}, {"purpose": "certificate"}
        proof = (await client.post("/v1/supplier/files", files=files, data=purpose)).json()["id"]
    lot = {"sku": "GT14", "code": "L1", "best_before": "2028-01-01", "quantity": 5, "certificate_file_id": proof}
    answer = await shop.call("S01", "POST", "/v1/supplier/lots", lot)
    assert (answer.status_code, answer.json()["certificate_file_id"]) == (201, proof)
    story = await shop.call(None, "GET", f"/v1/store/trace/{answer.json()['trace_code']}")
    assert story.json()["certified"] is True
    assert proof not in story.text
    for who, changed in (("S08", {"sku": "NO02", "best_before": "2027-03-01"}), ("S01", {"code": "L2"})):
        again = await shop.call(who, "POST", "/v1/supplier/lots", lot | changed)
        assert (again.status_code, again.json()["code"]) == (422, "unknown_file")
    assert await shop.stock("GT14") == (105, 0)
