"""A sale over HTTP, from the quote to the officer's report; who may see it; and what is refused."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.shop import ADDRESS


async def test_the_main_job_end_to_end(shop):
    quote = (
        await shop.call(
            None,
            "POST",
            "/v1/store/quotes",
            {
                "items": [{"sku": "GT04", "quantity": 2}, {"sku": "NO02", "quantity": 1}],
                "address": {"division_code": "370112"},
            },
            key=None,
        )
    ).json()
    assert quote["goods_fen"] == 2 * 12_800 + 4_990
    assert quote["freight_fen"] == 600 + (600 + 5 * 200)
    assert len(quote["parcels"]) == 2

    order = await shop.order({"GT04": 2, "NO02": 1})
    assert (order["status"], order["total_fen"]) == ("pending_payment", quote["total_fen"])
    assert order["total_fen"] == order["goods_fen"] - order["discount_fen"] + order["freight_fen"]
    assert order["total_fen"] == sum(part["amount_fen"] for part in order["supplier_orders"])
    assert await shop.stock("GT04") == (100, 2)

    paid = await shop.pay(order)
    assert paid["status"] == "paid"

    shipped = await shop.ship(paid, deliver=False)
    assert shipped["status"] == "shipped"
    assert await shop.stock("GT04") == (98, 0)
    assert len(shipped["shipments"]) == 2

    answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    assert answer.json()["status"] == "completed"
    await shop.settle()

    report = (
        await shop.call(
            "officer", "GET", "/v1/office/reports/sales?from=2026-11-01&to=2026-11-30&group_by=category", key=None
        )
    ).json()
    by_category = {row["category"]: row["net_fen"] for row in report["rows"]}
    assert by_category == {"golden-tea": 25_600, "navel-orange": 4_990}
    assert (
        report["totals"]["net_fen"]
        == order["goods_fen"]
        == await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry")
    )


async def test_an_order_costs_few_statements(shop, statements):
    await shop.order({"GT14": 1})
    statements.clear()
    await shop.order({"GT14": 1})
    assert len(statements) <= 6, "\n".join(statements)


async def test_the_same_sku_twice_is_one_line(shop):
    body = {"items": [{"sku": "GT04", "quantity": 1}, {"sku": "GT04", "quantity": 2}], "address": ADDRESS}
    order = (await shop.call("buyer", "POST", "/v1/store/orders", body)).json()
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [("GT04", 3)]


async def test_prices_are_frozen_on_the_line(shop):
    order = await shop.order({"GT04": 1})
    await shop.call("operator", "PUT", "/v1/operator/skus/GT04/price", {"price_fen": 99_900}, key=None)
    assert (await shop.look(order))["lines"][0]["unit_price_fen"] == 12_800
    assert (await shop.order({"GT04": 1}))["lines"][0]["unit_price_fen"] == 99_900


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"items": [{"sku": "NOPE", "quantity": 1}]}, 422, "unknown_sku"),
        ({"items": [{"sku": "NO04", "quantity": 4}]}, 409, "out_of_stock"),
        ({"items": [{"sku": "GT04", "quantity": 1_000_000}]}, 409, "out_of_stock"),
        ({"items": [{"sku": "GT04", "quantity": 0}]}, 422, "invalid_input"),
        ({"items": []}, 422, "invalid_input"),
        ({"fresh_goods_acknowledged": False, "items": [{"sku": "NO02", "quantity": 1}]}, 422,
         "fresh_goods_not_acknowledged"),
        ({"address": {**ADDRESS, "division_code": "999999"}}, 422, "unknown_division"),
        ({"address": {**ADDRESS, "division_code": "540102"}, "items": [{"sku": "NO02", "quantity": 1}]}, 422,
         "not_deliverable"),
        ({"coupon": "FREE"}, 422, "unknown_coupon"),
        ({"surprise": 1}, 422, "invalid_input"),
    ],
)  # fmt: skip
async def test_what_cannot_be_ordered_changes_nothing(shop, change, status, code):
    before = await shop.rows("SELECT sku, on_hand, reserved FROM inventory_stock ORDER BY sku")
    body = {
        "items": [{"sku": "GT04", "quantity": 1}], "address": ADDRESS, "fresh_goods_acknowledged": True, **change,
    }  # fmt: skip
    answer = await shop.call("buyer", "POST", "/v1/store/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await shop.scalar("SELECT count(*) FROM orders_order") == 0
    assert await shop.rows("SELECT sku, on_hand, reserved FROM inventory_stock ORDER BY sku") == before


async def test_each_short_sku_is_named(shop):
    body = {
        "items": [
            {"sku": "GT04", "quantity": 1}, {"sku": "NO04", "quantity": 4}, {"sku": "NO02", "quantity": 51},
        ],
        "address": ADDRESS,
        "fresh_goods_acknowledged": True,
    }  # fmt: skip
    answer = await shop.call("buyer", "POST", "/v1/store/orders", body)
    assert answer.status_code == 409
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/items/1/quantity", "/items/2/quantity"] or [
        fault["pointer"] for fault in answer.json()["errors"]
    ] == ["/items/1", "/items/2"]


async def test_a_withdrawn_product_is_not_on_sale(shop):
    path = f"/v1/operator/products/{shop.products['GT04']}/withdraw"
    assert (await shop.call("operator", "POST", path, key=None)).status_code == 200
    body = {"items": [{"sku": "GT04", "quantity": 1}], "address": ADDRESS}
    answer = await shop.call("buyer", "POST", "/v1/store/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_sale")


@pytest.mark.parametrize("who", ["stranger", "S01", "officer", "operator", None])
async def test_an_order_is_its_buyers_alone(shop, who):
    order = await shop.order({"GT04": 1})
    expected = {"stranger": 404, None: 401}.get(who, 403)
    for method, path in (
        ("GET", ""), ("POST", "/cancel"), ("POST", "/confirm-receipt"), ("POST", "/payments"),
    ):  # fmt: skip
        body = {"provider": "sandbox"} if path == "/payments" else None
        answer = await shop.call(who, method, f"/v1/store/orders/{order['id']}{path}", body)
        assert answer.status_code == expected, (method, path, answer.text)
    assert (await shop.look(order))["status"] == "pending_payment"


async def test_a_supplier_sees_its_own_part_and_ships_nothing_else(shop):
    order = await shop.pay(await shop.order({"GT04": 1, "NO02": 1}))
    mine = (await shop.call("S01", "GET", "/v1/supplier/orders?status=to_ship")).json()["items"]
    assert [line["sku"] for part in mine for line in part["lines"]] == ["GT04"]
    (other,) = [part for part in order["supplier_orders"] if part["id"] != mine[0]["id"]]
    body = {
        "carrier": "ZTO",
        "tracking_number": "780000000001",
        "lines": [{"line_id": order["lines"][1]["id"], "quantity": 1}],
    }
    answer = await shop.call("S01", "POST", f"/v1/supplier/orders/{other['id']}/shipments", body)
    assert answer.status_code == 404
    answer = await shop.call("S01", "POST", f"/v1/supplier/orders/{mine[0]['id']}/shipments", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_line")
    assert await shop.scalar("SELECT count(*) FROM fulfilment_shipment") == 0


async def test_unpaid_orders_are_not_the_suppliers_business(shop):
    order = await shop.order({"GT04": 1})
    assert (await shop.call("S01", "GET", "/v1/supplier/orders")).json()["items"] == []
    part = order["supplier_orders"][0]["id"]
    assert (await shop.call("S01", "GET", f"/v1/supplier/orders/{part}")).status_code == 404


async def test_an_address_is_masked_once_there_is_nothing_to_send(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    part = order["supplier_orders"][0]["id"]
    shown = (await shop.call("S01", "GET", f"/v1/supplier/orders/{part}")).json()["address"]
    assert shown["phone"] == ADDRESS["phone"]
    await shop.ship(order)
    shown = (await shop.call("S01", "GET", f"/v1/supplier/orders/{part}")).json()["address"]
    assert shown["phone"] == "138******34" or "******" in shown["phone"]
    assert ADDRESS["recipient"] not in shown["recipient"]
    assert "502" not in shown["detail"]


async def test_parcels_may_leave_one_by_one(shop):
    order = await shop.pay(await shop.order({"GT04": 3}))
    part, line = order["supplier_orders"][0], order["lines"][0]

    async def send(quantity: int, number: str):
        body = {"carrier": "ZTO", "tracking_number": number, "lines": [{"line_id": line["id"], "quantity": quantity}]}
        return await shop.call("S01", "POST", f"/v1/supplier/orders/{part['id']}/shipments", body)

    first = await send(1, "780000000001")
    assert first.status_code == 201
    assert (await shop.look(order))["status"] == "paid"
    assert (await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")).json()[
        "code"
    ] == "already_shipped"
    assert (await send(3, "780000000002")).json()["code"] == "ships_too_much"
    second = await send(2, "780000000003")
    assert (await shop.look(order))["status"] == "shipped"
    assert (await send(1, "780000000004")).json()["code"] == "step_not_allowed"
    for parcel in (first, second):
        assert (await shop.look(order))["status"] == "shipped"
        await shop.call("S01", "POST", f"/v1/supplier/shipments/{parcel.json()['id']}/delivered", key=None)
    assert (await shop.look(order))["status"] == "delivered"
    assert await shop.stock("GT04") == (97, 0)


async def test_the_buyers_list_is_stable_while_orders_come_in(shop):
    numbers = [(await shop.order({"GT14": 1}))["number"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        path = "/v1/store/orders?limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = (await shop.call("buyer", "GET", path)).json()
        seen += [order["number"] for order in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        shop.clock.advance(seconds=1)
        await shop.order({"GT14": 1})
    assert sorted(seen) == sorted(numbers)


async def test_an_unknown_order_does_not_exist(shop):
    assert (await shop.call("buyer", "GET", f"/v1/store/orders/{uuid4()}")).status_code == 404


async def test_the_return_policy_is_frozen_on_the_line(shop):
    order = await shop.order({"GT04": 1, "NO02": 1})
    frozen = await shop.rows(
        "SELECT sku, return_policy, return_days, claim_hours, bad_allow_bp, bad_full_bp FROM orders_line "
        "WHERE order_id = :order ORDER BY sku",
        order=order["id"],
    )
    assert frozen == [("GT04", "sealed", 7, 168, 0, 10_000), ("NO02", "fresh", 0, 24, 0, 3_000)]
