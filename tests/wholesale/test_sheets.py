"""Orders by sheet: whatever shape they come in, they ask for the same; what cannot be read is said row by row."""

from __future__ import annotations

from datetime import date

import pytest

from app.core.sheets import SheetHeaderNotFound, plain_rows
from app.wholesale.rules.sheets import Counted, read_orders
from tests.market import GOODS
from tests.wholesale.sheets import ORANGE, SHAPES, TEA, USUAL, text, usual, xlsx

IMPORTS = "/v1/partner/purchase-orders/imports"


async def upload(market, raw, *, who="P01", query="", name="订单.xlsx", language="zh-CN"):
    async with market.shop.http(who, **{"Accept-Language": language}) as http:
        return await http.post(IMPORTS + query, files={"file": (name, raw)})


async def taken(market, raw, **more):
    answer = await upload(market, raw, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def said(faults):
    return [fault["code"] for fault in faults]


def test_there_are_enough_shapes():
    assert len(SHAPES) >= 20


@pytest.mark.parametrize("name", SHAPES)
async def test_whatever_its_shape_the_same_is_ordered(market, name):
    found = await taken(market, SHAPES[name](f"PO-{name}"[:60]))
    (order,) = found["orders"]
    assert (order["status"], order["errors"], [row["errors"] for row in order["rows"]]) == ("placed", [], [[], []]), (
        order
    )
    assert [(row["sku"], row["promised_units"]) for row in order["rows"]] == [("GT04", 50), ("NO02", 10)]
    seen = (await market.shop.call("P01", "GET", f"/v1/partner/purchase-orders/{order['po_id']}")).json()
    assert (seen["po_no"], seen["dc_code"], seen["required_on"]) == (f"PO-{name}"[:60], "0012", "2026-11-25")
    assert (seen["source"], seen["total_fen"]) == ("sheet", 432_000)
    assert [(line["sku"], line["ordered_cases"]) for line in seen["lines"]] == [("GT04", 5), ("NO02", 2)]


async def test_every_shape_under_one_number_is_one_order(market):
    """Another file, another shape, another way to count: the content is the same, so nothing is a new version."""
    outcomes = set()
    for make in SHAPES.values():
        (order,) = (await taken(market, make("PO-1")))["orders"]
        outcomes.add((order["status"], order["version"]))
    # Lines that number themselves 10 and 20 are others than 1 and 2.
    assert outcomes <= {("placed", 1), ("duplicate", 1), ("duplicate", 3), ("amended", 2), ("amended", 3)}
    assert await market.credit() == 432_000
    assert await market.shop.breaks() == []


async def test_several_orders_stand_in_columns_or_below_one_another(market):
    in_columns = [
        *usual("PO-A"),
        ["PO-B", "0001", "2026-11-26", TEA.code, 1],
        ["PO-A", "0012", "2026-11-25", "200311", 1],
    ]
    found = await taken(market, xlsx(in_columns))
    assert [(order["po_no"], order["row"], order["status"]) for order in found["orders"]] == [
        ("PO-A", 2, "placed"),
        ("PO-B", 4, "placed"),
    ]
    assert [row["row"] for row in found["orders"][0]["rows"]] == [2, 3, 5]
    below = [
        ["单号：PO-C 收货地：0012 到货日期：2026-11-25"],
        ["商品编码", "箱数"],
        [TEA.code, 1],
        ["合计", 1],
        [],
        ["单号：PO-D", None, "收货地：0001"],
        ["到货日期", date(2026, 11, 26)],
        ["箱数", "条码"],
        [2, TEA.gtin13],
        [2, ORANGE.gtin13],
    ]
    found = await taken(market, xlsx(below))
    assert [(order["po_no"], order["status"], order["total_fen"]) for order in found["orders"]] == [
        ("PO-C", "placed", 80_000),
        ("PO-D", "placed", 192_000),
    ]
    kept = await market.shop.rows("SELECT file_row FROM wholesale_po_version ORDER BY id")
    assert sorted(row for (row,) in kept) == [2, 3, 4, 9]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({3: "6.9E+12"}, "ruined_code", "科学计数法"),
        ({3: 6.90123450001e18}, "ruined_code", "科学计数法"),
        ({4: "五"}, "not_a_whole_number", "整数"),
        ({4: 1.5}, "not_a_whole_number", "整数"),
        ({4: -3}, "out_of_range", "之间"),
        ({3: None}, "code_missing", "编码或条码"),
        ({3: "123456"}, "unknown_code", "123456"),
        ({4: 1, 3: ORANGE.code}, "below_minimum", "至少"),
    ],
)
async def test_what_cannot_be_read_is_said_of_its_row_and_the_order_is_not_taken(market, change, code, words):
    rows = [[*row, "脐橙"] for row in usual("PO-1")]
    rows[0][5] = "品名"
    for place, value in change.items():
        rows[2][place] = value
    (order,) = (await taken(market, xlsx(rows)))["orders"]
    assert order["status"] in ("unreadable", "refused")
    good, bad = order["rows"]
    assert (good["errors"], bad["row"], said(bad["errors"])) == ([], 3, [code])
    assert words in bad["errors"][0]["detail"]
    assert await market.shop.scalar("SELECT count(*) FROM wholesale_po") == 0
    (kept,) = (await market.shop.call("P01", "GET", IMPORTS)).json()["items"]
    assert kept["orders"][0] | {"errors": []} != {}
    assert said(kept["orders"][0]["rows"][1]["errors"]) == [code]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({0: None}, "missing"),
        ({1: None}, "missing"),
        ({2: "明天"}, "not_a_date"),
        ({2: "25/11/2026"}, "not_a_date"),
        ({1: "0099"}, "unknown_location"),
        ({2: "2026-11-20"}, "required_on_not_possible"),
    ],
)
async def test_what_is_wrong_with_the_head_is_said_of_the_order(market, change, code):
    rows = usual("PO-1")[:2]
    for place, value in change.items():
        rows[1][place] = value
    (order,) = (await taken(market, xlsx(rows)))["orders"]
    assert order["status"] in ("unreadable", "refused")
    assert said(order["errors"]) == [code]


