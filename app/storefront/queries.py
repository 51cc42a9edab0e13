"""What a buyer sees before ordering, read in one statement each and made into JSON by PostgreSQL itself.

The shelf decides which products and in which order; prices, stock and publication are read live from the modules that
own them, in the same statement, so a figure on the page is as young as the page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import FRESH, PERISHABLE_DAYS, PRESALE_DAYS, RETURN_POLICIES, ROOTS, month_day
from app.core.db import ask
from app.storefront.rules import NoSuchTrace, NotOnShelf, Sort
from app.storefront.rules.words import Query

# The rule of catalogue.season_on, for many rows at once; a test holds the two against one another.
_OPEN = """(CASE WHEN {t}.season_opens <= {t}.season_closes
            THEN :today BETWEEN {t}.season_opens AND {t}.season_closes
            ELSE :today >= {t}.season_opens OR :today <= {t}.season_closes END)"""
_LATER = "({t}.season_opens > :today AND {t}.season_opens <= :horizon)"
_LATER_OVER_NEW_YEAR = "({t}.season_opens > :today OR {t}.season_opens <= :horizon)"
_SOON = f"""(CASE WHEN CAST(:today AS text) <= CAST(:horizon AS text) THEN {_LATER} ELSE {_LATER_OVER_NEW_YEAR} END)"""
_SEASON = f"""CASE WHEN {{t}}.season_opens IS NULL OR {_OPEN} THEN 'in_season'
          WHEN {{perishable}} AND {_SOON} THEN 'presale' ELSE 'off_season' END"""

_VARIANTS = f"""
    SELECT json_agg(json_build_object(
               'sku', k.sku, 'name', k.name, 'price_fen', pr.price_fen,
               'available', greatest(coalesce(st.on_hand - st.reserved, 0), 0), 'net_content', k.net_content
           ) ORDER BY k.position) AS variants,
           min(pr.price_fen) AS price_from_fen,
           bool_or(coalesce(st.on_hand > st.reserved, false)) AS in_stock,
           bool_or(k.fresh) AS fresh,
           min(k.shelf_life_days) <= {PERISHABLE_DAYS} AS perishable
    FROM catalogue_sku k
    JOIN pricing_price pr ON pr.sku = k.sku AND pr.valid_to IS NULL
    LEFT JOIN inventory_stock st ON st.sku = k.sku
    WHERE k.product_id = p.id AND k.retail
"""

_FACE = f"""'id', p.id, 'slug', p.slug, 'name', p.name, 'category', c.root_slug, 'category_path',
    CASE WHEN c.parent_slug IS NULL THEN json_build_array(c.slug) ELSE json_build_array(c.root_slug, c.slug) END,
    'supplier', json_build_object('id', su.id, 'code', su.code, 'name', su.name),
    'origin', json_build_object('township', t.name, 'village', nullif(p.village, ''), 'township_code', t.code),
    'image_url', '/v1/store/images/' || i.digest,
    'rating', CASE WHEN ra.reviews > 0
        THEN json_build_object('average', round(CAST(ra.stars AS numeric) / ra.reviews, 1), 'count', ra.reviews) END,
    'price_from_fen', v.price_from_fen, 'in_stock', v.in_stock,
    'season', {_SEASON.format(t="p", perishable="v.perishable")},
    'variants', v.variants"""

_JOINS = """
JOIN suppliers_supplier su ON su.id = p.supplier_id
JOIN suppliers_township t ON t.code = p.township_code
JOIN catalogue_category c ON c.slug = p.category_slug
LEFT JOIN catalogue_image i ON i.id = p.image_id
LEFT JOIN storefront_rating ra ON ra.product_id = p.id
"""

# OFFSET 0 keeps the planner from turning 25 looks by key into a join with whole tables.
_PAGE = f"""
SELECT '[' || coalesce(string_agg(item.json, ',' ORDER BY f.n) FILTER (WHERE f.n <= :limit), '') || ']',
       count(*) > :limit,
       max(f.tier) FILTER (WHERE f.n = :limit),
       max(CAST(f.key AS text)) FILTER (WHERE f.n = :limit),
       max(CAST(f.product_id AS text)) FILTER (WHERE f.n = :limit)
