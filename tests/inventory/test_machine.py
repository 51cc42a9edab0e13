"""The stock-room against a plain model of itself: any sequence of use cases, every invariant after every step.

Sales, shipments, returns, counts with and without a time, sheets that are checked now and applied later, recalls.
"""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import inventory
from app.core.db import Database
from app.core.errors import DomainError
from app.inventory import service
from app.inventory.queries.imports import import_of, page_of_receipts
from app.inventory.rules.imports import Absent, Outcome
from tests.inventory.builders import bring, broken, open_shop
from tests.inventory.sheets import csv, work

SKUS = ("A1", "B2", "C3")
CODES = ("L1", "L2", "L3", "L4")
START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
skus = st.sampled_from(SKUS)
codes = st.sampled_from(CODES)
few = st.integers(1, 9)
HALF = timedelta(seconds=30)


@dataclass
class Model:
    """Loose pieces and lots per SKU, promises per order, and every change of what lies there, with its time."""

    loose: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SKUS, 0))
    lots: dict[tuple[str, str], list] = field(default_factory=dict)
    held: dict[tuple[UUID, str], int] = field(default_factory=dict)
    past: list[tuple[datetime, str, str | None, int]] = field(default_factory=list)
    counted: dict[tuple[str, str | None], datetime] = field(default_factory=dict)
    recalled: set[tuple[str, str]] = field(default_factory=set)

    def of(self, sku: str) -> list[tuple[str, str]]:
        return sorted((key for key in self.lots if key[0] == sku), key=lambda key: (self.lots[key][0], key[1]))

    def on_hand(self, sku: str) -> int:
        return self.loose[sku] + sum(self.lots[key][1] for key in self.of(sku))

    def reserved(self, sku: str) -> int:
        return sum(quantity for (_, held), quantity in self.held.items() if held == sku)

    def move(self, sku: str, code: str | None, delta: int, at: datetime) -> None:
        if delta:
            self.past.append((at, sku, code, delta))
            if code is None:
                self.loose[sku] += delta
            else:
                self.lots[sku, code][1] += delta

    def take(self, sku: str, quantity: int, places: list[str | None], at: datetime) -> list[tuple[str | None, int]]:
        taken = []
        for place in places:
            here = self.loose[sku] if place is None else self.lots[sku, place][1]
            if part := min(here, quantity):
                self.move(sku, place, -part, at)
                quantity -= part
                taken.append((place, part))
        assert quantity == 0
        return taken

    def freeze(self, now: datetime) -> None:
        """Of a recalled lot only what orders hold is left."""
        for sku in SKUS:
            for _, code in self.of(sku):
                if (sku, code) in self.recalled:
                    free = self.on_hand(sku) - self.reserved(sku)
                    self.move(sku, code, -min(free, self.lots[sku, code][1]), now)

    def update(self, row: inventory.Update, now: datetime) -> str | None:
        code = row.lot_code
        if row.sku not in self.loose:
            return "unknown_sku"
        if code is not None and (row.sku, code) not in self.lots:
            return "unknown_lot"
        at = row.as_of or now
        here = self.on_hand(row.sku) if code is None else self.lots[row.sku, code][1]
        after = here + row.quantity
        if (row.mode != "adjust" or row.as_of) and self.counted.get((row.sku, code), at) > at:
            return "newer_count"
        if row.mode != "adjust":
            after = row.quantity + sum(
                delta for when, sku, place, delta in self.past if sku == row.sku and when > at and code in (None, place)
            )
        if row.mode == "clear":
            after = max(after, self.reserved(row.sku))
        if after < 0:
            return "below_zero"
        if self.on_hand(row.sku) + after - here < self.reserved(row.sku):
            return "below_reserved"
        if row.mode != "adjust":
            self.counted[row.sku, code] = at
        if after < here and code is None:
            self.take(row.sku, here - after, [None, *(key[1] for key in self.of(row.sku))], at)
        else:
            self.move(row.sku, code, after - here, at)
        return None