async def test_rows_of_one_order_that_differ_are_asked_about(market):
    rows = usual("PO-1")
    rows[2][1] = "0001"
    (order,) = (await taken(market, xlsx(rows)))["orders"]
    assert (order["status"], said(order["errors"])) == ("unreadable", ["differs"])


@pytest.mark.parametrize("quantity", ["订货数量", "订货数量（件）"])
async def test_what_a_quantity_counts_is_asked_and_never_guessed(market, quantity):
    rows = usual("PO-1")
    rows[0][4] = quantity
    (order,) = (await taken(market, xlsx(rows)))["orders"]
    assert [said(row["errors"]) for row in order["rows"]] == [["unit_unclear"], ["unit_unclear"]]
    (order,) = (await taken(market, xlsx(rows), query="?quantity_in=cases"))["orders"]
    assert (order["status"], order["total_fen"]) == ("placed", 432_000)


async def test_counts_that_contradict_one_another_are_asked_about(market):
    for tea, orange, expected in ((50, 11, [[], ["counts_differ"]]), (60, 10, [["case_pack_differs"], []])):
        rows = [[*row, units] for row, units in zip(usual("PO-1"), ("订货数量（袋）", tea, orange), strict=True)]
        rows[0][4] = "箱数"
        (order,) = (await taken(market, xlsx(rows)))["orders"]
        assert [said(row["errors"]) for row in order["rows"]] == expected


async def test_looking_takes_nothing(market):
    found = await taken(market, xlsx(usual("PO-1")), query="?dry_run=true")
    (order,) = found["orders"]
    assert (found["id"], found["dry_run"], order["status"], order["po_id"]) == (None, True, "placed", None)
    assert (order["total_fen"], [row["ack"] for row in order["rows"]]) == (432_000, ["accepted", "accepted"])
    assert await market.shop.scalar("SELECT count(*) FROM wholesale_po") == 0
    assert (await market.credit(), (await market.shop.call("P01", "GET", IMPORTS)).json()["items"]) == (0, [])
    assert await market.shop.breaks() == []


