"""What is posted for what happened: to the fen, once, and by whom it is borne."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import settlement
from tests.settlement.builders import Piece

DAY = timedelta(days=1)


async def test_a_sale_is_collected_for_its_supplier_less_the_commission_of_the_house(books, now):
    await books.sell(now, Piece(price=12_800, quantity=2), Piece("GT14", price=3_990), freight=800)
    assert await books.post(now) == 3
    assert await books.postings("sale") == [
        {"clearing": 25_600, "commission": -1_280, "payable": -24_320},
        {"clearing": 3_990, "commission": -200, "payable": -3_790},  # 199.5 fen, half up
        {"clearing": 800, "payable": -800},
    ]
    assert (await books.owed(now)).total_fen == 24_320 + 3_790 + 800


async def test_what_came_by_bank_transfer_is_with_the_platform_and_with_no_provider(books, now):
    sold = await books.sell(now, Piece(off={"district": 1_000}), freight=300, provider="bank_transfer")
    await books.refund(now, sold, 900, freight=100)
    await books.post(now)
    assert await books.postings("sale") == [
        {"cash": 9_000, "district": 1_000, "commission": -500, "payable": -9_500},
        {"cash": 300, "payable": -300},
    ]
    assert await books.postings("refund") == [
        {"cash": -900, "district": -100, "commission": 50, "payable": 950},
        {"cash": -100, "payable": 100},
    ]


async def test_looking_again_posts_nothing(books, now):
    sold = await books.sell(now, Piece(), freight=500)
    await books.refund(now, sold, 100, freight=50)
    assert await books.post(now) == 4
    assert await books.post(now) == 0
    async with books.db.write() as session:
        assert await settlement.post_everything(session, now=now + DAY) == 0


async def test_what_is_not_accepted_is_not_owed(books, now):
    for status in ("paid", "shipped", "delivered"):
        await books.sell(now, Piece(), status=status)
    assert await books.post(now) == 0


@pytest.mark.parametrize(
    ("off", "entries"),
    [
        ({"supplier": 1_000}, {"clearing": 9_000, "commission": -450, "payable": -8_550}),
        ({"platform": 1_000}, {"clearing": 9_000, "platform": 1_000, "commission": -500, "payable": -9_500}),
        ({"district": 1_000}, {"clearing": 9_000, "district": 1_000, "commission": -500, "payable": -9_500}),
        (
            {"supplier": 100, "platform": 200, "district": 300},
            {"clearing": 9_400, "platform": 200, "district": 300, "commission": -495, "payable": -9_405},
        ),
    ],
)
async def test_a_discount_is_borne_by_who_gave_it(books, now, off, entries):
    await books.sell(now, Piece(off=off))
    await books.post(now)
    assert await books.postings("sale") == [entries]


@pytest.mark.parametrize(
    ("liable", "entries"),
    [
        (None, {"clearing": -900, "district": -100, "commission": 50, "payable": 950}),
        ("supplier", {"clearing": -900, "district": -100, "commission": 50, "payable": 950}),
        ("buyer", {"clearing": -900, "district": -100, "commission": 50, "payable": 950}),
        ("carrier", {"clearing": -900, "district": -100, "carrier": 1_000}),
        ("platform", {"clearing": -900, "district": -100, "platform": 1_000}),
    ],
)
async def test_a_refund_is_borne_by_who_is_liable(books, now, liable, entries):
    sold = await books.sell(now, Piece(off={"district": 1_000}))
    await books.refund(now + DAY, sold, 900, liable=liable)
    await books.post(now + DAY)
    assert await books.postings("refund") == [entries]


@pytest.mark.parametrize(
    ("liable", "entries"),
    [
        (None, {"clearing": -300, "payable": 300}),
        ("carrier", {"clearing": -300, "carrier": 300}),
        ("platform", {"clearing": -300, "platform": 300}),
    ],
)
async def test_freight_that_goes_back_is_borne_by_who_is_liable(books, now, liable, entries):
    sold = await books.sell(now, Piece(), freight=800)
    await books.refund(now, sold, 0, freight=300, liable=liable)
    await books.post(now)
    assert await books.postings("refund") == [entries]


async def test_refunds_take_back_a_running_total_so_that_nothing_is_left_of_a_line(books, now):
    sold = await books.sell(now, Piece(price=10_001, off={"platform": 334, "district": 333}))
    for number, fen in enumerate((1, 3_111, 3_111, 3_111), start=1):
        await books.refund(now + number * DAY, sold, fen)
        await books.post(now + number * DAY)
    assert sum(piece.amount for piece in sold.pieces) == 9_334
    async with books.db.read() as session:
        left = await session.execute(
            text(
                "SELECT sum(clearing_fen), sum(payable_fen), sum(commission_fen), sum(platform_fen), sum(district_fen)"
                " FROM settlement_posting"
            )
        )
    assert tuple(left.one()) == (0, 0, 0, 0, 0)


async def test_a_refund_names_the_posting_that_it_reverses(books, now):
    sold = await books.sell(now, Piece(), Piece("GT14"))
    await books.refund(now, sold, 500, line=1)
    await books.post(now)
    ((reverses, rate),) = await books.postings("refund", "reverses", "rate_bp")
    assert (reverses, sold.lines[1]) in await books.postings("sale", "id", "line_id")
    assert rate == 500


async def test_a_refund_before_the_buyers_word_is_posted_with_the_sale(books, now):
    sold = await books.sell(now, Piece(), status="delivered")
    await books.refund(now - 20 * DAY, sold, 100)
    assert await books.post(now) == 0
    later = await books.sell(now + DAY, Piece())
    await books.post(now + DAY)
    done = "UPDATE orders_supplier_order SET status = 'completed', completed_at = :at WHERE id = :id"
    await books.do(text(done), at=now + 2 * DAY, id=sold.id)
    assert await books.post(now + 2 * DAY) == 2
    assert {row[0] for row in await books.postings("sale", "source_id")} == {sold.id, later.id}
    assert await books.postings("refund") == [{"clearing": -100, "commission": 5, "payable": 95}]


async def test_what_came_late_is_found_before_the_next_statements(books, now):
    await books.sell(now, Piece())
    await books.post(now)
    await books.sell(now - 40 * DAY, Piece("GT14"))
    assert await books.post(now) == 0
    await books.issue("2026-10", now)
    assert len(await books.postings("sale", "id")) == 2


@pytest.mark.parametrize(("liable", "account"), [("carrier", "carrier"), ("platform", "platform")])
async def test_goods_that_somebody_else_must_make_good_are_owed_again(books, now, liable, account):
    sold = await books.sell(now, Piece(quantity=3, price=9_999, off={"district": 1}))
    await books.send_again(now, sold, 2, liable=liable)
    await books.post(now)
    ((entries),) = await books.postings("reshipment")
    fen = (2 * (29_997 - 1_500) * 2 + 3) // 6  # two thirds of what the sale left, half up
    assert entries == {account: fen, "payable": -fen}
    assert await books.post(now) == 0


async def test_goods_that_the_supplier_makes_good_are_its_own(books, now):
    sold = await books.sell(now, Piece(quantity=3))
    await books.send_again(now, sold, 2, liable="supplier")
    await books.post(now)
    assert await books.postings("reshipment") == []


class TestCommission:
    async def announce(self, books, now, **rule):
        wanted = {"supplier_id": None, "category": None, "rate_bp": 800, "valid_from": date(2026, 12, 1), **rule}
        async with books.db.write() as session:
            return await settlement.announce_rule(session, by=books.shop.actor("operator"), now=now, **wanted)

    async def rate(self, books, paid_on, **piece):
        at = paid_on + 7 * DAY
        sold = await books.sell(at, Piece(**piece))
        await books.post(at)
        rates = dict(await books.postings("sale", "source_id", "rate_bp"))
        return rates[sold.id]

    async def test_it_is_that_of_the_day_of_payment_in_shanghai(self, books, now):
        await self.announce(books, now)
        begins = now.replace(month=11, day=30, hour=16, minute=0)
        assert await self.rate(books, begins - timedelta(seconds=1)) == 500
        assert await self.rate(books, begins) == 800

    async def test_the_most_specific_rule_counts(self, books, now):
        paid = now.replace(month=12, day=10)
        own = books.supplier("S01")
        await self.announce(books, now, rate_bp=100)
        assert await self.rate(books, paid) == 100
        await self.announce(books, now, rate_bp=200, category="golden-tea")
        assert await self.rate(books, paid) == 200
        assert await self.rate(books, paid, category="dark-tea") == 100
        await self.announce(books, now, rate_bp=300, supplier_id=own)
        assert await self.rate(books, paid) == 300
        await self.announce(books, now, rate_bp=400, supplier_id=own, category="golden-tea")
        assert await self.rate(books, paid) == 400
        await self.announce(books, now, rate_bp=0, supplier_id=own, category="golden-tea", valid_from=date(2026, 12, 9))
        assert await self.rate(books, paid) == 0

    async def test_it_is_announced_a_week_ahead(self, books, now):
        with pytest.raises(settlement.RuleTooSoon):
            await self.announce(books, now, valid_from=date(2026, 11, 26))
        await self.announce(books, now, valid_from=date(2026, 11, 27))

    async def test_a_rule_is_never_replaced(self, books, now):
        await self.announce(books, now)
        with pytest.raises(settlement.RuleTaken):
            await self.announce(books, now, rate_bp=900)


class TestRelease:
    """Until the buyer's time to claim is over nothing is paid out (domain handbook §6.2)."""

    @pytest.mark.parametrize(
        ("terms", "days"),
        [
            ({"return_days": 0, "claim_hours": 24}, timedelta(0)),
            ({"return_days": 0, "claim_hours": 48}, DAY),
            # Delivered on the 19th at noon: the seventh day after it ends with the 26th, in Shanghai.
            ({"return_days": 7, "claim_hours": 24}, timedelta(days=6, hours=12)),
        ],
    )
    async def test_it_is_the_latest_of_completion_faults_and_returns(self, books, now, terms, days):
        await books.sell(now, Piece(), **terms)
        await books.post(now)
        assert await books.postings("sale", "release_at") == [(now + days,)]

    async def test_what_is_owed_says_from_when_it_is_paid(self, books, now):
        await books.sell(now, Piece(), return_days=0)
        await books.sell(now, Piece())
        await books.post(now)
        owed = await books.owed(now)
        assert (owed.stated_fen, owed.released_fen, owed.held_fen) == (0, 9_500, 9_500)


