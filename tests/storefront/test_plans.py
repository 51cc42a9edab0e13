"""A hundred thousand products: every order and every search is served by an index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.storefront import queries
from app.storefront.queries import Position, Wish
from app.storefront.rules import Sort
from app.storefront.rules.words import document, parse
from tests.storefront import builders

ROWS = 100_000
TODAY = date(2026, 11, 20)

# In this database nothing but the shelf is full: what it refers to is not asked for by a plan.
_UNTIE = """
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT conname FROM pg_constraint WHERE conrelid = 'storefront_shelf'::regclass AND contype = 'f' LOOP
        EXECUTE format('ALTER TABLE storefront_shelf DROP CONSTRAINT %I', found.conname);
    END LOOP;
END $$
"""
_FILL = """
INSERT INTO storefront_shelf (product_id, root_slug, leaf_slug, supplier_id, township_code, price_from_fen, in_stock,
    sales, published_at, season_opens, season_closes, perishable, named, words, face, words_version)
SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), (CAST(:roots AS text[]))[1 + n % 11], (CAST(:leaves AS text[]))[1 + n % 11],
       CAST(lpad(to_hex(n % 500), 32, '0') AS uuid), CAST(433125100 + n % 12 AS text), 1000 + (n * 7919) % 90000,
       n % 10 <> 0, (n * 104729) % 5000, CAST('2026-01-01' AS timestamptz) + n * interval '1 minute',
       '11-20', '01-31', n % 4 = 0, CAST((CAST(:words AS text[]))[1 + n % 110] AS tsvector), 1
FROM generate_series(CAST(1 AS bigint), :rows) n
"""


@pytest.fixture(scope="module")
def words() -> list[str]:
    """Ten different products for each of the county's: they share most words and differ in one."""
    return [
        document([("A", f"{name} 第{number}号"), ("C", "吕洞山镇黄金村")], codes=[])
        for number in range(10)
        for _, _, _, name, *_ in builders.PRODUCTS
    ]


@pytest.fixture
async def full(fresh_db, words) -> AsyncIterator[AsyncSession]:
    roots = ["golden-tea", "dark-tea", "camellia-oil", "navel-orange", "gift-set"]
    async with fresh_db.write() as session:
        await session.execute(text(_UNTIE))
        await session.execute(
            text(_FILL),
            {
                "rows": ROWS,
                "words": words,
                "roots": [roots[at % 5] for at in range(11)],
                "leaves": [f"leaf-{at}" for at in range(11)],
            },
        )
    async with fresh_db.write() as session:
        await session.execute(text("ANALYZE storefront_shelf"))
        yield session


async def plan(session: AsyncSession, wish: Wish, sort: Sort, after: Position | None = None) -> tuple[str, float]:
    """What PostgreSQL does for a page, and how many milliseconds it took."""
    heard: list[tuple[str, dict]] = []

    class Listening:
        async def execute(self, statement, parameters):
            heard.append((statement.text, parameters))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await queries.find(Listening(), wish, sort=sort, limit=24, after=after, today=TODAY)
    statement, parameters = heard[0]
    rows = (await session.execute(text(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}"), parameters)).scalars().all()
    milliseconds = float(next(row for row in rows if row.startswith("Execution Time")).split()[2])
    return "\n".join(rows), milliseconds


MIDDLE = "00000000-0000-0000-0000-00000000c350"

CASES = [
    *((Wish(), sort, None) for sort in Sort if sort is not Sort.RELEVANCE),
    *((Wish(category="golden-tea"), sort, None) for sort in Sort if sort is not Sort.RELEVANCE),
    *((Wish(category="leaf-3"), sort, None) for sort in Sort if sort is not Sort.RELEVANCE),
    (Wish(), Sort.PRICE, Position(0, "45000", MIDDLE)),
    (Wish(category="leaf-3"), Sort.DEAREST, Position(0, "45000", MIDDLE)),
    (Wish(), Sort.NEWEST, Position(0, "2026-02-01 00:00:00+00", MIDDLE)),
    (Wish(in_stock=True, min_price_fen=5000), Sort.SALES, None),
    (Wish(supplier="00000000-0000-0000-0000-000000000011"), Sort.NEWEST, None),
    (Wish(township="433125104"), Sort.PRICE, None),
    *(
        (Wish(query=parse(q)), sort, None)
        for q in ("黄金茶", "茯砖", "huangjincha", "hjc", "第7号", "茶", "qichen", "吕洞山", "没有这种货", "黄金茶 第3号")
        for sort in (Sort.RELEVANCE, Sort.PRICE)
    ),
    (Wish(query=parse("黄金茶"), category="golden-tea"), Sort.RELEVANCE, None),
    (Wish(query=parse("黄金茶")), Sort.RELEVANCE, Position(queries.NAMED, "2500", MIDDLE)),
    (Wish(query=parse("吕洞山")), Sort.RELEVANCE, Position(queries.ELSEWHERE, "2500", MIDDLE)),
]


async def test_a_page_never_reads_the_whole_shelf(full):
    slow = []
    for wish, sort, after in CASES:
        found, milliseconds = await plan(full, wish, sort, after)
        assert "Seq Scan on storefront_shelf" not in found, f"{wish} {sort}\n{found}"
        print(f"{milliseconds:8.2f} ms  {sort.value:10} {wish} {after}")
        if milliseconds > 500:  # noqa: PLR2004 - a page takes a few; the machine may be busy
            slow.append((wish, sort, milliseconds))
    assert slow == []