FROM found f
LEFT JOIN LATERAL (
    SELECT '{{{{' || s.face || ',"price_from_fen":' || v.price_from_fen || ',"in_stock":' || v.in_stock || ',"season":"'
           || {_SEASON} || '","variants":' || v.variants || '}}}}' AS json
    FROM storefront_shelf s
    JOIN catalogue_product p ON p.id = s.product_id
    JOIN suppliers_supplier su ON su.id = s.supplier_id
    CROSS JOIN LATERAL ({_VARIANTS}) v
    WHERE s.product_id = f.product_id AND p.status = 'published' AND su.status = 'approved' AND v.variants IS NOT NULL
    OFFSET 0
) item ON true
""".format(t="s", perishable="v.perishable")

NAMED, ELSEWHERE = 1, 2
"""Tiers of relevance: all that was typed is in the name or the codes, or some of it is elsewhere."""

NEAR, FEW = 200, 500
"""So many products are asked one by one, or sorted, without a second thought."""

_WORDS = "anywhere"

_ORDER: dict[Sort, tuple[str, str, str]] = {
    Sort.NEWEST: ("published_at", "timestamptz", "DESC"),
    Sort.PRICE: ("price_from_fen", "bigint", "ASC"),
    Sort.DEAREST: ("price_from_fen", "bigint", "DESC"),
    Sort.SALES: ("sales", "integer", "DESC"),
    Sort.RELEVANCE: ("sales", "integer", "DESC"),
}

_FILTERS: dict[str, str] = {
    "root": "s.root_slug = :root",
    "leaf": "s.leaf_slug = :leaf",
    "supplier_id": "s.supplier_id = CAST(:supplier_id AS uuid)",
    "supplier_code": "s.supplier_id = (SELECT id FROM suppliers_supplier WHERE code = :supplier_code)",
    "township_code": "s.township_code = :township_code",
    "township_name": "s.township_code = ANY(ARRAY(SELECT code FROM suppliers_township WHERE name = :township_name))",
    "in_stock": "s.in_stock = :in_stock",
    "presale": f"s.perishable AND {_LATER} AND NOT {_OPEN}".format(t="s"),
    "presale_over_new_year": f"s.perishable AND {_LATER_OVER_NEW_YEAR} AND NOT {_OPEN}".format(t="s"),
    "no_presale": f"NOT coalesce(s.perishable AND {_SOON} AND NOT {_OPEN}, false)".format(t="s"),
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


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list: JSON of the items, and where the next page begins, if there is one."""

    items: str
    last: Position | None


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

    def conditions(self, days: dict[str, str]) -> dict[str, object]:
        """The names of the filters that apply, with their values."""
        found: dict[str, object] = {
            "in_stock": self.in_stock,
            "min_price_fen": self.min_price_fen,
            "max_price_fen": self.max_price_fen,
        }
        if self.query is not None:
            found[_WORDS] = self.query.anywhere
        if self.presale is not None:
            over_new_year = days["horizon"] < days["today"]
            name = "presale_over_new_year" if over_new_year else "presale"
            found[name if self.presale else "no_presale"] = self.presale
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
    others = [_FILTERS[name] for name in filters if name != _WORDS]

    def stage(name: str, of: int, words: str | None, *conditions: str) -> str:
        where = [*conditions, *others, *([beyond] if tier == of else [])]
        shelf = f"SELECT {of} AS tier, s.{column} AS key, s.product_id FROM storefront_shelf s"
        if words is None:
            return f"{name} AS MATERIALIZED ({shelf} {_where(where)} {order})"
        return _searched(name, words, shelf, where, order)

    if sort is Sort.RELEVANCE:
        stages = [
            stage("named", NAMED, "named", *(["false"] if tier == ELSEWHERE else [])),
            stage(
                "elsewhere",
                ELSEWHERE,
                "anywhere",
                "(SELECT count(*) FROM named) <= :limit",
                "NOT ts_match_vq(s.named, (SELECT CAST(:named AS tsquery)))",
            ),
            f"both_tiers AS (SELECT * FROM named UNION ALL SELECT * FROM elsewhere {in_order} LIMIT :limit + 1)",
        ]
    else:
        stages = [stage("both_tiers", 0, "anywhere" if _WORDS in filters else None)]
    numbered = f"found AS MATERIALIZED (SELECT *, row_number() OVER ({in_order}) AS n FROM both_tiers)"
    return text(f"WITH {', '.join((*stages, numbered))} {_PAGE}".replace(":limit", str(limit)))


