"""Delivery of facts: in effect exactly once by handlers, at least once by couriers, in order, never dropped."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app.core.db import Database
from app.core.events import CourierCall, FarEndAway, Wiring, emit
from app.core.ids import new_id
from app.core.outbox import LEASE, deliver_all, deliver_batch, pending, run_couriers
from tests.core.conftest import KEPT, Happened


class House:
    """Listeners whose failures a test arranges, on a database with real commits."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.handled: list[tuple[str, int]] = []
        self.sent: list[tuple[UUID, int]] = []
        self.fails: dict[int, int] = {}
        """For each number of a fact, how many times its handler or courier still fails."""
        self.error: Exception = RuntimeError("arranged")
        self.transactions: dict[str, list[object]] = {}
        self.underway = asyncio.Event()
        self.hangs: asyncio.Event | None = None

    def wire(self, *listeners: str, courier: str | None = None, alone: str = "") -> None:
        wiring = Wiring()
        for name in listeners:
            wiring.on(Happened, self._handler(name), name=name, alone=name == alone)
        if courier is not None:
            wiring.courier(Happened, self._courier, name=courier)
        self.db.wiring = wiring

    def _handler(self, name: str) -> Any:
        async def handle(session: Any, fact: Happened, now: datetime) -> None:
            await session.execute(KEPT, {"name": f"{name} {fact.number}", "value": now.isoformat()})
            self.handled.append((name, fact.number))
            self.transactions.setdefault(name, []).append(await session.scalar(text("SELECT pg_current_xact_id()")))
            self._maybe_fail(fact.number)

        return handle

    async def _courier(self, call: CourierCall, fact: Happened) -> None:
        self.sent.append((call.delivery_id, call.attempt))
        self.underway.set()
        if self.hangs is not None:
            await self.hangs.wait()
        self._maybe_fail(fact.number)

    def _maybe_fail(self, number: int) -> None:
        if self.fails.get(number, 0):
            self.fails[number] -= 1
            raise self.error

    async def emit(self, now: datetime, *facts: tuple[UUID, int]) -> None:
        for what, number in facts:
            async with self.db.write() as session:
                emit(session, Happened(at=now, what=what, number=number))

    async def effects(self) -> list[str]:
        async with self.db.read() as session:
            return list((await session.execute(text("SELECT name FROM core_installation ORDER BY 1"))).scalars())

    async def waiting(self) -> dict[str, int]:
        async with self.db.read() as session:
            return await pending(session)

    async def rows(self) -> list[Any]:
        async with self.db.read() as session:
            return list(
                await session.execute(text("SELECT attempts, due_at, last_error, parked_at FROM core_delivery"))
            )


@pytest.fixture
def house(fresh_db: Database) -> House:
    return House(fresh_db)


async def test_every_listener_hears_a_fact_once(house: House, now: datetime, what: UUID):
    house.wire("one.hears", "two.hears")
    await house.emit(now, (what, 1))
    assert await deliver_all(house.db, now) == 2
    assert await deliver_all(house.db, now) == 0
    assert await house.effects() == ["one.hears 1", "two.hears 1"]
    assert await house.waiting() == {"waiting": 0, "parked": 0}


async def test_many_workers_deliver_once(house: House, now: datetime):
    house.wire("one.hears")
    await house.emit(now, *((new_id(now), number) for number in range(40)))
    counts = await asyncio.gather(*(deliver_all(house.db, now, limit=5) for _ in range(6)))
    assert sum(counts) == 40
    assert len(await house.effects()) == 40


async def test_a_failure_is_tried_again_later_and_later(house: House, now: datetime, what: UUID):
    house.wire("one.hears")
    house.fails = {1: 6}  # a batch that fails is followed by each of its facts alone
    await house.emit(now, (what, 1))
    waits = []
    at = now
    for _ in range(3):
        await deliver_batch(house.db, at)
        ((_, due, error, parked),) = await house.rows()
        assert (error, parked) == ("RuntimeError", None)
        waits.append((due - at).total_seconds())
        assert await deliver_batch(house.db, due - timedelta(milliseconds=1)) == 0, "not before it is due"
        at = due
    assert waits[0] < waits[1] < waits[2]
    assert await house.effects() == []
    await deliver_batch(house.db, at)
    assert await house.effects() == ["one.hears 1"]
    assert await house.waiting() == {"waiting": 0, "parked": 0}


