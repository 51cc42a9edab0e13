"""One transaction a request; what reads cannot write; a fact exists exactly if its cause does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import Database
from app.core.errors import Unavailable
from app.core.events import Fact, Wiring, emit
from app.core.ids import new_id
from tests.core.conftest import KEPT, Happened


async def names(db: Database) -> list[str]:
    async with db.read() as session:
        return list((await session.execute(text("SELECT name FROM core_installation ORDER BY 1"))).scalars())


async def events(db: Database) -> int:
    async with db.read() as session:
        return (await session.execute(text("SELECT count(*) FROM core_event"))).scalar_one()


async def test_a_write_is_committed_when_its_block_ends(fresh_db: Database):
    async with fresh_db.write() as session:
        await session.execute(KEPT, {"name": "a", "value": "1"})
        assert await names(fresh_db) == []
    assert await names(fresh_db) == ["a"]


async def test_a_failure_undoes_all_of_it(fresh_db: Database, now: datetime, what: UUID):
    with pytest.raises(RuntimeError):
        async with fresh_db.write() as session:
            await session.execute(KEPT, {"name": "a", "value": "1"})
            emit(session, Happened(at=now, what=what))
            raise RuntimeError("arranged")
    assert (await names(fresh_db), await events(fresh_db)) == ([], 0)


async def test_a_rolled_back_transaction_announces_nothing_later_either(fresh_db: Database, now: datetime, what: UUID):
    """The pending facts of one session never reach another's transaction."""
    with pytest.raises(RuntimeError):
        async with fresh_db.write() as session:
            emit(session, Happened(at=now, what=what))
            raise RuntimeError("arranged")
    async with fresh_db.write() as session:
        await session.execute(KEPT, {"name": "b", "value": "1"})
    assert await events(fresh_db) == 0


async def test_facts_are_written_with_their_cause_in_one_statement(fresh_db: Database, now: datetime):
    wiring = Wiring()

    async def hear(*_: object) -> None: ...

    wiring.on(Happened, hear, name="one.hears")
    wiring.on(Happened, hear, name="two.hears")
    fresh_db.wiring = wiring
    subjects = [new_id(now) for _ in range(3)]
    async with fresh_db.write() as session:
        for number, subject in enumerate(subjects):
            emit(session, Happened(at=now, what=subject, number=number))
    async with fresh_db.read() as session:
        rows = (await session.execute(text("SELECT name, subject, at, payload FROM core_event ORDER BY id"))).all()
        deliveries = (await session.execute(text("SELECT count(*) FROM core_delivery"))).scalar_one()
    assert sorted(row.subject for row in rows) == sorted(subjects)
    assert {(row.name, row.at) for row in rows} == {("testing.happened", now)}
    assert deliveries == 6


async def test_postgresql_itself_refuses_a_write_of_a_reader(fresh_db: Database):
    async with fresh_db.read() as session:
        assert (await session.execute(text("SHOW transaction_read_only"))).scalar_one() == "on"
        with pytest.raises(DBAPIError) as refusal:
            await session.execute(KEPT, {"name": "a", "value": "1"})
        assert refusal.value.orig.sqlstate == "25006"
    async with fresh_db.write() as session:
        assert (await session.execute(text("SHOW transaction_read_only"))).scalar_one() == "off"
    assert await names(fresh_db) == []


async def test_nothing_waits_for_ever(fresh_db: Database):
    async with fresh_db.read() as session:
        for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert (await session.execute(text(f"SHOW {setting}"))).scalar_one() != "0"
        assert (await session.execute(text("SHOW transaction_isolation"))).scalar_one() == "read committed"


async def test_losing_a_lock_is_told_as_come_again(fresh_db: Database):
    async with fresh_db.write() as holder:
        await holder.execute(text("LOCK TABLE core_heartbeat IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(Unavailable) as refusal:
            async with fresh_db.write() as session:
                await session.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await session.execute(text("SELECT 1 FROM core_heartbeat"))
    assert refusal.value.retry_after == 1


async def test_a_connection_that_was_killed_is_told_as_come_again(fresh_db: Database):
    with pytest.raises(Unavailable):
        async with fresh_db.write() as session:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert await names(fresh_db) == []


@pytest.mark.parametrize(
    "change", ["UPDATE core_event SET name = 'x'", "DELETE FROM core_event", "TRUNCATE core_event CASCADE"]
)
async def test_a_ledger_refuses_change(fresh_db: Database, now: datetime, what: UUID, change: str):
    async with fresh_db.write() as session:
        emit(session, Happened(at=now, what=what))
    with pytest.raises(DBAPIError, match="append-only"):
        async with fresh_db.write() as session:
            await session.execute(text(change))
    assert await events(fresh_db) == 1


def test_a_wiring_has_each_name_once():
    wiring = Wiring()

    async def hear(*_: object) -> None: ...

    wiring.on(Happened, hear, name="one.hears")
    with pytest.raises(ValueError, match=r"one\.hears"):
        wiring.on(Happened, hear, name="one.hears")
    assert [listener.lane for listener in wiring.listening_to("testing.happened")] == ["one"]
    assert wiring.listening_to("testing.unheard") == []


def test_a_fact_must_say_what_it_is_about(now: datetime):
    class Aimless(Fact):
        name = "testing.aimless"

    with pytest.raises(TypeError, match="subject"):
        Aimless(at=now)