def _searched(name: str, words: str, shelf: str, where: list[str], order: str) -> str:
    """The best of what is found by words, quickly whether few products have them or nearly all.

    First the best ``NEAR`` products of the shelf are asked whether they have the words: common words fill the page
    from these. If not, the index of words is asked, for at most ``FEW``; if that was all, they are sorted. If there
    are more, the shelf is read in its order until the page is full, and with so many to be found that is soon.
    No estimate of the planner's decides: for a phrase or the beginning of a word it has none to speak of.
    """
    column = "named" if words == "named" else "words"
    sought = f"(SELECT CAST(:{words} AS tsquery))"
    missing = f"(SELECT count(*) FROM {name}_near) <= :limit"
    by_index = _where([missing, *where, f"s.{column} @@ {sought}"])
    one_by_one = _where([f"(SELECT count(*) FROM {name}_few) > {FEW}", *where, f"ts_match_vq(s.{column}, {sought})"])
    near = shelf.replace(" FROM ", f", s.{column} AS sought FROM ", 1)
    return (
        f"{name}_near AS MATERIALIZED (SELECT tier, key, product_id FROM ({near} {_where(where)} "
        f"{order.replace(':limit + 1', str(NEAR))}) best WHERE ts_match_vq(sought, {sought}) LIMIT :limit + 1), "
        f"{name}_few AS MATERIALIZED ({shelf} {by_index} LIMIT {FEW} + 1), "
        f"{name} AS MATERIALIZED ("
        f"SELECT * FROM {name}_near WHERE NOT {missing} UNION ALL "
        f"(SELECT * FROM {name}_few WHERE (SELECT count(*) FROM {name}_few) <= {FEW} {order}) UNION ALL "
        f"({shelf} {one_by_one} {order}))"
    )


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _days(today: date) -> dict[str, str]:
    return {"today": month_day(today), "horizon": month_day(today + timedelta(days=PRESALE_DAYS))}


async def find(
    session: AsyncSession, wish: Wish, *, sort: Sort, limit: int, after: Position | None, today: date
) -> Found:
    """A page of the products that are wished for, in one statement. ``sort`` is what ``wish.order`` said."""
    days = _days(today)
    conditions = wish.conditions(days)
    parameters = {**conditions, **days}
    if sort is Sort.RELEVANCE and wish.query is not None:
        parameters["named"] = wish.query.named
    if after is not None:
        parameters |= {"key": after.key, "after": after.product_id}
    statement = _list_statement(sort, tuple(conditions), after.tier if after else None, limit)
    ((items, more, tier, key, product_id),) = await ask(session, statement, parameters)
    return Found(items, Position(tier, key, product_id) if more else None)


_PRODUCT = text(f"""
SELECT CAST(json_build_object({_FACE},
    'description', p.description,
    'attributes', CAST(p.attributes AS json),
    'season_window', CASE WHEN p.season_opens IS NOT NULL
        THEN json_build_object('opens', p.season_opens, 'closes', p.season_closes) END,
    'certificates', CASE WHEN su.licence_no IS NULL THEN json_build_array() ELSE json_build_array(json_build_object(
        'kind', 'food_production_licence', 'number', su.licence_no, 'holder', su.name)) END,
    'lots', coalesce((
        SELECT json_agg(json_build_object('sku', l.sku, 'code', l.code, 'harvested_on', l.harvested_on,
                   'produced_on', l.produced_on, 'best_before', l.best_before, 'village', l.village,
                   'trace_code', l.trace_code) ORDER BY l.best_before, l.code)
        FROM (SELECT l.* FROM catalogue_sku k JOIN inventory_lot l ON l.sku = k.sku
              WHERE k.product_id = p.id AND k.retail AND l.on_hand > 0 AND l.best_before >= :day
              ORDER BY l.best_before, l.code LIMIT 20) l), json_build_array()),
    'return_policy', CASE WHEN v.fresh THEN CAST(:fresh AS json) ELSE CAST(:sealed AS json) END,
    'households_linked', NULL) AS text)
FROM catalogue_product p {_JOINS}
CROSS JOIN LATERAL ({_VARIANTS}) v
WHERE p.slug = :slug AND p.status = 'published' AND su.status = 'approved' AND v.variants IS NOT NULL
""")

