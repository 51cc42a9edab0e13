"""Purchase orders over HTTP: what is taken, answered, refused, amended and given up."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app import partners, wholesale
from tests.market import GOODS, LIMIT_FEN

ORDERS = "/v1/partner/purchase-orders"
OPERATOR = "/v1/operator/purchase-orders"


def codes(answer):
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def unchanged(market, reserved=(0, 0)):
    """Nothing is held by anybody, and nothing was written."""
    assert await market.credit() == 0
    assert ((await market.shop.stock("GT04"))[1], (await market.shop.stock("NO04"))[1]) == reserved
    assert await market.shop.scalar("SELECT count(*) FROM wholesale_po") == 0
    assert await market.shop.breaks() == []


async def test_an_order_is_confirmed_and_holds_stock_and_credit(market):
    shop = market.shop
    order = await market.place({"GT04": 5, "NO02": 2}, note="送货前电话联系")
    assert (order["status"], order["version"], order["source"], order["duplicate"]) == ("confirmed", 1, "api", False)
    assert order["total_fen"] == 50 * 8_000 + 10 * 3_200 == 432_000
    assert order["credit"] == {"limit_fen": LIMIT_FEN, "used_fen": 432_000, "available_fen": LIMIT_FEN - 432_000}
    tea, orange = order["lines"]
    assert (tea["sku"], tea["ordered_cases"], tea["promised_units"], tea["ack"]) == ("GT04", 5, 50, "accepted")
    assert (tea["partner_item_code"], tea["itf14"]) == ("100245", GOODS["GT04"].itf14)
    assert (orange["min_life_pct"], orange["min_life_days"], orange["amount_fen"]) == (67, 7, 32_000)
    assert (order["order_on"], order["closes_on"]) == ("2026-11-20", "2026-11-28")
    assert await shop.stock("GT04") == (100, 50)
    assert await market.credit() == 432_000
    seen = await market.look(order)
    assert {name: seen[name] for name in seen if name != "history"} == {
        name: value for name, value in order.items() if name not in ("credit", "duplicate")
    }
    assert [step["status"] for step in seen["history"]] == ["confirmed"]
    frozen = await shop.rows(
        "SELECT category, township, tax_rate_bp, assisted, self_purchase FROM wholesale_po_line ORDER BY line_no"
    )
    assert [row[0] for row in frozen] == ["golden-tea", "navel-orange"]
    assert [row[2:] for row in frozen] == [(100, True, False), (0, True, False)]
    assert await shop.breaks() == []


async def test_goods_are_named_by_any_code_and_what_is_unclear_is_asked(market):
    tea, bags = GOODS["GT04"], GOODS["GT14"]
    named = [
        {"line_no": 1, "partner_item_code": tea.code, "cases": 1},
        {"line_no": 2, "gtin": tea.gtin13, "cases": 1},
        {"line_no": 3, "gtin": tea.itf14, "cases": 1},
        {"line_no": 4, "gtin": "0" + tea.gtin13, "units": 10},
        {"line_no": 5, "sku": "GT14", "partner_item_code": bags.code, "gtin": bags.gtin13, "cases": 2},
    ]
    order = (await market.send(market.body({}, lines=named))).json()
    assert [line["sku"] for line in order["lines"]] == ["GT04"] * 4 + ["GT14"]
    unclear = [
        {"line_no": 1, "sku": "GT99", "cases": 1},
        {"line_no": 2, "sku": "GT04", "gtin": bags.gtin13, "cases": 1},
        {"line_no": 3, "cases": 1},
        {"line_no": 3, "sku": "GT04", "case_pack": 12, "cases": 1},
    ]
    refused = await market.send(market.body({}, lines=unclear))
    assert (refused.status_code, refused.json()["code"]) == (422, "unclear_items")
    assert codes(refused) == [
        ("/lines/0/sku", "unknown_code"),
        ("/lines/1/gtin", "code_conflict"),
        ("/lines/2", "code_missing"),
        ("/lines/3/line_no", "duplicate_line_no"),
        ("/lines/3/case_pack", "case_pack_differs"),
    ]


@pytest.mark.parametrize(
    ("lines", "more", "code", "pointer"),
    [
        ([{"sku": "GT14", "cases": 3}], {}, "not_a_case_multiple", "/lines/0/cases"),
        ([{"sku": "GT04", "units": 15}], {}, "not_a_case_multiple", "/lines/0/units"),
        ([{"sku": "NO02", "cases": 1}], {}, "below_minimum", "/lines/0/cases"),
        ([{"sku": "NO04", "cases": 1}], {}, "below_minimum", "/lines"),
        ([{"sku": "GT04", "cases": 1, "unit_price_fen": 7_999}], {}, "price_mismatch", "/lines/0/unit_price_fen"),
        ([{"sku": "GT04", "cases": 1, "amount_fen": 80_002}], {}, "price_mismatch", "/lines/0/amount_fen"),
        ([{"sku": "GT04", "cases": 1}], {"required_on": "2026-11-21"}, "required_on_not_possible", "/required_on"),
        ([{"sku": "GT04", "cases": 1}], {"required_on": "2027-11-21"}, "required_on_not_possible", "/required_on"),
        ([{"sku": "GT04", "cases": 1}], {"latest_on": "2026-11-24"}, "required_on_not_possible", "/latest_on"),
        ([{"sku": "GT04", "cases": 1}], {"dc_code": "12"}, "unknown_location", None),
        ([{"sku": "GT04", "cases": 1, "units": 10}], {}, "invalid_input", "/lines/0/cases"),
    ],
)
async def test_what_the_contract_does_not_allow_is_refused_and_changes_nothing(market, lines, more, code, pointer):
    numbered = [line | {"line_no": place} for place, line in enumerate(lines, 1)]
    refused = await market.send(market.body({}, lines=numbered, **more))
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    if pointer is not None:
        assert pointer in [fault["pointer"] for fault in refused.json()["errors"]]
    await unchanged(market)


async def test_the_least_of_an_order_is_told_in_yuan(market):
    lines = [{"line_no": 1, "sku": "NO04", "cases": 1}]
    refused = (await market.send(market.body({}, lines=lines))).json()
    said = next(fault["detail"] for fault in refused["errors"] if fault["pointer"] == "/lines")
    assert re.fullmatch(r"整单起订量为 \d+\.\d\d 元，本单为 \d+\.\d\d 元", said), said


async def test_a_fen_of_rounding_is_no_mismatch(market):
    lines = [{"line_no": 1, "sku": "GT04", "cases": 1, "amount_fen": 80_001, "unit_price_fen": 8_000}]
    assert (await market.send(market.body({}, lines=lines))).status_code == 201


async def test_an_order_outside_the_window_counts_for_the_next_one(market):
    market.shop.clock.advance(hours=3)  # three o'clock on Friday: the next window is on Monday
    soon = (market.today + timedelta(days=3)).isoformat()
    refused = await market.send(market.body({"GT04": 1}, required_on=soon))
    assert refused.json()["code"] == "required_on_not_possible"
    assert "2026-11-23" in refused.json()["detail"]
    assert "2026-11-25" in refused.json()["detail"]
    assert (await market.place({"GT04": 1}))["order_on"] == "2026-11-23"


async def test_credit_and_stock_are_reserved_together_or_not_at_all(market):
    await market.limit(100_000)
    refused = await market.send(market.body({"GT04": 2}))
    assert (refused.status_code, refused.json()["code"]) == (409, "credit_exceeded")
    assert "1600.00" in refused.json()["detail"]
    await market.limit(LIMIT_FEN)
    short = await market.send(market.body({"GT04": 1, "NO04": 4}))
    assert (short.status_code, short.json()["code"]) == (409, "out_of_stock")
    assert codes(short) == [("/lines/1/cases", "out_of_stock")]
    await unchanged(market)


async def test_lines_are_cut_to_what_stock_and_credit_give_if_the_partner_accepts_that(market):
    order = await market.place({"GT04": 2, "NO04": 9, "NO02": 4}, query="?partial=accept")
    assert [(line["ack"], line["promised_units"], line["ack_reason"]) for line in order["lines"]] == [
        ("accepted", 20, None),
        ("cut", 3, "stock"),
        ("accepted", 20, None),
    ]
    assert order["total_fen"] == 160_000 + 15_000 + 64_000 == await market.credit()
    await market.limit(order["total_fen"] + 170_000)
    second = await market.place({"GT04": 3, "GT14": 2}, query="?partial=accept")
    assert [(line["ack"], line["promised_units"], line["ack_reason"]) for line in second["lines"]] == [
        ("cut", 20, "credit"),
        ("rejected", 0, "credit"),
    ]
    nothing = await market.send(market.body({"GT04": 3}), query="?partial=accept")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "credit_exceeded")
    await market.limit(LIMIT_FEN)
    sold_out = await market.send(market.body({"NO04": 30}), query="?partial=accept")
    assert (sold_out.status_code, sold_out.json()["code"]) == (409, "out_of_stock")
    assert await market.shop.breaks() == []


async def test_the_same_order_again_is_the_same_order(market):
    body = market.body({"GT04": 5})
    first = (await market.send(body)).json()
    replayed = await market.send(body)
    assert (replayed.status_code, replayed.json()) == (201, first | {"duplicate": True})
    by_other_codes = [{"line_no": 1, "partner_item_code": "100245", "units": 50, "unit_price_fen": 8_000}]
    assert (await market.send(body | {"lines": by_other_codes})).json()["duplicate"] is True
    assert await market.credit() == 400_000
    assert await market.shop.scalar("SELECT count(*) FROM wholesale_po_version") == 1
    other = await market.send(body, "P02")
    assert other.json()["id"] != first["id"]


async def test_other_content_is_a_new_version_and_moves_the_difference(market):
    body = market.body({"GT04": 5, "NO02": 2})
    first = (await market.send(body)).json()
    lines = [{"line_no": 1, "sku": "GT04", "cases": 3}, {"line_no": 3, "sku": "GT14", "cases": 4}]
    second = (await market.send(body | {"lines": lines, "dc_code": "0001"})).json()
    assert (second["id"], second["version"], second["duplicate"]) == (first["id"], 2, False)
    assert [(line["line_no"], line["sku"], line["promised_units"]) for line in second["lines"]] == [
        (1, "GT04", 30),
        (3, "GT14", 40),
    ]
    assert second["total_fen"] == 240_000 + 100_000 == await market.credit()
    assert [(await market.shop.stock(sku))[1] for sku in ("GT04", "GT14", "NO02")] == [30, 40, 0]
    shown = await market.shop.call("P01", "GET", f"{ORDERS}/{first['id']}/versions")
    one, two = shown.json()["versions"]
    assert one["changes"] == []
    assert [(change["line_no"], change["field"], change["before"], change["after"]) for change in two["changes"]] == [
        (None, "location_code", "0012", "0001"),
        (1, "units", 50, 30),
        (2, "sku", "NO02", None),
        (2, "units", 10, None),
        (3, "sku", None, "GT14"),
        (3, "units", None, 40),
    ]
    again = (await market.send(body)).json()
    assert (again["version"], again["total_fen"]) == (3, first["total_fen"])
    assert await market.shop.breaks() == []


async def test_an_amendment_that_cannot_be_leaves_the_order_as_it_was(market):
    body = market.body({"GT04": 5})
    order = (await market.send(body)).json()
    for lines, status, code in (
        ([{"line_no": 1, "sku": "GT04", "cases": 11}], 409, "out_of_stock"),
        ([{"line_no": 1, "sku": "GT04", "cases": 5, "unit_price_fen": 1}], 422, "price_mismatch"),
    ):
        refused = await market.send(body | {"lines": lines}, query="?on_mismatch=review")
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    await market.limit(450_000)
    refused = await market.send(body | {"lines": [{"line_no": 1, "sku": "GT04", "cases": 6}]})
    assert refused.json()["code"] == "credit_exceeded"
    seen = await market.look(order)
    assert (seen["version"], seen["total_fen"]) == (1, 400_000)
    assert (await market.credit(), (await market.shop.stock("GT04"))[1]) == (400_000, 50)
    assert await market.shop.breaks() == []


async def test_less_may_be_wanted_until_it_leaves_but_more_only_in_time(market):
    body = market.body({"GT04": 5})
    await market.send(body)
    market.shop.clock.advance(days=4)
    more = [{"line_no": 1, "sku": "GT04", "cases": 6}]
    assert (await market.send(body | {"lines": more})).json()["code"] == "required_on_not_possible"
    less = [{"line_no": 1, "sku": "GT04", "cases": 4}]
    assert (await market.send(body | {"lines": less})).json()["version"] == 2


async def test_another_price_waits_for_an_operator_and_holds_nothing_meanwhile(market):
    lines = [{"line_no": 1, "sku": "GT04", "cases": 5, "unit_price_fen": 7_500}]
    body = market.body({}, lines=lines)
    order = (await market.send(body, query="?on_mismatch=review")).json()
    assert (order["status"], order["credit"]["used_fen"]) == ("needs_approval", 0)
    assert (await market.shop.stock("GT04"))[1] == 0
    listed = await market.shop.call("operator", "GET", f"{OPERATOR}?status=needs_approval")
    assert [item["id"] for item in listed.json()["items"]] == [order["id"]]
    approved = await market.shop.call("operator", "POST", f"{OPERATOR}/{order['id']}/approve", {"prices": "asked"})
    assert approved.status_code == 200, approved.text
    assert (approved.json()["status"], approved.json()["total_fen"]) == ("confirmed", 375_000)
    assert (await market.credit(), (await market.shop.stock("GT04"))[1]) == (375_000, 50)
    again = await market.shop.call("operator", "POST", f"{OPERATOR}/{order['id']}/reject", {"reason": "不行"})
    assert (again.status_code, again.json()["code"]) == (409, "step_not_allowed")
    assert await market.shop.breaks() == []


async def test_what_is_rejected_is_over(market):
    lines = [{"line_no": 1, "sku": "GT04", "cases": 5, "unit_price_fen": 7_500}]
    order = (await market.send(market.body({}, lines=lines), query="?on_mismatch=review")).json()
    body = {"reason": "低于合同价"}
    rejected = await market.shop.call("operator", "POST", f"{OPERATOR}/{order['id']}/reject", body)
    assert rejected.json()["status"] == "rejected"
    assert (await market.look(order))["history"][-1]["reason"] == "低于合同价"
    await_nothing = await market.shop.call("operator", "POST", f"{OPERATOR}/{order['id']}/approve", {"prices": "asked"})
    assert await_nothing.status_code == 409
    assert await market.credit() == 0


async def test_a_doubt_that_the_partner_clears_needs_no_operator(market):
    body = market.body({}, lines=[{"line_no": 1, "sku": "GT04", "cases": 5, "unit_price_fen": 7_500}])
    await market.send(body, query="?on_mismatch=review")
    cleared = await market.send(body | {"lines": [{"line_no": 1, "sku": "GT04", "cases": 5, "unit_price_fen": 8_000}]})
    assert (cleared.json()["status"], cleared.json()["version"]) == ("confirmed", 2)
    assert await market.credit() == 400_000
    assert await market.shop.breaks() == []


async def test_haste_of_an_urgent_order_is_decided_by_an_operator(market):
    hasty = {"required_on": market.today.isoformat(), "kind": "urgent"}
    assert (await market.send(market.body({"GT04": 1}, **hasty))).json()["code"] == "required_on_not_possible"
    order = await market.place({"GT04": 1}, query="?on_mismatch=review", **hasty)
    assert order["status"] == "needs_approval"
    path = f"{OPERATOR}/{order['id']}/approve"
    nothing_asked = await market.shop.call("operator", "POST", path, {"prices": "asked"})
    assert (nothing_asked.status_code, nothing_asked.json()["code"]) == (422, "no_asked_price")
    approved = await market.shop.call("operator", "POST", path, {"prices": "contract"})
    assert approved.json()["status"] == "confirmed"


async def test_giving_up_frees_stock_and_credit(market):
    order = await market.place({"GT04": 5})
    path = f"{ORDERS}/{order['id']}/cancel"
    assert (await market.shop.call("P02", "POST", path)).status_code == 404
    cancelled = await market.shop.call("P01", "POST", path, {"reason": "促销取消"})
    assert (cancelled.json()["status"], cancelled.json()["credit"]["used_fen"]) == ("cancelled", 0)
    assert await market.shop.stock("GT04") == (100, 0)
    again = await market.shop.call("P01", "POST", path)
    assert (again.status_code, again.json()["code"]) == (409, "step_not_allowed")
    amended = await market.send({**market.body({"GT04": 6}), "po_no": order["po_no"]})
    assert (amended.status_code, amended.json()["code"]) == (409, "step_not_allowed")
    assert await market.shop.breaks() == []


async def test_what_did_not_leave_by_the_last_day_is_given_back(market):
    kept = await market.place({"GT04": 2}, latest_on=(market.today + timedelta(days=20)).isoformat())
    gone = await market.place({"GT04": 5})
    doubt = await market.place(
        {}, query="?on_mismatch=review", lines=[{"line_no": 1, "sku": "GT04", "cases": 5, "unit_price_fen": 1}]
    )
    market.shop.clock.advance(days=8)
    await close(market)
    assert (await market.look(gone))["status"] == "confirmed"  # its last day is today
    market.shop.clock.advance(days=1)
    assert await close(market) == 2
    assert [(await market.look(order))["status"] for order in (kept, gone, doubt)] == [
        "confirmed",
        "expired",
        "expired",
    ]
    assert (await market.credit(), (await market.shop.stock("GT04"))[1]) == (160_000, 20)
    assert await close(market) == 0
    assert await market.shop.breaks() == []


async def close(market):
    async with market.shop.db.write() as session:
        return await wholesale.close_due(session, now=market.shop.clock())


async def test_an_operator_cuts_lines_and_offers_substitutes_that_the_partner_takes(market):
    order = await market.place({"GT04": 5, "NO04": 2})
    path = f"{OPERATOR}/{order['id']}"
    for cases in (5, 6):
        too_much = {"lines": [{"line_no": 1, "cases": cases, "reason": "减产"}]}
        assert (await market.shop.call("operator", "POST", f"{path}/cuts", too_much)).status_code == 422
    cut = await market.shop.call(
        "operator", "POST", f"{path}/cuts", {"lines": [{"line_no": 1, "cases": 2, "reason": "减产"}]}
    )
    assert cut.json()["total_fen"] == 170_000 == await market.credit()
    assert (cut.json()["lines"][0]["ack"], cut.json()["lines"][0]["ack_reason"]) == ("cut", "减产")
    for sku in ("NO02", "GT04", "GT99"):
        offer = {"line_no": 1, "sku": sku, "cases": 2, "reason": "同类"}
        refused = await market.shop.call("operator", "POST", f"{path}/offers", offer)
        assert refused.json()["code"] == "no_substitute"
    offer = {"line_no": 1, "sku": "GT14", "cases": 4, "reason": "袋泡可供"}
    made = await market.shop.call("operator", "POST", f"{path}/offers", offer)
    assert (made.status_code, made.json()["unit_price_fen"], made.json()["accepted"]) == (201, 2_500, None)
    assert await market.credit() == 170_000
    accept = f"{ORDERS}/offers/{made.json()['id']}/accept"
    assert (await market.shop.call("P02", "POST", accept)).status_code == 404
    taken = (await market.shop.call("P01", "POST", accept)).json()
    line = taken["lines"][0]
    assert (line["ack"], line["sku"], line["ordered_sku"], line["promised_units"]) == (
        "substituted",
        "GT14",
        "GT04",
        40,
    )
    assert taken["total_fen"] == 100_000 + 10_000 == await market.credit()
    assert [(await market.shop.stock(sku))[1] for sku in ("GT04", "GT14", "NO04")] == [0, 40, 2]
    again = await market.shop.call("P01", "POST", accept)
    assert (again.status_code, again.json()["code"]) == (409, "offer_decided")
    declined = await market.shop.call("operator", "POST", f"{path}/offers", {**offer, "sku": "GT04"})
    said = await market.shop.call("P01", "POST", f"{ORDERS}/offers/{declined.json()['id']}/decline", key=None)
    assert said.json()["accepted"] is False
    nothing = {"lines": [{"line_no": number, "cases": 0, "reason": "无货"} for number in (1, 2)]}
    over = await market.shop.call("operator", "POST", f"{path}/cuts", nothing)
    assert (over.json()["status"], await market.credit()) == ("cancelled", 0)
    assert await market.shop.breaks() == []


async def test_what_the_marketplace_answered_to_a_line_stands_while_the_line_is_asked_for_as_before(market):
    body = market.body({"GT04": 5, "NO02": 4, "GT14": 2})
    order = (await market.send(body)).json()
    path = f"{OPERATOR}/{order['id']}"
    cuts = {"lines": [{"line_no": 1, "cases": 2, "reason": "减产"}]}
    assert (await market.shop.call("operator", "POST", f"{path}/cuts", cuts)).status_code == 200
    offer = {"line_no": 3, "sku": "GT04", "cases": 1, "reason": "袋泡缺货"}
    made = (await market.shop.call("operator", "POST", f"{path}/offers", offer)).json()
    shown = (await market.send(body)).json()
    assert (shown["duplicate"], [one["id"] for one in shown["offers"]]) == (True, [made["id"]])
    taken = await market.shop.call("P01", "POST", f"{ORDERS}/offers/{made['id']}/accept")
    assert taken.json()["offers"][0]["accepted"] is True
    for query in ("", "?partial=accept"):
        body["lines"][1]["cases"] += 1
        amended = (await market.send(body, query=query)).json()
        lines = [(line["sku"], line["promised_units"], line["ack"]) for line in amended["lines"]]
        more = body["lines"][1]["cases"] * 5
        assert lines == [("GT04", 20, "cut"), ("NO02", more, "accepted"), ("GT04", 10, "substituted")]
        assert await market.credit() == amended["total_fen"] == 240_000 + more * 3_200
        assert [(await market.shop.stock(sku))[1] for sku in ("GT04", "NO02", "GT14")] == [30, more, 0]
    body["lines"][0]["cases"] = 4
    asked_anew = (await market.send(body)).json()
    assert (asked_anew["lines"][0]["promised_units"], asked_anew["lines"][0]["ack"]) == (40, "accepted")
    assert await market.shop.breaks() == []


async def test_an_approved_price_holds_for_amendments(market):
    line = {"line_no": 1, "sku": "GT04", "cases": 5, "unit_price_fen": 7_500}
    body = market.body({}, lines=[line])
    order = (await market.send(body, query="?on_mismatch=review")).json()
    path = f"{OPERATOR}/{order['id']}/approve"
    assert (await market.shop.call("operator", "POST", path, {"prices": "asked"})).status_code == 200
    more = (await market.send(body | {"lines": [line | {"cases": 6}]})).json()
    assert (more["status"], more["version"], more["total_fen"]) == ("confirmed", 2, 450_000)
    assert (await market.send(body | {"lines": [line | {"unit_price_fen": 7_400}]})).json()["code"] == "price_mismatch"
    assert await market.credit() == 450_000
    assert await market.shop.breaks() == []


async def test_each_sees_its_own(market):
    mine = await market.place({"GT04": 1})
    market.shop.clock.advance(seconds=1)
    theirs = await market.place({"GT04": 1}, "P02")
    listed = await market.shop.call("P01", "GET", ORDERS)
    assert [item["id"] for item in listed.json()["items"]] == [mine["id"]]
    for path in (f"{ORDERS}/{theirs['id']}", f"{ORDERS}/{theirs['id']}/versions", f"{ORDERS}/{uuid4()}"):
        assert (await market.shop.call("P01", "GET", path)).status_code == 404
    assert (await market.shop.call("P01", "GET", f"{ORDERS}?po_no={theirs['po_no']}")).json()["items"] == []
    every = await market.shop.call("operator", "GET", f"{OPERATOR}?partner_id={market.partner_id('P02')}")
    assert [item["id"] for item in every.json()["items"]] == [theirs["id"]]
    first = await market.shop.call("operator", "GET", f"{OPERATOR}?limit=1")
    rest = await market.shop.call("operator", "GET", f"{OPERATOR}?cursor={first.json()['next_cursor']}")
    assert [page.json()["items"][0]["id"] for page in (first, rest)] == [theirs["id"], mine["id"]]
    for who in ("buyer", "S01", "operator", None):
        assert (await market.shop.call(who, "GET", ORDERS)).status_code in (401, 403)
    assert (await market.shop.call("P01", "GET", OPERATOR)).status_code == 403
    assert (await market.send(market.body({"GT04": 1}), key=None)).json()["code"] == "idempotency_key_required"


async def test_who_is_suspended_or_has_no_contract_orders_nothing(market):
    async with market.shop.db.write() as session:
        await partners.suspend(session, market.partner_id("P02"))
        await partners.end(
            session, market.contracts["P01"].id, by=market.shop.actor("operator"), now=market.shop.clock()
        )
    suspended = await market.send(market.body({"GT04": 1}), "P02")
    assert (suspended.status_code, suspended.json()["code"]) == (409, "partner_suspended")
    ended = await market.send(market.body({"GT04": 1}))
    assert (ended.status_code, ended.json()["code"]) == (409, "no_contract")


async def test_placing_an_order_costs_few_statements_however_long_it_is(market, statements):
    counts = []
    for cases in ({"GT04": 1}, {"GT04": 1, "GT14": 2, "NO02": 2, "NO04": 1}):
        asked = market.asked(cases)
        async with market.shop.db.write() as session:
            await session.connection()
            statements.clear()
            placed = await wholesale.place(
                session, asked, partner_id=market.partner_id(), by=market.shop.actor("P01"), now=market.shop.clock()
            )
            counts.append(len(statements))
        assert placed.order.status is wholesale.Status.CONFIRMED
    assert max(counts) <= 10, counts
    async with market.shop.db.write() as session:
        statements.clear()
        await wholesale.cancel(
            session,
            UUID(str(placed.order.id)),
            partner_id=None,
            by=market.shop.actor("operator"),
            reason=None,
            now=market.shop.clock(),
        )
        assert len(statements) <= 7, "\n".join(statements)