class StockRoom(RuleBasedStateMachine):
    runner: asyncio.Runner
    engine = None

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.now = START
        self.orders: list[UUID] = []
        self.sheets: list[tuple[UUID, list[inventory.Update]]] = []
        self.sent = 0
        self.do(self.open())

    def do(self, work):
        return self.runner.run(work)

    def attempt(self, work):
        """(What was done, None) or (None, the refusal)."""
        try:
            return self.do(work), None
        except DomainError as refused:
            return None, refused

    async def open(self) -> None:
        self.connection = await self.engine.connect()
        self.outer = await self.connection.begin()
        self.db = Database.within(self.connection)
        async with self.db.write() as session:
            self.shop = await open_shop(session, self.now, *SKUS, stock=25)
        for sku in SKUS:
            self.model.move(sku, None, 25, self.now)
            self.model.counted[sku, None] = self.now

    def teardown(self) -> None:
        async def close() -> None:
            await self.outer.rollback()
            await self.connection.close()

        self.do(close())

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(cart=st.dictionaries(skus, few, min_size=1), again=st.booleans())
    def reserve(self, cart: dict[str, int], again: bool) -> None:
        order = self.orders[-1] if again and self.orders else uuid4()
        free = {sku: self.model.on_hand(sku) - self.model.reserved(sku) for sku in SKUS}
        short = [f"/items/{i}" for i, (sku, quantity) in enumerate(cart.items()) if quantity > free[sku]]

        async def act() -> dict[str, inventory.Taken]:
            async with self.db.write() as session:
                return await inventory.reserve(session, order, cart, by=None, now=self.now)

        left, refused = self.attempt(act())
        if refused is not None:
            assert [fault.pointer for fault in refused.faults] == short != []
            return
        assert not short
        assert left == {sku: inventory.Taken(free[sku] - quantity) for sku, quantity in cart.items()}
        self.orders.append(order)
        for sku, quantity in cart.items():
            self.model.held[order, sku] = self.model.held.get((order, sku), 0) + quantity

    @rule(data=st.data())
    def release(self, data) -> None:
        chosen = data.draw(st.lists(st.sampled_from([*self.orders, UUID(int=5)]), max_size=3))

        async def act() -> None:
            async with self.db.write() as session:
                await inventory.release(session, chosen, now=self.now)

        self.do(act())
        for key in [key for key in self.model.held if key[0] in chosen]:
            del self.model.held[key]
        self.model.freeze(self.now)

    @precondition(lambda self: self.model.held)
    @rule(data=st.data(), named=st.booleans())
    def ship(self, data, named: bool) -> None:
        order, sku = data.draw(st.sampled_from(list(self.model.held)))
        quantity = data.draw(st.integers(1, self.model.held[order, sku] + 1))
        code = data.draw(st.sampled_from([*self.model.of(sku), (sku, "L9")]))[1] if named else None
        expected = None
        if quantity > self.model.held.get((order, sku), 0):
            expected = inventory.NotReserved
        elif code is not None and self.model.lots.get((sku, code), [None, 0])[1] < quantity:
            expected = inventory.LotShort
        elif (sku, code) in self.model.recalled:
            expected = inventory.LotCalledBack
        elif code is None and quantity > self.model.on_hand(sku) - sum(
            self.model.lots[key][1] for key in self.model.recalled if key[0] == sku
        ):
            expected = inventory.LotShort

        async def act() -> list[inventory.Picked]:
            async with self.db.write() as session:
                lines = [(sku, quantity, code)]
                return await inventory.ship(session, order, lines, shipment_id=uuid4(), now=self.now)

        picked, refused = self.attempt(act())
        assert (None if refused is None else type(refused)) is expected
        if refused is not None:
            return
        good = [key[1] for key in self.model.of(sku) if key not in self.model.recalled]
        places = [code] if code is not None else [*good, None]
        taken = self.model.take(sku, quantity, places, self.now)
        assert picked == [inventory.Picked(sku, place, part) for place, part in taken]
        self.model.held[order, sku] -= quantity
        if not self.model.held[order, sku]:
            del self.model.held[order, sku]

    @rule(sku=skus, code=codes, quantity=st.integers(0, 20), days=st.integers(1, 300))
    def receive(self, sku: str, code: str, quantity: int, days: int) -> None:
        best_before = date(2026, 12, 1) + timedelta(days=days)

        async def act() -> None:
            async with self.db.write() as session:
                await bring(session, self.shop, self.now, sku, code, quantity, best_before)

        known = (sku, code) in self.model.lots
        _, refused = self.attempt(act())
        assert isinstance(refused, inventory.LotExists) is known
        if known:
            return
        self.model.lots[sku, code] = [best_before, 0]
        self.model.move(sku, code, quantity, self.now)
        self.model.freeze(self.now)

    @rule(data=st.data(), sku=skus, quantity=few)
    def take_back(self, data, sku: str, quantity: int) -> None:
        code = data.draw(st.sampled_from([None, *(key[1] for key in self.model.of(sku))]))

        async def act() -> None:
            async with self.db.write() as session:
                await inventory.take_back(session, uuid4(), [(sku, quantity, code)], by=None, now=self.now)

        _, refused = self.attempt(act())
        assert isinstance(refused, inventory.LotCalledBack) is ((sku, code) in self.model.recalled)
        if refused is None:
            self.model.move(sku, code, quantity, self.now)
            self.model.freeze(self.now)

    @precondition(lambda self: self.model.lots)
    @rule(data=st.data())
    def recall(self, data) -> None:
        sku, code = data.draw(st.sampled_from(sorted(self.model.lots)))
        here = self.model.lots[sku, code][1]

        async def act() -> service.recall.Recall:
            async with self.db.write() as session:
                [lot] = [lot for lot in (await inventory.lots_of(session, [sku]))[sku] if lot.code == code]
                return await inventory.recall(
                    session, lot.id, supplier_id=None, reason="抽检", by=self.shop.staff, now=self.now
                )

        done = self.do(act())
        self.model.recalled.add((sku, code))
        self.model.freeze(self.now)
        assert (done.frozen, done.held) == (here - self.model.lots[sku, code][1], self.model.lots[sku, code][1])

    @rule(data=st.data(), size=st.integers(1, 4), partial=st.booleans())
    def update(self, data, size: int, partial: bool) -> None:
        places = [(sku, None) for sku in SKUS] * 2 + list(self.model.lots)
        strange = [("NO", None), ("A1", "L9")]
        times = [self.now, *(at for at, *_ in self.model.past), *(at + HALF for at, *_ in self.model.past)]
        updates = []
        for _ in range(size):
            sku, code = data.draw(st.sampled_from(strange if data.draw(st.integers(0, 19)) == 19 else places))
            mode, quantity = data.draw(
                st.one_of(
                    st.tuples(st.just("set"), st.integers(5, 40)),
                    st.tuples(st.just("adjust"), st.integers(-9, 9)),
                    st.tuples(st.just("set"), st.integers(-1, 4)),
                )
            )
            at = data.draw(st.none() | st.sampled_from([at for at in times if at <= self.now]))
            updates.append(inventory.Update(sku, mode, quantity, code, as_of=at))
        after = deepcopy(self.model)
        verdicts = []
        for row in updates:
            code = after.update(row, self.now)
            known = row.sku in after.loose
            on_hand = after.on_hand(row.sku) if known else 0
            verdicts.append((code, on_hand, on_hand - after.reserved(row.sku) if known else 0))

        async def act() -> list[inventory.UpdateResult]:
            async with self.db.write() as session:
                return await inventory.apply_updates(
                    session, self.shop.supplier_id, updates, by=self.shop.staff, now=self.now, partial=partial
                )

        results, refused = self.attempt(act())
        if refused is not None:
            assert not partial
            expected = [(f"/updates/{i}", verdict[0]) for i, verdict in enumerate(verdicts) if verdict[0]]
            assert [(fault.pointer, fault.code) for fault in refused.faults] == expected != []
            return
        assert partial or not any(code for code, _, _ in verdicts)
        assert [(result.code, result.on_hand, result.available) for result in results] == verdicts
        after.freeze(self.now)
        self.model = after

    @rule(data=st.data(), absent=st.sampled_from(Absent), size=st.integers(1, 4))
    def send_sheet(self, data, absent: Absent, size: int) -> None:
        places = [(sku, None) for sku in SKUS] + list(self.model.lots)
        chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=size, unique=True))
        times = [None, *(at for at, *_ in self.model.past)]
        rows = []
        for sku, code in chosen:
            mode, quantity = data.draw(
                st.tuples(st.just("set"), st.integers(0, 40)) | st.tuples(st.just("adjust"), st.integers(-9, 9))
            )
            rows.append((sku, code, mode, quantity, data.draw(st.sampled_from(times))))
        self.sent += 1
        lines = [
            f"{sku},{quantity},{code or ''},{mode},{at.isoformat() if at else ''},{self.sent}"
            for sku, code, mode, quantity, at in rows
        ]
        raw = csv(*lines, header="sku,quantity,lot_code,mode,as_of,reason")

        async def act() -> UUID:
            async with self.db.write() as session:
                started = await service.start_import(
                    session, self.shop.supplier_id, raw, absent=absent, dry_run=True, again=False,
                    by=self.shop.staff.account_id, now=self.now,
                )  # fmt: skip
            await work(self.db, self.now)
            return started.id

        import_id = self.do(act())
        updates = [
            inventory.Update(sku, mode, quantity, code, as_of=at or (self.now if mode == "set" else None))
            for sku, code, mode, quantity, at in rows
        ]
        if absent is Absent.ZERO:
            left_out = [sku for sku in SKUS if sku not in {row[0] for row in rows} and self.model.on_hand(sku)]
            updates += [inventory.Update(sku, "clear", 0, as_of=self.now) for sku in left_out]
        good = self.judged(import_id, updates, deepcopy(self.model))
        self.sheets.append((import_id, good))

    @precondition(lambda self: self.sheets)
    @rule(data=st.data())
    def apply_sheet(self, data) -> None:
        import_id, updates = data.draw(st.sampled_from(self.sheets))

        async def act() -> None:
            async with self.db.write() as session:
                await service.apply_import(session, import_id, supplier_id=self.shop.supplier_id, now=self.now)
            await work(self.db, self.now)
            await work(self.db, self.now)

        self.do(act())
        self.judged(import_id, updates, self.model)
        self.model.freeze(self.now)
        self.sheets = [(other, rows if other != import_id else []) for other, rows in self.sheets]

    def judged(self, import_id: UUID, updates: list[inventory.Update], model: Model) -> list[inventory.Update]:
        """What the receipts say is what the model says; returns the rows that are good."""
        codes = {(row.sku, row.lot_code): model.update(row, self.now) for row in updates}

        async def look():
            async with self.db.read() as session:
                found = await import_of(session, import_id, supplier_id=self.shop.supplier_id)
                return found, await page_of_receipts(session, import_id, outcome=None, after=0, limit=100)

        found, receipts = self.do(look())
        assert found.ok + found.rejected == found.total == len(receipts) == found.done
        told = {(one.line.sku, one.line.lot_code): one for one in receipts}
        for place, code in codes.items():
            assert (told[place].outcome is Outcome.REJECTED, told[place].code) == (code is not None, code)
        return [row for row in updates if codes[row.sku, row.lot_code] is None]

    @invariant()
    def the_books_agree(self) -> None:
        async def look():
            async with self.db.read() as session:
                return (
                    await broken(session),
                    await inventory.availability(session, SKUS),
                    await inventory.lots_of(session, SKUS),
                )

        found, stock, lots = self.do(look())
        assert found == []
        for sku in SKUS:
            assert stock[sku].on_hand == self.model.on_hand(sku)
            assert stock[sku].reserved == self.model.reserved(sku)
            here = [(key[1], self.model.lots[key][1]) for key in self.model.of(sku)]
            assert [(lot.code, lot.on_hand) for lot in lots.get(sku, [])] == here


def test_any_sequence_of_use_cases_keeps_the_books(database_url):
    with asyncio.Runner() as runner:
        engine = create_async_engine(database_url, poolclass=NullPool)
        machine = type("Machine", (StockRoom,), {"runner": runner, "engine": engine})
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=14,
                    stateful_step_count=30,
                    deadline=None,
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.dispose())
