"""A product's page and the story of a lot, in one statement each and made into JSON by PostgreSQL itself."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import FRESH, PICKS, RETURN_POLICIES, picked
from app.core.clock import local_day
from app.core.db import ask
from app.storefront.queries.shown import SEASON, VARIANTS, moment
from app.storefront.rules import NoSuchTrace, NotOnShelf

_FACE = f"""'id', p.id, 'slug', p.slug, 'name', p.name, 'category', c.root_slug, 'category_path',
    CASE WHEN c.parent_slug IS NULL THEN json_build_array(c.slug) ELSE json_build_array(c.root_slug, c.slug) END,
    'supplier', json_build_object('id', su.id, 'code', su.code, 'name', su.name),
    'origin', json_build_object('township', t.name, 'village', nullif(p.village, ''), 'township_code', t.code),
    'image_url', '/v1/store/images/' || i.digest,
    'rating', CASE WHEN ra.reviews > 0
        THEN json_build_object('average', round(CAST(ra.stars AS numeric) / ra.reviews, 1), 'count', ra.reviews) END,
    'price_from_fen', v.price_from_fen, 'in_stock', v.in_stock,
    'season', {SEASON.format(t="p", presale="v.ahead AND NOT v.in_stock")},
    'variants', v.variants"""

_JOINS = """
JOIN suppliers_supplier su ON su.id = p.supplier_id
JOIN suppliers_township t ON t.code = p.township_code
JOIN catalogue_category c ON c.slug = p.category_slug
LEFT JOIN catalogue_image i ON i.id = p.image_id
LEFT JOIN storefront_rating ra ON ra.product_id = p.id
"""


def _label(life: str) -> str:
    """What the label says of product ``p`` of supplier ``su`` (domain handbook §1.6); ``life``: the days it keeps."""
    return f"""json_build_object(
    'standard_version', coalesce(p.label ->> 'standard_version', 'GB 7718-2011'),
    'ingredients', p.label ->> 'ingredients',
    'producer', json_build_object('name', coalesce(p.label ->> 'producer_name', su.name),
        'address', p.label ->> 'producer_address', 'contact', p.label ->> 'producer_contact',
        'entrusted_by', p.label ->> 'entrusted_by'),
    'storage', coalesce(p.label ->> 'storage', p.attributes ->> 'storage'),
    'exec_standard', coalesce(p.label ->> 'exec_standard', p.attributes ->> 'exec_standard'),
    'quality_grade', coalesce(p.label ->> 'quality_grade', p.attributes ->> 'quality_grade',
                              p.attributes ->> 'grade'),
    'licence_no', coalesce(p.label ->> 'licence_no', su.licence_no),
    'permit_no', p.label ->> 'permit_no',
    'nutrition', CAST(p.label -> 'nutrition' AS json),
    'conformity', CASE WHEN p.label -> 'conformity' IS NOT NULL THEN json_build_object(
        'issuer', p.label #>> '{{conformity,issuer}}', 'commitments', p.label #> '{{conformity,commitments}}',
        'issued_on', p.label #>> '{{conformity,issued_on}}', 'url', p.label #>> '{{conformity,url}}') END,
    'origin_proof', p.label ->> 'origin_proof',
    'shelf_life_days', {life})"""


# The rule of orders.rules.promise, where a page is one statement; a test holds the two against one another. A pause
# begins with the first closed day that a buyer is told of, and ends before the first day that no closure covers.
_PAUSE = """(
    WITH shut AS MATERIALIZED (
        SELECT from_on, to_on, reason, note FROM suppliers_closure
        WHERE supplier_id = su.id AND withdrawn_at IS NULL AND to_on >= :day
        UNION ALL SELECT from_on, to_on, 'carriers_stop', NULL FROM fulfilment_blackout
        WHERE carrier IS NULL AND to_on >= :day)
    SELECT json_build_object('from_on', f.from_on, 'until_on', n.day - 1, 'ships_from', n.day, 'reason', f.reason,
                             'note', f.note)
    FROM (SELECT * FROM shut WHERE from_on <= :day + 7 ORDER BY from_on, reason = 'carriers_stop' LIMIT 1) f
    CROSS JOIN LATERAL (SELECT min(s.to_on) + 1 AS day FROM shut s WHERE s.to_on >= f.from_on AND NOT EXISTS (
        SELECT FROM shut o WHERE s.to_on + 1 BETWEEN o.from_on AND o.to_on)) n)"""

_PRODUCT = text(f"""
SELECT CAST(json_build_object({_FACE},
    'description', p.description,
    'attributes', CAST(p.attributes AS json),
    'label', {_label("v.shelf_life_days")},
    'season_window', CASE WHEN p.season_opens IS NOT NULL
        THEN json_build_object('opens', p.season_opens, 'closes', p.season_closes) END,
    'certificates', CASE WHEN su.licence_no IS NULL THEN json_build_array() ELSE json_build_array(json_build_object(
        'kind', 'food_production_licence', 'number', su.licence_no, 'holder', su.name)) END,
    'lots', coalesce((
        SELECT json_agg(json_build_object('sku', l.sku, 'code', l.code, 'harvested_on', l.harvested_on,
                   'produced_on', l.produced_on, 'best_before', l.best_before, 'village', l.village,
                   'trace_code', l.trace_code, 'season_proof', CASE WHEN pick.name IS NOT NULL THEN json_build_object(
                       'season', pick.name, 'harvested_on', l.harvested_on, 'first_day', pick.first_day,
                       'last_day', pick.last_day, 'solar_term', pick.term,
                       'proven', coalesce(l.harvested_on BETWEEN pick.first_day AND pick.last_day, false)) END)
                   ORDER BY l.best_before, l.code)
        FROM (SELECT l.* FROM catalogue_sku k JOIN inventory_lot l ON l.sku = k.sku
              WHERE k.product_id = p.id AND k.retail AND l.on_hand > 0 AND l.best_before >= :day
                AND l.recalled_at IS NULL
              ORDER BY l.best_before, l.code LIMIT 20) l
        LEFT JOIN json_to_recordset(CAST(:picks AS json)) AS pick (name text, year integer, first_day date,
                                                                   last_day date, term text)
               ON pick.name = p.attributes ->> 'pick_season' AND pick.year = extract(year FROM l.harvested_on)
        ), json_build_array()),
    'return_policy', CASE WHEN v.fresh THEN CAST(:fresh AS json) ELSE CAST(:sealed AS json) END,
    'pause', {_PAUSE},
    'households_linked', (
        SELECT households FROM assistance_supplier_reach r WHERE r.supplier_id = su.id AND r.households >= 5)
    ) AS text)
FROM catalogue_product p {_JOINS}
CROSS JOIN LATERAL ({VARIANTS}) v
WHERE p.slug = :slug AND p.status = 'published' AND su.status = 'approved' AND v.variants IS NOT NULL
""")

_TRACE = text(f"""
SELECT CAST(json_build_object(
    'trace_code', l.trace_code, 'lot_code', l.code, 'sku', k.sku, 'name', k.name, 'net_content', k.net_content,
    'product', json_build_object('slug', p.slug, 'name', p.name, 'category', c.root_slug,
        'image_url', '/v1/store/images/' || i.digest, 'on_sale', p.status = 'published' AND su.status = 'approved'),
    'supplier', json_build_object('id', su.id, 'code', su.code, 'name', su.name, 'licence_no', su.licence_no,
        'township', st.name, 'village', nullif(su.village, '')),
    'origin', json_build_object('township', t.name, 'village', coalesce(nullif(l.village, ''), nullif(p.village, '')),
        'township_code', t.code),
    'harvested_on', l.harvested_on, 'produced_on', l.produced_on, 'best_before', l.best_before,
    'attributes', CAST(p.attributes AS json), 'label', {_label("k.shelf_life_days")},
    'certified', l.certificate_file_id IS NOT NULL,
    'recalled_on', CAST(l.recalled_at AT TIME ZONE 'Asia/Shanghai' AS date),
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


_PRICES = text("""
SELECT r.id, r.sku, r.price_fen, r.valid_from, r.valid_to
FROM catalogue_product p
JOIN suppliers_supplier su ON su.id = p.supplier_id
JOIN catalogue_sku k ON k.product_id = p.id AND k.retail
JOIN pricing_price r ON r.sku = k.sku
WHERE p.slug = :slug AND p.status = 'published' AND su.status = 'approved'
  AND (CAST(:at AS timestamptz) IS NULL OR (r.valid_from, r.id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
ORDER BY r.valid_from DESC, r.id DESC LIMIT :limit
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


_SHELF_LIFE_YEARS = 4


@lru_cache(4)
def _picks(year: int) -> str:
    """The spans of days that names of spring tea promise, for the harvests that may still be sold in ``year``."""
    spans = [
        {"name": name, "year": at, "first_day": str(span.first), "last_day": str(span.last), "term": span.term}
        for at in range(year - _SHELF_LIFE_YEARS, year + 1)
        for name in PICKS
        if (span := picked(name, at)) is not None
    ]
    return _json(spans)


async def product(session: AsyncSession, slug: str, *, now: datetime) -> str:
    """JSON of the product's page, in one statement. Raises ``NotOnShelf``."""
    today = local_day(now)
    parameters = {"slug": slug, "day": today, **moment(now), **_RETURNS, "picks": _picks(today.year)}
    found = await ask(session, _PRODUCT, parameters)
    if not found:
        raise NotOnShelf
    return str(found[0][0])


async def prices(
    session: AsyncSession, slug: str, *, before: tuple[str, str] | None, limit: int
) -> list[dict[str, object]]:
    """What a product's sizes cost and have cost, newest first, after the row named by time and id.

    Raises ``NotOnShelf``: what is on the shelf has at least one price.
    """
    parameters = {"slug": slug, "at": before and before[0], "id": before and before[1], "limit": limit}
    names = ("id", "sku", "price_fen", "valid_from", "valid_to")
    found = [dict(zip(names, row, strict=True)) for row in await session.execute(_PRICES, parameters)]
    if not found and before is None:
        raise NotOnShelf
    return found


async def trace(session: AsyncSession, trace_code: str) -> str:
    """JSON of a lot's story, in one statement. Raises ``NoSuchTrace``."""
    found: str | None = (await session.execute(_TRACE, {"trace_code": trace_code})).scalar_one_or_none()
    if found is None:
        raise NoSuchTrace
    return found
