"""Pre-sales: what is sold ahead, who is served first, in any interleaving of buyers, lots and the harvest's end."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app import inventory
from app.core.db import Database
from app.core.errors import DomainError, InvalidInput, NotFound, StaleVersion
from tests.inventory.builders import bring, broken, count, figures, open_shop

START = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
PLAN = inventory.Plan(
    opens_at=START - timedelta(days=1),
    closes_at=START + timedelta(days=20),
    harvest_from=date(2026, 11, 18),
    harvest_to=date(2026, 12, 20),
    ship_by=date(2026, 11, 28),
    expected_yield=100,
    factor_pct=10,
)


async def sell_ahead(session, shop, sku="A1", plan=PLAN, now=START):
    return await inventory.open_presale(session, sku, plan, by=shop.staff, max_factor_pct=80, now=now)


async def buy(session, quantity, *, now=START, reference=None):
    reference = reference or uuid4()
    found = await inventory.reserve(session, reference, {"A1": quantity}, by=None, now=now, ahead=True)
    return reference, found["A1"]


async def test_stock_first_then_the_harvest_up_to_its_cap(session, statements):
    shop = await open_shop(session, START, "A1", stock=3)
    await sell_ahead(session, shop)
    statements.clear()
    first, taken = await buy(session, 5)
    assert len(statements) == 1
    assert taken == inventory.Taken(left=0, promised=2, ship_by=PLAN.ship_by)
    assert await inventory.waiting_for(session, [first]) == {(first, "A1"): 2}
    with pytest.raises(inventory.OutOfStock) as refused:
        await buy(session, 9)
    assert "仅剩 8 件" in refused.value.faults[0].zh
    await buy(session, 8)
    with pytest.raises(inventory.OutOfStock):
        await inventory.reserve(session, uuid4(), {"A1": 1}, by=None, now=START, ahead=True)
    assert await figures(session, "A1") == (3, 3)
    assert await broken(session) == []


@pytest.mark.parametrize("days", [-2, 20])
async def test_nothing_is_sold_ahead_outside_its_time_or_to_who_does_not_ask_for_it(session, days):
    shop = await open_shop(session, START, "A1")
    await sell_ahead(session, shop)
    with pytest.raises(inventory.OutOfStock):
        await buy(session, 1, now=START + timedelta(days=days))
    with pytest.raises(inventory.OutOfStock):
        await inventory.reserve(session, uuid4(), {"A1": 1}, by=None, now=START)
    assert len(await inventory.open_presales(session, ["A1"], now=START)) == 1
    assert await inventory.open_presales(session, ["A1"], now=START + timedelta(days=days)) == {}


async def test_what_comes_in_goes_to_the_oldest_to_the_last_piece_and_nobody_overtakes(session):
    shop = await open_shop(session, START, "A1")
    await sell_ahead(session, shop)
    (old, _), (young, _) = await buy(session, 3), await buy(session, 2)
    session.info.clear()
    await bring(session, shop, START, "A1", "L1", 4, date(2027, 1, 1))
    facts = [fact for fact in session.info["pending_facts"] if isinstance(fact, inventory.PromiseFilled)]
    assert [(fact.reference, fact.quantity, fact.waiting) for fact in facts] == sorted([(old, 3, 0), (young, 1, 1)])
    assert len(session.info["pending_facts"]) == 2, "nothing was to be had before, and nothing is now"
    assert await inventory.waiting_for(session, [old, young]) == {(young, "A1"): 1}
    with pytest.raises(inventory.NotReserved):
        await inventory.ship(session, young, [("A1", 2, None)], shipment_id=uuid4(), now=START)
    # Of a harvest of ten four are here and one is promised.
    with pytest.raises(inventory.OutOfStock):
        await buy(session, 6)
    await count(session, shop, START, {"A1": 9})
    assert await inventory.waiting_for(session, [old, young]) == {}
    assert await figures(session, "A1") == (9, 5)
    await inventory.ship(session, young, [("A1", 2, None)], shipment_id=uuid4(), now=START)
    assert await broken(session) == []


async def test_who_gives_up_makes_room_for_who_waits(session):
    shop = await open_shop(session, START, "A1", stock=2)
    await sell_ahead(session, shop)
    lucky, _ = await buy(session, 2)
    waiting, _ = await buy(session, 3)
    last, _ = await buy(session, 1)
    await inventory.release(session, [lucky], now=START)
    assert await inventory.waiting_for(session, [waiting, last]) == {(waiting, "A1"): 1, (last, "A1"): 1}
    await inventory.release_pieces(session, waiting, {"A1": 2}, now=START)
    assert await inventory.waiting_for(session, [waiting, last]) == {}
    with pytest.raises(inventory.NotReserved):
        await inventory.release_pieces(session, waiting, {"A1": 2}, now=START)
    await inventory.release(session, [waiting, last], now=START)
    await inventory.release(session, [waiting, last], now=START)
    assert await figures(session, "A1") == (2, 0)
    assert await broken(session) == []


class TestPlans:
    async def test_another_suppliers_goods_are_not_sold_ahead(self, session):
        await open_shop(session, START, "A1")
        other = await open_shop(session, START, "B2", code="S92")
        with pytest.raises(NotFound):
            await sell_ahead(session, other)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"closes_at": PLAN.opens_at}, "closes_before_opening"),
            ({"harvest_to": date(2026, 11, 1)}, "harvest_reversed"),
            ({"ship_by": date(2026, 11, 17)}, "ships_too_early"),
            ({"factor_pct": 81}, "factor_too_bold"),
            ({"expected_yield": 9}, "cap_of_nothing"),
        ],
    )
    async def test_a_plan_that_cannot_be_is_refused(self, session, change, code):
        shop = await open_shop(session, START, "A1")
        with pytest.raises(InvalidInput) as refused:
            await sell_ahead(session, shop, plan=replace(PLAN, **change))
        assert code in {fault.code for fault in refused.value.faults}

    async def test_the_cap_does_not_fall_below_what_was_promised(self, db):
        async with db.write() as session:
            shop = await open_shop(session, START, "A1")
            presale = await sell_ahead(session, shop)
            await buy(session, 7)

        async def change(version, expected_yield):
            async with db.write() as session:
                plan = replace(PLAN, expected_yield=expected_yield)
                return await inventory.change_presale(
                    session, presale.id, plan, version=version, by=shop.staff, max_factor_pct=80, now=START
                )

        with pytest.raises(inventory.CapBelowPromised):
            await change(1, 60)
        assert ((await change(1, 70)).cap, (await change(2, 75)).version) == (7, 3)
        with pytest.raises(StaleVersion):
            await change(1, 90)
        async with db.write() as session:
            await inventory.settle_presale(session, presale.id, supplier_id=shop.supplier_id, now=START)
        with pytest.raises(inventory.PresaleSettled):
            await change(4, 90)

    async def test_one_sku_has_one_presale_and_it_is_settled_once(self, db):
        async with db.write() as session:
            shop = await open_shop(session, START, "A1")
            presale = await sell_ahead(session, shop)
            reference, _ = await buy(session, 2)
        with pytest.raises(inventory.PresaleOpen):
            async with db.write() as session:
                await sell_ahead(session, shop)
        async with db.write() as session:
            late = datetime(2026, 11, 30, 4, tzinfo=UTC)
            assert await inventory.settle_overdue_presales(session, now=late) == 0
            late += timedelta(days=1)
            assert await inventory.settle_overdue_presales(session, now=late) == 1
            assert await inventory.settle_overdue_presales(session, now=late) == 0
            await inventory.settle_presale(session, presale.id, supplier_id=shop.supplier_id, now=late)
            told = [fact for fact in session.info["pending_facts"] if isinstance(fact, inventory.PromiseBroken)]
            assert [(fact.reference, fact.sku) for fact in told] == [(reference, "A1")]
            with pytest.raises(NotFound):
                await inventory.settle_presale(session, presale.id, supplier_id=uuid4(), now=late)


async def attempt(work) -> str:
    try:
        await work
    except DomainError as refusal:
        return refusal.code
    return "done"


async def test_a_crowd_shares_stock_and_harvest_while_lots_come_in_and_buyers_give_up(fresh_db):
    """Real transactions: five pieces lie there and ten may be sold ahead, so fifteen buyers of sixty get one."""
    async with fresh_db.write() as session:
        shop = await open_shop(session, START, "A1", stock=5)
        await sell_ahead(session, shop)
    buyers = [uuid4() for _ in range(60)]

    async def take(reference: UUID) -> None:
        async with fresh_db.write() as session:
            await buy(session, 1, reference=reference)

    outcome = Counter(await asyncio.gather(*(attempt(take(reference)) for reference in buyers)))
    assert outcome == {"done": 15, "out_of_stock": 45}
    async with fresh_db.read() as session:
        rows = await session.scalars(
            text("SELECT reference FROM inventory_reservation UNION SELECT reference FROM inventory_promise")
        )
        happy = rows.all()
        assert await broken(session) == []

    async def leave(reference: UUID) -> None:
        async with fresh_db.write() as session:
            await inventory.release(session, [reference], now=START)

    async def arrive(lot: int) -> None:
        async with fresh_db.write() as session:
            await bring(session, shop, START, "A1", f"L{lot}", 2, date(2027, 1, 1))

    work = [leave(reference) for reference in happy[::2]] + [arrive(n) for n in range(3)]
    work += [take(uuid4()) for _ in range(12)]
    assert "done" in Counter(await asyncio.gather(*map(attempt, work)))
    async with fresh_db.read() as session:
        assert await broken(session) == []
        stayed = set(happy[1::2])
        first = await session.scalars(text("SELECT reference FROM inventory_promise ORDER BY position"))
        on_hand, reserved = await figures(session, "A1")
        assert on_hand == 11
        waiting = first.all()
        assert reserved == 11 or not waiting
        held = set((await session.scalars(text("SELECT reference FROM inventory_reservation"))).all())
        assert stayed <= held | set(waiting)


class Harvest(RuleBasedStateMachine):
    """One SKU against a model: a queue, what is held, and the harvest's account."""

    runner: asyncio.Runner
    engine = None

    def __init__(self) -> None:
        super().__init__()
        self.on_hand, self.held, self.queue = 4, {}, []  # queue: [reference, pieces, presale]
        self.cap, self.arrived, self.presale, self.lots = 10, 0, None, 0
        self.do(self.open())

    def do(self, work):
        return self.runner.run(work)

    async def open(self) -> None:
        self.connection = await self.engine.connect()
        self.outer = await self.connection.begin()
        self.db = Database.within(self.connection)
        async with self.db.write() as session:
            self.shop = await open_shop(session, START, "A1", stock=4)
            self.presale = await sell_ahead(session, self.shop)

    def teardown(self) -> None:
        async def close() -> None:
            await self.outer.rollback()
            await self.connection.close()

        self.do(close())

    def act(self, verb, *arguments, **options):
        async def work():
            async with self.db.write() as session:
                return await verb(session, *arguments, **options)

        try:
            return self.do(work()), None
        except DomainError as refused:
            return None, type(refused)

    @property
    def free(self) -> int:
        return self.on_hand - sum(self.held.values())

    def promised(self) -> int:
        return sum(pieces for _, pieces, presale in self.queue if self.presale and presale == self.presale.id)

    def serve(self) -> None:
        while self.free and self.queue:
            first = self.queue[0]
            part = min(self.free, first[1])
            self.held[first[0]] = self.held.get(first[0], 0) + part
            first[1] -= part
            if not first[1]:
                self.queue.pop(0)

    def came_in(self, pieces: int) -> None:
        self.on_hand += pieces
        self.arrived += pieces
        self.serve()

    @rule(pieces=st.integers(1, 6))
    def order(self, pieces: int) -> None:
        ahead = max(self.cap - self.arrived - self.promised(), 0) if self.presale else 0
        found, refused = self.act(buy, pieces)
        if pieces > self.free + ahead:
            assert refused is inventory.OutOfStock
            return
        assert refused is None
        reference, taken = found
        at_once = min(self.free, pieces)
        assert taken.promised == pieces - at_once
        if at_once:
            self.held[reference] = at_once
        if pieces > at_once:
            self.queue.append([reference, pieces - at_once, self.presale.id])

    def anybody(self):
        """In the order in which they came: what is random must not decide whom an example takes."""
        return list(dict.fromkeys([*self.held, *(reference for reference, _, _ in self.queue)]))

    @precondition(lambda self: self.anybody())
    @rule(data=st.data())
    def give_up(self, data) -> None:
        gone = data.draw(st.lists(st.sampled_from(self.anybody()), min_size=1, max_size=3))
        assert self.act(inventory.release, gone, now=START)[1] is None
        self.held = {reference: pieces for reference, pieces in self.held.items() if reference not in gone}
        self.queue = [entry for entry in self.queue if entry[0] not in gone]
        self.serve()

    @precondition(lambda self: self.anybody())
    @rule(data=st.data(), pieces=st.integers(1, 6))
    def take_less(self, data, pieces: int) -> None:
        reference = data.draw(st.sampled_from(self.anybody()))
        waits = sum(entry[1] for entry in self.queue if entry[0] == reference)
        enough = pieces <= waits + self.held.get(reference, 0)
        refused = self.act(inventory.release_pieces, reference, {"A1": pieces}, now=START)[1]
        assert refused is (None if enough else inventory.NotReserved)
        if not enough:
            return
        for entry in self.queue:
            if entry[0] == reference:
                entry[1] -= (unfilled := min(pieces, entry[1]))
                pieces -= unfilled
        self.queue = [entry for entry in self.queue if entry[1]]
        if pieces:
            self.held[reference] -= pieces
        self.held = {reference: pieces for reference, pieces in self.held.items() if pieces}
        self.serve()

    @rule(pieces=st.integers(0, 6))
    def lot(self, pieces: int) -> None:
        self.lots += 1
        code = f"L{self.lots}"
        assert self.act(bring, self.shop, START, "A1", code, pieces, date(2027, 1, 1))[1] is None
        self.came_in(pieces)

    @rule(pieces=st.integers(-4, 4).filter(bool))
    def adjust(self, pieces: int) -> None:
        rows = [inventory.Update("A1", "adjust", pieces)]
        verb = inventory.apply_updates
        refused = self.act(verb, self.shop.supplier_id, rows, by=self.shop.staff, now=START)[1]
        if pieces < 0 and self.free + pieces < 0:
            assert refused is inventory.UpdatesRejected
            return
        assert refused is None
        if pieces > 0:
            self.came_in(pieces)
        else:
            self.on_hand += pieces

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def send(self, data) -> None:
        reference = data.draw(st.sampled_from(list(self.held)))
        pieces = data.draw(st.integers(1, self.held[reference]))
        lines = [("A1", pieces, None)]
        assert self.act(inventory.ship, reference, lines, shipment_id=uuid4(), now=START)[1] is None
        self.on_hand -= pieces
        self.held[reference] -= pieces
        self.held = {reference: pieces for reference, pieces in self.held.items() if pieces}

    @precondition(lambda self: self.presale)
    @rule(expected_yield=st.integers(10, 300))
    def replan(self, expected_yield: int) -> None:
        plan = replace(PLAN, expected_yield=expected_yield)
        options = {"version": self.presale.version, "by": self.shop.staff, "max_factor_pct": 80, "now": START}
        found, refused = self.act(inventory.change_presale, self.presale.id, plan, **options)
        if expected_yield // 10 < self.promised():
            assert refused is inventory.CapBelowPromised
        else:
            self.presale, self.cap = found, expected_yield // 10

    @precondition(lambda self: self.presale)
    @rule()
    def settle(self) -> None:
        presale = self.presale.id
        assert self.act(inventory.settle_presale, presale, supplier_id=self.shop.supplier_id, now=START)[1] is None
        self.presale = None

    @precondition(lambda self: not self.presale)
    @rule()
    def another_harvest(self) -> None:
        self.presale, refused = self.act(sell_ahead, self.shop)
        assert refused is None
        self.cap, self.arrived = 10, 0

    @invariant()
    def the_books_agree(self) -> None:
        async def look():
            async with self.db.read() as session:
                queue = await session.execute(
                    text("SELECT reference, quantity, presale_id FROM inventory_promise ORDER BY position")
                )
                held = await session.execute(text("SELECT reference, quantity FROM inventory_reservation"))
                return (
                    await broken(session),
                    await figures(session, "A1"),
                    [list(row) for row in queue],
                    {row.reference: row.quantity for row in held},
                )

        found, (on_hand, _), queue, held = self.do(look())
        assert found == []
        assert (on_hand, queue, held) == (self.on_hand, self.queue, self.held)


def test_any_interleaving_keeps_the_queue_and_the_cap(database_url):
    with asyncio.Runner() as runner:
        engine = create_async_engine(database_url, poolclass=NullPool)
        machine = type("Machine", (Harvest,), {"runner": runner, "engine": engine})
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=15,
                    stateful_step_count=25,
                    deadline=None,
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.dispose())
