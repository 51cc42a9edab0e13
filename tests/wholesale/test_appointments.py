"""Times at docks: made of hours, booked up to their room and never beyond, moved, given up, closed."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.wholesale.rules.appointments import DockHours, InvalidDockHours, late_minutes, slots_of
from tests.market import take_in

PATH = "/v1/partner/appointments"
HOURS = {"dc_code": "0012", "opens": "06:00", "closes": "08:30", "minutes": 60, "capacity_cases": 10}


async def opened(market, days=1, **more):
    first = market.today + timedelta(days=1)
    body = {"first_on": first.isoformat(), "last_on": (first + timedelta(days=days - 1)).isoformat(), **HOURS, **more}
    answer = await market.shop.call("P01", "POST", f"{PATH}/slots", body, key=None)
    assert answer.status_code == 201, answer.text
    return answer.json()["changed"]


async def slots(market, query=""):
    return (await market.shop.call("P01", "GET", f"{PATH}{query}")).json()["items"]


async def book(market, order, slot, who="P01"):
    body = {"purchase_order_id": order["id"], "slot_id": slot["id"]}
    return await market.shop.call(who, "POST", PATH, body, key=None)


def hours(**more):
    usual = {
        "first_on": date(2026, 11, 23),
        "last_on": date(2026, 11, 29),
        "opens": time(6),
        "closes": time(8, 30),
        "minutes": 60,
        "capacity_cases": 10,
    }
    return DockHours(**usual | more)


def test_slots_are_made_of_hours():
    made = list(slots_of(hours(weekdays=(1, 3))))
    assert [begins.isoformat() for begins, _ in made] == [
        "2026-11-23T06:00:00+08:00",
        "2026-11-23T07:00:00+08:00",
        "2026-11-25T06:00:00+08:00",
        "2026-11-25T07:00:00+08:00",
    ]
    assert all(ends - begins == timedelta(hours=1) for begins, ends in made)
    for wrong in (
        {"opens": time(9)},
        {"last_on": date(2026, 11, 22)},
        {"last_on": date(2027, 11, 22)},
        {"minutes": 1, "closes": time(23), "last_on": date(2026, 12, 29)},
    ):
        with pytest.raises(InvalidDockHours):
            list(slots_of(hours(**wrong)))


@pytest.mark.parametrize(("minutes", "late"), [(-20, 0), (0, 0), (30, 0), (31, 31), (95, 95)])
def test_docks_wait_for_half_an_hour(minutes, late):
    begins = datetime(2026, 11, 25, 6, tzinfo=UTC)
    assert late_minutes(begins, begins + timedelta(minutes=minutes)) == late


async def test_an_order_is_booked_moved_and_comes(market):
    shop = market.shop
    assert await opened(market, days=2) == 4
    assert await opened(market, days=3) == 2
    first, second, *_ = await slots(market)
    assert (first["dc_code"], first["free_cases"], first["starts_at"][:16]) == ("0012", 10, "2026-11-20T22:00")
    order = await market.place({"GT04": 4, "NO02": 2})
    made = await book(market, order, first)
    assert (made.status_code, made.json()["cases"]) == (201, 6)
    assert (await book(market, order, first)).json()["id"] == made.json()["id"]
    assert [slot["free_cases"] for slot in (await slots(market))[:2]] == [4, 10]
    for who in ("S01", "S08"):
        seen = (await shop.call(who, "GET", f"/v1/supplier/purchase-orders/{order['id']}")).json()
        assert seen["appointment"]["starts_at"] == made.json()["starts_at"]
    other = await market.place({"GT04": 5})
    full = await book(market, other, first)
    assert (full.status_code, full.json()["code"]) == (409, "slot_full")
    assert "4" in full.json()["detail"]
    moved = await book(market, order, second)
    assert moved.status_code == 201
    assert [slot["booked_cases"] for slot in (await slots(market))[:2]] == [0, 6]
    assert [len(slot["appointments"]) for slot in (await slots(market))[:2]] == [0, 1]
    path = f"{PATH}/{moved.json()['id']}"
    assert (await shop.call("P02", "POST", f"{path}/release", key=None)).status_code == 404
    shop.clock.advance(hours=20)  # eight o'clock: the slot began at seven
    came = await shop.call("P01", "POST", f"{path}/arrived", {}, key=None)
    assert (came.status_code, came.json()["late_minutes"]) == (200, 60)
    released = await shop.call("P01", "POST", f"{path}/release", key=None)
    assert released.status_code == 200
    assert (await shop.call("P01", "POST", f"{path}/release", key=None)).status_code == 404
    assert await shop.scalar("SELECT sum(booked_cases) FROM wholesale_slot") == 0
    over = await book(market, order, first)
    assert (over.status_code, over.json()["code"]) == (409, "slot_closed")


async def test_what_cannot_be_booked(market):
    await opened(market, days=12)
    found = await slots(market, "?limit=100")
    order = await market.place({"GT04": 1})
    late = await book(market, order, found[-1])
    assert (late.status_code, late.json()["code"]) == (422, "wrong_dock")
    store = await market.place({"GT04": 1}, dc_code="0001")
    assert (await book(market, store, found[0])).json()["code"] == "wrong_dock"
    assert (await book(market, order, found[0], "P02")).status_code == 404
    await take_in(market, order, {1: (10, 0)})
    assert (await book(market, order, found[0])).json()["code"] == "step_not_allowed"
    unknown = await market.shop.call(
        "P01",
        "POST",
        f"{PATH}/slots",
        {**HOURS, "dc_code": "9", "first_on": "2026-12-01", "last_on": "2026-12-01"},
        key=None,
    )
    assert unknown.status_code == 422
    assert await market.shop.scalar("SELECT sum(booked_cases) FROM wholesale_slot") == 0


async def test_a_dock_that_is_closed_takes_nothing(market):
    shop = market.shop
    await opened(market, days=2)
    found = await slots(market)
    order = await market.place({"GT04": 1})
    assert (await book(market, order, found[0])).status_code == 201
    day = (market.today + timedelta(days=1)).isoformat()
    body = {"dc_code": "0012", "first_on": day, "last_on": day, "reason": "盘点"}
    closed = await shop.call("P01", "POST", f"{PATH}/closed-days", body, key=None)
    assert (closed.json()["changed"], [one["po_no"] for one in closed.json()["affected"]]) == (1, [order["po_no"]])
    shown = await slots(market)
    assert [slot["closed"] for slot in shown] == [True, True, False, False]
    assert shown[0]["appointments"][0]["slot_closed"] is True
    refused = await book(market, await market.place({"GT04": 1}), found[1])
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_closed")
    assert (await book(market, order, found[2])).status_code == 201
    again = await shop.call("P01", "POST", f"{PATH}/open-days", body, key=None)
    assert again.json()["changed"] == 1
    assert (await book(market, order, found[1])).status_code == 201
    by_operator = f"/v1/operator/partners/{market.partner_id()}"
    assert (await shop.call("operator", "POST", f"{by_operator}/dock-closed-days", body, key=None)).json()[
        "changed"
    ] == 1
    more = {**HOURS, "first_on": "2026-12-07", "last_on": "2026-12-07"}
    made = await shop.call("operator", "POST", f"{by_operator}/dock-slots", more, key=None)
    assert made.json()["changed"] == 2


async def test_many_book_at_once_and_the_room_is_never_exceeded(fresh_market):
    market = fresh_market
    await opened(market)
    first, second = await slots(market)
    orders = [await market.place({"GT04": 3}) for _ in range(3)]
    orders += [await market.place({"GT14": 2}) for _ in range(3)]
    answers = await asyncio.gather(*(book(market, order, first) for order in orders))
    assert {answer.status_code for answer in answers} == {201, 409}
    booked = sum(answer.json()["cases"] for answer in answers if answer.status_code == 201)
    assert 8 <= booked <= 10
    # All want to change places at once, in both directions.
    answers = await asyncio.gather(*(book(market, order, slot) for order in orders for slot in (second, first)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    for slot in await slots(market):
        assert slot["booked_cases"] == sum(one["cases"] for one in slot["appointments"]) <= 10


async def test_an_order_that_will_not_come_leaves_its_time_to_others(market):
    await opened(market)
    first, second = await slots(market)
    given_up = await market.place({"GT04": 4})
    cut_away = await market.place({"GT04": 2})
    moved = await market.place({"GT04": 3})
    for order, slot in ((given_up, first), (cut_away, first), (moved, second)):
        assert (await book(market, order, slot)).status_code == 201
    path = f"/v1/partner/purchase-orders/{given_up['id']}/cancel"
    assert (await market.shop.call("P01", "POST", path, {"reason": "不需要了"})).status_code == 200
    path = f"/v1/operator/purchase-orders/{cut_away['id']}/cuts"
    body = {"lines": [{"line_no": 1, "cases": 0, "reason": "缺货"}]}
    cut = await market.shop.call("operator", "POST", path, body)
    assert (cut.status_code, cut.json()["status"]) == (200, "cancelled"), cut.text
    changed = await market.place({"GT04": 3}, po_no=moved["po_no"], dc_code="0001")
    assert (changed["id"], changed["version"]) == (moved["id"], 2)
    assert [(slot["booked_cases"], slot["appointments"]) for slot in await slots(market)] == [(0, []), (0, [])]


@pytest.mark.parametrize(
    "odd", [{"opens": 0}, {"closes": 39_600}, {"closes": 1.5}, {"opens": "06:00+08:00"}, {"closes": "08:30Z"}]
)
async def test_hours_are_those_of_the_clock_on_the_wall(market, odd):
    """Nothing that has an offset of its own, as numbers do: it could not be compared with the other."""
    day = (market.today + timedelta(days=1)).isoformat()
    answer = await market.shop.call(
        "P01", "POST", f"{PATH}/slots", HOURS | {"first_on": day, "last_on": day} | odd, key=None
    )
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [f"/{next(iter(odd))}"]
    assert await slots(market) == []


@pytest.mark.parametrize("query", ["?from=9999-12-31", "?to=9999-12-31", "?from=0001-01-01"])
async def test_days_at_the_end_of_time_are_refused(market, query):
    answer = await market.shop.call("P01", "GET", f"{PATH}{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