async def test_a_file_takes_nothing_twice_and_what_was_refused_is_tried_again(market):
    await market.limit(450_000)
    raw = xlsx([*usual("PO-A"), ["PO-B", "0012", "2026-11-25", TEA.code, 3]])
    first = await taken(market, raw)
    assert [order["status"] for order in first["orders"]] == ["placed", "refused"]
    assert said(first["orders"][1]["errors"]) == ["credit_exceeded"]
    amended = await market.send({**market.body({"GT04": 4}), "po_no": "PO-A", "required_on": "2026-11-25"})
    assert amended.json()["version"] == 2
    await market.limit(2_000_000)
    second = await taken(market, raw)
    assert [order["status"] for order in second["orders"]] == ["duplicate", "placed"]
    assert second["id"] == first["id"]
    assert (await market.look(amended.json()))["version"] == 2
    assert await market.credit() == 320_000 + 240_000
    assert await market.shop.breaks() == []


async def test_another_file_with_other_content_is_a_new_version(market):
    await taken(market, xlsx(usual("PO-1")))
    rows = usual("PO-1")
    rows[1][4] = 4
    (order,) = (await taken(market, xlsx(rows)))["orders"]
    assert (order["status"], order["version"], order["total_fen"]) == ("amended", 2, 352_000)


async def test_sheets_are_kept_as_they_came_for_their_partner_alone(market):
    raw = text(usual("PO-1"), encoding="gbk")
    found = await taken(market, raw, name="订单 11月.csv")
    path = f"{IMPORTS}/{found['id']}"
    file = await market.shop.call("P01", "GET", f"{path}/file")
    assert file.content == raw
    assert "%E8%AE%A2%E5%8D%95" in file.headers["content-disposition"]
    again = (await market.shop.call("P01", "GET", path)).json()
    assert again["sha256"] == found["sha256"]
    for suffix in ("", "/file"):
        assert (await market.shop.call("P02", "GET", path + suffix)).status_code == 404
    assert (await upload(market, raw, who="S01")).status_code == 403


async def test_reasons_are_told_in_the_readers_language(market):
    rows = usual("PO-1")
    rows[1][3] = "6.9E+12"
    (order,) = (await taken(market, xlsx(rows), language="en"))["orders"]
    assert "format the column as text" in order["rows"][0]["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (xlsx([["你好"], ["世界"]]), "sheet_header_not_found"),
        (xlsx([["订单号", "条码", "条码", "箱数"], ["1", "2", "3", 4]]), "sheet_header_not_found"),
        (b"%PDF-1.7", "unknown_sheet_format"),
        (b"PK\x03\x04nonsense", "sheet_unreadable"),
        (text([list(USUAL), *([f"PO-{n}", "0012", "2026-11-25", TEA.code, 1] for n in range(101))]), "too_many_orders"),
    ],
)
async def test_what_is_no_sheet_of_orders_is_refused(market, raw, code):
    refused = await upload(market, raw)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_a_number_that_is_none_of_an_order_is_not_taken_for_one():
    rows = [["快递单号：SF123"], ["单号：PO-1 门店：0012 到货日期：2026-11-25"], ["条码", "箱数"], [TEA.gtin13, 1]]
    (order,) = read_orders(await plain_rows(xlsx(rows)))
    assert order.po_no == "PO-1"


async def test_without_a_header_nothing_is_read():
    with pytest.raises(SheetHeaderNotFound):
        read_orders([(1, ["订单号", "PO-1"]), (2, [GOODS["GT04"].code, 3])], Counted.CASES)


async def test_the_order_form_comes_back_as_an_order(market):
    form = await market.shop.call("P01", "GET", "/v1/partner/purchase-orders/template.xlsx")
    assert form.status_code == 200
    rows = [cells for _, cells in await plain_rows(form.content)]
    head = next(at for at, row in enumerate(rows) if "订货数量（箱）" in row)
    goods = {row[3]: [*row, *[None] * (10 - len(row))] for row in rows[head + 1 :]}
    assert sorted(goods) == sorted(GOODS)
    assert goods["GT04"][4:9] == [TEA.code, TEA.gtin13, "黄金茶 雨前二级 100g 袋", 10, 80]
    goods["GT04"][:3] = ["PO-1", "0012", date(2026, 11, 25)]
    goods["GT14"][9], goods["NO02"][9] = 2, 2
    (order,) = (await taken(market, xlsx([*rows[: head + 1], *goods.values()])))["orders"]
    assert (order["status"], order["total_fen"]) == ("placed", 50_000 + 32_000), order
    assert [row["sku"] for row in order["rows"]] == ["GT14", "NO02"]
    nobody = await market.shop.call("S01", "GET", "/v1/partner/purchase-orders/template.xlsx")
    assert nobody.status_code == 403
