"""What suppliers print: where to fetch the goods, and what lies in each parcel."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import UUID, uuid4

import pypdf
import pytest

from app import inventory
from app.orders.queries.packing import to_pack
from app.orders.rules.packing import Fetch, Pack, PackLine, fetches, summed
from tests.orders.test_ahead import sell_ahead
from tests.shop import ADDRESS

PICKING, SLIPS = "/v1/supplier/picking-list.pdf", "/v1/supplier/packing-slips.pdf"


async def pages(shop, path: str, *parts: str, who: str = "S01") -> list[str]:
    query = "&".join(f"supplier_order_id={part}" for part in parts)
    answer = await shop.call(who, "GET", f"{path}?{query}", key=None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages]


def part_of(order, supplier_id) -> str:
    return next(part["id"] for part in order["supplier_orders"] if part["supplier_id"] == str(supplier_id))


async def lot(shop, sku: str, code: str, days: int, quantity: int) -> None:
    now = shop.clock()
    async with shop.db.write() as session:
        await inventory.receive(
            session,
            sku=sku,
            code=code,
            harvested_on=now.date() - timedelta(days=10),
            produced_on=now.date() - timedelta(days=8),
            best_before=now.date() + timedelta(days=days),
            village="黄金村",
            quantity=quantity,
            by=shop.actor("S01"),
            now=now,
        )


def pack(number: str, **wanted: int) -> Pack:
    lines = tuple(PackLine(sku, sku, "golden-tea", quantity, 0, 0) for sku, quantity in wanted.items())
    return Pack(uuid4(), number, "retail", "", None, None, None, lines)


def test_who_paid_first_gets_what_leaves_first_and_nothing_is_fetched_twice():
    stock = {"A": [inventory.Batch("A1", None, 3), inventory.Batch(None, None, 2)]}
    first, second, third = fetches([pack("1", A=2), pack("2", A=2, B=1), pack("3", A=4)], stock)
    assert [(one.lot_code, one.quantity, one.missing) for one in first] == [("A1", 2, False)]
    assert [(one.sku, one.lot_code, one.quantity, one.missing) for one in second] == [
        ("A", "A1", 1, False),
        ("A", None, 1, False),
        ("B", None, 1, True),
    ]
    assert [(one.lot_code, one.quantity, one.missing) for one in third] == [(None, 1, False), (None, 3, True)]
    assert summed([first, second, third]) == [
        Fetch("A", "A", "A1", None, 3),
        Fetch("A", "A", None, None, 2),
        Fetch("A", "A", None, None, 3, missing=True),
        Fetch("B", "B", None, None, 1, missing=True),
    ]


async def test_the_picking_list_says_what_shipping_then_takes(shop):
    await lot(shop, "GT04", "EARLY", 120, 3)
    await lot(shop, "GT04", "TOO-LATE", 30, 50)
    first = await shop.pay(await shop.order({"GT04": 2, "NO02": 1}))
    shop.clock.advance(seconds=1)
    second = await shop.pay(await shop.order({"GT04": 2, "GT14": 1}))
    await shop.order({"GT04": 9})  # not paid
    (words,) = await pages(shop, PICKING)
    sums, by_order = words.split("按订单")
    assert "共 2 单 5 件" in sums
    squeezed = "".join(sums.split())
    assert squeezed.index("EARLY") < squeezed.index("GT04-A") < squeezed.index("GT14-A")
    assert "TOO-LATE" not in words
    assert "缺货" not in words
    assert by_order.index(first["number"]) < by_order.index(second["number"])
    assert "NO02" not in words
    for order in (first, second):
        mine = [line for line in order["lines"] if line["sku"] in ("GT04", "GT14")]
        sent = await shop.call(
            "S01",
            "POST",
            f"/v1/supplier/orders/{part_of(order, shop.accounts['S01'].supplier_id)}/shipments",
            {
                "carrier": "ZTO",
                "tracking_number": f"78{order['number'][-8:]}0000",
                "lines": [{"line_id": line["id"], "quantity": line["quantity"]} for line in mine],
            },
        )
        taken = [(one["lot_code"], one["quantity"]) for one in sent.json()["allocation"]]
        assert taken == ([("EARLY", 2)] if order is first else [("EARLY", 1), ("GT04-A", 1), ("GT14-A", 1)])
    assert "当前没有可以发货的订单" in (await pages(shop, PICKING))[0]
    assert "当前没有可以发货的订单" in (await pages(shop, SLIPS))[0]


async def test_a_slip_is_a_page_of_its_own_and_hides_who_gets_the_parcel(shop):
    supplier = shop.accounts["S01"].supplier_id
    first = await shop.pay(await shop.order({"GT04": 3, "GT14": 1}, note="请打我电话 13912345678"))
    shop.clock.advance(seconds=1)
    second = await shop.pay(await shop.order({"GT14": 2}))
    line = next(line for line in first["lines"] if line["sku"] == "GT04")
    body = {"carrier": "ZTO", "tracking_number": "78001234567890", "lines": [{"line_id": line["id"], "quantity": 1}]}
    path = f"/v1/supplier/orders/{part_of(first, supplier)}/shipments"
    assert (await shop.call("S01", "POST", path, body)).status_code == 201

    one, two = await pages(shop, SLIPS)
    assert first["number"] in one
    assert second["number"] in two
    assert "本箱共 3 件" in one
    assert "此前已发" in one
    for words in (one, two):
        assert ADDRESS["recipient"] not in words
        assert ADDRESS["phone"] not in words
        assert ADDRESS["detail"] not in words
        assert "13912345678" not in words
        assert "******" in words
    (only,) = await pages(shop, SLIPS, part_of(second, supplier))
    assert second["number"] in only


async def test_what_waits_for_a_harvest_is_neither_fetched_nor_packed(shop):
    assert (await sell_ahead(shop)).status_code == 201
    order = await shop.pay(await shop.order({"NO04": 5}))
    supplier = shop.accounts["S08"].supplier_id
    async with shop.db.read() as session:
        (found,) = await to_pack(session, supplier)
    assert [(line.to_send, line.waiting) for line in found.lines] == [(3, 2)]
    (words,) = await pages(shop, SLIPS, part_of(order, supplier), who="S08")
    assert "本箱共 3 件" in words


@pytest.mark.parametrize("path", [PICKING, SLIPS])
async def test_others_orders_do_not_exist(shop, path):
    order = await shop.pay(await shop.order({"GT04": 1, "NO02": 1}))
    mine, theirs = (part_of(order, shop.accounts[who].supplier_id) for who in ("S01", "S08"))
    for parts in ([theirs], [mine, theirs], [str(uuid4())]):
        query = "&".join(f"supplier_order_id={part}" for part in parts)
        answer = await shop.call("S01", "GET", f"{path}?{query}", key=None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await shop.call("buyer", "GET", path, key=None)).status_code == 403
    assert (await shop.call(None, "GET", path, key=None)).status_code == 401
    assert (await shop.call("S01", "GET", f"{path}?supplier_order_id=x", key=None)).status_code == 422
    await shop.ship(order, deliver=False)
    gone = await shop.call("S01", "GET", f"{path}?supplier_order_id={mine}", key=None)
    assert gone.status_code == 404


async def test_any_number_of_orders_is_read_in_one_statement(shop, statements):
    for _ in range(2):
        await shop.pay(await shop.order({"GT04": 1, "GT14": 1}))
    async with shop.db.read() as session:
        await session.connection()
        statements.clear()
        packs = await to_pack(session, UUID(str(shop.accounts["S01"].supplier_id)))
        assert (len(packs), len(statements)) == (2, 1)
        statements.clear()
        shelves = {line.sku: inventory.shelf_for(line.category, one.channel) for one in packs for line in one.lines}
        await inventory.batches(session, shelves, today=shop.clock().date())
        assert len(statements) == 1
