"""Payouts split at WeChat Pay: every fen once, whatever is lost, late, closed, forged or asked twice at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import settlement
from app.core.settings import WechatSplitSettings
from app.settlement.couriers.wechat import splitting
from app.settlement.gateways import WechatDesk
from app.settlement.lifecycle import SPLIT_TRANSITIONS, SplitStatus, SplitStep
from app.settlement.models import SplitRow
from app.settlement.rules.split import CannotSplit, Held, Shared, SplitKind, plan, spread, unfreezing
from app.wiring import rounds
from tests.settlement import wechat
from tests.settlement.builders import Books, Piece

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
OCTOBER = datetime(2026, 10, 10, 4, tzinfo=UTC)
FIFTH = datetime(2026, 11, 5, 1, tzinfo=UTC)
LATER = FIFTH + 9 * DAY
MERCHANT = "1900000109"
PROVIDER = "wechat_native"


class World:
    """The books, WeChat Pay, and the errands between the two."""

    def __init__(self, books: Books, **more):
        self.books = books
        books.shop.clock.at = LATER
        self.gateway = wechat.Gateway(books.shop.clock)
        self.desk = WechatDesk.of(wechat.settings(**more), self.gateway.http())
        self.go = splitting(self.desk, provider=PROVIDER, pause=MINUTE)

    @property
    def now(self) -> datetime:
        return self.books.shop.clock()

    async def merchant(self, who="S01", number=MERCHANT):
        path = f"/v1/operator/suppliers/{self.books.supplier(who)}/split-merchant"
        answer = await self.books.shop.call("operator", "PUT", path, {"sub_mchid": number})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sell(self, *pieces, at=OCTOBER, refund=0, who="S01", number=MERCHANT, **more):
        sold = await self.books.sell(at, *pieces, who=who, provider=PROVIDER, **more)
        if refund:
            await self.books.refund(at + DAY, sold, refund)
        total = sum(piece.amount for piece in sold.pieces) + sold.freight
        transaction = f"BJ{self.books.count:014d}"
        self.gateway.pays(transaction, number, total, at - 7 * DAY, refunded=refund)
        return transaction

    async def confirmed(self, month="2026-10", at=FIFTH):
        await self.books.issue(month, at)
        await self.books.confirm_all(at)

    async def run(self):
        books = self.books
        async with books.db.write() as session:
            return await settlement.run_payouts(
                session,
                month=None,
                provider=PROVIDER,
                alone_up_to_fen=10**9,
                by=books.shop.actor("operator"),
                now=self.now,
            )

    async def rounds(self, count=12):
        """The clock goes on, and the worker with it."""
        for _ in range(count):
            while await self.go(self.books.db, self.now):
                pass
            self.books.shop.clock.advance(minutes=2)

    async def payout(self, made):
        async with self.books.db.read() as session:
            (found,) = await settlement.payouts(session, run_id=made.id, limit=9)
        return found

    async def splits(self, made):
        payout, found, cursor = await self.payout(made), [], ""
        while cursor is not None:
            path = f"/v1/operator/payouts/{payout.id}/splits?limit=3{cursor and f'&cursor={cursor}'}"
            answer = await self.books.shop.call("operator", "GET", path)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            cursor = answer.json()["next_cursor"]
        return found


@pytest.fixture
async def world(books):
    made = World(books)
    await books.account(FIFTH)
    await made.merchant()
    return made


async def test_every_payment_is_shared_and_then_set_free(world):
    """Commission and the platform's own discount are settled between the two of them."""
    first = await world.sell(Piece(price=10_000, off={"platform": 100}), freight=300, refund=500)
    second = await world.sell(Piece(price=20_000))
    gone = await world.sell(Piece(price=3_000), refund=3_000)
    await world.confirmed()
    made = await world.run()
    (payout,) = made.payouts
    await world.rounds()
    done = await world.payout(made)
    assert (done.status, done.provider_reference) == ("paid", payout.number)
    assert sum(world.gateway.platform.values()) == payout.platform_fen
    assert world.gateway.suppliers == {MERCHANT: payout.amount_fen}
    assert {paid.frozen for paid in world.gateway.payments.values()} == {0}
    splits = await world.splits(made)
    assert {(one["kind"], one["transaction"], one["status"]) for one in splits} == {
        ("share", first, "finished"),
        ("share", second, "finished"),
        ("unfreeze", first, "finished"),
        ("unfreeze", second, "finished"),
    }
    assert gone not in {one["transaction"] for one in splits}
    shares = [where for _, where in world.gateway.calls].index("orders/unfreeze")
    assert "orders" not in [where for _, where in world.gateway.calls][shares:]
    october = await world.books.statement("2026-10")
    assert october.status is settlement.Status.PAID
    assert await world.books.breaks() == []


