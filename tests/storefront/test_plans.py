"""A hundred thousand products: every order and every search is served by an index and reads little of the shelf."""

from __future__ import annotations

import importlib
import json
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.storefront.queries import Position, Wish, listing
from app.storefront.rules import Sort
from app.storefront.rules.words import parse, words_of
from tests.storefront import builders

counting = importlib.import_module("app.storefront.queries.facets")
ROWS = 100_000
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
MOST_ROWS_READ = 3_000

# In this database nothing but the shelf is full: what it refers to is not asked for by its plans. Its indexes of words
# are built after it was filled, which takes a quarter of the time.
_UNTIE = """
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT conname FROM pg_constraint WHERE conrelid = 'storefront_shelf'::regclass AND contype = 'f' LOOP
        EXECUTE format('ALTER TABLE storefront_shelf DROP CONSTRAINT %I', found.conname);
    END LOOP;
END $$
"""
_FILL = """
INSERT INTO storefront_shelf (product_id, root_slug, leaf_slug, supplier_id, township_code, price_from_fen, in_stock,
    sales, published_at, season_opens, season_closes, presale, named, words, face, words_version)
SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), (CAST(:roots AS text[]))[1 + n % 11],
       (CAST(:leaves AS text[]))[1 + n % 11], CAST(lpad(to_hex(n % 500), 32, '0') AS uuid),
       CAST(433125100 + n % 12 AS text), 1000 + (n * 7919) % 90000, n % 10 <> 0, (n * 104729) % 5000,
       CAST('2026-01-01' AS timestamptz) + n * interval '1 minute', '11-25', '01-31', n % 40 = 0,
       (CAST(:named AS tsvector[]))[at], (CAST(:words AS tsvector[]))[at], '"name":"x"', 1
FROM (SELECT n, CASE WHEN n % 1000 = 0 THEN :kinds ELSE 1 + n % (:kinds - 1) END AS at
      FROM generate_series(CAST(1 AS bigint), :rows) n) numbered
"""


def kinds() -> list[Any]:
    """The words of ten varieties of each of the county's products, and at the end of something that is rare."""
    names = [f"{row[3]} 第{number}号" for number in range(10) for row in builders.PRODUCTS] + ["葛根粉"]
    return [
        words_of(codes=[f"K{at}"], names=[name], spoken=["吕洞山镇黄金村"], written=[]) for at, name in enumerate(names)
    ]


async def fill(db: Database) -> None:
    roots = ["golden-tea", "dark-tea", "camellia-oil", "navel-orange", "gift-set"]
    made = kinds()
    async with db.write() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        await session.execute(text(_UNTIE))
        words = ("named", "words")
        indexes = [
            await session.scalar(text(f"SELECT pg_get_indexdef('ix_storefront_shelf_{one}'::regclass)"))
            for one in words
        ]
        for one in words:
            await session.execute(text(f"DROP INDEX ix_storefront_shelf_{one}"))
        filling = {
            "rows": ROWS,
            "kinds": len(made),
            "named": [one.named for one in made],
            "words": [one.anywhere for one in made],
            "roots": [roots[at % 5] for at in range(11)],
            "leaves": [f"leaf-{at}" for at in range(11)],
        }
        await session.execute(text(_FILL), filling)
        for index in indexes:
            await session.execute(text(index))
    async with db.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("SET statement_timeout = 0"))
        await alone.execute(text("VACUUM (ANALYZE) storefront_shelf"))
        await alone.execute(text("RESET statement_timeout"))


class _Heard(Exception):
    pass


async def plan(session: AsyncSession, module: ModuleType, asked: Awaitable[object]) -> dict[str, Any]:
    """What PostgreSQL does when this is asked."""

    async def listen(_session, statement, parameters):
        raise _Heard(statement.text, parameters)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(_Heard) as heard:
        patch.setattr(module, "ask", listen)
        await asked
    statement, parameters = heard.value.args
    explained = await session.scalar(text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"), parameters)
    return (explained if isinstance(explained, list) else json.loads(explained))[0]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


def read_of_the_shelf(found: dict[str, Any]) -> int:
    """How many rows of the shelf were looked at. Raises if any was found by going through all of it."""
    total = 0
    for node in nodes(found["Plan"]):
        if node.get("Relation Name") != "storefront_shelf" or not node["Actual Loops"]:
            continue
        assert node["Node Type"] != "Seq Scan", found
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        total += int((node["Actual Rows"] + removed) * node["Actual Loops"])
    return total


MIDDLE = "00000000-0000-0000-0000-00000000c350"
ORDERS = [sort for sort in Sort if sort is not Sort.RELEVANCE]

CASES = [
    *((wish, sort, None) for sort in ORDERS for wish in (Wish(), Wish(category="golden-tea"), Wish(category="leaf-3"))),
    (Wish(), Sort.PRICE, Position(0, "45000", MIDDLE)),
    (Wish(category="leaf-3"), Sort.DEAREST, Position(0, "45000", MIDDLE)),
    (Wish(), Sort.NEWEST, Position(0, "2026-02-01 00:00:00+00", MIDDLE)),
    (Wish(in_stock=True, min_price_fen=5000), Sort.SALES, None),
    (Wish(supplier="00000000-0000-0000-0000-000000000011"), Sort.NEWEST, None),
    (Wish(township="433125104"), Sort.PRICE, None),
    (Wish(presale=True), Sort.PRICE, None),
    *(
        (Wish(query=parse(typed)), sort, None)
        for typed in (
            *("黄金茶", "茯砖", "huangjincha", "hjc", "第7号", "茶", "qichen", "吕洞山", "没有这种货", "黄金茶 第3号"),
            *("葛根", "gegen", "ggf", "k110", "葛根 吕洞山", "茶 砖", "zhuan"),
        )
        for sort in (Sort.RELEVANCE, Sort.PRICE)
    ),
    (Wish(query=parse("黄金茶"), category="golden-tea"), Sort.RELEVANCE, None),
    (Wish(query=parse("黄金茶")), Sort.RELEVANCE, Position(listing.NAMED, "2500", MIDDLE)),
    (Wish(query=parse("吕洞山")), Sort.RELEVANCE, Position(listing.ELSEWHERE, "2500", MIDDLE)),
]


async def test_no_page_reads_much_of_the_shelf(fresh_db):
    await fill(fresh_db)
    async with fresh_db.read() as session:
        for wish, sort, after in CASES:
            asked = listing.find(session, wish, sort=sort, limit=24, after=after, now=NOW)
            found = await plan(session, listing, asked)
            assert read_of_the_shelf(found) <= MOST_ROWS_READ, (wish, sort, after, found)
        for typed in ("黄金荼", "huangjincah", "葛根坟", "gegenn"):
            found = await plan(session, listing, listing._meant(session, typed))
            assert read_of_the_shelf(found) <= MOST_ROWS_READ, (typed, found)
        # Facets count all that there is, but in an index.
        for wish in (Wish(), Wish(category="golden-tea", in_stock=True), Wish(query=parse("第7号"))):
            found = await plan(session, counting, counting.facets(session, wish, now=NOW))
            assert read_of_the_shelf(found) <= ROWS, (wish, found)
