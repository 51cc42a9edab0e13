"""Shipping by sheet: every row is answered, every parcel goes once, and a bad row holds up no other."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
import python_calamine

from app import fulfilment
from app.core.sheets import Heading, Page, workbook
from app.orders.rules.sheet import Outcome, Parcel, SheetRow, parcels

PATH = "/v1/supplier/shipments/sheets"
HEADER = "订单号,快递公司,运单号,货号,数量"


async def upload(shop, raw: bytes, who: str | None = "S01"):
    async with shop.http(who, **{"Accept-Language": "en"}) as client:
        return await client.post(PATH, files={"file": ("parcels.csv", raw)})


def csv(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


async def send(shop, *rows: str, who: str = "S01", header: str = HEADER) -> dict[str, Any]:
    answer = await upload(shop, csv(*rows, header=header), who)
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(answer: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    return [(row["row"], row["status"], row["code"]) for row in answer["rows"]]


async def test_a_sheet_ships_what_it_names_and_the_same_sheet_again_changes_nothing(shop):
    one, two, three, unpaid = [await shop.order({"GT04": 2, "GT14": 1}) for _ in range(4)]
    for order in (one, two, three):
        await shop.pay(order)
    theirs = await shop.pay(await shop.order({"NO02": 1}))
    rows = [
        f"{one['number']},中通快递,78001234567890",
        f"{two['number']},ZTO,78001234567891,GT04,1",
        f"{two['number']},圆通,YT1234567890123,GT04,1",
        f"{two['number']},圆通,YT1234567890123,GT14",
        f"{three['number']},顺丰,SF1234567890123,GT04,3",
        f"{unpaid['number']},ZTO,78001234567892",
        f"{theirs['number']},ZTO,78001234567893",
        "BJ1,鸽子,78001234567894",
        f"{three['number']},ZTO,78001234567895,NO02,1",
        f"{three['number']},ZTO,1",
    ]
    first = await send(shop, *rows)
    assert told(first) == [
        (2, "shipped", None),
        (3, "shipped", None),
        (4, "shipped", None),
        (5, "shipped", None),
        (6, "rejected", "ships_too_much"),
        (7, "rejected", "order_unknown"),
        (8, "rejected", "order_unknown"),
        (9, "rejected", "unknown_carrier"),
        (10, "rejected", "sku_not_ordered"),
        (11, "rejected", "invalid_tracking_number"),
    ]
    assert (first["shipped"], first["repeated"], first["rejected"]) == (4, 0, 6)
    assert "NO02" in first["rows"][8]["detail"]
    assert [(await shop.look(order))["status"] for order in (one, two, three)] == ["shipped", "shipped", "paid"]
    assert [len((await shop.look(order))["shipments"]) for order in (one, two, three)] == [1, 2, 0]
    stock = await shop.stock("GT04"), await shop.stock("GT14")
    assert stock == ((96, 4), (98, 2))

    again = await send(shop, *rows)
    assert [row["status"] for row in again["rows"]] == ["repeated"] * 4 + ["rejected"] * 6
    assert (await shop.stock("GT04"), await shop.stock("GT14")) == stock
    other = await send(shop, f"{two['number']},ZTO,78001234567891,GT04,2", f"{one['number']},YD,1234567890123")
    assert told(other) == [(2, "rejected", "shipment_exists"), (3, "rejected", "nothing_left")]
    assert await shop.breaks() == []


async def test_two_who_send_the_same_sheet_at_once_ship_it_once(fresh_shop):
    shop = fresh_shop
    order = await shop.pay(await shop.order({"GT04": 5}))
    raw = csv(f"{order['number']},ZTO,78001234567890,GT04,2")
    answers = await asyncio.gather(*(upload(shop, raw) for _ in range(4)))
    assert sorted(answer.json()["rows"][0]["status"] for answer in answers) == ["repeated"] * 3 + ["shipped"]
    assert await shop.stock("GT04") == (98, 3)


async def test_the_sheet_of_orders_to_ship_comes_back_filled_in(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    answer = await shop.call("S01", "GET", "/v1/supplier/shipments/sheet.xlsx", key=None)
    assert answer.status_code == 200
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    header, row = book.get_sheet_by_index(0).to_python()
    assert header == ["订单号", "快递公司", "运单号", "货号", "数量", "每件净重(克)"]
    assert row[0] == order["number"]
    filled = workbook(Page("批量发货", [Heading(title) for title in header[:3]], [(row[0], "EMS", "1234567890123")]))
    sent = await upload(shop, filled)
    assert told(sent.json()) == [(2, "shipped", None)]


def test_rows_of_one_label_are_one_parcel_and_one_bad_row_holds_it_back():
    def row(number: int, sku: str | None = None, quantity: int | None = None, tracking: str = "780012345678"):
        return SheetRow(number, "BJ1", "ZTO", tracking, sku, quantity)

    assert parcels([row(2, "A", 1), row(3, "B")]) == (
        [Parcel("BJ1", "ZTO", "780012345678", {"A": 1, "B": None}, (2, 3))],
        [],
    )
    for clash in ([row(2, "A"), row(3, "A")], [row(2), row(3, "A")], [row(2, "A"), row(3)], [row(2), row(3)]):
        sent, refused = parcels([*clash, row(4, tracking="780012345679")])
        assert [parcel.rows for parcel in sent] == [(4,)]
        assert [(one.row, one.outcome, one.code) for one in refused] == [
            (2, Outcome.REJECTED, "parcel_has_faults"),
            (3, Outcome.REJECTED, "duplicate_row"),
        ]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("ZTO", "ZTO"),
        ("中通", "ZTO"),
        ("顺丰速运", "SF"),
        ("顺丰快递", "SF"),
        ("yunda", "YD"),
        ("ems", "EMS"),
        ("中国邮政", "YZPY"),
        ("京东", "JD"),
        ("德邦物流", "DBL"),
        ("SF Express", "SF"),
    ],
)
def test_a_carrier_is_known_by_what_people_call_it(written, code):
    assert fulfilment.carrier_named(written) == code


@pytest.mark.parametrize("written", ["快递", "通", "公司", "鸽子"])
def test_what_names_no_carrier_is_refused(written):
    with pytest.raises(fulfilment.UnknownCarrier):
        fulfilment.carrier_named(written)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"%PDF-1.7", "unknown_sheet_format"),
        (csv("1,2", header="订单号,快递公司"), "sheet_header_not_found"),
        (csv(*["BJ1,ZTO,780012345678"] * 501), "sheet_too_large"),
    ],
)
async def test_a_file_that_will_not_do_is_refused_as_a_whole(shop, raw, code):
    answer = await upload(shop, raw)
    assert answer.json()["code"] == code
    assert answer.status_code in (413, 415, 422)


async def test_it_is_for_suppliers(shop):
    raw = csv("BJ1,ZTO,780012345678")
    assert (await upload(shop, raw, "buyer")).status_code == 403
    assert (await upload(shop, raw, None)).status_code == 401
    numbers = await send(shop, "BJ1,ZTO,780012345678,,3", ",ZTO,780012345678")
    assert told(numbers) == [(2, "rejected", "sku_missing"), (3, "rejected", "missing")]


async def test_a_parcel_of_a_sheet_costs_few_statements(shop, statements):
    numbers = [(await shop.pay(await shop.order({"GT04": 2, "GT14": 1})))["number"] for _ in range(3)]
    costs = []
    for rows in (numbers[:1], numbers[1:]):
        raw = csv(*[f"{number},EMS,{number[-8:]}12345" for number in rows])
        statements.clear()
        assert (await upload(shop, raw)).json()["shipped"] == len(rows)
        costs.append(len(statements))
    assert costs[1] - costs[0] <= 12, costs