@pytest.mark.parametrize("fault", ["away", "lost", "503", "429", "unsigned", "forged", "stale", "another", "changed"])
async def test_what_goes_wrong_on_the_way_is_asked_again_under_the_same_number(world, fault):
    await world.sell(Piece(price=10_000))
    await world.confirmed()
    await world.rounds(1)  # the merchant is prepared
    made = await world.run()
    world.gateway.faults = [fault, "", fault, fault]
    await world.rounds()
    assert (await world.payout(made)).status == "paid"
    assert (sum(world.gateway.platform.values()), world.gateway.suppliers[MERCHANT]) == (500, 9_500)
    taken = fault not in ("away", "503", "429")
    assert any(count > 1 for count in world.gateway.told.values()) is taken
    assert len(world.gateway.told) == len(world.gateway.orders) == 2
    assert await world.books.breaks() == []


async def test_what_is_being_worked_on_is_asked_about(world):
    await world.sell(Piece(price=10_000))
    await world.confirmed()
    await world.rounds(1)
    made = await world.run()
    world.gateway.busy = 1
    await world.rounds(1)
    (share,) = await world.splits(made)
    assert (share["status"], share["provider_reference"] is not None) == ("processing", True)
    assert world.gateway.suppliers == {}
    await world.rounds()
    assert (await world.payout(made)).status == "paid"
    assert world.gateway.told[share["number"]] == 1


async def test_a_share_that_is_closed_fails_the_payout_while_nothing_left_and_the_next_makes_up_the_rest(world):
    first, second = await world.sell(Piece(price=10_000)), await world.sell(Piece(price=20_000))
    await world.confirmed()
    await world.rounds(1)
    made = await world.run()
    world.gateway.closing[second] = "RECEIVER_ACCOUNT_ABNORMAL"
    await world.rounds()
    failed = await world.payout(made)
    assert (failed.status, failed.failure) == ("failed", "RECEIVER_ACCOUNT_ABNORMAL")
    assert (world.gateway.platform, world.gateway.suppliers) == ({first: 500}, {})
    assert await world.books.breaks() == []
    again = await world.run()
    await world.rounds()
    assert (await world.payout(again)).status == "paid"
    assert sum(world.gateway.platform.values()) == 1_500
    assert world.gateway.suppliers == {MERCHANT: 28_500}
    assert sum(one["amount_fen"] for one in await world.splits(again)) == 1_000
    assert await world.books.breaks() == []


async def test_a_refusal_counts_once_nothing_is_known_of_the_request(world):
    await world.sell(Piece(price=10_000))
    await world.confirmed()
    await world.rounds(1)
    world.gateway.receivers.clear()
    made = await world.run()
    await world.rounds()
    assert (await world.payout(made)).failure == "INVALID_REQUEST"
    assert world.gateway.suppliers == {}


async def test_keys_that_are_not_known_there_fail_no_payout(books):
    world = World(books, serial_no="ABCDEF")
    await books.account(FIFTH)
    await world.merchant()
    await world.sell(Piece(price=10_000))
    await world.confirmed()
    made = await world.run()
    await world.rounds(3)
    assert (await world.payout(made)).status == "instructed"
    async with books.db.write() as session:  # as if the keys had been exchanged after the merchant was prepared
        await session.execute(text("UPDATE settlement_merchant SET max_ratio_bp = 3000, prepared_at = now()"))
    await world.rounds(3)
    assert (await world.payout(made)).status == "instructed"
    assert {one["status"] for one in await world.splits(made)} == {"planned"}


class TestWhatTheProviderCannotDo:
    async def failure(self, world):
        await world.confirmed()
        await world.rounds(1)
        made = await world.run()
        await world.rounds(3)
        assert world.gateway.platform == world.gateway.suppliers == {}
        return (await world.payout(made)).failure

    async def test_more_than_its_ratio(self, world):
        world.gateway.ratio = 400
        await world.sell(Piece(price=10_000))
        assert await self.failure(world) == "RATIO_EXCEEDED"

    async def test_money_that_is_elsewhere(self, world):
        await world.sell(Piece(price=10_000))
        await world.books.sell(OCTOBER, Piece())
        assert await self.failure(world) == "OTHER_PROVIDER"

    async def test_one_payment_of_two_suppliers(self, world):
        await world.sell(Piece(price=10_000))
        await world.books.do(
            text("""
            INSERT INTO orders_supplier_order (id, order_id, supplier_id, status, goods_fen, discount_fen, freight_fen,
                amount_fen) SELECT gen_random_uuid(), order_id, :other, 'paid', 1, 0, 0, 1 FROM orders_supplier_order
        """),
            other=world.books.supplier("S08"),
        )
        assert await self.failure(world) == "SEVERAL_PAYEES"

    async def test_without_a_merchant_a_statement_waits(self, world):
        await world.books.account(FIFTH, who="S08")
        await world.sell(Piece("NO02", price=4_000), who="S08", number="1900000208")
        await world.confirmed()
        made = await world.run()
        assert (made.payouts, made.without_account) == ((), ("JS202610S08",))


