"""Goods at the dock over HTTP: what is taken in, owed, counted and told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from tests.files.builders import picture
from tests.market import GOODS, count, load, take_in

ORDERS = "/v1/partner/purchase-orders"


async def orange_order(market, cases=20):
    """A hundred boxes of oranges, as in domain handbook §4.3, in a shop that has as many."""
    return await market.place({"NO02": cases})


async def more_oranges(market, quantity=200):
    await market.shop.call(
        "S08",
        "POST",
        "/v1/supplier/lots",
        {
            "sku": "NO02",
            "code": "NO02-BIG",
            "harvested_on": market.today.isoformat(),
            "best_before": (market.today + timedelta(days=25)).isoformat(),
            "quantity": quantity,
        },
    )


async def test_the_worked_example_of_a_receipt(market):
    """100 boxes came, 4 were bad: 4 % is taken in with a deduction, 96 are paid."""
    await more_oranges(market)
    order = await orange_order(market)
    price = GOODS["NO02"].price_fen
    assert await market.credit() == 100 * price
    await load(market, order, {1: 20}, "S08")
    receipt = await take_in(
        market,
        order,
        {1: (100, 4)},
        inspector="收货一组",
        received_at=(market.shop.clock() + timedelta(minutes=1)).isoformat(),
    )
    assert (receipt["payable_fen"], receipt["status"], receipt["duplicate"]) == (96 * price, "received", False)
    assert receipt["credit"]["used_fen"] == 96 * price == await market.credit()
    (line,) = receipt["lines"]
    assert {name: line[name] for name in line if name.endswith("_units")} == {
        "came_units": 100,
        "faulty_units": 4,
        "delivered_units": 100,
        "received_units": 96,
        "rejected_units": 4,
        "short_units": 0,
        "excess_units": 0,
        "deducted_units": 0,
        "returned_units": 0,
    }
    assert (line["verdict"], line["payable_fen"], line["too_little"]) == ("deducted", 96 * price, False)
    seen = (await market.look(order))["lines"][0]
    assert (seen["delivered_units"], seen["received_units"], seen["payable_fen"]) == (100, 96, 96 * price)
    assert [step["status"] for step in (await market.look(order))["history"]] == ["confirmed", "shipped", "received"]
    assert await market.shop.rows(
        "SELECT channel, division_code, quantity, amount_fen, weight_g, po_no, partner_id, order_number, "
        "counted_on::text FROM assistance_entry"
    ) == [
        (
            "supermarket",
            "370112",
            96,
            96 * price,
            96 * 5_000,
            order["po_no"],
            market.partner_id(),
            None,
            market.today.isoformat(),
        )
    ]
    assert await market.shop.breaks() == []


async def test_a_truck_that_nobody_had_announced_is_taken_in_and_stock_follows(market):
    order = await market.place({"GT04": 5, "NO02": 2})
    receipt = await take_in(market, order, {1: (48, 0)})
    assert (receipt["status"], receipt["payable_fen"]) == ("partially_received", 48 * 8_000)
    assert (receipt["lines"][0]["short_units"], receipt["lines"][0]["lot_code"]) == (2, "GT04-A")
    assert await market.shop.stock("GT04") == (100 - 48, 2)
    sent = (await market.shop.call("P01", "GET", f"{ORDERS}/{order['id']}/deliveries")).json()["deliveries"]
    assert [(line["units"], line["lot_code"]) for note in sent for line in note["lines"]] == [(48, "GT04-A")]
    rest = await take_in(market, order, {1: (2, 0), 2: (10, 0)})
    assert (rest["status"], rest["lines"][0]["short_units"]) == ("received", 0)
    assert await market.shop.stock("GT04") == (50, 0)
    assert await market.credit() == 50 * 8_000 + 10 * 3_200
    assert await market.shop.breaks() == []


async def test_several_receipts_more_than_was_ordered_and_a_load_that_is_refused(market):
    await more_oranges(market)
    order = await market.place({"NO02": 20, "GT04": 5})
    await load(market, order, {1: 20}, "S08")
    await load(market, order, {2: 5})
    first = await take_in(market, order, {1: (60, 4)})  # 6.7 %: all of it is refused
    assert (first["payable_fen"], first["lines"][0]["verdict"], first["lines"][0]["rejected_units"]) == (
        0,
        "refused",
        60,
    )
    assert first["lines"][0]["too_little"] is True
    market.shop.clock.advance(hours=1)
    second = await take_in(market, order, {1: (50, 0), 2: (52, 3)})
    orange, tea = second["lines"]
    assert (orange["delivered_units"], orange["excess_units"], orange["payable_fen"]) == (40, 10, 40 * 3_200)
    assert (orange["too_little"], orange["short_units"]) == (False, 0)
    assert (tea["delivered_units"], tea["received_units"], tea["rejected_units"]) == (50, 49, 1)
    assert (second["status"], second["payable_fen"]) == ("received", 40 * 3_200 + 49 * 8_000)
    late = await count(market, order, {1: (1, 0)})
    assert (late.status_code, late.json()["code"]) == (409, "step_not_allowed")
    assert await market.credit() == second["payable_fen"]
    listed = (await market.shop.call("P01", "GET", f"{ORDERS}/{order['id']}/receipts")).json()["receipts"]
    assert [one["receipt_no"] for one in listed] == [second["receipt_no"], first["receipt_no"]]
    assert await market.shop.scalar("SELECT count(*) FROM assistance_entry") == 2
    assert await market.shop.breaks() == []


async def test_the_same_receipt_again_is_the_same_receipt(market):
    order = await market.place({"GT04": 5})
    first = await take_in(market, order, {1: (30, 0)}, receipt_no="YS-1")
    again = await take_in(market, order, {1: (30, 0)}, receipt_no="YS-1")
    assert again == first | {"duplicate": True}
    other = await count(market, order, {1: (20, 0)}, receipt_no="YS-1")
    assert (other.status_code, other.json()["code"]) == (409, "receipt_no_taken")
    elsewhere = await count(market, await market.place({"GT04": 1}), {1: (10, 0)}, receipt_no="YS-1")
    assert elsewhere.json()["code"] == "receipt_no_taken"
    assert (await market.look(order))["lines"][0]["received_units"] == 30
    theirs = await market.place({"GT04": 1}, "P02")
    assert (await count(market, theirs, {1: (10, 0)}, "P02", receipt_no="YS-1")).status_code == 201
    await market.shop.settle()
    assert await market.shop.breaks() == []


async def test_what_cannot_have_been_counted_is_refused_and_changes_nothing(market):
    order = await market.place({"GT04": 5})
    for lines, code, pointer in (
        ({1: (10, 11)}, "invalid_receipt", "/lines/0/rejected_units"),
        ({7: (10, 0)}, "invalid_receipt", "/lines/0/line_no"),
    ):
        refused = await count(market, order, lines)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
        assert refused.json()["errors"][0]["pointer"] == pointer
    for more, code in (
        ({"received_at": (market.shop.clock() + timedelta(hours=1)).isoformat()}, "impossible_moment"),
        ({"received_at": (market.shop.clock() - timedelta(hours=1)).isoformat()}, "impossible_moment"),
        ({"photos": [str(uuid4())]}, "unknown_file"),
    ):
        refused = await count(market, order, {1: (10, 0)}, **more)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    lot = {"line_no": 1, "delivered_units": 10, "lot_code": "NO-SUCH"}
    refused = await count(market, order, {}, lines=[lot])
    assert refused.status_code in (409, 422)
    await load(market, order, {1: 5})
    refused = await count(market, order, {}, lines=[lot])
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_lot_of_line")
    assert (await market.look(order))["status"] == "shipped"
    assert await market.credit() == 400_000
    assert await market.shop.scalar("SELECT count(*) FROM wholesale_receipt") == 0
    doubt = await market.place(
        {}, query="?on_mismatch=review", lines=[{"line_no": 1, "sku": "GT04", "cases": 1, "unit_price_fen": 1}]
    )
    assert (await count(market, doubt, {1: (10, 0)})).json()["code"] == "step_not_allowed"
    missing = await market.shop.call("P01", "POST", f"{ORDERS}/{order['id']}/receipts", {}, key=None)
    assert missing.json()["code"] == "idempotency_key_required"
    assert await market.shop.breaks() == []


async def test_each_sees_what_is_theirs(market):
    shop = market.shop
    order = await market.place({"GT04": 2, "NO02": 2})
    async with shop.http("P01") as http:
        file = {"file": ("a.jpg", picture(), "image/jpeg")}
        photo = (await http.post("/v1/partner/files", data={"purpose": "evidence"}, files=file)).json()
    receipt = await take_in(market, order, {1: (20, 1), 2: (10, 0)}, photos=[photo["id"]], inspector="王五")
    assert [one["id"] for one in receipt["photos"]] == [photo["id"]]
    for who, path, total in (
        ("P01", "/v1/partner/receipts", receipt["payable_fen"]),
        ("operator", f"/v1/operator/receipts?partner_id={market.partner_id()}", receipt["payable_fen"]),
        ("S01", "/v1/supplier/receipts", 19 * 8_000),
        ("S08", "/v1/supplier/receipts", 10 * 3_200),
    ):
        (seen,) = (await shop.call(who, "GET", path)).json()["items"]
        assert (seen["id"], seen["payable_fen"], len(seen["photos"])) == (receipt["id"], total, 1)
        assert seen["inspector"] == (None if who.startswith("S") else "王五")
    (own,) = (await shop.call("S01", "GET", f"/v1/supplier/purchase-orders/{order['id']}/receipts")).json()["receipts"]
    assert [line["sku"] for line in own["lines"]] == ["GT04"]
    assert (await shop.call("operator", "GET", f"/v1/operator/purchase-orders/{order['id']}/receipts")).json()[
        "receipts"
    ][0]["id"] == receipt["id"]
    assert (await shop.call("P02", "GET", "/v1/partner/receipts")).json()["items"] == []
    assert (await shop.call("P02", "GET", f"{ORDERS}/{order['id']}/receipts")).status_code == 404
    assert (await count(market, order, {1: (1, 0)}, "P02")).status_code == 404
    assert (await shop.call("S01", "POST", f"{ORDERS}/{order['id']}/receipts", {})).status_code == 403
    payloads = str(await shop.rows("SELECT payload FROM core_event"))
    assert "王五" not in payloads


async def test_an_operator_enters_a_receipt_that_came_on_paper(market):
    order = await market.place({"GT04": 2})
    body = {"receipt_no": "PAPER-1", "lines": [{"line_no": 1, "delivered_units": 20, "rejected_units": 0}]}
    path = f"/v1/operator/purchase-orders/{order['id']}/receipts"
    entered = await market.shop.call("operator", "POST", path, body)
    assert (entered.status_code, entered.json()["partner_id"]) == (201, str(market.partner_id()))


async def test_what_did_not_come_frees_its_credit_when_the_order_is_closed(market):
    from tests.wholesale.test_orders import close

    order = await market.place({"GT04": 5})
    await load(market, order, {1: 5})
    await take_in(market, order, {1: (40, 0)})
    assert await market.credit() == 400_000
    market.shop.clock.advance(days=16)
    await close(market)
    assert (await market.look(order))["status"] == "closed"
    assert await market.credit() == 320_000
    assert await market.shop.breaks() == []


async def test_two_clerks_enter_the_same_goods_at_once(fresh_market):
    market = fresh_market
    order = await market.place({"GT04": 5})
    answers = await asyncio.gather(*(count(market, order, {1: (30, 0)}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) in ([201, 201, 409], [201, 201, 201])
    lines = (await market.look(order))["lines"]
    assert (lines[0]["delivered_units"], lines[0]["payable_fen"]) == (50, 400_000)
    assert await market.credit() == 400_000
    await market.shop.settle()
    assert await market.shop.breaks() == []


async def test_a_receipt_costs_few_statements_however_long_it_is(market, statements):
    counts = []
    for cases in ({"GT04": 2}, {"GT04": 2, "GT14": 2, "NO02": 2, "NO04": 1}):
        order = await market.place(cases)
        statements.clear()
        counted = {line["line_no"]: (line["promised_units"], 0) for line in order["lines"]}
        assert (await count(market, order, counted)).status_code == 201
        counts.append(len(statements))
    # The second order has two suppliers, so two delivery notes are written after the fact.
    assert counts[1] - counts[0] <= 12, counts
    assert max(counts) <= 50, counts


async def test_what_cannot_have_been_at_the_dock_is_refused_and_leaves_the_order_as_it_was(market):
    """A count far above what was sent would hide the faulty ones among goods that never existed."""
    await more_oranges(market)
    order = await orange_order(market)
    await load(market, order, {1: 20}, "S08")
    before, credit = await market.look(order), await market.credit()
    for counted, code in (
        ({1: (2_000, 20)}, "more_than_was_sent"),  # cases of a hundred taken for units: 1 % of them, 20 % of the load
        ({1: (111, 0)}, "more_than_was_sent"),
        ({1: (0, 0)}, "nothing_came"),
    ):
        answer = await count(market, order, counted)
        assert answer.status_code == 422
        problem = answer.json()
        assert code in (problem["code"], *(fault["code"] for fault in problem.get("errors", ())))
    assert (await market.look(order), await market.credit()) == (before, credit)
    assert before["status"] == "shipped"
    first = await take_in(market, order, {1: (40, 0)})
    assert (await count(market, order, {1: (71, 0)})).status_code == 422
    last = await take_in(market, order, {1: (70, 0)})
    assert (first["lines"][0]["delivered_units"], last["lines"][0]["excess_units"]) == (40, 10)
    assert await market.shop.breaks() == []


async def test_of_small_goods_a_case_too_many_may_come(market):
    order = await market.place({"GT04": 2, "NO04": 3})
    await load(market, order, {1: 2})
    over = await count(market, order, {1: (31, 0)})
    assert over.json()["errors"][0]["pointer"] == "/lines/0/delivered_units"
    receipt = await take_in(market, order, {1: (30, 0), 2: (0, 0)})
    assert [line["excess_units"] for line in receipt["lines"]] == [10, 0]
    assert receipt["status"] == "partially_received"
