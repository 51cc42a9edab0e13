"""Statements over HTTP: the worked example to the fen, what partners dispute, and what follows from it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from app import partners, pricing, wholesale
from app.core.clock import local_day
from tests.market import GOODS, TERMS, load, take_in

MINE = "/v1/partner/statements"
ALL = "/v1/operator/partner-statements"
NEXT_MONTH = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)


async def call(market, who, method, path, body=None, expected=200):
    answer = await market.shop.call(who, method, path, body)
    assert answer.status_code == expected, answer.text
    return answer.json()


async def more_stock(market, sku="NO02", quantity=300):
    who = "S01" if sku.startswith("GT") else "S08"
    body = {
        "sku": sku,
        "code": f"{sku}-BIG",
        "harvested_on": market.today.isoformat(),
        "best_before": (market.today + timedelta(days=25)).isoformat(),
        "quantity": quantity,
    }
    assert (await market.shop.call(who, "POST", "/v1/supplier/lots", body)).status_code == 201


async def send_back(market, order, units, line_no=1, **more):
    body = {
        "return_no": f"TH-{units}-{line_no}",
        "reason": "quality",
        "damaged_by": "carrier",
        "lines": [{"line_no": line_no, "units": units}],
        **more,
    }
    return await call(market, "P01", "POST", f"/v1/partner/purchase-orders/{order['id']}/returns", body, 201)


async def received(market, sku="NO02", cases=20, bad=0):
    """An order of so many cases, sent and taken in."""
    order = await market.place({sku: cases})
    await load(market, order, {1: cases}, "S01" if sku.startswith("GT") else "S08")
    receipt = await take_in(market, order, {1: (cases * GOODS[sku].case_pack, bad)})
    return order, receipt


async def stated(market, **when):
    """The month is over: the chore draws and sends; gives the statement as the partner sees it."""
    clock = market.shop.clock
    clock.advance(seconds=(NEXT_MONTH - clock()).total_seconds())
    async with market.shop.db.write() as session:
        await wholesale.issue_statements(session, now=clock())
    page = await call(market, "P01", "GET", f"{MINE}?month=2026-11")
    return await call(market, "P01", "GET", f"{MINE}/{page['items'][0]['id']}")


@pytest.fixture
async def worked(market):
    """The worked example of domain handbook §4.3: a contract of its own with a fee, and cases at 72.00."""
    operator, now = market.shop.actor("operator"), market.shop.clock()
    fee = partners.NewFee(
        name="促销服务费",
        service="店内试饮与堆头",
        basis=partners.FeeBasis.FIXED,
        amount_fen=30_000,
        rate_bp=None,
        tax_rate_bp=600,
    )
    async with market.shop.db.write() as session:
        await partners.end(session, market.contracts["P01"].id, by=operator, now=now)
        drafted = await partners.draft(
            session,
            market.partner_id(),
            replace(TERMS, contract_no="HT-P01-B", valid_from=local_day(now)),
            fees=[fee],
            by=operator,
            now=now,
        )
        market.contracts["P01"] = contract = await partners.sign(session, drafted.id, by=operator, now=now)
        price = pricing.NewPrice("NO02", 7_200, contract.valid_from, contract.valid_to)
        await pricing.list_prices(session, contract, [price], by=operator, now=now)
    await more_stock(market)
    return market


async def test_the_worked_example_comes_out_to_the_fen(worked):
    """100 × 72.00, 4 rejected, 2 returned: 6,768.00 − 406.08 − 300.00 = 6,061.92 (domain handbook §4.3)."""
    market = worked
    order, receipt = await received(market, bad=4)
    due_on = market.today + timedelta(days=45)
    assert receipt["payable_fen"] == 96 * 7_200
    await send_back(market, order, 2)
    statement = await stated(market)
    sums = {name: statement[name] for name in ("goods_fen", "rebate_fen", "fees_fen", "payable_fen", "open_fen")}
    assert sums == {
        "goods_fen": 676_800,
        "rebate_fen": 40_608,
        "fees_fen": 30_000,
        "payable_fen": 606_192,
        "open_fen": 606_192,
    }
    assert [(line["kind"], line["units"], line["amount_fen"]) for line in statement["lines"]] == [
        ("receipt", 96, 691_200),
        ("return", -2, -14_400),
        ("rebate", None, -40_608),
        ("fee", None, -30_000),
    ]
    assert statement["due_on"] == due_on.isoformat()
    assert await market.credit() == 676_800
    done = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {"revision": 1})
    assert (done["status"], await market.credit()) == ("confirmed", 606_192)
    body = {"invoice_no": "26434000000012345678"}
    invoiced = await call(market, "operator", "POST", f"{ALL}/{statement['id']}/invoice", body)
    assert (invoiced["status"], invoiced["invoice_no"]) == ("invoiced", "26434000000012345678")
    await market.shop.settle()
    assert await market.shop.breaks() == []

    sheet = await market.shop.call("P01", "GET", f"{MINE}/{statement['id']}/xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(sheet.content))
    told = [cell for row in book.get_sheet_by_name("对账汇总").to_python() for cell in row]
    assert "应付金额（大写）陆仟零陆拾壹元玖角贰分" in told
    assert 6061.92 in told
    amounts = [row[-1] for row in book.get_sheet_by_name("对账明细").to_python()[2:]]
    assert amounts == [6912, -144, -406.08, -300]
    for who, path in (("P01", MINE), ("operator", ALL)):
        paper = await market.shop.call(who, "GET", f"{path}/{statement['id']}/pdf")
        assert paper.content.startswith(b"%PDF-")
        assert statement["number"] in paper.headers["Content-Disposition"]


async def test_a_quantity_that_is_disputed_and_accepted_changes_what_is_owed_counted_and_stated(market):
    await more_stock(market)
    order, _ = await received(market)
    statement = await stated(market)
    row = statement["lines"][0]
    claim = {"kind": "QTY", "line_id": row["id"], "claimed_units": 90, "note": "实收 90 箱"}
    disputed = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/disputes", claim, 201)
    assert disputed["status"] == "disputed"
    assert (await market.shop.call("P01", "POST", f"{MINE}/{statement['id']}/confirm", {})).status_code == 409
    dispute_id = disputed["disputes"][0]["id"]
    path = f"/v1/operator/partner-disputes/{dispute_id}/decide"
    revised = await call(market, "operator", "POST", path, {"accept": True, "answer": "已核对"})
    price = GOODS["NO02"].price_fen
    assert (revised["status"], revised["revision"], revised["goods_fen"]) == ("sent", 2, 90 * price)
    assert [(line["kind"], line["units"], line["amount_fen"]) for line in revised["lines"][:2]] == [
        ("receipt", 100, 100 * price),
        ("correction", -10, -10 * price),
    ]
    assert revised["disputes"][0]["corrected_fen"] == -10 * price
    assert await market.credit() == 90 * price
    await market.shop.settle()
    assert await market.shop.rows("SELECT sum(quantity), sum(amount_fen) FROM assistance_entry") == [(90, 90 * price)]
    # The first revision stays as it was, and what was corrected away cannot go back as well.
    first = await call(market, "P01", "GET", f"{MINE}/{statement['id']}?revision=1")
    assert first["lines"] == statement["lines"]
    back = {"return_no": "TH-X", "reason": "quality", "damaged_by": "carrier", "lines": [{"line_no": 1, "units": 91}]}
    refused = await market.shop.call("P01", "POST", f"/v1/partner/purchase-orders/{order['id']}/returns", back)
    assert refused.status_code == 422
    stale = await market.shop.call("P01", "POST", f"{MINE}/{statement['id']}/confirm", {"revision": 1})
    assert stale.json()["code"] == "statement_revised"
    again = await market.shop.call("operator", "POST", path, {"accept": True})
    assert again.json()["code"] == "dispute_decided"
    assert await market.shop.breaks() == []


async def test_a_price_is_corrected_of_what_did_not_go_back(market):
    await more_stock(market)
    order, _ = await received(market)
    await send_back(market, order, 10)
    statement = await stated(market)
    row = next(line for line in statement["lines"] if line["kind"] == "receipt")
    claim = {"kind": "PRICE", "line_id": row["id"], "claimed_price_fen": 3_000, "note": "促销价 30 元"}
    disputed = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/disputes", claim, 201)
    path = f"/v1/operator/partner-disputes/{disputed['disputes'][0]['id']}/decide"
    revised = await call(market, "operator", "POST", path, {"accept": True})
    assert revised["goods_fen"] == 90 * 3_000 == await market.credit()
    await market.shop.settle()
    assert await market.shop.breaks() == []


async def test_what_the_contract_does_not_name_is_not_deducted(market):
    await more_stock(market)
    await received(market)
    statement = await stated(market)
    theirs = [
        {
            "po_no": statement["lines"][0]["po_no"],
            "receipt_no": statement["lines"][0]["document_no"],
            "item": "200310",
            "units": 98,
            "unit_price_fen": 3_100,
            "tax_rate_bp": statement["lines"][0]["tax_rate_bp"],
        },
        {"deduction": "进场费", "amount_fen": 100_000},
        {"deduction": "返利 6%", "amount_fen": statement["rebate_fen"]},
        {"po_no": "PO-X", "receipt_no": "YS-X", "item": "200310", "units": 5},
    ]
    found = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/comparisons", {"rows": theirs})
    assert [(one["kind"], one["row"], one["ours"], one["theirs"]) for one in found["differences"]] == [
        ("QTY", 0, 100, 98),
        ("PRICE", 0, 3_200, 3_100),
        ("UNKNOWN_DEDUCTION", 1, None, 100_000),
        ("MISSING_RECEIPT", 3, None, 5),
    ]
    assert found["matched"] == 1
    claim = {"kind": "UNKNOWN_DEDUCTION", "claimed_amount_fen": 100_000, "note": "进场费"}
    disputed = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/disputes", claim, 201)
    path = f"/v1/operator/partner-disputes/{disputed['disputes'][0]['id']}/decide"
    refused = await market.shop.call("operator", "POST", path, {"accept": True})
    assert (refused.status_code, refused.json()["code"]) == (422, "unnamed_deduction")
    done = await call(market, "operator", "POST", path, {"accept": False, "answer": "合同未约定"})
    assert (done["status"], done["payable_fen"], done["revision"]) == ("sent", statement["payable_fen"], 1)
    assert done["disputes"][0]["accepted"] is False


async def test_claims_that_say_nothing_or_ask_for_more_are_refused(market):
    await more_stock(market)
    await received(market)
    statement = await stated(market)
    row, rebate = statement["lines"]
    for claim, code in (
        ({"kind": "QTY"}, "invalid_claim"),
        ({"kind": "QTY", "line_id": row["id"]}, "invalid_claim"),
        ({"kind": "QTY", "line_id": row["id"], "claimed_units": 101}, "claim_not_less"),
        ({"kind": "PRICE", "line_id": row["id"], "claimed_price_fen": 3_200}, "claim_not_less"),
        ({"kind": "QTY", "line_id": rebate["id"], "claimed_units": 1}, "invalid_claim"),
        ({"kind": "TAX", "line_id": statement["id"]}, "unknown_statement_line"),
    ):
        answer = await market.shop.call("P01", "POST", f"{MINE}/{statement['id']}/disputes", claim | {"note": "x"})
        assert (answer.status_code, answer.json()["code"]) == (422, code), claim
    others = await market.shop.call("P02", "GET", f"{MINE}/{statement['id']}")
    assert others.status_code == 404


async def test_a_month_is_half_open_in_shanghai_and_what_comes_late_is_on_the_next(market):
    await more_stock(market)
    clock = market.shop.clock
    last_minute, next_day = datetime(2026, 11, 30, 15, 59, tzinfo=UTC), datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    order = await market.place({"NO02": 20}, required_on="2026-12-02")
    await load(market, order, {1: 20}, "S08")
    clock.advance(seconds=(next_day + timedelta(hours=9) - clock()).total_seconds())
    early = await take_in(market, order, {1: (40, 0)}, received_at=last_minute.isoformat())
    late = await take_in(market, order, {1: (50, 0)}, received_at=next_day.isoformat())
    statement = await stated(market)
    assert [line["document_no"] for line in statement["lines"][:-1]] == [early["receipt_no"]]
    # Taken in in November, entered after the statement was sent.
    forgotten = await take_in(market, order, {1: (10, 0)}, received_at=last_minute.isoformat())
    clock.advance(days=31)
    body = {"partner_id": str(market.partner_id()), "month": "2026-12"}
    drawn = await call(market, "operator", "POST", ALL, body, 201)
    assert drawn["status"] == "draft"
    numbers = [line["document_no"] for line in drawn["lines"] if line["kind"] == "receipt"]
    assert numbers == [forgotten["receipt_no"], late["receipt_no"]]
    assert (await market.shop.call("P01", "GET", f"{MINE}/{drawn['id']}")).status_code == 404
    await call(market, "operator", "POST", f"{ALL}/{drawn['id']}/send")
    assert (await call(market, "P01", "GET", f"{MINE}/{drawn['id']}"))["status"] == "sent"
    for month, refusal in (("2026-11", 409), ("2026-10", 409), ("2027-05", 422)):
        answer = await market.shop.call("operator", "POST", ALL, body | {"month": month})
        assert answer.status_code == refusal, answer.text
    assert await market.shop.breaks() == []


async def test_the_chore_draws_each_month_once(market):
    await more_stock(market)
    await received(market)
    statement = await stated(market)
    async with market.shop.db.write() as session:
        assert await wholesale.issue_statements(session, now=market.shop.clock()) == 0
    page = await call(market, "operator", "GET", f"{ALL}?partner_id={market.partner_id()}")
    assert [one["id"] for one in page["items"]] == [statement["id"]]


async def test_a_page_of_statements_costs_the_same_for_one_and_for_many(market, statements):
    await more_stock(market)
    await received(market)
    theirs = await market.place({"GT04": 2}, "P02")
    await load(market, theirs, {1: 2})
    await take_in(market, theirs, {1: (20, 0)}, "P02")
    await stated(market)
    asked = []
    for limit in (1, 2):
        statements.clear()
        page = await call(market, "operator", "GET", f"{ALL}?limit={limit}")
        assert len(page["items"]) == limit
        asked.append(len(statements))
    assert asked[0] == asked[1]


async def test_those_who_draw_and_send_at_once_do_not_wait_in_a_ring(fresh_market):
    market = fresh_market
    await more_stock(market)
    await received(market)
    clock = market.shop.clock
    clock.advance(seconds=(NEXT_MONTH - clock()).total_seconds())
    body = {"partner_id": str(market.partner_id()), "month": "2026-11"}
    drawn = await call(market, "operator", "POST", ALL, body, 201)
    path = f"{ALL}/{drawn['id']}/send"
    answers = await asyncio.gather(
        *(market.shop.call("operator", "POST", *what) for _ in range(4) for what in ((ALL, body), (path,)))
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
    assert [answer.status_code for answer in answers].count(200) == 1
    assert await market.shop.breaks() == []


async def test_a_partner_either_confirms_or_disputes(fresh_market):
    market = fresh_market
    await more_stock(market)
    await received(market)
    statement = await stated(market)
    claim = {"kind": "QTY", "line_id": statement["lines"][0]["id"], "claimed_units": 1, "note": "x"}
    path = f"{MINE}/{statement['id']}"
    answers = await asyncio.gather(
        market.shop.call("P01", "POST", f"{path}/confirm", {}),
        market.shop.call("P01", "POST", f"{path}/disputes", claim),
        market.shop.call("P01", "POST", f"{path}/confirm", {}),
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200, 409, 409], [201, 409, 409])
    assert await market.shop.breaks() == []


async def test_a_correction_and_a_return_never_take_more_than_came(fresh_market):
    market = fresh_market
    await more_stock(market)
    order, _ = await received(market)
    statement = await stated(market)
    claim = {"kind": "QTY", "line_id": statement["lines"][0]["id"], "claimed_units": 40, "note": "x"}
    disputed = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/disputes", claim, 201)
    back = {
        "return_no": "TH-1",
        "reason": "recall",
        "lines": [{"line_no": 1, "units": 60}],
    }
    async with market.shop.db.write() as session:
        await wholesale.consent(
            session,
            order_id(order),
            line_no=1,
            units=60,
            reason=wholesale.ReturnReason.RECALL,
            lot_code=None,
            until_on=None,
            note=None,
            by=market.shop.actor("operator"),
            now=market.shop.clock(),
        )
    decide = f"/v1/operator/partner-disputes/{disputed['disputes'][0]['id']}/decide"
    answers = await asyncio.gather(
        market.shop.call("operator", "POST", decide, {"accept": True}),
        market.shop.call("P01", "POST", f"/v1/partner/purchase-orders/{order['id']}/returns", back),
    )
    assert sorted(answer.status_code // 100 for answer in answers) == [2, 4], [answer.text for answer in answers]
    await market.shop.settle()
    assert await market.shop.breaks() == []


def order_id(order):

    return UUID(order["id"])
