"""Several at once, with real transactions: credit and stock are never promised twice, and nobody waits in a ring."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

from app import wholesale
from app.core.errors import DomainError


async def at_once(*calls):
    """What became of calls that were made together: their answers, or the codes of their refusals."""

    async def outcome(call):
        try:
            return await call
        except DomainError as refusal:
            return refusal.code

    return await asyncio.gather(*(outcome(call) for call in calls))


def place(market, cases, who="P01", **more):
    async def run():
        async with market.shop.db.write() as session:
            return await wholesale.place(
                session,
                market.asked(cases, **more),
                partner_id=market.partner_id(who),
                by=market.shop.actor(who),
                now=market.shop.clock(),
            )

    return run()


def cancel(market, order):
    async def run():
        async with market.shop.db.write() as session:
            return await wholesale.cancel(
                session,
                order.id,
                partner_id=order.partner_id,
                by=market.shop.actor("P01"),
                reason=None,
                now=market.shop.clock(),
            )

    return run()


def dispatch(market, order, cases, who="S01"):
    async def run():
        async with market.shop.db.write() as session:
            return await wholesale.dispatch(
                session,
                order.id,
                wholesale.Load(lines=(wholesale.LoadLine(line_no=1, cases=cases),)),
                supplier_id=market.shop.actor(who).supplier_id,
                by=market.shop.actor(who),
                now=market.shop.clock(),
            )

    return run()


def close(market):
    async def run():
        async with market.shop.db.write() as session:
            return await wholesale.close_due(session, now=market.shop.clock())

    return run()


async def test_many_orders_at_once_never_exceed_the_limit(fresh_market):
    market = fresh_market
    await market.limit(5 * 80_000)
    found = await at_once(*(place(market, {"GT04": 1}) for _ in range(8)))
    assert Counter(one if isinstance(one, str) else "placed" for one in found) == {"placed": 5, "credit_exceeded": 3}
    assert (await market.credit(), await market.shop.stock("GT04")) == (400_000, (100, 50))
    assert await market.shop.breaks() == []


async def test_many_orders_at_once_never_exceed_the_stock_and_what_is_refused_holds_no_credit(fresh_market):
    market = fresh_market
    found = await at_once(
        *(place(market, {"GT04": 3, "GT14": 2}, who) for who in ("P01", "P02", "P01", "P02", "P01", "P02"))
    )
    assert Counter(one if isinstance(one, str) else "placed" for one in found) == {"placed": 3, "out_of_stock": 3}
    assert await market.credit() + await market.credit("P02") == 3 * (240_000 + 50_000)
    assert (await market.shop.stock("GT04"))[1] == 90
    assert await market.shop.breaks() == []


async def test_one_number_at_once_is_one_order(fresh_market):
    market = fresh_market
    asked = market.asked({"GT04": 1})
    found = await at_once(*(place(market, {}, po_no=asked.po_no, lines=asked.lines) for _ in range(4)))
    assert [one.duplicate for one in found].count(False) == 1
    assert {one.order.id for one in found} == {found[0].order.id}
    assert await market.credit() == 80_000
    assert await market.shop.breaks() == []


async def test_different_content_under_one_number_at_once_is_versions_of_one_order(fresh_market):
    market = fresh_market
    asked = market.asked({"GT04": 1})
    found = await at_once(*(place(market, {"GT04": cases}, po_no=asked.po_no) for cases in (1, 2, 3)))
    assert sorted(one.order.version for one in found) == [1, 2, 3]
    last = next(one.order for one in found if one.order.version == 3)
    assert await market.credit() == last.total_fen
    assert (await market.shop.stock("GT04"))[1] == last.lines[0].promised_units
    assert await market.shop.breaks() == []


async def test_goods_are_exchanged_at_once_without_waiting_in_a_ring(fresh_market):
    market = fresh_market
    first = (await place(market, {"GT04": 2})).order
    second = (await place(market, {"GT14": 2}, "P02")).order
    for _ in range(3):
        found = await at_once(
            place(market, {"GT14": 4}, po_no=first.po_no), place(market, {"GT04": 3}, "P02", po_no=second.po_no)
        )
        assert not [one for one in found if isinstance(one, str)], found
        found = await at_once(
            place(market, {"GT04": 2}, po_no=first.po_no), place(market, {"GT14": 2}, "P02", po_no=second.po_no)
        )
        assert not [one for one in found if isinstance(one, str)], found
    assert (await market.credit(), await market.credit("P02")) == (160_000, 50_000)
    assert await market.shop.breaks() == []


async def test_an_amendment_against_a_cancellation_leaves_one_of_both(fresh_market):
    market = fresh_market
    for _ in range(4):
        order = (await place(market, {"GT04": 2})).order
        amended, cancelled = await at_once(place(market, {"GT04": 4}, po_no=order.po_no), cancel(market, order))
        assert not isinstance(cancelled, str)
        assert amended == "step_not_allowed" or amended.order.version == 2
        assert (await market.credit(), (await market.shop.stock("GT04"))[1]) == (0, 0)
    assert await market.shop.breaks() == []


async def test_expiry_against_dispatch_gives_back_only_what_did_not_leave(fresh_market):
    market = fresh_market
    for turn in range(4):
        market.shop.clock.advance(days=7 * bool(turn))
        day = market.today
        order = (await place(market, {"GT04": 2}, required_on=day + timedelta(days=4), latest_on=None)).order
        closes = order.closes_on
        market.shop.clock.advance(days=(closes - day).days)
        sent, _, _ = await at_once(dispatch(market, order, 1), cancel(market, order), close(market))
        assert sent == "step_not_allowed" or sent.lines[0].units == 10
        market.shop.clock.advance(days=1)
        late, _ = await at_once(dispatch(market, order, 1), close(market))
        assert late in ("last_day_over", "step_not_allowed")
        async with market.shop.db.read() as session:
            seen = await wholesale.view(session, UUID(str(order.id)))
        assert seen.status in (wholesale.Status.SHIPPED, wholesale.Status.CANCELLED)
        await close(market)
    shipped = await market.shop.scalar("SELECT coalesce(sum(shipped_units), 0) FROM wholesale_po_line")
    # Two weeks after its last day an order of which nothing came gives its credit back; its goods are asked for.
    asked = await market.shop.scalar("SELECT coalesce(sum(units), 0) FROM wholesale_missing")
    assert (await market.credit(), (await market.shop.stock("GT04"))) == ((shipped - asked) * 8_000, (100 - shipped, 0))
    await market.shop.settle()
    assert await market.shop.breaks() == []


async def test_partners_place_and_give_up_while_the_clock_closes(fresh_market):
    """Everybody at once, again and again; only refusals that a caller can foresee, and the books agree."""
    market = fresh_market
    for _ in range(3):
        old = [(await place(market, {"GT04": 1, "GT14": 2}, who)).order for who in ("P01", "P02")]
        market.shop.clock.advance(days=9)
        calls = [place(market, {"GT14": 2, "GT04": 1, "NO02": 2}, who) for who in ("P01", "P02") * 2]
        calls += [cancel(market, order) for order in old if order.partner_id == market.partner_id()]
        found = await at_once(*calls, close(market), close(market))
        assert not {one for one in found if isinstance(one, str)} - {"step_not_allowed", "out_of_stock"}, found
        for one in found:
            if isinstance(one, wholesale.Placed):
                await cancel(market, one.order)
        await close(market)
        assert (await market.credit(), await market.credit("P02")) == (0, 0)
    await market.shop.settle()
    assert await market.shop.breaks() == []
