import asyncio
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import assistance, audit
from app.assistance.models import EntryRow
from app.core.db import Base
from app.wiring import CHORES
from app.worker import do_chores
from tests.assistance.builders import completed, line, refunded

SEALS = [rule for rule in audit.RULES if rule.name in {"ledger.entry_changed", "ledger.seal", "ledger.unsealed"}]
COLUMNS = [column.name for column in Base.metadata.tables["assistance_entry"].columns if column.name != "counted_month"]


async def post(session, now, *lines):
    await assistance.on_supplier_orders_completed(session, [completed(now, *lines)], now)


async def places(session):
    rows = await session.execute(text("SELECT seq, entry_id FROM assistance_sealed_entry ORDER BY seq"))
    return [tuple(row) for row in rows]


async def links(session):
    rows = await session.execute(text("SELECT * FROM assistance_seal ORDER BY seq_from"))
    return list(rows.mappings())


async def ids(session):
    return list(await session.scalars(text("SELECT id FROM assistance_entry ORDER BY id")))


async def broken(session):
    found = {}
    for rule in SEALS:
        rows = [dict(row) for row in (await session.execute(text(rule.sql))).mappings()]
        if rows:
            found[rule.name] = rows
    return found


async def force(session, *statements):
    """Change the past as somebody who owns the database can."""
    for table in ("assistance_entry", "assistance_sealed_entry", "assistance_seal"):
        await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        checks = await session.scalars(
            text(f"SELECT conname FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype IN ('c', 'f')")
        )
        for name in checks.all():
            await session.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
    for statement in statements:
        assert (await session.execute(text(statement))).rowcount, statement


async def test_entries_get_places_without_a_hole_in_the_order_of_their_ids(session, now):
    await post(session, now, *(line() for _ in range(5)))
    assert await assistance.unsealed(session) == 5
    assert await assistance.sealed_through(session) == 0
    sealed = [await assistance.seal_due(session, now=now, limit=2) for _ in range(4)]
    assert sealed == [2, 2, 1, 0]
    assert await places(session) == list(enumerate(await ids(session), start=1))
    assert (await assistance.sealed_through(session), await assistance.unsealed(session)) == (5, 0)


async def test_each_link_names_the_one_before_and_sums_its_entries(session, now):
    sold = line(net_fen=13_800)
    sale = completed(now, sold, line(net_fen=1))
    await assistance.on_supplier_orders_completed(session, [sale], now)
    await assistance.seal_due(session, now=now)
    await assistance.on_lines_refunded(session, refunded(now, sale, (sold.line_id, 1, 800)), now)
    await assistance.seal_due(session, now=now)
    first, second = await links(session)
    assert (first["seq_from"], first["seq_to"], first["entries"], first["sum_fen"]) == (1, 2, 2, 13_801)
    assert (second["seq_from"], second["seq_to"], second["entries"], second["sum_fen"]) == (3, 3, 1, -800)
    assert (first["previous"], second["previous"]) == (b"", first["digest"])
    digests = await session.scalars(text("SELECT digest FROM assistance_sealed_entry WHERE seq <= 2 ORDER BY seq"))
    assert first["digest"] == hashlib.sha256(b'[1, 1, 2, 13801, ""]' + b"".join(digests)).digest()


async def test_a_ledger_that_nobody_touched_is_whole(session, now):
    for _ in range(3):
        await post(session, now, line(), line())
        assert await broken(session) == {}
        await assistance.seal_due(session, now=now, limit=1)
        assert await broken(session) == {}
    await assistance.seal_everything(session, now=now)
    assert await broken(session) == {}


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_change_of_any_column_is_found_and_named(session, now, column):
    await post(session, now, line(), line(sku="GT02"), line())
    await assistance.seal_due(session, now=now)
    seq, entry = (await places(session))[1]
    kind = type(EntryRow.metadata.tables["assistance_entry"].columns[column].type).__name__
    other = {
        "UUID": "gen_random_uuid()",
        "Uuid": "gen_random_uuid()",
        "DateTime": "now() + interval '1 microsecond'",
        "Date": "current_date + 1",
        "BigInteger": f"{column} + 1",
        "Integer": f"{column} + 1",
        "Text": f"coalesce({column}, '') || ' '",
    }[kind]
    await force(session, f"UPDATE assistance_entry SET {column} = {other} WHERE id = '{entry}'")
    found = await broken(session)
    assert found["ledger.entry_changed"] == [{"seq": seq, "entry_id": entry}]


async def test_an_absent_value_is_not_an_empty_one(session, now):
    await post(session, now, line())
    await assistance.seal_due(session, now=now)
    await force(session, "UPDATE assistance_entry SET lot_code = ''")
    assert set(await broken(session)) == {"ledger.entry_changed"}


