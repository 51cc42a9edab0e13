"""Goods that go back: the law's limits, credit, lots and the ledger; recalls; who is told of a receipt."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app import inventory
from tests.market import GOODS, load, take_in

ORDERS = "/v1/partner/purchase-orders"
OPERATOR = "/v1/operator/purchase-orders"
_FAULTY = {"reason": "quality", "damaged_by": "carrier"}


async def back(market, order, lines, who="P01", **more):
    path = f"{ORDERS if who != 'operator' else OPERATOR}/{order['id']}/returns"
    market.shop.clock.advance(seconds=1)
    return await market.shop.call(who, "POST", path, {"return_no": "TH-1", "lines": lines, **_FAULTY, **more})


async def agree(market, order, line_no, units, reason="unsold", **more):
    body = {"line_no": line_no, "units": units, "reason": reason, **more}
    return await market.shop.call("operator", "POST", f"{OPERATOR}/{order['id']}/return-consents", body)


async def received(market, cases=5, counted=(50, 0), sku="GT04"):
    order = await market.place({sku: cases})
    await take_in(market, order, {1: counted})
    return order


def faults(answer):
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def test_the_worked_example_goes_on(market):
    """Of 96 boxes that were taken in two go back: 94 are owed, and 94 count (domain handbook §4.3)."""
    body = {
        "sku": "NO02",
        "code": "NO02-BIG",
        "harvested_on": market.today.isoformat(),
        "best_before": (market.today + timedelta(days=25)).isoformat(),
        "quantity": 200,
    }
    assert (await market.shop.call("S08", "POST", "/v1/supplier/lots", body)).status_code == 201
    order = await market.place({"NO02": 20})
    await load(market, order, {1: 20}, "S08")
    await take_in(market, order, {1: (100, 4)})
    price = GOODS["NO02"].price_fen
    made = await back(market, order, [{"line_no": 1, "units": 2}])
    assert made.status_code == 201, made.text
    assert (made.json()["amount_fen"], made.json()["freight_payer"]) == (2 * price, "supplier")
    assert made.json()["credit"]["used_fen"] == 94 * price == await market.credit()
    await market.shop.settle()
    net = "SELECT sum(quantity), sum(amount_fen), sum(weight_g) FROM assistance_entry"
    assert await market.shop.rows(net) == [(94, 94 * price, 94 * 5_000)]
    seen = (await market.look(order))["lines"][0]
    assert (seen["received_units"], seen["returned_units"], seen["payable_fen"]) == (96, 2, 96 * price)
    assert await market.shop.breaks() == []
    months = await market.shop.call(
        "officer", "GET", "/v1/office/reports/sales?from=2026-11-01&to=2026-11-30&group_by=channel,partner"
    )
    (row,) = months.json()["rows"]
    assert (row["channel"], row["partner_id"], row["quantity"]) == ("supermarket", str(market.partner_id()), 94)
    assert (row["gross_fen"], row["refunded_fen"], row["net_fen"]) == (96 * price, 2 * price, 94 * price)


@pytest.mark.parametrize(
    ("lines", "more", "days", "found"),
    [
        ([{"line_no": 1, "units": 5}], {"damaged_by": "partner"}, 0, [("/damaged_by", "damaged_by_partner")]),
        ([{"line_no": 1, "units": 5}], {"damaged_by": None}, 0, [("/damaged_by", "cause_missing")]),
        ([{"line_no": 1, "units": 5}], {"reason": "unsold"}, 0, [("/lines/0", "agreement_needed")]),
        ([{"line_no": 1, "units": 5}], {"reason": "expired"}, 0, [("/lines/0", "agreement_needed")]),
        ([{"line_no": 1, "units": 5}], {"reason": "recall"}, 0, [("/lines/0", "agreement_needed")]),
        ([{"line_no": 1, "units": 50}], {}, 0, [("/lines/0/units", "returns_too_much")]),
        ([{"line_no": 1, "units": 5}], {}, 31, [("/lines/0", "too_late")]),
        ([{"line_no": 3, "units": 5}], {}, 0, [("/lines/0/line_no", "unknown_line")]),
        ([{"line_no": 1, "units": 5, "lot_code": "X"}], {}, 0, [("/lines/0/lot_code", "unknown_lot_of_line")]),
        (
            [{"line_no": 1, "units": 1}, {"line_no": 1, "units": 1}],
            {},
            0,
            [("/lines/1/line_no", "unknown_line")],
        ),
    ],
)
async def test_what_may_not_go_back(market, lines, more, days, found):
    order = await received(market, counted=(50, 1))
    market.shop.clock.advance(days=days)
    refused = await back(market, order, lines, receipt_no=await number(market, order), **more)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_returnable"), refused.text
    assert faults(refused) == found
    assert await market.credit() == 49 * 8_000
    assert await market.shop.scalar("SELECT count(*) FROM wholesale_return") == 0


async def number(market, order):
    return (await market.shop.call("P01", "GET", f"{ORDERS}/{order['id']}/receipts")).json()["receipts"][0][
        "receipt_no"
    ]


async def test_unsold_goods_go_back_by_agreement_and_into_their_lot(market):
    order = await received(market)
    too_much = await agree(market, order, 1, 51)
    assert (too_much.status_code, too_much.json()["code"]) == (422, "consent_too_much")
    until = (market.today + timedelta(days=10)).isoformat()
    given = await agree(market, order, 1, 20, until_on=until, note="节后未售出")
    assert given.status_code == 201, given.text
    (seen,) = (await market.shop.call("P01", "GET", "/v1/partner/return-consents")).json()["items"]
    assert (seen["id"], seen["units"], seen["used_units"]) == (given.json()["id"], 20, 0)
    assert (await market.shop.call("P02", "GET", "/v1/partner/return-consents")).json()["items"] == []
    over = await back(market, order, [{"line_no": 1, "units": 21}], reason="unsold")
    assert faults(over) == [("/lines/0", "agreement_needed")]
    made = await back(market, order, [{"line_no": 1, "units": 12, "sellable_units": 10}], reason="unsold")
    assert made.status_code == 201, made.text
    assert (made.json()["agreed"], made.json()["freight_payer"], made.json()["amount_fen"]) == (
        True,
        "partner",
        12 * 8_000,
    )
    assert made.json()["lines"][0]["lot_code"] == "GT04-A"
    assert await market.shop.stock("GT04") == (60, 0)
    again = await back(market, order, [{"line_no": 1, "units": 12, "sellable_units": 10}], reason="unsold")
    assert again.json() == made.json()
    assert await market.shop.stock("GT04") == (60, 0)
    other = await back(market, order, [{"line_no": 1, "units": 3}])
    assert (other.status_code, other.json()["code"]) == (409, "return_no_taken")
    market.shop.clock.advance(days=11)
    late = await back(market, order, [{"line_no": 1, "units": 1}], reason="unsold", return_no="TH-2")
    assert faults(late) == [("/lines/0", "agreement_needed")]
    assert (await market.shop.call("operator", "GET", "/v1/operator/return-consents")).json()["items"][0][
        "used_units"
    ] == 12
    await market.shop.settle()
    assert await market.shop.breaks() == []


async def test_a_return_is_of_one_receipt(market):
    order = await market.place({"GT04": 5})
    for counted in ((20, 0), (30, 0)):
        market.shop.clock.advance(seconds=1)
        receipt = await take_in(market, order, {1: counted})
    unclear = await back(market, order, [{"line_no": 1, "units": 25}])
    assert (unclear.status_code, unclear.json()["code"]) == (422, "which_receipt")
    made = await back(market, order, [{"line_no": 1, "units": 25}], receipt_no=receipt["receipt_no"])
    assert (made.status_code, made.json()["receipt_no"]) == (201, receipt["receipt_no"])
    rest = await back(market, order, [{"line_no": 1, "units": 6}], receipt_no=receipt["receipt_no"], return_no="TH-2")
    assert faults(rest) == [("/lines/0/units", "returns_too_much")]
    assert (await back(market, order, [{"line_no": 1, "units": 1}], "P02")).status_code == 404
    by_operator = await back(
        market,
        order,
        [{"line_no": 1, "units": 5}],
        "operator",
        receipt_no=receipt["receipt_no"],
        return_no="TH-3",
    )
    assert by_operator.status_code == 201
    (seen,) = (await market.shop.call("P01", "GET", f"{ORDERS}/{order['id']}/returns")).json()["returns"][1:]
    assert seen["id"] == made.json()["id"]
    listed = (await market.shop.call("S01", "GET", "/v1/supplier/returns")).json()["items"]
    assert [one["amount_fen"] for one in listed] == [5 * 8_000, 25 * 8_000]
    assert (await market.shop.call("S08", "GET", "/v1/supplier/returns")).json()["items"] == []
    assert (await market.shop.call("operator", "GET", f"{OPERATOR}/{order['id']}/returns")).status_code == 200
    await market.shop.settle()
    assert await market.shop.breaks() == []


async def test_a_recall_lets_partners_send_the_lot_back_and_nothing_of_it_is_sold_again(market):
    order = await received(market)
    async with market.shop.db.write() as session:
        lots = await inventory.lots_of(session, ["GT04"])
    (lot,) = lots["GT04"]
    recalled = await market.shop.call(
        "operator", "POST", f"/v1/operator/lots/{lot.id}/recall", {"reason": "抽检不合格，请停止销售"}
    )
    assert recalled.status_code == 200, recalled.text
    await market.shop.settle()
    (consent,) = (await market.shop.call("P01", "GET", "/v1/partner/return-consents")).json()["items"]
    assert (consent["reason"], consent["units"], consent["lot_code"]) == ("recall", 50, "GT04-A")
    sellable = await back(market, order, [{"line_no": 1, "units": 50, "sellable_units": 50}], reason="recall")
    assert faults(sellable) == [("/lines/0/sellable_units", "not_sellable")]
    market.shop.clock.advance(days=400)  # past the shelf life
    unsold = await back(market, order, [{"line_no": 1, "units": 1}], reason="unsold")
    assert ("/lines/0", "past_shelf_life") in faults(unsold)
    made = await back(market, order, [{"line_no": 1, "units": 50}], reason="recall")
    assert made.status_code == 201, made.text
    assert await market.credit() == 0
    await market.shop.settle()
    assert await market.shop.rows("SELECT sum(quantity), sum(amount_fen) FROM assistance_entry") == [(0, 0)]


async def test_systems_of_the_partner_and_of_each_supplier_hear_of_a_receipt(market):
    shop = market.shop
    for who, path in (("P01", "partner"), ("S01", "supplier"), ("S08", "supplier"), ("operator", "operator")):
        made = await shop.call(
            who,
            "POST",
            f"/v1/{path}/webhooks",
            {"url": "https://erp.example.com/x", "events": ["purchase_order.received"]},
            key=None,
        )
        assert made.status_code == 201, made.text
    order = await market.place({"GT04": 2, "NO02": 2})
    receipt = await take_in(market, order, {1: (15, 0), 2: (10, 0)})
    rows = await shop.rows(
        "SELECT e.audience, e.owner_id, m.event, m.object_id, CAST(m.body AS json) FROM webhooks_message m "
        "JOIN webhooks_endpoint e ON e.id = m.endpoint_id"
    )
    told = {(audience, owner): body["data"] for audience, owner, _, _, body in rows}
    assert {(event, object_id) for _, _, event, object_id, _ in rows} == {
        ("purchase_order.received", UUID(order["id"]))
    }
    assert len(rows) == 4
    whole = told["partner", market.partner_id()]
    assert whole == told["operator", None]
    assert (whole["payable_fen"], whole["po_no"]) == (receipt["payable_fen"], order["po_no"])
    assert [line["too_little"] for line in whole["lines"]] == [True, False]
    own = told["supplier", shop.accounts["S08"].supplier_id]
    assert [line["sku"] for line in own["lines"]] == ["NO02"]
    assert own["payable_fen"] == 32_000
