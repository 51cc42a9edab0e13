"""The list and the search: which products, and in which order, decided by the shelf in one statement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import ROOTS
from app.core.db import ask
from app.storefront.queries.shown import SEASON, VARIANTS, moment
from app.storefront.rules import Sort
from app.storefront.rules.typos import mend, nearby
from app.storefront.rules.words import Query, parse

# OFFSET 0 keeps the planner from turning 25 looks by key into a join with whole tables.
_PAGE = f"""
SELECT '[' || coalesce(string_agg(item.json, ',' ORDER BY f.n), '') || ']',
       count(*) > :limit,
       max(f.tier) FILTER (WHERE f.n = :limit),
       max(CAST(f.key AS text)) FILTER (WHERE f.n = :limit),
       max(CAST(f.product_id AS text)) FILTER (WHERE f.n = :limit)
FROM found f
LEFT JOIN LATERAL (
    SELECT '{{{{' || s.face || ',"price_from_fen":' || v.price_from_fen || ',"in_stock":' || v.in_stock || ',"season":"'
           || {SEASON} || '","variants":' || v.variants || '}}}}' AS json
    FROM storefront_shelf s
    JOIN catalogue_product p ON p.id = s.product_id
    JOIN suppliers_supplier su ON su.id = s.supplier_id
    CROSS JOIN LATERAL ({VARIANTS}) v
    WHERE s.product_id = f.product_id AND p.status = 'published' AND su.status = 'approved' AND v.variants IS NOT NULL
    OFFSET 0
) item ON f.n <= :limit
""".format(t="s", presale="v.ahead AND NOT v.in_stock")

NAMED, ELSEWHERE = 1, 2
"""Tiers of relevance: all that was typed is in the name or the codes, or some of it is elsewhere."""

NEAR, FEW = 200, 500
"""So many products are asked one by one, or sorted, without a second thought."""

WORDS = "anywhere"
_SOUGHT = "(SELECT CAST(:{} AS tsquery))"
_IS_NAMED = f"ts_match_vq(s.named, {_SOUGHT.format('named')})"
HAS_WORDS_BY_INDEX = f"s.words @@ {_SOUGHT.format('anywhere')}"
_HAS_WORDS = f"ts_match_vq(s.words, {_SOUGHT.format('anywhere')})"

_ORDER: dict[Sort, tuple[str, str, str]] = {
    Sort.NEWEST: ("published_at", "timestamptz", "DESC"),
    Sort.PRICE: ("price_from_fen", "bigint", "ASC"),
    Sort.DEAREST: ("price_from_fen", "bigint", "DESC"),
    Sort.SALES: ("sales", "integer", "DESC"),
    Sort.RELEVANCE: ("sales", "integer", "DESC"),
}

FILTERS: dict[str, str] = {
    "root": "s.root_slug = :root",
    "leaf": "s.leaf_slug = :leaf",
    "supplier_id": "s.supplier_id = CAST(:supplier_id AS uuid)",
    "supplier_code": "s.supplier_id = (SELECT id FROM suppliers_supplier WHERE code = :supplier_code)",
    "township_code": "s.township_code = :township_code",
    "township_name": "s.township_code = ANY(ARRAY(SELECT code FROM suppliers_township WHERE name = :township_name))",
    "in_stock": "s.in_stock = :in_stock",
    "presale": "s.presale",
    "no_presale": "NOT s.presale",
    "min_price_fen": "s.price_from_fen >= :min_price_fen",
    "max_price_fen": "s.price_from_fen <= :max_price_fen",
}


@dataclass(frozen=True, slots=True)
class Position:
    """The last product of the page before.

    Its tier of relevance (0 in other orders), the value it is sorted by as PostgreSQL writes it, and its id.
    """

    tier: int
    key: str
    product_id: str
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list: JSON of the items, and where the next page begins, if there is one.

    ``corrected`` is what was looked for instead of what was typed, because that finds nothing.
    """

    items: str
    last: Position | None
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer wants to see. Absent conditions are None."""

    query: Query | None = None
    category: str | None = None
    supplier: str | None = None
    township: str | None = None
    in_stock: bool | None = None
    presale: bool | None = None
    min_price_fen: int | None = None
    max_price_fen: int | None = None

    def order(self, sort: Sort | None) -> Sort:
        """The order to show it in: relevance needs words to be relevant to."""
        if sort is None or sort is Sort.RELEVANCE:
            return Sort.NEWEST if self.query is None else Sort.RELEVANCE
        return sort

    def conditions(self) -> dict[str, object]:
        """The names of the filters that apply, with their values."""
        found: dict[str, object] = {
            "in_stock": self.in_stock,
            "min_price_fen": self.min_price_fen,
            "max_price_fen": self.max_price_fen,
        }
        if self.query is not None:
            found[WORDS] = self.query.anywhere
        if self.presale is not None:
            found["presale" if self.presale else "no_presale"] = self.presale
        if self.category is not None:
            found["root" if self.category in ROOTS else "leaf"] = self.category
        if self.supplier is not None:
            found["supplier_id" if _is_id(self.supplier) else "supplier_code"] = self.supplier
        if self.township is not None:
            found["township_code" if self.township.isdigit() else "township_name"] = self.township
        return {name: value for name, value in found.items() if value is not None}


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


@lru_cache(512)
def _list_statement(sort: Sort, filters: tuple[str, ...], tier: int | None, limit: int) -> TextClause:
    """The statement for an order, a set of filters and a position in ``tier`` to go on from (None: from the top).

    The limit is written into it: PostgreSQL keeps a plan only if it is as good as one for the very parameters, and a
    page of unknown length never is. Planning takes longer than the page.
    """
    column, kind, direction = _ORDER[sort]
    order = f"ORDER BY key {direction}, product_id {direction} LIMIT :limit + 1"
    beyond = (
        f"(s.{column}, s.product_id) {'<' if direction == 'DESC' else '>'} (CAST(:key AS {kind}), CAST(:after AS uuid))"
    )
    in_order = f"ORDER BY tier, key {direction}, product_id {direction}"
    others = [FILTERS[name] for name in filters if name != WORDS]

    if WORDS in filters:
        stages = _searched(column, order, beyond, others, tier, named_first=sort is Sort.RELEVANCE)
        stages.append(f"sorted AS (SELECT * FROM matched {in_order} LIMIT :limit + 1)")
    else:
        where = _where([*others, *([] if tier is None else [beyond])])
        shelf = f"SELECT 0 AS tier, s.{column} AS key, s.product_id FROM storefront_shelf s"
        stages = [f"sorted AS MATERIALIZED ({shelf} {where} {order})"]
    numbered = f"found AS MATERIALIZED (SELECT *, row_number() OVER ({in_order}) AS n FROM sorted)"
    statement = f"WITH {', '.join((*stages, numbered))} {_PAGE}".replace(":limit", str(limit))
    # The driver remembers how to send a statement only if it has at most 4,096 characters.
    return text(" ".join(statement.split()))


def _searched(
    column: str, order: str, beyond: str, others: list[str], tier: int | None, *, named_first: bool
) -> list[str]:
    """The best of what is found by words, quickly whether few products have them or nearly all.

    First the best ``NEAR`` products of the shelf are asked whether they have the words (by relevance: in the name):
    common words fill the page from these. If not, the index of words is asked, for at most ``FEW``; if that was all,
    they are sorted. If there are more, the shelf is read in its order until the page is full, and with so many to be
    found that is soon. No estimate of the planner's decides: for a phrase or the beginning of a word it has none to
    speak of.
    """

    def shelf(at: object, *conditions: str) -> str:
        row = f"SELECT {at} AS tier, s.{column} AS key, s.product_id FROM storefront_shelf s"
        return f"{row} {_where([*conditions, *others])}"

    if named_first:
        first, match = (ELSEWHERE, f"NOT {_IS_NAMED} AND {_HAS_WORDS}") if tier == ELSEWHERE else (NAMED, _IS_NAMED)
        which = f"CASE WHEN {_IS_NAMED} THEN {NAMED} ELSE {ELSEWHERE} END"
        left = {None: [], NAMED: [f"(NOT {_IS_NAMED} OR {beyond})"], ELSEWHERE: [f"NOT {_IS_NAMED}", beyond]}[tier]
    else:
        first, match, which = 0, _HAS_WORDS, "0"
        left = [] if tier is None else [beyond]
    best = f"SELECT s.{column} AS key, s.product_id, s.named, s.words FROM storefront_shelf s"
    after = [] if tier is None else [beyond]
    few, many = f"(SELECT count(*) FROM few) <= {FEW}", f"(SELECT count(*) FROM few) > {FEW}"
    best += f" {_where([*others, *after])} {order.replace(':limit + 1', str(NEAR))}"
    by_words = shelf(which, "(SELECT count(*) FROM near) <= :limit", *left, HAS_WORDS_BY_INDEX)
    near = f"SELECT {first} AS tier, key, product_id FROM ({best}) s WHERE {match} LIMIT :limit + 1"
    stages = [
        f"near AS MATERIALIZED ({near})",
        f"few AS MATERIALIZED ({by_words} LIMIT {FEW} + 1)",
    ]
    found = [
        "SELECT * FROM near WHERE (SELECT count(*) FROM near) > :limit",
        f"(SELECT * FROM few WHERE {few} ORDER BY tier, {order.removeprefix('ORDER BY ')})",
    ]
    if not named_first:
        found.append(f"({shelf(0, many, *after, _HAS_WORDS)} {order})")
    else:
        if tier != ELSEWHERE:
            by_name = shelf(NAMED, many, *after, f"s.named @@ {_SOUGHT.format('named')}")
            walked = shelf(NAMED, f"(SELECT count(*) FROM few_named) > {FEW}", *after, _IS_NAMED)
            sorted_few = f"SELECT * FROM few_named WHERE (SELECT count(*) FROM few_named) <= {FEW} {order}"
            stages += [
                f"few_named AS MATERIALIZED ({by_name} LIMIT {FEW} + 1)",
                f"named AS MATERIALIZED (({sorted_few}) UNION ALL ({walked} {order}))",
            ]
            found.append("SELECT * FROM named")
            many += " AND (SELECT count(*) FROM named) <= :limit"
            after = []
        found.append(f"({shelf(ELSEWHERE, many, *after, f'NOT {_IS_NAMED}', _HAS_WORDS)} {order})")
    return [*stages, f"matched AS ({' UNION ALL '.join(found)})"]


_NEARBY = text(f"""
SELECT concat_ws(' ', shown ->> 'name', shown #>> '{{origin,township}}', shown #>> '{{origin,village}}',
                 shown #>> '{{supplier,name}}')
FROM (SELECT CAST('{{' || face || '}}' AS json) AS shown FROM (
    SELECT s.face, s.sales, s.product_id FROM storefront_shelf s WHERE {HAS_WORDS_BY_INDEX} LIMIT {FEW}) found
ORDER BY found.sales DESC, found.product_id DESC LIMIT 50) best
""")


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


async def find(
    session: AsyncSession, wish: Wish, *, sort: Sort, limit: int, after: Position | None, now: datetime
) -> Found:
    """A page of the products that are wished for, in one statement. ``sort`` is what ``wish.order`` said.

    If words find nothing and one of them is called almost so, two more statements look for what was meant.
    """
    corrected = after.corrected if after is not None else None
    if corrected is not None:
        wish = replace(wish, query=parse(corrected))
    found = await _find(session, wish, sort, limit, after, now)
    if found.items == "[]" and after is None and wish.query is not None:
        corrected = await _meant(session, wish.query.typed)
        if corrected is not None:
            found = await _find(session, replace(wish, query=parse(corrected)), sort, limit, after, now)
    if corrected is None or found.items == "[]":
        return found
    return Found(found.items, found.last and replace(found.last, corrected=corrected), corrected)


async def _meant(session: AsyncSession, typed: str) -> str | None:
    """What was probably meant by words that find nothing. What sells best is the likeliest."""
    if (words := nearby(typed)) is None:
        return None
    return mend(typed, [str(row[0]) for row in await ask(session, _NEARBY, {"anywhere": words})])


async def _find(
    session: AsyncSession, wish: Wish, sort: Sort, limit: int, after: Position | None, now: datetime
) -> Found:
    conditions = wish.conditions()
    parameters = {**conditions, **moment(now)}
    if sort is Sort.RELEVANCE and wish.query is not None:
        parameters["named"] = wish.query.named
    if after is not None:
        parameters |= {"key": after.key, "after": after.product_id}
    statement = _list_statement(sort, tuple(conditions), after.tier if after else None, limit)
    ((items, more, tier, key, product_id),) = await ask(session, statement, parameters)
    return Found(items, Position(tier, key, product_id) if more else None)