async def test_what_was_sealed_reads_the_same_in_another_zone(session, now):
    await post(session, now, line())
    await assistance.seal_due(session, now=now)
    await session.execute(text("SET LOCAL timezone TO 'Asia/Shanghai'"))
    await session.execute(text("SET LOCAL datestyle TO 'German'"))
    assert await broken(session) == {}


async def test_a_removed_entry_is_found_and_named(session, now):
    await post(session, now, line(), line(), line())
    await assistance.seal_due(session, now=now)
    seq, entry = (await places(session))[1]
    await force(session, f"DELETE FROM assistance_entry WHERE id = '{entry}'")
    assert await broken(session) == {"ledger.entry_changed": [{"seq": seq, "entry_id": entry}]}


async def test_an_entry_removed_with_its_place_leaves_a_hole(session, now):
    await post(session, now, line(), line(), line())
    await assistance.seal_due(session, now=now)
    _, entry = (await places(session))[1]
    await force(
        session,
        f"DELETE FROM assistance_sealed_entry WHERE entry_id = '{entry}'",
        f"DELETE FROM assistance_entry WHERE id = '{entry}'",
    )
    (hole,) = (await broken(session))["ledger.seal"]
    assert (hole["seq_from"], hole["seq_to"]) == (1, 3)


async def test_an_entry_slipped_in_is_found_and_named(session, now):
    await post(session, now, line())
    await assistance.seal_due(session, now=now)
    await force(session)
    columns = ", ".join(COLUMNS[1:])
    forged = await session.scalar(
        text(
            f"INSERT INTO assistance_entry (id, {columns}) SELECT gen_random_uuid(), "
            f"{columns.replace('line_id', 'gen_random_uuid()')} FROM assistance_entry RETURNING id"
        )
    )
    assert await broken(session) == {"ledger.unsealed": [{"entry_id": forged, "found": 0, "expected": 1}]}


async def test_a_link_made_anew_does_not_fit_the_next(session, now):
    """Somebody changes an entry, its digest and its link: the link that follows still remembers."""
    for _ in range(2):
        await post(session, now, line())
        await assistance.seal_due(session, now=now)
    await force(
        session,
        "UPDATE assistance_entry SET amount_fen = 1 WHERE id = (SELECT entry_id FROM assistance_sealed_entry "
        "WHERE seq = 1)",
        f"UPDATE assistance_sealed_entry z SET digest = {assistance.ENTRY_DIGEST} FROM assistance_entry e "
        "WHERE e.id = z.entry_id",
        f"UPDATE assistance_seal s SET sum_fen = 1, digest = {assistance.seal_digest('n', 'z.digest')} "
        "FROM (SELECT form, seq_from, seq_to, CAST(1 AS bigint) AS sum_fen, previous FROM assistance_seal) n, "
        "assistance_sealed_entry z WHERE n.seq_from = s.seq_from AND z.seq = s.seq_from AND s.seq_from = 1",
    )
    found = await broken(session)
    assert [(row["seq_from"], row["seq_to"]) for row in found["ledger.seal"]] == [(2, 2)]
    assert set(found) == {"ledger.seal"}


async def test_what_commits_late_stands_later(fresh_db, now):
    """An entry with a smaller id that appears after its neighbour was sealed: nobody's place moves."""
    async with fresh_db.write() as slow:
        await post(slow, now - timedelta(hours=1), line())
        async with fresh_db.write() as quick:
            await post(quick, now, line())
        async with fresh_db.write() as chore:
            assert await assistance.seal_due(chore, now=now) == 1
            before = await places(chore)
    async with fresh_db.write() as chore:
        assert await assistance.seal_due(chore, now=now) == 1
        assert (await places(chore))[:1] == before
        assert [seq for seq, _ in await places(chore)] == [1, 2]
        assert await broken(chore) == {}


async def test_several_who_seal_at_once_give_each_place_once(fresh_db, now):
    async with fresh_db.write() as session:
        await post(session, now, *(line() for _ in range(40)))

    async def some():
        async with fresh_db.write() as session:
            return await assistance.seal_due(session, now=now, limit=7)

    async def post_more():
        async with fresh_db.write() as session:
            await post(session, now, line(), line())
        return 0

    total = sum(await asyncio.gather(*(some() for _ in range(4)), *(post_more() for _ in range(4))))
    async with fresh_db.write() as session:
        total += await assistance.seal_everything(session, now=now)
        assert total == 48
        assert [seq for seq, _ in await places(session)] == list(range(1, 49))
        assert await broken(session) == {}


async def test_the_worker_seals(fresh_db, now):
    async with fresh_db.write() as session:
        await post(session, now, line())
    await do_chores(fresh_db, [chore for chore in CHORES if chore.name == "assistance.seal_ledger"], lambda: now)
    async with fresh_db.read() as session:
        assert (await assistance.sealed_through(session), await assistance.unsealed(session)) == (1, 0)
