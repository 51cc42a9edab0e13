"""Months in which more goes back than comes: what they come to below zero lessens the next statement, once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from python_calamine import CalamineWorkbook

from app import wholesale
from app.core.clock import local_day
from tests.market import GOODS, load, take_in
from tests.wholesale.test_money import bill, look, transfer
from tests.wholesale.test_statements import ALL, MINE, call, more_stock, order_id, received, stated

PRICE = GOODS["NO02"].price_fen


async def month_of(market, month):
    """The third of the month after ``month`` has come: gives what was stated of P01, or None."""
    clock = market.shop.clock
    first = (date.fromisoformat(f"{month}-01") + timedelta(days=31)).replace(day=3)
    clock.advance(seconds=(datetime(first.year, first.month, 3, 1, tzinfo=UTC) - clock()).total_seconds())
    async with market.shop.db.write() as session:
        await wholesale.issue_statements(session, now=clock())
    await market.shop.settle()
    items = (await call(market, "P01", "GET", f"{MINE}?month={month}"))["items"]
    return await look(market, items[0]) if items else None


async def go_to(market, day):
    """Noon in Shanghai of a day to come."""
    at = datetime.fromisoformat(f"{day}T12:00:00+08:00")
    market.shop.clock.advance(seconds=(at - market.shop.clock()).total_seconds())


async def agree_and_bill(market, statement):
    await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {})
    return await call(market, "operator", "POST", f"{ALL}/{statement['id']}/invoice", bill())


async def unsold(market, order, units, number="TH-1"):
    """So many of an order's first line come back, as was agreed."""
    async with market.shop.db.write() as session:
        await wholesale.consent(
            session,
            order_id(order),
            line_no=1,
            units=units,
            reason=wholesale.ReturnReason.UNSOLD,
            lot_code=None,
            until_on=None,
            note=None,
            by=market.shop.actor("operator"),
            now=market.shop.clock(),
        )
    body = {"return_no": number, "reason": "unsold", "lines": [{"line_no": 1, "units": units}]}
    await call(market, "P01", "POST", f"/v1/partner/purchase-orders/{order['id']}/returns", body, 201)
    await market.shop.settle()


async def below_zero(market, units=30):
    """November is paid, and in December goods only go back: gives the order and December's statement, closed."""
    await more_stock(market)
    order, _ = await received(market)
    november = await agree_and_bill(market, await stated(market))
    await transfer(market, "N", november["payable_fen"], november["code"])
    await unsold(market, order, units)
    december = await month_of(market, "2026-12")
    return order, await agree_and_bill(market, december)


async def tea_in_january(market, cases=4):
    await go_to(market, "2027-01-06")
    order = await market.place({"GT04": cases})
    await load(market, order, {1: cases})
    await take_in(market, order, {1: (cases * 10, 0)})


