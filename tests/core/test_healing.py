"""A connection that died is noticed and replaced, by whichever way it was used."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.core.db import ask
from app.core.errors import Unavailable

WHO = text("SELECT pg_backend_pid()")
END_OTHERS = text("SELECT pg_terminate_backend(pid) FROM unnest(CAST(:pids AS int[])) AS pid")


@pytest.mark.parametrize("way", ["read", "write"])
async def test_after_one_failure_the_next_question_is_answered(fresh_db, engine, way):
    async with getattr(fresh_db, way)() as session:
        ((pid,),) = await ask(session, WHO, {})
    other = "write" if way == "read" else "read"
    async with getattr(fresh_db, other)() as session:
        await session.execute(END_OTHERS, {"pids": [pid]})
    with pytest.raises(Unavailable):
        async with getattr(fresh_db, way)() as session:
            await ask(session, WHO, {})
    async with getattr(fresh_db, way)() as session:
        ((fresh,),) = await ask(session, WHO, {})
    assert fresh != pid


async def test_what_is_looked_up_without_a_session_heals_as_well(fresh_db):
    ((pid,),) = await fresh_db.look(WHO, {})
    async with fresh_db.write() as session:
        await session.execute(END_OTHERS, {"pids": [pid]})
    with pytest.raises(Unavailable):
        await fresh_db.look(WHO, {})
    ((fresh,),) = await fresh_db.look(WHO, {})
    assert fresh != pid
    pool = fresh_db.lookers.pool
    assert pool.checkedout() == 0
