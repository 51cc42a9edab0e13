"""Splits beside the provider's account: what differs stands in the queue of its day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.core.money import yuan
from tests.payments import bills
from tests.payments.test_bills import QUEUE, ROOT, call, upload
from tests.settlement.builders import Piece
from tests.settlement.test_splits import FIFTH, LATER, World

DAY = LATER.date()


@pytest.fixture
async def shares(books):
    """Two payments that were shared, and their numbers and amounts."""
    world = World(books)
    await books.account(FIFTH)
    await world.merchant()
    for price in (10_000, 20_000):
        await world.sell(Piece(price=price))
    await world.confirmed()
    made = await world.run()
    await world.rounds()
    books.shop.clock.advance(days=2)
    found = [one for one in await world.splits(made) if one["kind"] == "share"]
    return sorted((one["number"], one["amount_fen"]) for one in found)


async def account(shop, *rows, day: date = DAY):
    """A bill of the account with these splits: number and yuan."""
    named = [("分账", "分账", "收入", yuan(fen), number, "T") for number, fen in rows]
    plain = bills.funds(more=named).replace(b"2026-11-19", str(day).encode())
    await upload(shop, "fund_flow", plain, day)
    await shop.settle()


async def queue(shop, query="status=open"):
    items = (await call(shop, "GET", f"{QUEUE}?{query}"))["items"]
    return sorted(
        (one["kind"], one["key"], one["ours_fen"], one["theirs_fen"]) for one in items if one["leg"] == "splits"
    )


async def test_that_agree_leave_nothing(books, shares):
    await account(books.shop, *shares)
    assert await queue(books.shop) == await queue(books.shop, "status=waiting") == []


async def test_every_difference_stands_in_the_queue_of_the_day(books, shares):
    shop = books.shop
    (first, fen), (second, other) = shares
    await account(shop, (first, fen + 1), ("FS9", 77))
    assert await queue(shop) == [("AMOUNT", first, fen, fen + 1), ("LONG", "FS9", None, 77)]
    assert await queue(shop, "status=waiting") == [("SHORT", second, other, None)]
    await account(shop, (second, other), day=DAY + timedelta(days=1))
    assert await queue(shop, "status=waiting") == []
    assert ("SHORT", second, other, None) in await queue(shop, "status=resolved")
    await upload(shop, "trade", bills.trade(), DAY)
    assert (await call(shop, "POST", f"{ROOT}/{DAY}/close", status=409))["code"] == "day_not_ready"
    for one in (await call(shop, "GET", f"{QUEUE}?status=open&day={DAY}"))["items"]:
        await call(shop, "POST", f"{QUEUE}/{one['id']}/explain", {"explanation": "渠道已更正"})
    assert (await call(shop, "POST", f"{ROOT}/{DAY}/close"))["status"] == "closed"
    await account(shop, *shares, day=DAY + timedelta(days=1))  # a closed day stays
    assert len(await queue(shop, "status=explained")) == 2