@pytest.mark.parametrize(
    ("error", "ordinary"),
    [
        (ConnectionRefusedError(111, "refused"), True),
        (httpx.ConnectError("refused"), True),
        (FarEndAway("503"), True),
        (RuntimeError("arranged"), False),
    ],
)
async def test_a_far_end_that_is_away_is_one_line_and_a_mistake_shows_its_place(
    house: House, now: datetime, what: UUID, error: Exception, ordinary: bool
):
    house.wire(courier="post")
    house.fails, house.error = {1: 1}, error
    await house.emit(now, (what, 1))
    with capture_logs() as said:
        await run_couriers(house.db, now)
    [line] = [line for line in said if line["event"] == "delivery_failed"]
    assert line["error"] == type(error).__name__
    assert (line["exc_info"] is None) is ordinary


async def test_what_keeps_failing_is_parked_and_kept(house: House, now: datetime, what: UUID):
    house.wire("one.hears")
    house.fails = {1: 99}
    await house.emit(now, (what, 1))
    at = now
    for _ in range(4):
        await deliver_batch(house.db, at, attempts=4)
        at += timedelta(hours=1)
    assert await house.waiting() == {"waiting": 0, "parked": 1}
    tries = len(house.handled)
    assert await deliver_batch(house.db, at + timedelta(days=9), attempts=4) == 0
    assert len(house.handled) == tries


async def test_a_fact_nobody_listens_to_any_more_is_parked(house: House, now: datetime, what: UUID):
    house.wire("one.hears")
    await house.emit(now, (what, 1))
    house.wire("two.hears")
    await deliver_batch(house.db, now)
    assert await house.waiting() == {"waiting": 0, "parked": 1}
    ((_, _, error, _),) = await house.rows()
    assert error == "UnknownListener"


async def test_one_failure_does_not_take_the_batch_with_it(house: House, now: datetime):
    house.wire("one.hears")
    house.fails = {3: 2}
    await house.emit(now, *((new_id(now), number) for number in range(6)))
    await deliver_batch(house.db, now)
    assert await house.effects() == [f"one.hears {number}" for number in (0, 1, 2, 4, 5)]
    assert await house.waiting() == {"waiting": 1, "parked": 0}


async def test_a_listener_to_many_hears_all_that_were_due_and_after_a_failure_each_by_itself(
    house: House, now: datetime
):
    heard: list[list[int]] = []

    async def hear(session: Any, facts: list[Happened], now: datetime) -> None:
        heard.append([fact.number for fact in facts])
        for fact in facts:
            await session.execute(KEPT, {"name": f"many {fact.number}", "value": now.isoformat()})
        if 9 in heard[-1]:
            raise RuntimeError("arranged")

    house.db.wiring = Wiring()
    house.db.wiring.on_many(Happened, hear, name="many.hears")
    one, other = new_id(now), new_id(now)
    await house.emit(now, (one, 1), (other, 2), (one, 3))
    await deliver_all(house.db, now)
    assert heard == [[1, 2], [3]]
    await house.emit(now, (one, 4), (other, 9))
    await deliver_batch(house.db, now)
    assert heard[2:] == [[4, 9], [4], [9]]
    assert await house.effects() == [f"many {number}" for number in (1, 2, 3, 4)]
    assert await house.waiting() == {"waiting": 1, "parked": 0}


async def test_a_handler_may_have_a_transaction_of_its_own(house: House, now: datetime):
    house.wire("one.shares", "two.locks", alone="two.locks")
    house.fails = {4: 1}
    await house.emit(now, *((new_id(now), number) for number in range(4)))
    assert await deliver_batch(house.db, now) == 8
    assert {name: len(set(seen)) for name, seen in house.transactions.items()} == {"one.shares": 1, "two.locks": 4}
    house.transactions.clear()
    house.wire("two.locks", alone="two.locks")
    await house.emit(now, *((new_id(now), number) for number in range(4, 7)))
    await deliver_batch(house.db, now)
    assert len(await house.effects()) == 10
    assert await house.waiting() == {"waiting": 1, "parked": 0}, "the one that failed, and it took nobody with it"


async def test_the_facts_of_one_subject_come_in_order(house: House, now: datetime, what: UUID):
    house.wire("one.hears")
    other = new_id(now)
    house.fails = {1: 2}
    await house.emit(now, (what, 1), (what, 2), (other, 7), (what, 3))
    await deliver_all(house.db, now)
    assert await house.effects() == ["one.hears 7"], "others go on; the failed one's followers wait"
    await deliver_all(house.db, now + timedelta(minutes=1))
    done = [number for _, number in house.handled if number != 7]
    assert done[-3:] == [1, 2, 3]
    assert len(await house.effects()) == 4


