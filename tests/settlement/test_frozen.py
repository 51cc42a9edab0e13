"""Money near its provider's limit is listed, counted and announced once, until it is split."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.settlement.couriers import errands
from tests.settlement.builders import Piece

DAY = timedelta(days=1)
MAY = datetime(2026, 5, 10, 4, tzinfo=UTC)
PAID = MAY - 7 * DAY
PATH = "/v1/operator/frozen-money"


async def look(books, at, query=""):
    books.shop.clock.at = at
    answer = await books.shop.call("operator", "GET", PATH + query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def watch(books, at):
    books.shop.clock.at = at
    for errand in errands(books.shop.settings):
        assert await errand(books.db, at) == 0


async def told(books):
    return await books.shop.rows(
        "SELECT payload FROM core_event WHERE name = 'settlement.money_near_freeze_limit' ORDER BY id"
    )


async def gauges(books):
    lines = [line.split() for line in (await books.shop.call(None, "GET", "/metrics")).text.splitlines()]
    return [float(value) for name, value in (line for line in lines if len(line) == 2) if "near_freeze" in name]


@pytest.fixture
async def sold(books):
    """One that is in time, one half refunded, one refunded, one paid by bank transfer."""
    late = await books.sell(MAY, Piece(price=10_000), freight=500)
    await books.refund(MAY + DAY, late, 2_000)
    gone = await books.sell(MAY, Piece(price=3_000))
    await books.refund(MAY + DAY, gone, 3_000)
    await books.sell(MAY, Piece(price=4_000), provider="bank_transfer")
    waiting = await books.sell(MAY + 2 * DAY, Piece("NO02", price=5_000), who="S08", status="delivered")
    await books.sell(MAY + 60 * DAY, Piece(price=6_000))
    return late, waiting


async def test_what_is_near_is_listed_with_where_it_stands(books, sold):
    late, waiting = sold
    assert (await look(books, PAID + 165 * DAY))["items"] == []
    (one,) = (await look(books, PAID + 166 * DAY))["items"]
    assert (one["supplier_order_id"], one["held_fen"], one["frozen_until"]) == (str(late.id), 8_500, "2026-10-30")
    assert (one["order_status"], one["statement_number"]) == ("completed", None)
    await books.issue("2026-05", PAID + 40 * DAY)
    page = await look(books, PAID + 170 * DAY, "?limit=1")
    assert page["items"][0]["statement_status"] == "issued"
    (rest,) = (await look(books, PAID + 170 * DAY, f"?cursor={page['next_cursor']}"))["items"]
    assert (rest["supplier_order_id"], rest["order_status"]) == (str(waiting.id), "delivered")
    for who in ("S01", "officer", "buyer"):
        assert (await books.shop.call(who, "GET", PATH)).status_code == 403


async def test_what_is_split_is_no_longer_listed(books, sold):
    late, waiting = sold
    await books.account(MAY)
    paid_at = PAID + 50 * DAY
    await books.issue("2026-05", PAID + 40 * DAY)
    await books.confirm_all(PAID + 40 * DAY)
    await books.paid(await books.run(paid_at), paid_at)
    items = (await look(books, PAID + 200 * DAY))["items"]
    assert str(late.id) not in {one["supplier_order_id"] for one in items}
    assert str(waiting.id) in {one["supplier_order_id"] for one in items}


async def test_every_day_somebody_looks_and_each_is_announced_once(books, sold):
    late, waiting = sold
    await watch(books, PAID + 165 * DAY)
    assert (await told(books), await gauges(books)) == ([], [0, 0])
    for hours in (0, 3, 9):
        await watch(books, PAID + 167 * DAY + timedelta(hours=hours))
    ((fact,),) = await told(books)
    assert (fact["supplier_order_id"], fact["held_fen"], fact["frozen_until"]) == (str(late.id), 8_500, "2026-10-30")
    assert await gauges(books) == [1, 8_500]
    await watch(books, PAID + 169 * DAY)
    assert [fact["supplier_order_id"] for (fact,) in await told(books)] == [str(late.id), str(waiting.id)]
    assert await gauges(books) == [2, 13_500]
    answer = await books.shop.call(None, "GET", "/readyz")
    assert "freeze" not in answer.text  # an alarm, and no reason to take the service away


async def test_what_was_split_is_forgotten(books, sold):
    late, _ = sold
    await watch(books, PAID + 169 * DAY)
    assert len(await told(books)) == 2
    await books.refund(PAID + 169 * DAY, late, 8_000, freight=500)
    await watch(books, PAID + 170 * DAY)
    assert (await gauges(books))[0] == 1
    assert await books.shop.scalar("SELECT count(*) FROM settlement_frozen") == 1
