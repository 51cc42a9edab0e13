"""What the clock starts: every chore gets its turn, and a part of a transaction may fail by itself."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.core.db import Database, attempt
from app.core.events import Wiring, emit
from app.core.ids import new_id
from app.wiring import Chore
from app.worker import do_chores
from tests.core.conftest import KEPT, Happened

_NAMES = text("SELECT name FROM core_installation ORDER BY 1")


async def test_a_chore_that_fails_does_not_keep_the_others_from_their_work(fresh_db: Database, now: datetime):
    async def fails(session: Any, now: datetime) -> int:
        await session.execute(KEPT, {"name": "half done", "value": ""})
        raise RuntimeError("arranged")

    async def works(session: Any, now: datetime) -> int:
        await session.execute(KEPT, {"name": "done", "value": ""})
        return 1

    await do_chores(fresh_db, [Chore("one.fails", fails), Chore("two.works", works)], lambda: now)
    async with fresh_db.read() as session:
        assert list(await session.scalars(_NAMES)) == ["done"]


async def test_what_an_attempt_changed_and_announced_goes_with_it(fresh_db: Database, now: datetime):
    wiring = Wiring()
    wiring.announce(Happened)
    fresh_db.wiring = wiring
    async with fresh_db.write() as session:
        for number, fails in enumerate((False, True, False)):
            with suppress(RuntimeError):
                async with attempt(session):
                    await session.execute(KEPT, {"name": str(number), "value": ""})
                    emit(session, Happened(at=now, what=new_id(now), number=number))
                    if fails:
                        raise RuntimeError("arranged")
    async with fresh_db.read() as session:
        assert list(await session.scalars(_NAMES)) == ["0", "2"]
        told = await session.scalars(text("SELECT payload->>'number' FROM core_event ORDER BY id"))
        assert sorted(told) == ["0", "2"]