class TestWhatThePlatformOwes:
    async def owing(self, world):
        """November: the platform gave more than its commission."""
        await world.sell(Piece(price=40_000), at=OCTOBER)
        await world.confirmed()
        made = await world.run()
        await world.rounds()
        assert (await world.payout(made)).status == "paid"
        november = OCTOBER + 31 * DAY
        await world.sell(Piece(price=10_000, off={"platform": self.off}), at=november)
        december = datetime(2026, 12, 5, 1, tzinfo=UTC)
        await world.confirmed("2026-11", december)
        world.books.shop.clock.at = december + 9 * DAY
        made = await world.run()
        await world.rounds()
        return made

    off = 2_000

    async def test_it_gives_back_of_earlier_shares(self, world):
        made = await self.owing(world)
        payout = await world.payout(made)
        assert (payout.platform_fen, payout.status) == (-1_500, "paid")
        assert [one["kind"] for one in await world.splits(made)] == ["give_back", "unfreeze"]
        assert sum(world.gateway.platform.values()) == 2_000 - 1_500
        assert world.gateway.suppliers == {MERCHANT: 38_000 + payout.amount_fen}
        assert await world.books.breaks() == []

    async def test_beyond_them_it_pays_by_a_transfer_of_its_own(self, world):
        self.off = 6_000
        made = await self.owing(world)
        payout = await world.payout(made)
        assert (payout.platform_fen, payout.status) == (-5_500, "instructed")
        assert sum(world.gateway.platform.values()) == 0
        assert world.gateway.suppliers == {MERCHANT: 40_000 + 4_000}
        path = f"/v1/operator/payouts/{payout.id}/end"
        done = await world.books.shop.call("operator", "POST", path, {"reference": "20261214001"})
        assert (done.status_code, done.json()["status"]) == (200, "paid")
        assert await world.books.breaks() == []


async def test_workers_who_go_at_once_ask_for_nothing_twice(fresh_shop):
    books = Books(fresh_shop, fresh_shop.db)
    world = World(books)
    await books.account(FIFTH)
    await world.merchant()
    for price in (9_000, 12_345, 30_001):
        await world.sell(Piece(price=price))
    await world.confirmed()
    made = await world.run()
    world.gateway.faults = ["", "", "lost", "", "lost"]
    for _ in range(12):
        await asyncio.gather(*(world.go(books.db, world.now) for _ in range(4)))
        books.shop.clock.advance(minutes=2)
    payout = await world.payout(made)
    assert payout.status == "paid"
    assert len(world.gateway.orders) == len(await world.splits(made)) == 6
    assert sum(world.gateway.platform.values()) == payout.platform_fen
    assert world.gateway.suppliers == {MERCHANT: payout.amount_fen}
    assert len(await books.postings("payout")) == 1
    assert await books.breaks() == []


async def test_a_run_goes_where_the_installation_splits(books):
    world = World(books)
    await books.account(FIFTH)
    await world.merchant()
    await world.sell(Piece(price=10_000))
    await world.confirmed()
    usual = books.shop.app.state.edge.settings
    books.shop.app.state.edge.settings = usual.model_copy(update={"wechat_split": wechat.settings()})
    try:
        made = (await books.shop.call("operator", "POST", "/v1/operator/payout-runs", {})).json()
    finally:
        books.shop.app.state.edge.settings = usual
    assert made["draft"]["provider"] == PROVIDER
    path = f"/v1/operator/settlement-drafts/{made['id']}/approve"
    assert (await books.shop.call("operator2", "POST", path)).status_code == 200
    await books.shop.settle()  # the sandbox's courier leaves it alone
    await world.rounds()
    async with books.db.read() as session:
        (payout,) = await settlement.payouts(session, limit=9)
    assert (payout.provider, payout.status) == (PROVIDER, "paid")


class TestMerchants:
    async def test_are_prepared_anew_when_they_change(self, world):
        await world.rounds(1)
        path = f"/v1/operator/suppliers/{world.books.supplier('S01')}/split-merchant"
        found = (await world.books.shop.call("operator", "GET", path)).json()
        assert (found["max_ratio_bp"], found["prepared_at"] is not None) == (3_000, True)
        assert (await world.merchant())["prepared_at"] is not None
        assert (await world.merchant(number="1900000777"))["prepared_at"] is None
        await world.rounds(1)
        assert world.gateway.receivers == {MERCHANT, "1900000777"}

    async def test_are_one_suppliers(self, world):
        path = f"/v1/operator/suppliers/{world.books.supplier('S08')}/split-merchant"
        taken = await world.books.shop.call("operator", "PUT", path, {"sub_mchid": MERCHANT})
        assert (taken.status_code, taken.json()["code"]) == (409, "merchant_taken")
        assert (await world.books.shop.call("operator", "GET", path)).status_code == 404
        for who in ("S01", "officer"):
            assert (await world.books.shop.call(who, "PUT", path, {"sub_mchid": "1900000208"})).status_code == 403


