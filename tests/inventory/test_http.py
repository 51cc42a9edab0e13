"""What a supplier's tool may rely on."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from app import inventory
from app.identity import Role
from tests.identity.builders import account, bearer, token
from tests.inventory.builders import broken, figures, open_shop

UPDATES = "/v1/supplier/inventory/updates"


@pytest.fixture
async def shop(db, now):
    async with db.write() as session:
        made = await open_shop(session, now, "A1", "B2", stock=10)
        other = await open_shop(session, now, "THEIRS", code="S92", stock=7)
        await inventory.reserve(session, uuid4(), {"A1": 4}, by=None, now=now)
        who = await account(session, now, Role.SUPPLIER, username="staff", scope_id=made.supplier_id)
        buyer = await account(session, now, Role.BUYER, username="li-xia")
    return {"shop": made, "other": other, "staff": bearer(token(who, now)), "buyer": bearer(token(buyer, now))}


@pytest.fixture
def staff(shop):
    return shop["staff"]


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def send(client, staff, rows, *, once=None, **query):
    return await client.post(UPDATES, json={"updates": rows}, params=query, headers=staff | (once or key()))


async def test_a_supplier_sees_its_own_stock_only(client, staff):
    answer = await client.get("/v1/supplier/inventory", headers=staff)
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {"sku": "A1", "on_hand": 10, "reserved": 4, "available": 6, "lots": []},
            {"sku": "B2", "on_hand": 10, "reserved": 0, "available": 10, "lots": []},
        ],
        "next_cursor": None,
    }
    assert (await client.get("/v1/supplier/inventory?sku=B2", headers=staff)).json()["items"][0]["sku"] == "B2"
    assert (await client.get("/v1/supplier/inventory?sku=THEIRS", headers=staff)).json()["items"] == []


async def test_stock_lots_and_movements_come_in_pages(client, staff):
    first = (await client.get("/v1/supplier/inventory?limit=1", headers=staff)).json()
    query = {"limit": 1, "cursor": first["next_cursor"]}
    second = (await client.get("/v1/supplier/inventory", params=query, headers=staff)).json()
    assert [page["items"][0]["sku"] for page in (first, second)] == ["A1", "B2"]
    assert second["next_cursor"] is None
    for code in ("L2", "L1", "L3"):
        lot = {"sku": "A1", "code": code, "best_before": "2027-01-01", "quantity": 2}
        assert (await client.post("/v1/supplier/lots", json=lot, headers=staff | key())).status_code == 201
    for path, field, expected in (
        ("/v1/supplier/lots", "code", ["L1", "L2", "L3"]),
        ("/v1/supplier/inventory/A1/movements", "kind", ["received"] * 3 + ["reserved", "set"]),
    ):
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(path, params=query, headers=staff)).json()
            seen += [item[field] for item in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == expected
    wrong = await client.get("/v1/supplier/lots", params={"cursor": first["next_cursor"]}, headers=staff)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_cursor")


async def test_movements_say_why_and_are_nobody_elses_business(client, staff, now):
    [newest, oldest] = (await client.get("/v1/supplier/inventory/A1/movements", headers=staff)).json()["items"]
    assert (newest["kind"], newest["on_hand_delta"], newest["reserved_delta"]) == ("reserved", 0, 4)
    assert (oldest["kind"], oldest["on_hand_delta"]) == ("set", 10)
    assert newest["number"] > oldest["number"]
    for sku in ("THEIRS", "NONE"):
        answer = await client.get(f"/v1/supplier/inventory/{sku}/movements", headers=staff)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_updates_answer_row_by_row_and_once_per_key(client, staff, session):
    rows = [{"sku": "A1", "mode": "adjust", "quantity": 5}, {"sku": "B2", "mode": "set", "quantity": 3}]
    once = key()
    answer = await send(client, staff, rows, once=once)
    assert answer.status_code == 200
    assert answer.json() == {
        "results": [
            {"index": 0, "sku": "A1", "status": "applied", "code": None, "on_hand": 15, "available": 11},
            {"index": 1, "sku": "B2", "status": "applied", "code": None, "on_hand": 3, "available": 3},
        ]
    }
    again = await send(client, staff, rows, once=once)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (answer.content, "true")
    assert await figures(session, "A1") == (15, 4)
    assert await broken(session) == []
    without = await client.post(UPDATES, json={"updates": rows}, headers=staff)
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")


async def test_all_or_nothing_unless_partial(client, staff, session):
    rows = [{"sku": "B2", "mode": "set", "quantity": 3}, {"sku": "THEIRS", "mode": "set", "quantity": 0}]
    answer = await send(client, staff, rows)
    assert (answer.status_code, answer.json()["code"]) == (422, "updates_rejected")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/updates/1", "unknown_sku")]
    assert await figures(session, "B2") == (10, 0)
    answer = await send(client, staff, rows, partial="true")
    assert [row["status"] for row in answer.json()["results"]] == ["applied", "rejected"]
    assert answer.json()["results"][1]["code"] == "unknown_sku"
    assert await figures(session, "B2") == (3, 0)
    assert await figures(session, "THEIRS") == (7, 0)


async def test_a_count_may_say_when_it_was_taken(client, staff, clock, db, session):
    counted_at = clock.advance(minutes=1)
    clock.advance(minutes=1)
    async with db.write() as work:
        order = uuid4()
        await inventory.reserve(work, order, {"B2": 3}, by=None, now=clock.at)
        await inventory.ship(work, order, [("B2", 3, None)], shipment_id=uuid4(), now=clock.at)
    clock.advance(minutes=1)
    rows = [{"sku": "B2", "mode": "set", "quantity": 8, "as_of": counted_at.isoformat()}]
    answer = await send(client, staff, rows)
    assert answer.json()["results"][0]["on_hand"] == 5
    rows[0]["as_of"] = (clock.at + timedelta(days=1)).isoformat()
    assert (await send(client, staff, rows)).json()["errors"][0]["code"] == "as_of_in_future"


@pytest.mark.parametrize(
    "row",
    [
        {"sku": "A1", "mode": "set", "quantity": 10_000_001},
        {"sku": "A1", "mode": "set", "quantity": 2.5},
        {"sku": "A1", "mode": "set", "quantity": "3"},
        {"sku": "A1", "mode": "set", "quantity": True},
        {"sku": "A1", "mode": "add", "quantity": 3},
        {"sku": "A\u00001", "mode": "set", "quantity": 3},
        {"sku": "A1", "mode": "set", "quantity": 3, "lot_code": "L\u0000"},
        {"sku": "A1", "mode": "set", "quantity": 3, "reason": "x" * 201},
        {"sku": "A1", "mode": "set", "quantity": 3, "as_of": "2026-11-20T04:00:00"},
        {"sku": "A1", "mode": "set", "quantity": 3, "as_of": "0001-01-01T00:00:00Z"},
        {"sku": "A1", "mode": "set", "quantity": 3, "colour": "red"},
        {"sku": "A1", "mode": "set"},
    ],
)
async def test_what_cannot_be_read_changes_nothing(client, staff, session, row):
    answer = await send(client, staff, [{"sku": "B2", "mode": "set", "quantity": 1}, row])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["errors"][0]["pointer"].startswith("/updates/1")
    assert await figures(session, "B2") == (10, 0)


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_call_has_one_to_a_thousand_rows(client, staff, session, count):
    answer = await send(client, staff, [{"sku": "B2", "mode": "adjust", "quantity": 1}] * count)
    assert answer.status_code == 422
    assert await figures(session, "B2") == (10, 0)


async def test_a_lot_arrives_with_a_trace_code(client, staff, session):
    lot = {
        "sku": "A1",
        "code": "2026春-甲",
        "harvested_on": "2026-04-10",
        "produced_on": "2026-04-12",
        "best_before": "2027-10-03",
        "village": "黄金村",
        "quantity": 120,
    }
    answer = await client.post("/v1/supplier/lots", json=lot, headers=staff | key())
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in lot if name != "quantity"} == {n: v for n, v in lot.items() if n != "quantity"}
    assert made["on_hand"] == 120
    assert len(made["trace_code"]) == 10
    assert not set(made["trace_code"]) & set("01OILU")
    assert await figures(session, "A1") == (130, 4)
    [shown] = (await client.get("/v1/supplier/lots?sku=A1", headers=staff)).json()["items"]
    assert shown == made
    stock = (await client.get("/v1/supplier/inventory?sku=A1", headers=staff)).json()["items"][0]
    assert stock["lots"] == [made]
    again = await client.post("/v1/supplier/lots", json=lot, headers=staff | key())
    assert (again.status_code, again.json()["code"]) == (409, "lot_exists")
    assert await figures(session, "A1") == (130, 4)
    assert await broken(session) == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"sku": "THEIRS"}, 404, "not_found"),
        ({"sku": "NONE"}, 404, "not_found"),
        ({"produced_on": "2027-01-02"}, 422, "invalid_input"),
        ({"harvested_on": "2026-11-21"}, 422, "invalid_input"),
        ({"produced_on": "2026-11-21"}, 422, "invalid_input"),
        ({"harvested_on": "2026-11-02", "produced_on": "2026-11-01"}, 422, "invalid_input"),
        ({"best_before": "2028-06-01"}, 422, "invalid_input"),
        ({"harvested_on": "2026-11-01", "best_before": "2028-05-10"}, 422, "invalid_input"),
        ({"best_before": None}, 422, "invalid_input"),
        ({"best_before": "2027-02-30"}, 422, "invalid_input"),
        ({"best_before": "9999-01-01"}, 422, "invalid_input"),
        ({"quantity": -1}, 422, "invalid_input"),
        ({"quantity": 1_000_001}, 422, "invalid_input"),
        ({"code": "a b"}, 422, "invalid_input"),
        ({"village": ""}, 422, "invalid_input"),
    ],
)
async def test_a_lot_that_cannot_be_changes_nothing(client, staff, session, change, status, code):
    lot = {"sku": "A1", "code": "L1", "best_before": "2027-01-01", "quantity": 5} | change
    answer = await client.post("/v1/supplier/lots", json=lot, headers=staff | key())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await inventory.lots_of(session, ["A1", "THEIRS"]) == {}
    assert await figures(session, "A1") == (10, 4)
    assert await figures(session, "THEIRS") == (7, 0)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/supplier/inventory", None),
        ("GET", "/v1/supplier/inventory/A1/movements", None),
        ("POST", UPDATES, {"updates": [{"sku": "A1", "mode": "set", "quantity": 99}]}),
        ("GET", "/v1/supplier/lots", None),
        ("POST", "/v1/supplier/lots", {"sku": "A1", "code": "L1", "best_before": "2027-01-01", "quantity": 5}),
    ],
)
async def test_only_a_suppliers_staff_may_call(client, shop, session, method, path, body):
    nobody = await client.request(method, path, headers=key(), json=body)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")
    buyer = await client.request(method, path, headers=shop["buyer"] | key(), json=body)
    assert (buyer.status_code, buyer.json()["code"]) == (403, "not_permitted")
    assert await figures(session, "A1") == (10, 4)