async def test_a_parked_fact_holds_back_its_followers(house: House, now: datetime, what: UUID):
    house.wire("one.hears")
    house.fails = {1: 99}
    await house.emit(now, (what, 1), (what, 2))
    await deliver_all(house.db, now)
    await deliver_batch(house.db, now + timedelta(hours=1), attempts=1)
    assert await deliver_batch(house.db, now + timedelta(hours=2)) == 0
    assert await house.effects() == []
    assert await house.waiting() == {"waiting": 1, "parked": 1}


async def test_an_unreadable_fact_is_parked_and_others_go_on(house: House, now: datetime, what: UUID):
    house.wire("one.hears")

    class Other(Happened):
        number: str  # type: ignore[assignment]  # what another version may have written

    async with house.db.write() as session:
        emit(session, Other(at=now, what=what, number="one"))
    await house.emit(now, (new_id(now), 2))
    await deliver_all(house.db, now)
    assert await house.effects() == ["one.hears 2"]
    assert await house.waiting() == {"waiting": 0, "parked": 1}
    assert [row.last_error for row in await house.rows()] == ["UnreadableFact"]


async def test_lanes_do_not_wait_for_one_another(house: House, now: datetime, what: UUID):
    house.wire("slow.hears", "quick.hears")
    original = house._handler

    async def broken(session: Any, fact: Happened, now: datetime) -> None:
        raise RuntimeError("arranged")

    wiring = Wiring()
    wiring.on(Happened, broken, name="slow.hears")
    wiring.on(Happened, original("quick.hears"), name="quick.hears")
    house.db.wiring = wiring
    await house.emit(now, (what, 1), (what, 2))
    await deliver_all(house.db, now)
    assert await house.effects() == ["quick.hears 1", "quick.hears 2"]


async def test_a_crash_between_effect_and_tick_undoes_both(house: House, now: datetime, what: UUID, monkeypatch):
    house.wire("one.hears")
    await house.emit(now, (what, 1))

    class PowerCut(BaseException):
        pass

    async def dies(*_: Any) -> None:
        raise PowerCut

    with monkeypatch.context() as arranged:
        arranged.setattr("app.core.outbox._tick", dies)
        with pytest.raises(PowerCut):
            await deliver_batch(house.db, now)
    assert house.handled == [("one.hears", 1)]
    assert await house.effects() == []
    await deliver_batch(house.db, now)
    assert await house.effects() == ["one.hears 1"]


async def test_a_courier_is_told_the_same_key_at_every_try(house: House, now: datetime, what: UUID):
    house.wire(courier="one.tells")
    house.fails = {1: 2}
    await house.emit(now, (what, 1))
    at = now
    for _ in range(3):
        assert await run_couriers(house.db, at) == 1
        at += timedelta(minutes=10)
    assert len({delivery for delivery, _ in house.sent}) == 1
    assert [attempt for _, attempt in house.sent] == [1, 2, 3]
    assert await house.waiting() == {"waiting": 0, "parked": 0}


async def test_a_courier_has_no_transaction_open(house: House, now: datetime, what: UUID):
    house.wire(courier="one.tells")
    house.hangs = asyncio.Event()
    await house.emit(now, (what, 1))
    underway = asyncio.create_task(run_couriers(house.db, now))
    await house.underway.wait()
    async with house.db.read() as session:
        idle = await session.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")
        )
        assert idle.scalar_one() == 0
    house.hangs.set()
    await underway


async def test_a_lease_keeps_a_second_worker_away_until_it_ends(house: House, now: datetime, what: UUID):
    house.wire(courier="one.tells")
    house.hangs = asyncio.Event()
    await house.emit(now, (what, 1), (what, 2))
    underway = asyncio.create_task(run_couriers(house.db, now))
    await house.underway.wait()
    assert await run_couriers(house.db, now + LEASE - timedelta(seconds=1)) == 0, "in hand, and its follower waits"
    underway.cancel()
    await asyncio.gather(underway, return_exceptions=True)
    house.hangs.set()
    assert await run_couriers(house.db, now + LEASE + timedelta(seconds=1)) == 1
    assert len({delivery for delivery, _ in house.sent}) == 1
    assert [attempt for _, attempt in house.sent] == [1, 2]


async def test_handlers_are_not_couriers_work(house: House, now: datetime, what: UUID):
    house.wire("one.hears", courier="two.tells")
    await house.emit(now, (what, 1))
    assert await run_couriers(house.db, now) == 1
    assert (len(house.sent), house.handled) == (1, [])
    assert await deliver_all(house.db, now) == 1
