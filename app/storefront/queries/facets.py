"""What else there is: how many products each further choice would leave, counted in one pass over the shelf.

A facet is counted under all filters but its own, so it says what choosing another of its values would show. Every row
that fails at most one filter is read once, from an index that holds all the columns, and counted for each facet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.storefront.queries.listing import FILTERS, HAS_WORDS_BY_INDEX, WORDS, Wish
from app.storefront.queries.shown import SEASON, moment
from app.storefront.rules import PRICE_BANDS_FEN

Facets = dict[str, list[dict[str, Any]]]

_MOST_VALUES = 50
_FACET_OF = {
    "root": "category",
    "leaf": "category",
    "supplier_id": "supplier",
    "supplier_code": "supplier",
    "township_code": "township",
    "township_name": "township",
    "in_stock": "in_stock",
    "presale": "season",
    "no_presale": "season",
    "min_price_fen": "price",
    "max_price_fen": "price",
}
# Facet, the columns it is grouped by, and the value that GROUPING has for it: a bit is 0 where its column counts.
_GROUPS = (
    ("category", "leaf_slug", 0b011111),
    ("supplier", "supplier_id", 0b101111),
    ("township", "township_code", 0b110111),
    ("price", "band", 0b111011),
    ("in_stock", "in_stock", 0b111101),
    ("season", "season_opens, season_closes, presale", 0b111110),
)


@lru_cache(256)
def _statement(filters: tuple[str, ...]) -> TextClause:
    conditions: defaultdict[str, list[str]] = defaultdict(list)
    for name in filters:
        if name != WORDS:
            conditions[_FACET_OF[name]].append(f"coalesce({FILTERS[name]}, false)")
    met = {facet: " AND ".join(parts) for facet, parts in conditions.items()}
    flags = "".join(f", {condition} AS ok_{facet}" for facet, condition in met.items())
    where = [HAS_WORDS_BY_INDEX] if WORDS in filters else []
    if len(met) > 1:
        where.append(f"{' + '.join(f'CAST({condition} AS integer)' for condition in met.values())} >= {len(met) - 1}")
    counts = " ".join(
        f"WHEN {bits} THEN count(*)" + (f" FILTER (WHERE {' AND '.join(others)})" if others else "")
        for facet, _, bits in _GROUPS
        for others in [[f"ok_{other}" for other in met if other != facet]]
    )
    which = "GROUPING(leaf_slug, supplier_id, township_code, band, in_stock, presale)"
    bits = {facet: value for facet, _, value in _GROUPS}
    return text(f"""
WITH shelf AS (
    SELECT s.leaf_slug, s.supplier_id, s.township_code, s.in_stock, s.season_opens, s.season_closes, s.presale,
           width_bucket(s.price_from_fen, CAST(:bands AS bigint[])) AS band {flags}
    FROM storefront_shelf s {f"WHERE {' AND '.join(where)}" if where else ""}
), g AS MATERIALIZED (
    SELECT {which} AS which, leaf_slug, supplier_id, township_code, band, in_stock, season_opens, season_closes,
           presale, CASE {which} {counts} END AS n
    FROM shelf GROUP BY GROUPING SETS ({", ".join(f"({columns})" for _, columns, _ in _GROUPS)})
)
SELECT 'category', c.slug, c.name, c.root_slug, root.name, n FROM g JOIN catalogue_category c ON c.slug = g.leaf_slug
    JOIN catalogue_category root ON root.slug = c.root_slug WHERE which = {bits["category"]} AND n > 0
UNION ALL (SELECT 'supplier', CAST(su.id AS text), su.name, su.code, NULL, n
    FROM g JOIN suppliers_supplier su ON su.id = g.supplier_id WHERE which = {bits["supplier"]} AND n > 0
    ORDER BY n DESC, su.code LIMIT {_MOST_VALUES})
UNION ALL SELECT 'township', t.code, t.name, NULL, NULL, n
    FROM g JOIN suppliers_township t ON t.code = g.township_code WHERE which = {bits["township"]} AND n > 0
UNION ALL SELECT 'price', CAST(band AS text), NULL, NULL, NULL, n FROM g WHERE which = {bits["price"]} AND n > 0
UNION ALL SELECT 'in_stock', CAST(in_stock AS text), NULL, NULL, NULL, n
    FROM g WHERE which = {bits["in_stock"]} AND n > 0
UNION ALL SELECT 'season', {SEASON.format(t="g", presale="g.presale")}, NULL, NULL, NULL,
    CAST(sum(n) AS bigint) FROM g WHERE which = {bits["season"]} AND n > 0 GROUP BY 2
""")


async def facets(session: AsyncSession, wish: Wish, *, now: datetime) -> Facets:
    """How many products each value of each facet has for the wish, in one statement; values without any are left out.

    Of suppliers only the fifty with the most products are told.
    """
    conditions = wish.conditions()
    bands = "{" + ",".join(map(str, PRICE_BANDS_FEN)) + "}"
    rows = await ask(session, _statement(tuple(conditions)), {**conditions, **moment(now), "bands": bands})
    found: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for facet, *rest in rows:
        found[facet].append(tuple(rest))
    return {
        "category": _tree(found["category"]),
        "supplier": [
            {"id": key, "code": code, "name": name, "count": n} for key, name, code, _, n in found["supplier"]
        ],
        "township": [
            {"code": key, "name": name, "count": n} for key, name, _, _, n in sorted(found["township"], key=_most)
        ],
        "price": [_band(int(key), n) for key, _, _, _, n in sorted(found["price"])],
        "season": [{"season": key, "count": n} for key, _, _, _, n in sorted(found["season"], key=_most)],
        "in_stock": [{"in_stock": key == "true", "count": n} for key, _, _, _, n in sorted(found["in_stock"])[::-1]],
    }


def _most(row: Sequence[Any]) -> tuple[int, str]:
    return -row[-1], row[0]


def _band(number: int, count: int) -> dict[str, Any]:
    edges = (0, *PRICE_BANDS_FEN)
    highest = edges[number + 1] - 1 if number + 1 < len(edges) else None
    return {"min_price_fen": edges[number], "max_price_fen": highest, "count": count}


def _tree(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    roots: dict[str, dict[str, Any]] = {}
    for slug, name, root, root_name, n in sorted(rows, key=_most):
        at = roots.setdefault(root, {"slug": root, "name": root_name, "count": 0, "children": []})
        at["count"] += n
        if slug != root:
            at["children"].append({"slug": slug, "name": name, "count": n})
    return sorted(roots.values(), key=lambda root: (-root["count"], root["slug"]))