class TestTheTable:
    """PostgreSQL itself keeps the journal."""

    async def refused(self, books, statement):
        with pytest.raises(DBAPIError):
            await books.do(text(statement))

    async def test_it_refuses_what_does_not_sum_to_nothing(self, books, now):
        await books.sell(now, Piece())
        await books.post(now)
        copied = """INSERT INTO settlement_posting (kind, source_id, supplier_id, occurred_at, release_at, posted_at,
            clearing_fen, payable_fen) SELECT 'sale', gen_random_uuid(), supplier_id, now(), now(), now(), 5, %s
            FROM settlement_posting"""
        await books.do(text(copied % "-5"))
        await self.refused(books, copied % "-4")

    async def test_it_refuses_to_be_changed(self, books, now):
        await books.sell(now, Piece())
        await books.post(now)
        await self.refused(books, "UPDATE settlement_posting SET name = 'x'")
        await self.refused(books, "DELETE FROM settlement_posting")


async def test_a_thousand_orders_take_as_many_statements_as_one(books, now, statements):
    counts = []
    for orders in (1, 12):
        for _ in range(orders):
            await books.sell(now, Piece())
        statements.clear()
        await books.post(now)
        counts.append(len(statements))
    assert counts == [10, 10], statements  # five of them look at what supermarkets took in


async def test_a_backlog_is_posted_batch_by_batch(books, now):
    for number in range(5):
        await books.sell(now - 100 * DAY + 20 * number * DAY, Piece())
    done = []
    for _ in range(4):
        async with books.db.write() as session:
            done.append(await settlement.post_due(session, now=now, limit=2))
    assert done == [2, 2, 1, 0]