_TRACE = text("""
SELECT CAST(json_build_object(
    'trace_code', l.trace_code, 'lot_code', l.code, 'sku', k.sku, 'name', k.name, 'net_content', k.net_content,
    'product', json_build_object('slug', p.slug, 'name', p.name, 'category', c.root_slug,
        'image_url', '/v1/store/images/' || i.digest, 'on_sale', p.status = 'published' AND su.status = 'approved'),
    'supplier', json_build_object('id', su.id, 'code', su.code, 'name', su.name, 'licence_no', su.licence_no,
        'township', st.name, 'village', nullif(su.village, '')),
    'origin', json_build_object('township', t.name, 'village', coalesce(nullif(l.village, ''), nullif(p.village, '')),
        'township_code', t.code),
    'harvested_on', l.harvested_on, 'produced_on', l.produced_on, 'best_before', l.best_before,
    'attributes', CAST(p.attributes AS json),
    'steps', (SELECT json_agg(json_build_object('step', step, 'on', day) ORDER BY day, position)
        FROM (VALUES (1, 'harvested', l.harvested_on), (2, 'produced', l.produced_on),
                     (3, 'received', CAST(l.received_at AT TIME ZONE 'Asia/Shanghai' AS date)),
                     (4, 'first_shipped', (SELECT CAST(min(m.effective_at) AT TIME ZONE 'Asia/Shanghai' AS date)
                          FROM inventory_movement m WHERE m.lot_id = l.id AND m.kind = 'shipped'))
             ) AS story (position, step, day)
        WHERE day IS NOT NULL)) AS text)
FROM inventory_lot l
JOIN catalogue_sku k ON k.sku = l.sku
JOIN catalogue_product p ON p.id = k.product_id
JOIN catalogue_category c ON c.slug = p.category_slug
JOIN suppliers_supplier su ON su.id = p.supplier_id
JOIN suppliers_township st ON st.code = su.township_code
JOIN suppliers_township t ON t.code = p.township_code
LEFT JOIN catalogue_image i ON i.id = p.image_id
WHERE l.trace_code = :trace_code
""")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_RETURNS = {
    policy.code: _json(
        {
            "code": policy.code,
            "no_reason_return": policy.return_days > 0,
            "days": policy.return_days,
            "claim_hours": policy.claim_hours,
            "bad_allow_bp": policy.bad_allow_bp,
            "bad_full_bp": policy.bad_full_bp,
            "fresh_goods_acknowledgement_required": policy is FRESH,
            "text": {"zh": policy.zh, "en": policy.en},
        }
    )
    for policy in RETURN_POLICIES
}


async def product(session: AsyncSession, slug: str, *, today: date) -> str:
    """JSON of the product's page, in one statement. Raises ``NotOnShelf``."""
    parameters = {"slug": slug, "day": today, **_days(today), **_RETURNS}
    found = await ask(session, _PRODUCT, parameters)
    if not found:
        raise NotOnShelf
    return str(found[0][0])


async def trace(session: AsyncSession, trace_code: str) -> str:
    """JSON of a lot's story, in one statement. Raises ``NoSuchTrace``."""
    found: str | None = (await session.execute(_TRACE, {"trace_code": trace_code})).scalar_one_or_none()
    if found is None:
        raise NoSuchTrace
    return found