class TestSettings:
    def test_are_off_by_default_and_belong_together(self, settings):
        assert not WechatSplitSettings().on
        assert len(rounds(settings)) == 1  # a look at what is near the limit
        on = settings.model_copy(update={"wechat_split": wechat.settings()})
        assert len(rounds(on)) == 2
        with pytest.raises(ValidationError, match="belong together"):
            WechatSplitSettings(mchid="1900009191")

    def test_a_key_is_never_shown(self):
        made = wechat.settings()
        assert "PRIVATE KEY" not in f"{made!r} {made} {made.model_dump_json()}"

    def test_a_damaged_key_is_noticed_at_the_start(self):
        with pytest.raises(ValueError, match="PEM"):
            WechatDesk.of(wechat.settings(private_key="no key at all"))

    async def test_a_request_has_fifty_receivers_at_most(self, world):
        await world.sell(Piece(price=10_000))
        await world.confirmed()
        made = await world.run()
        await world.rounds(1)
        async with world.books.db.read() as session:
            from app.settlement.queries import splits

            (request, *_) = await splits.of_payout(session, (await world.payout(made)).id)
        with pytest.raises(ValueError, match="50 receivers"):
            await world.desk.share(request, [world.desk.receiver(1)] * 51, now=world.now)


async def test_what_was_asked_stays(world):
    await world.sell(Piece(price=10_000))
    await world.confirmed()
    made = await world.run()
    await world.rounds(2)
    assert await world.splits(made)
    for statement in ("UPDATE settlement_split SET amount_fen = 1", "DELETE FROM settlement_split"):
        with pytest.raises(DBAPIError, match="append-only"):
            await world.books.do(text(statement))


def held(*fens: int, **more) -> list[Held]:
    base = Held("T", PROVIDER, 0, 1, LATER, 0, 0, free=False)
    return [replace(base, transaction=f"T{at}", fen=fen, **more) for at, fen in enumerate(fens)]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.data())
def test_a_share_is_spread_exactly_and_never_beyond_what_there_is_room_for(room, data):
    total = data.draw(st.integers(0, sum(room)))
    parts = spread(total, room)
    assert sum(parts) == total
    assert all(0 <= part <= most for part, most in zip(parts, room, strict=True))


@given(st.lists(st.integers(-10_000, 1_000_000), min_size=1, max_size=30), st.integers(1, 10_000), st.data())
def test_a_plan_shares_what_is_wanted_within_the_ratio_of_every_payment(fens, ratio, data):
    payments = held(*fens)
    most = sum(max(0, fen) * ratio // 10_000 for fen in fens)
    wanted = data.draw(st.integers(0, most))
    made = plan(wanted, payments, [], provider=PROVIDER, max_ratio_bp=ratio)
    assert sum(one.fen for one in made) == wanted
    by = {one.transaction: one.fen for one in payments}
    assert all(0 < one.fen <= by[one.transaction] * ratio // 10_000 for one in made)
    with pytest.raises(CannotSplit, match="RATIO_EXCEEDED"):
        plan(most + 1, payments, [], provider=PROVIDER, max_ratio_bp=ratio)
    assert {one.transaction for one in unfreezing(payments)} == {one for one, fen in by.items() if fen > 0}


def test_what_is_owed_is_taken_from_earlier_shares_as_far_as_they_go():
    earlier = [Shared("FS1", "T7", 300), Shared("FS2", "T8", 500)]
    made = plan(-700, held(5_000), earlier, provider=PROVIDER, max_ratio_bp=3_000)
    assert [(one.kind, one.back_of, one.fen) for one in made] == [
        (SplitKind.GIVE_BACK, "FS1", 300),
        (SplitKind.GIVE_BACK, "FS2", 400),
    ]
    assert sum(one.fen for one in plan(-900, held(5_000), earlier, provider=PROVIDER, max_ratio_bp=3_000)) == 800


def test_a_payment_that_was_asked_for_too_often_is_for_people():
    with pytest.raises(CannotSplit, match="TOO_MANY_REQUESTS"):
        plan(1, held(5_000, requests=49), [], provider=PROVIDER, max_ratio_bp=3_000)


@pytest.mark.parametrize("status", SplitStatus)
@pytest.mark.parametrize("step", SplitStep)
def test_every_word_of_a_provider_about_every_request(status, step):
    row = SplitRow(status=status.value)
    reached = SPLIT_TRANSITIONS.get((status, step))
    assert row.take(step) is (reached is not None)
    assert row.status == (reached or status)
