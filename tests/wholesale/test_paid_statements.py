"""The paid basis knows supermarkets: their goods are paid with the whole of the statement that they stand on."""

from __future__ import annotations

from app.core.clock import local_day
from tests.market import GOODS
from tests.wholesale.test_carried import agree_and_bill, month_of, unsold
from tests.wholesale.test_money import transfer
from tests.wholesale.test_statements import MINE, call, more_stock, received, send_back, stated

REPORT = "/v1/office/reports/sales?from=2026-01-01&to=2027-12-31"


async def told(market, basis, groups="month,channel,partner"):
    return await call(market, "officer", "GET", f"{REPORT}&group_by={groups}&basis={basis}")


async def test_goods_are_paid_with_the_last_of_their_statement(market):
    await more_stock(market)
    order, _ = await received(market, bad=4)
    await send_back(market, order, 2)
    await market.shop.settle()
    november = await agree_and_bill(market, await stated(market))
    owed, price = november["payable_fen"], GOODS["NO02"].price_fen
    await transfer(market, "1", owed - 1, november["code"])
    assert (await told(market, "paid"))["totals"]["net_fen"] == 0
    market.shop.clock.advance(days=2)
    await transfer(market, "2", 1, november["code"])
    report = await told(market, "paid")
    (row,) = report["rows"]
    assert (row["month"], row["channel"], row["partner_id"]) == (
        f"{local_day(market.shop.clock()):%Y-%m}",
        "supermarket",
        str(market.partner_id()),
    )
    assert (row["quantity"], row["gross_fen"], row["refunded_fen"]) == (94, 96 * price, 2 * price)
    counted = await told(market, "counted", "sku")
    paid = await told(market, "paid", "sku")
    assert [(one["sku"], one["net_fen"], one["orders"]) for one in paid["rows"]] == [("NO02", 94 * price, 1)]
    assert paid["totals"] == counted["totals"]

    await unsold(market, order, 30)
    december = await month_of(market, "2026-12")
    assert (await told(market, "paid"))["totals"]["net_fen"] == 94 * price
    await agree_and_bill(market, december)  # nothing is to be paid of it: it is settled when it is closed
    paid, counted = await told(market, "paid", "sku"), await told(market, "counted", "sku")
    assert paid["totals"]["net_fen"] == 64 * price
    assert paid["totals"] == counted["totals"]
    assert (await call(market, "P01", "GET", f"{MINE}/{december['id']}"))["status"] == "paid"
