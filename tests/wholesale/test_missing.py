"""Goods that were sent and never received: the clock closes their order once, and an operator finds out about them."""

from __future__ import annotations

import asyncio

import pytest

from app import wholesale
from app.core.settings import WholesaleSettings
from app.wholesale.rules.missing import Found, MoreThanMissing, placed
from app.wholesale.rules.receiving import UnknownLotOfLine
from app.wiring import chores
from tests.market import count, load, take_in

MISSING = "/v1/operator/missing-goods"


async def close(market, **more):
    async with market.shop.db.write() as session:
        done = await wholesale.close_due(session, now=market.shop.clock(), **more)
    await market.shop.settle()
    return done


async def waiting(market):
    answer = await market.shop.call("operator", "GET", f"{MISSING}?waiting=true")
    assert answer.status_code == 200
    return answer.json()["items"]


async def decide(market, missing, returned, who="operator"):
    body = {"returned": returned, "note": "已与承运人核实"}
    return await market.shop.call(who, "POST", f"{MISSING}/{missing['id']}/decide", body)


async def sent(market):
    """An order of fifty boxes, of which forty were sent and nothing came."""
    order = await market.place({"GT04": 5})
    await load(market, order, {1: 4})
    return order


async def test_an_order_of_which_nothing_comes_is_closed_weeks_after_its_last_day(market):
    order = await sent(market)
    price = order["lines"][0]["unit_price_fen"]
    closes = (await market.shop.rows("SELECT closes_on FROM wholesale_po"))[0][0]
    market.shop.clock.advance(days=(closes - market.today).days + 1)
    await close(market)
    assert ((await market.look(order))["status"], await market.credit()) == ("shipped", 40 * price)
    market.shop.clock.advance(days=13)
    assert await close(market) == 0
    market.shop.clock.advance(days=1)
    assert await close(market) == 1
    seen = await market.look(order)
    assert (seen["status"], await market.credit()) == ("closed", 0)
    assert "核实货物去向" in seen["history"][-1]["reason"]
    assert await market.shop.stock("GT04") == (60, 0)
    (missing,) = await waiting(market)
    assert (missing["units"], missing["worth_fen"], missing["po_no"]) == (40, 40 * price, order["po_no"])
    assert missing["lots"] == {"GT04-A": 40}
    late = await count(market, order, {1: (40, 0)})
    assert (late.status_code, late.json()["code"]) == (409, "step_not_allowed")
    assert await close(market) == 0
    assert await market.shop.breaks() == []

    too_many = await decide(market, missing, [{"units": 41}])
    assert (too_many.status_code, too_many.json()["code"]) == (422, "more_than_missing")
    other = await decide(market, missing, [{"units": 1, "lot_code": "GT04-X"}])
    assert other.json()["code"] == "unknown_lot_of_line"
    done = (await decide(market, missing, [{"units": 30}])).json()
    assert (done["returned_units"], done["lost_units"]) == (30, 10)
    assert await market.shop.stock("GT04") == (90, 0)
    again = await decide(market, missing, [{"units": 30}])
    assert (again.status_code, again.json()["code"]) == (409, "missing_decided")
    assert await waiting(market) == []
    assert await market.credit() == 0
    assert await market.shop.breaks() == []


async def test_what_is_lost_stays_gone(market):
    await sent(market)
    market.shop.clock.advance(days=30)
    await close(market)
    (missing,) = await waiting(market)
    assert (await decide(market, missing, [])).json()["lost_units"] == 40
    assert await market.shop.stock("GT04") == (60, 0)
    assert await market.shop.breaks() == []


async def test_of_an_order_that_came_in_part_the_rest_is_asked_for(market):
    order = await sent(market)
    await take_in(market, order, {1: (25, 0)})
    market.shop.clock.advance(days=30)
    await close(market)
    (missing,) = await waiting(market)
    assert missing["units"] == 15
    assert await market.credit() == 25 * order["lines"][0]["unit_price_fen"]
    assert await market.shop.breaks() == []


async def test_how_long_is_waited_is_a_setting(market):
    order = await sent(market)
    closes = (await market.shop.rows("SELECT closes_on FROM wholesale_po"))[0][0]
    patient = market.shop.settings.model_copy(update={"wholesale": WholesaleSettings(lost_after_days=40)})
    (chore,) = [one for one in chores(patient) if one.name == "wholesale.close_due"]
    for days, status in ((40, "shipped"), (41, "closed")):
        market.shop.clock.advance(days=(closes - market.today).days + days)
        async with market.shop.db.write() as session:
            await chore.run(session, market.shop.clock())
        assert (await market.look(order))["status"] == status


async def test_two_clocks_and_two_operators_change_it_once(fresh_market):
    market = fresh_market
    await sent(market)
    market.shop.clock.advance(days=30)
    assert sorted(await asyncio.gather(*(close(market) for _ in range(3)))) == [0, 0, 1]
    (missing,) = await waiting(market)
    answers = await asyncio.gather(
        *(decide(market, missing, [{"units": units}], who) for units in (10, 20) for who in ("operator", "operator2"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    back = next(answer.json()["returned_units"] for answer in answers if answer.status_code == 200)
    assert await market.shop.stock("GT04") == (60 + back, 0)
    assert await market.credit() == 0
    assert await market.shop.breaks() == []


async def test_a_receipt_at_the_last_moment_or_the_clock(fresh_market):
    market = fresh_market
    order = await sent(market)
    market.shop.clock.advance(days=30)
    answer, _ = await asyncio.gather(count(market, order, {1: (40, 0)}), close(market))
    await market.shop.settle()
    assert answer.status_code in (201, 409)
    # Taken in, it is owed and waits for its closing; closed, it is not.
    expected = 40 * order["lines"][0]["unit_price_fen"] if answer.status_code == 201 else 0
    await close(market)
    assert await market.credit() == expected
    assert len(await waiting(market)) == (answer.status_code == 409)
    assert await market.shop.breaks() == []


def test_where_what_was_found_lies():
    assert placed([], missing_units=5, lots={"A": 5}) == []
    assert placed([Found(units=5)], missing_units=5, lots={"A": 5}) == [(5, "A")]
    assert placed([Found(units=5)], missing_units=5, lots={}) == [(5, None)]
    both = [Found(units=2, lot_code="A"), Found(units=3, lot_code="B")]
    assert placed(both, missing_units=6, lots={"A": 3, "B": 3}) == [(2, "A"), (3, "B")]
    with pytest.raises(MoreThanMissing):
        placed(both, missing_units=4, lots={"A": 3, "B": 3})
    for found, lots in (
        ([Found(units=1)], {"A": 3, "B": 3}),
        ([Found(units=2, lot_code="A"), Found(units=2, lot_code="A")], {"A": 3, "B": 3}),
        ([Found(units=1, lot_code="A")], {}),
    ):
        with pytest.raises(UnknownLotOfLine):
            placed(found, missing_units=9, lots=lots)


async def test_missing_goods_are_the_operators(market):
    for who in ("P01", "S01", "officer", "buyer"):
        assert (await market.shop.call(who, "GET", MISSING)).status_code == 403
