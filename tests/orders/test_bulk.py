"""Bulk orders: a roster becomes many orders, all or none, paid in one sum, each with a life of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app import identity
from app.core.sheets import Heading, Page, workbook
from app.orders.service import read_roster, template
from tests.orders.test_ahead import lot, sell_ahead
from tests.shop import Shop

BULK = "/v1/store/bulk-orders"
HEADINGS = [Heading("姓名"), Heading("电话"), Heading("收货地址"), Heading("份数", "whole"), Heading("货号")]
STREET = "山东省济南市历城区花园路88号{}单元502室"


def sheet(*rows: tuple[Any, ...]) -> bytes:
    return workbook(
        Page("名单", HEADINGS, [(*row, *(None,) * (5 - len(row))) for row in rows], title=["某工会年货名单"])
    )


def people(count: int, **more: Any) -> bytes:
    return sheet(*[(f"收件人{n}", f"138{n:08d}", STREET.format(n), *more.values()) for n in range(1, count + 1)])


async def upload(shop: Shop, union: str, raw: bytes, *items: str, who: str = "buyer"):
    async with shop.http(who) as client:
        fields = {"organisation_id": union, "items": list(items)}
        return await client.post(f"{BULK}/rosters", data=fields, files={"file": ("roster.xlsx", raw)})


async def bulk_of(shop: Shop, union: str, raw: bytes, *items: str) -> dict[str, Any]:
    checked = await upload(shop, union, raw, *items)
    assert checked.status_code == 201, checked.text
    placed = await shop.call("buyer", "POST", BULK, {"roster_id": checked.json()["id"]})
    assert placed.status_code == 201, placed.text
    return placed.json()


async def pay(shop: Shop, bulk: dict[str, Any]) -> dict[str, Any]:
    started = await shop.call("buyer", "POST", f"{BULK}/{bulk['id']}/payments", {"provider": "sandbox"})
    assert started.status_code == 201, started.text
    await shop.call(None, "POST", f"/v1/sandbox/payments/{started.json()['id']}/pay", key=None)
    await shop.settle()
    return started.json()


async def look(shop: Shop, bulk: dict[str, Any]) -> dict[str, Any]:
    return (await shop.call("buyer", "GET", f"{BULK}/{bulk['id']}")).json()


async def orders_of(shop: Shop, bulk: dict[str, Any]) -> list[dict[str, Any]]:
    return (await shop.call("buyer", "GET", f"{BULK}/{bulk['id']}/orders?limit=100")).json()["items"]


async def sound(shop: Shop) -> None:
    assert await shop.breaks() == []


async def test_a_roster_is_read_row_by_row():
    rows = await read_roster(
        sheet(
            ("王晓梅", "138-0000-0001", STREET.format(1), 2),
            ("李四", "12345", STREET.format(2)),
            ("张三", "13800000003", "市中区花园路1号"),
            ("赵六", "13800000004", "山东省济南市历城区花园路"),
            (None, "13800000005", STREET.format(5), 0),
            ("王晓梅", "13800000001", STREET.format(1)),
            ("孙七", "13800000007", STREET.format(7), None, "NO02"),
            ("周八", "13800000008", None),
        ),
        {"GT04": 1, "GT14": 2},
    )
    found = {row.number: [(fault.column, fault.code) for fault in row.faults] for row in rows}
    assert found == {
        3: [],
        4: [("phone", "invalid_phone")],
        5: [("address", "ambiguous_division")],
        6: [("address", "detail_without_number")],
        7: [("recipient", "missing"), ("quantity", "out_of_range")],
        8: [("recipient", "duplicate_row")],
        9: [],
        10: [("address", "missing")],
    }
    assert rows[0].wanted == {"GT04": 2, "GT14": 4}
    assert rows[6].wanted == {"NO02": 1}
    assert (rows[0].address.division_code, rows[0].address.detail) == ("370112", "花园路88号1单元502室")
    assert "370402" in rows[2].faults[0].zh


async def test_division_and_detail_may_stand_in_two_columns():
    raw = "收件人,手机,省市区,详细地址\n王晓梅,13800000001,370112,花园路1号\n李四,13800000002,济南市历城区,花园路2号\n"
    rows = await read_roster(raw.encode("gb18030"), {"GT04": 1})
    assert [(row.address.division_code, row.address.detail) for row in rows] == [
        ("370112", "花园路1号"),
        ("370112", "花园路2号"),
    ]


@pytest.mark.parametrize("heading", ["详细地址", "住址"])
async def test_a_roster_without_a_column_of_places_is_told_which_are_known(heading):
    raw = f"收件人,手机,{heading}\n王晓梅,13800000001,山东省济南市历城区花园路1号\n".encode()
    ((fault,),) = [row.faults for row in await read_roster(raw, {"GT04": 1})]
    assert (fault.column, fault.code) == ("address", "missing")
    for known in ("地址", "收货地址", "省市区", "详细地址"):
        assert f"“{known}”" in fault.zh
        assert known in fault.en
    raw = "收件人,手机,省市区,详细地址\n王晓梅,13800000001,,花园路1号\n".encode()
    ((fault,),) = [row.faults for row in await read_roster(raw, {"GT04": 1})]
    assert (fault.column, fault.zh) == ("division", "省市区：未填写")


async def test_the_template_is_understood():
    (example,) = await read_roster(template(), {"GT04": 1})
    assert example.faults == []


async def test_an_upload_orders_nothing_and_says_everything(shop: Shop):
    union = (await shop.organisation())["id"]
    raw = sheet(
        ("王晓梅", "13800000001", STREET.format(1)),
        ("李四", "13800000002", STREET.format(2), 2),
        ("张三", "13800000003", "市中区花园路1号"),
        ("赵六", "13800000004", STREET.format(4), 1, "ZZ99"),
        ("孙七", "13800000007", STREET.format(7), 200, "GT14"),
    )
    answer = await upload(shop, union, raw, "GT04:1", "GT14:1")
    assert answer.status_code == 201, answer.text
    seen = answer.json()
    assert (seen["recipients"], seen["rejected"]) == (5, 2)
    assert [row["recipient"] for row in seen["rows"]] == ["王**", "李*", "张*", "赵*", "孙*"]
    assert [row["goods_fen"] for row in seen["rows"]] == [16_790, 33_580, 0, 0, 798_000]
    assert [fault["code"] for row in seen["rows"] for fault in row["faults"]] == ["ambiguous_division", "unknown_sku"]
    assert seen["total_fen"] == seen["goods_fen"] + seen["freight_fen"]
    assert seen["short"] == [{"sku": "GT14", "needed": 203, "available": 100}]
    again = (await shop.call("buyer", "GET", f"{BULK}/rosters/{seen['id']}")).json()
    assert again == seen
    refused = await shop.call("buyer", "POST", BULK, {"roster_id": seen["id"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "roster_has_faults")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/rows/5/address", "/rows/6/sku"]
    assert await shop.scalar("SELECT count(*) FROM orders_order") == 0
    sealed = await shop.scalar("SELECT string_agg(r::text, '') FROM orders_roster r")
    assert b"13800000001".hex() not in sealed
    assert "王晓梅".encode().hex() not in sealed
    for who in ("stranger",):
        assert (await shop.call(who, "GET", f"{BULK}/rosters/{seen['id']}")).status_code == 404
        assert (await shop.call(who, "POST", BULK, {"roster_id": seen["id"]})).json()["code"] == "unknown_roster"
        for content in (raw, b"not read at all"):
            assert (await upload(shop, union, content, "GT04:1", who=who)).json()["code"] == "unknown_organisation"


@pytest.mark.parametrize(
    ("raw", "items", "code"),
    [
        (b"\xd0\xcf\x11\xe0", ["GT04:1"], "unknown_sheet_format"),
        ("姓名,地址\n王,历城区1号\n".encode(), ["GT04:1"], "sheet_header_not_found"),
        ("姓名,电话,地址\n".encode(), ["GT04:1"], "roster_empty"),
        (people(1), ["GT04"], "invalid_input"),
    ],
)
async def test_uploads_that_are_no_roster(shop: Shop, raw, items, code):
    union = (await shop.organisation())["id"]
    answer = await upload(shop, union, raw, *items)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await shop.scalar("SELECT count(*) FROM orders_roster") == 0


async def test_a_bulk_order_is_paid_in_one_sum_and_every_order_once(shop: Shop):
    union = (await shop.organisation())["id"]
    bulk = await bulk_of(shop, union, people(3), "GT04:1")
    assert (bulk["recipients"], bulk["progress"], bulk["to_pay_fen"]) == (3, {"pending_payment": 3}, bulk["total_fen"])
    assert await shop.stock("GT04") == (100, 3)
    orders = await orders_of(shop, bulk)
    assert {order["address"]["recipient"] for order in orders} == {"收件人1", "收件人2", "收件人3"}
    assert {order["organisation_id"] for order in orders} == {union}
    assert len({order["number"] for order in orders}) == 3
    alone = await shop.call("buyer", "POST", f"/v1/store/orders/{orders[0]['id']}/payments", {"provider": "sandbox"})
    assert (alone.status_code, alone.json()["code"]) == (409, "paid_as_one")
    again = await shop.call("buyer", "POST", BULK, {"roster_id": bulk["id"]})
    assert again.json()["code"] == "unknown_roster"
    assert await shop.scalar("SELECT count(*) FROM orders_roster") == 0
    payment = await pay(shop, bulk)
    assert payment["amount_fen"] == bulk["total_fen"]
    assert (await look(shop, bulk))["progress"] == {"paid": 3}
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE name = 'orders.paid'") == 3
    assert await shop.scalar("SELECT count(*) FROM payments_payment") == 1
    await shop.ship(orders[0])
    await shop.call("buyer", "POST", f"/v1/store/orders/{orders[1]['id']}/cancel", {})
    await shop.settle()
    assert (await look(shop, bulk))["progress"] == {"paid": 1, "delivered": 1, "refunded": 1}
    assert await shop.scalar("SELECT refunded_fen FROM payments_payment") == orders[1]["total_fen"]
    assert (await shop.call("stranger", "GET", f"{BULK}/{bulk['id']}")).status_code == 404
    assert (await shop.call("stranger", "GET", f"{BULK}/{bulk['id']}/orders")).status_code == 404
    assert (await shop.call("buyer", "GET", BULK)).json()["items"][0]["id"] == bulk["id"]
    await sound(shop)


async def test_every_member_sees_a_bulk_order_and_what_went_back(shop: Shop):
    union = (await shop.organisation())["id"]
    bulk = await bulk_of(shop, union, people(2), "GT04:1")
    await pay(shop, bulk)
    first, second = await orders_of(shop, bulk)
    await shop.call("buyer", "POST", f"/v1/store/orders/{first['id']}/cancel", {})
    await shop.settle()
    refunds = [(refund["amount_fen"], refund["status"]) for refund in (await shop.look(first))["refunds"]]
    assert refunds == [(first["total_fen"], "succeeded")]
    assert (await shop.look(second))["refunds"] == []
    invitations, phone = f"/v1/store/organisations/{union}/invitations", "13905310002"
    async with shop.db.write() as session:
        shop.accounts[phone] = await identity.register_buyer(
            session, phone=phone, password_hash="-", name="周敏", phone_proven=True, now=shop.clock()
        )
    path = f"{BULK}/{bulk['id']}"
    assert (await shop.call(phone, "GET", path)).status_code == 404
    invited = (await shop.call("buyer", "POST", invitations, {"phone": phone}, key=None)).json()
    code = {"code": invited["code"]}
    assert (await shop.call(phone, "POST", f"/v1/store/invitations/{invited['id']}/accept", code)).status_code == 200
    assert (await shop.call(phone, "GET", BULK)).json()["items"] == [await look(shop, bulk)]
    seen = (await shop.call(phone, "GET", f"{path}/orders")).json()["items"]
    assert [len(order["refunds"]) for order in seen] == [1, 0]


async def test_what_was_cancelled_before_the_money_came_goes_back(shop: Shop):
    union = (await shop.organisation())["id"]
    bulk = await bulk_of(shop, union, people(2), "GT04:1")
    started = await shop.call("buyer", "POST", f"{BULK}/{bulk['id']}/payments", {"provider": "sandbox"})
    first, second = await orders_of(shop, bulk)
    await shop.call("buyer", "POST", f"/v1/store/orders/{first['id']}/cancel", {})
    assert (await look(shop, bulk))["to_pay_fen"] == second["total_fen"]
    await shop.call(None, "POST", f"/v1/sandbox/payments/{started.json()['id']}/pay", key=None)
    await shop.settle()
    assert await shop.scalar("SELECT sum(amount_fen - refunded_fen) FROM payments_payment") in (
        None,
        second["total_fen"],
        bulk["total_fen"],
    )
    if (await look(shop, bulk))["paid_at"] is None:  # the open payment was closed with the order, so pay what is left
        assert (await pay(shop, bulk))["amount_fen"] == second["total_fen"]
    assert (await look(shop, bulk))["progress"] == {"cancelled": 1, "paid": 1}
    assert (
        await shop.scalar("SELECT sum(amount_fen - refunded_fen) FROM payments_payment WHERE status = 'captured'")
        == (second["total_fen"])
    )
    paid_again = await shop.call("buyer", "POST", f"{BULK}/{bulk['id']}/payments", {"provider": "sandbox"})
    assert (paid_again.status_code, paid_again.json()["code"]) == (409, "order_not_payable")
    await sound(shop)


async def test_late_money_goes_back_as_a_whole(shop: Shop):
    from app.orders import expire_due

    union = (await shop.organisation())["id"]
    bulk = await bulk_of(shop, union, people(2), "GT04:1")
    started = await shop.call("buyer", "POST", f"{BULK}/{bulk['id']}/payments", {"provider": "sandbox"})
    await shop.call(None, "POST", f"/v1/sandbox/payments/{started.json()['id']}/pay", key=None)
    shop.clock.advance(hours=25)
    async with shop.db.write() as session:
        assert await expire_due(session, now=shop.clock()) == 2
    await shop.settle()
    assert (await look(shop, bulk))["progress"] == {"expired": 2}
    assert await shop.stock("GT04") == (100, 0)
    left = await shop.scalar("SELECT sum(amount_fen - refunded_fen) FROM payments_payment WHERE status = 'captured'")
    assert left in (None, 0)
    await sound(shop)


async def test_fresh_goods_are_acknowledged_for_all(shop: Shop):
    union = (await shop.organisation())["id"]
    checked = (await upload(shop, union, people(2), "NO02:1")).json()
    refused = await shop.call("buyer", "POST", BULK, {"roster_id": checked["id"]})
    assert refused.json()["code"] == "fresh_goods_not_acknowledged"
    body = {"roster_id": checked["id"], "fresh_goods_acknowledged": True, "ext_832_order_no": "FP832-01"}
    placed = await shop.call("buyer", "POST", BULK, body)
    assert placed.status_code == 201
    assert {order["ext_832_order_no"] for order in await orders_of(shop, placed.json())} == {"FP832-01"}


async def test_each_order_of_a_roster_is_invoiced_as_the_organisation_wishes(shop: Shop):
    kept = {"title": "济南泉润商贸有限公司（示例）", "bank": "历城银行（示例）", "account": "3700123400005678"}
    unit = await shop.organisation(kind="enterprise", name=kept["title"], uscc="91370112MA3FAKE120", invoice=kept)
    checked = (await upload(shop, unit["id"], people(2), "GT04:1")).json()
    for wrong, code in (({"uscc": "91370112MA3FAKE129"}, "invalid_uscc"), ({"title": ""}, "invalid_input")):
        refused = await shop.call("buyer", "POST", BULK, {"roster_id": checked["id"], "invoice": wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    placed = await shop.call("buyer", "POST", BULK, {"roster_id": checked["id"], "invoice": {"kind": "special"}})
    assert placed.status_code == 201, placed.text
    await pay(shop, placed.json())
    for order in await orders_of(shop, placed.json()):
        await shop.ship(order)
        await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    await shop.settle()
    invoices = (await shop.call("buyer", "GET", "/v1/store/invoices", key=None)).json()["items"]
    assert [(one["kind"], one["title"], one["account"]) for one in invoices] == [
        ("special", kept["title"], kept["account"])
    ] * 2
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE payload::text LIKE '%00005678%'") == 0
    await sound(shop)


async def test_the_last_of_a_roster_wait_for_the_harvest(shop: Shop):
    union = (await shop.organisation())["id"]
    assert (await sell_ahead(shop)).status_code == 201  # eight of it, and three are in stock
    many = (await upload(shop, union, people(12), "NO04:1")).json()
    assert (many["short"], many["presale"]) == ([{"sku": "NO04", "needed": 12, "available": 11}], [])
    refused = await shop.call("buyer", "POST", BULK, {"roster_id": many["id"], "fresh_goods_acknowledged": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "out_of_stock")
    checked = (await upload(shop, union, people(4), "NO04:2")).json()
    assert (checked["short"], checked["presale"]) == ([], [{"sku": "NO04", "pieces": 5, "ship_by": "2026-11-28"}])
    placed = await shop.call("buyer", "POST", BULK, {"roster_id": checked["id"], "fresh_goods_acknowledged": True})
    assert placed.status_code == 201, placed.text
    found = {order["address"]["recipient"]: order["lines"][0] for order in await orders_of(shop, placed.json())}
    assert [(found[f"收件人{n}"]["waiting_quantity"], found[f"收件人{n}"]["ship_by"]) for n in (1, 2, 3, 4)] == [
        (0, None), (1, "2026-11-28"), (2, "2026-11-28"), (2, "2026-11-28"),
    ]  # fmt: skip
    assert await shop.stock("NO04") == (3, 3)
    (harvest,) = (await shop.call(None, "GET", "/v1/store/presales", key=None)).json()["items"]
    assert harvest["left"] == 3
    await sound(shop)
    await pay(shop, placed.json())
    await lot(shop, 3)
    waits = sorted(order["lines"][0]["waiting_quantity"] for order in await orders_of(shop, placed.json()))
    assert waits == [0, 0, 0, 2], "the first in the queue are served first"
    await sound(shop)


async def test_five_hundred_recipients_cost_as_many_statements_as_five(shop: Shop, statements: list[str]):
    union = (await shop.organisation())["id"]
    operator = {"updates": [{"sku": "GT04", "mode": "adjust", "quantity": 1000}]}
    assert (await shop.call("S01", "POST", "/v1/supplier/inventory/updates", operator)).status_code == 200
    counts = []
    for recipients in (5, 500):
        checked = await upload(shop, union, people(recipients), "GT04:1")
        assert checked.status_code == 201, checked.text
        statements.clear()
        placed = await shop.call("buyer", "POST", BULK, {"roster_id": checked.json()["id"]})
        assert placed.json()["recipients"] == recipients
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 14
    assert await shop.stock("GT04") == (1100, 505)


async def test_two_rosters_for_the_same_stock_cannot_both_be_filled(fresh_shop: Shop):
    shop = fresh_shop
    union = (await shop.organisation())["id"]
    rosters = [(await upload(shop, union, people(60), "GT04:1")).json()["id"] for _ in range(2)]
    answers = await asyncio.gather(*(shop.call("buyer", "POST", BULK, {"roster_id": roster}) for roster in rosters))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (short,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert (short["code"], short["errors"][0]["pointer"]) == ("out_of_stock", "/file")
    assert await shop.stock("GT04") == (100, 60)
    assert await shop.scalar("SELECT count(*) FROM orders_order") == 60
    await sound(shop)