async def test_what_a_month_is_below_zero_lessens_the_next_to_the_fen(market):
    _, december = await below_zero(market)
    goods = 30 * PRICE
    back = goods - goods * 6 // 100
    # The rebate goes back with the goods: 94 of 100 were paid for them.
    assert [(one["kind"], one["amount_fen"]) for one in december["lines"]] == [
        ("return", -goods),
        ("rebate", goods * 6 // 100),
    ]
    assert (december["status"], december["payable_fen"], december["open_fen"]) == ("paid", -back, 0)
    assert (december["credit_fen"], december["carried_to"]) == (back, None)
    assert await market.credit() == -back
    ageing = await call(market, "P01", "GET", "/v1/partner/account/ageing")
    assert (ageing["credit_fen"], ageing["total_fen"]) == (back, 0)

    await tea_in_january(market)
    january = await month_of(market, "2027-01")
    tea = 40 * GOODS["GT04"].price_fen
    owed = tea - tea * 6 // 100 - back
    carried = january["lines"][-1]
    assert (carried["kind"], carried["amount_fen"], carried["document_no"]) == ("carried", -back, december["number"])
    assert (january["carried_fen"], january["payable_fen"]) == (back, owed)
    december = await look(market, december)
    assert (december["credit_fen"], december["carried_to"]) == (0, january["number"])
    january = await agree_and_bill(market, january)
    assert await market.credit() == owed
    await transfer(market, "J", owed, january["code"])
    assert ((await look(market, january))["status"], await market.credit()) == ("paid", 0)
    assert await market.shop.breaks() == []

    sheet = await market.shop.call("P01", "GET", f"{MINE}/{january['id']}/xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(sheet.content))
    sums = dict(row[:2] for row in book.get_sheet_by_name("对账汇总").to_python() if len(row) > 1)
    assert sums["前期贷方余额结转"] == -back / 100
    rows = book.get_sheet_by_name("对账明细").to_python()
    assert rows[-1][1] == "结转"
    assert december["number"] in rows[-1]
    paper = await market.shop.call("P01", "GET", f"{MINE}/{january['id']}/pdf")
    assert paper.content.startswith(b"%PDF-")
    old = await market.shop.call("P01", "GET", f"{MINE}/{december['id']}/xlsx")
    told = [
        cell
        for row in CalamineWorkbook.from_filelike(BytesIO(old.content)).get_sheet_by_name("对账汇总").to_python()
        for cell in row
    ]
    assert f"贷方余额已结转至对账单 {january['number']}" in told


async def test_what_is_left_below_zero_is_carried_on_and_nothing_is_stated_of_it_alone(market):
    _, december = await below_zero(market, 60)
    assert await month_of(market, "2027-01") is None  # nothing came and nothing went: there is nothing to state
    await go_to(market, "2027-02-03")
    tea = await market.place({"GT04": 1})
    await load(market, tea, {1: 1})
    await take_in(market, tea, {1: (10, 0)}, received_at="2027-02-03T12:00:00+08:00")
    february = await agree_and_bill(market, await month_of(market, "2027-02"))
    goods = 10 * GOODS["GT04"].price_fen
    assert february["goods_fen"] == goods
    assert february["payable_fen"] == goods - february["rebate_fen"] + december["payable_fen"] < 0
    assert february["credit_fen"] == -february["payable_fen"] == -await market.credit()
    assert (await look(market, december))["credit_fen"] == 0
    assert await market.shop.breaks() == []


async def test_a_month_below_zero_that_is_closed_after_the_next_was_drawn_stands_on_it_when_it_is_sent(market):
    await more_stock(market)
    order, _ = await received(market)
    november = await agree_and_bill(market, await stated(market))
    await transfer(market, "N", november["payable_fen"], november["code"])
    await unsold(market, order, 10)
    december = await month_of(market, "2026-12")
    await tea_in_january(market)
    await go_to(market, "2027-02-01")
    body = {"partner_id": str(market.partner_id()), "month": "2027-01"}
    drawn = await call(market, "operator", "POST", ALL, body, 201)
    assert drawn["carried_fen"] == 0
    december = await agree_and_bill(market, december)
    sent = await call(market, "operator", "POST", f"{ALL}/{drawn['id']}/send")
    assert (sent["revision"], sent["carried_fen"]) == (2, -december["payable_fen"])
    assert await market.shop.breaks() == []


async def test_a_month_is_closed_while_the_next_is_drawn_and_counts_once(fresh_market):
    market = fresh_market
    await more_stock(market)
    order, _ = await received(market)
    november = await agree_and_bill(market, await stated(market))
    await transfer(market, "N", november["payable_fen"], november["code"])
    await unsold(market, order, 10)
    december = await month_of(market, "2026-12")
    await tea_in_january(market)
    await call(market, "P01", "POST", f"{MINE}/{december['id']}/confirm", {})
    await go_to(market, "2027-02-01")
    body = {"partner_id": str(market.partner_id()), "month": "2027-01"}
    answers = await asyncio.gather(
        market.shop.call("operator", "POST", f"{ALL}/{december['id']}/invoice", bill()),
        *(market.shop.call("operator", "POST", ALL, body) for _ in range(4)),
    )
    assert [answer.status_code for answer in answers] == [200, 201, 201, 201, 201]
    drawn = await call(market, "operator", "POST", ALL, body, 201)
    assert drawn["carried_fen"] == -december["payable_fen"] > 0
    assert local_day(market.shop.clock()) == date(2027, 2, 1)
    assert await market.shop.breaks() == []
