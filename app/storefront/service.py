"""Keeping the shelf: what is announced below is looked up again and written down, so the order of news is no matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask, dump
from app.storefront.queries.shown import IN_STOCK, PRESALE, SIZES
from app.storefront.rules.words import WORDS_VERSION, Words, words_of

SALES_LISTENER = "storefront.count_sales"
"""The name under which ``on_orders_paid`` is wired: a recount leaves out the sales that it will still be told of."""

_BATCH = 500
_START = UUID(int=0)

# Products are locked first, so that of two who shelve the same product the second sees what the first could not.
_LOCK = text("SELECT 1 FROM catalogue_product WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")

_TEXTS = text("""
SELECT p.id, p.slug, p.name, p.village, p.attributes, c.slug AS leaf_slug, c.root_slug, c.name AS leaf,
       root.name AS root, t.name AS township, t.code AS township_code, su.id AS supplier_id, su.code AS supplier_code,
       su.name AS supplier, i.digest, k.names, k.codes,
       CASE WHEN ra.reviews > 0
           THEN json_build_object('average', round(CAST(ra.stars AS numeric) / ra.reviews, 1), 'count', ra.reviews)
       END AS rating
FROM catalogue_product p
JOIN catalogue_category c ON c.slug = p.category_slug
JOIN catalogue_category root ON root.slug = c.root_slug
JOIN suppliers_supplier su ON su.id = p.supplier_id
JOIN suppliers_township t ON t.code = p.township_code
LEFT JOIN catalogue_image i ON i.id = p.image_id
LEFT JOIN storefront_rating ra ON ra.product_id = p.id
CROSS JOIN LATERAL (
    SELECT array_agg(k.name || ' ' || k.net_content ORDER BY k.position) AS names,
           array_agg(k.sku ORDER BY k.position) || array_remove(array_agg(k.gtin13), NULL)
               || array_remove(array_agg(k.itf14), NULL) AS codes
    FROM catalogue_sku k WHERE k.product_id = p.id AND k.retail
) k
WHERE p.id = ANY(:ids) AND p.status = 'published' AND k.codes IS NOT NULL
""")

_SHELVE = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:named AS text[]), CAST(:words AS text[]), CAST(:faces AS text[]))
        AS given (product_id, named, words, face)
), live AS (
    SELECT p.id AS product_id, c.root_slug, c.slug AS leaf_slug, p.supplier_id, p.township_code, v.price_from_fen,
           v.in_stock, p.published_at, p.season_opens, p.season_closes, given.named,
           given.words, given.face,
           CASE WHEN :recount OR kept.product_id IS NULL THEN coalesce((
               SELECT sum(l.quantity) FROM orders_line l JOIN orders_order o ON o.id = l.order_id
               WHERE l.product_id = p.id AND o.paid_at IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM core_delivery d WHERE d.listener = :listener AND d.subject = o.id)
           ), 0) END AS sales
    FROM given
    JOIN catalogue_product p ON p.id = given.product_id
    JOIN catalogue_category c ON c.slug = p.category_slug
    JOIN suppliers_supplier su ON su.id = p.supplier_id
    LEFT JOIN storefront_shelf kept ON kept.product_id = p.id
    CROSS JOIN LATERAL (
        SELECT min(pr.price_fen) AS price_from_fen,
               bool_or(coalesce(st.on_hand > st.reserved, false)) AS in_stock
        FROM catalogue_sku k
        JOIN pricing_price pr ON pr.sku = k.sku AND pr.valid_to IS NULL
        LEFT JOIN inventory_stock st ON st.sku = k.sku
        WHERE k.product_id = p.id AND k.retail
    ) v
    WHERE p.status = 'published' AND su.status = 'approved' AND v.price_from_fen IS NOT NULL
), gone AS (
    DELETE FROM storefront_shelf s USING unnest(CAST(:asked AS uuid[])) AS asked (product_id)
    WHERE s.product_id = asked.product_id AND NOT EXISTS (SELECT 1 FROM live WHERE live.product_id = s.product_id)
), shelved AS (
    INSERT INTO storefront_shelf AS s (product_id, root_slug, leaf_slug, supplier_id, township_code, price_from_fen,
        in_stock, sales, published_at, season_opens, season_closes, named, words, face, words_version)
    SELECT product_id, root_slug, leaf_slug, supplier_id, township_code, price_from_fen, in_stock, coalesce(sales, 0),
           published_at, season_opens, season_closes, CAST(named AS tsvector), CAST(words AS tsvector),
           face, :version
    FROM live
    ON CONFLICT (product_id) DO UPDATE SET
        root_slug = excluded.root_slug, leaf_slug = excluded.leaf_slug, township_code = excluded.township_code,
        price_from_fen = excluded.price_from_fen, in_stock = excluded.in_stock,
        sales = CASE WHEN :recount THEN excluded.sales ELSE s.sales END,
        published_at = excluded.published_at, season_opens = excluded.season_opens,
        season_closes = excluded.season_closes,
        named = excluded.named, words = excluded.words, face = excluded.face, words_version = excluded.words_version
    RETURNING 1
)
SELECT count(*) FROM shelved
""")

_PRODUCTS_AFTER = text("""
SELECT id FROM catalogue_product WHERE status = 'published' AND id > :after ORDER BY id LIMIT :limit
""")
_OF_OLD_WORDS = text("SELECT product_id FROM storefront_shelf WHERE words_version < :version LIMIT :limit")
_OF_SUPPLIER = text("SELECT id FROM catalogue_product WHERE supplier_id = :supplier_id ORDER BY id")
_OF_SKUS = text("SELECT DISTINCT product_id FROM catalogue_sku WHERE sku = ANY(:skus)")
_SWEEP = text("""
DELETE FROM storefront_shelf s
WHERE NOT EXISTS (SELECT 1 FROM catalogue_product p WHERE p.id = s.product_id AND p.status = 'published')
""")

_LOCK_SHELF = text("""
SELECT s.product_id FROM storefront_shelf s JOIN catalogue_sku k ON k.product_id = s.product_id
WHERE k.sku = :sku FOR UPDATE OF s
""")
_LOCK_PLACES = text("SELECT 1 FROM storefront_shelf WHERE product_id = ANY(:ids) ORDER BY product_id FOR UPDATE")
_STANDS = f"SELECT {IN_STOCK} AS in_stock, {PRESALE} AS presale {SIZES}"
_RESTOCK = text(f"""
UPDATE storefront_shelf s SET in_stock = v.in_stock, presale = v.presale
FROM unnest(CAST(:ids AS uuid[])) AS p (id) CROSS JOIN LATERAL ({_STANDS}) v
WHERE s.product_id = p.id AND (s.in_stock, s.presale) <> (v.in_stock, v.presale)
""")
_OVERTAKEN = text(f"""
SELECT s.product_id FROM (
    SELECT product_id AS id FROM storefront_shelf WHERE presale
    UNION SELECT k.product_id FROM inventory_presale w JOIN catalogue_sku k ON k.sku = w.sku
          WHERE w.settled_at IS NULL AND w.opens_at <= :now AND w.closes_at > :now
) p JOIN storefront_shelf s ON s.product_id = p.id CROSS JOIN LATERAL ({_STANDS}) v
WHERE s.presale <> v.presale LIMIT :limit
""")
_SELL = text("""
UPDATE storefront_shelf s SET sales = s.sales + sold.quantity
FROM unnest(CAST(:ids AS uuid[]), CAST(:quantities AS integer[])) AS sold (product_id, quantity)
WHERE s.product_id = sold.product_id
""")


_RATE = text("""
INSERT INTO storefront_rating AS r (product_id, reviews, stars) VALUES (:product_id, 1, :stars)
ON CONFLICT (product_id) DO UPDATE SET reviews = r.reviews + 1, stars = r.stars + excluded.stars
""")


async def shelve(session: AsyncSession, product_ids: Sequence[UUID], *, recount: bool = False) -> int:
    """Put these products on the shelf as they are now, or take them off; return how many are on it.

    A product is on the shelf while it is published, its supplier is approved and one of its retail SKUs has a price.
    ``recount`` counts the units sold anew instead of keeping the number.
    """
    ids = list(product_ids)
    await session.execute(_LOCK, {"ids": ids})
    rows = (await session.execute(_TEXTS, {"ids": ids})).mappings().all()
    words = [_words(row) for row in rows]
    result = await session.execute(
        _SHELVE,
        {
            "asked": ids,
            "ids": [row["id"] for row in rows],
            "named": [found.named for found in words],
            "words": [found.anywhere for found in words],
            "faces": [_face(row) for row in rows],
            "version": WORDS_VERSION,
            "recount": recount,
            "listener": SALES_LISTENER,
        },
    )
    return int(result.scalar_one())


def _words(row: Mapping[Any, Any]) -> Words:
    return words_of(
        codes=row["codes"],
        names=[row["name"]],
        spoken=[row["leaf"], row["root"], *row["names"], f"{row['township']}{row['village']}", row["supplier"]],
        written=[value for value in row["attributes"].values() if isinstance(value, str)],
    )


def _face(row: Mapping[Any, Any]) -> str:
    leaf, root = row["leaf_slug"], row["root_slug"]
    face = {
        "id": str(row["id"]),
        "slug": row["slug"],
        "name": row["name"],
        "category": root,
        "category_path": [root] if leaf == root else [root, leaf],
        "supplier": {"id": str(row["supplier_id"]), "code": row["supplier_code"], "name": row["supplier"]},
        "origin": {
            "township": row["township"],
            "village": row["village"] or None,
            "township_code": row["township_code"],
        },
        "image_url": f"/v1/store/images/{row['digest']}" if row["digest"] else None,
        "rating": row["rating"],
    }
    return dump(face)[1:-1]


async def shelve_skus(session: AsyncSession, skus: Sequence[str]) -> None:
    """Look again at the products of these SKUs."""
    await shelve(session, list((await session.execute(_OF_SKUS, {"skus": list(skus)})).scalars()))


async def shelve_supplier(session: AsyncSession, supplier_id: UUID) -> None:
    """Look again at all products of a supplier."""
    ids = list((await session.execute(_OF_SUPPLIER, {"supplier_id": supplier_id})).scalars())
    for start in range(0, len(ids), _BATCH):
        await shelve(session, ids[start : start + _BATCH])


async def restock(session: AsyncSession, sku: str, *, now: datetime) -> None:
    """Write down whether the product of a SKU has anything to sell, from stock or ahead of its harvest."""
    product_id = (await session.execute(_LOCK_SHELF, {"sku": sku})).scalar_one_or_none()
    if product_id is not None:
        await session.execute(_RESTOCK, {"ids": [product_id], "now": now})


async def follow_presales(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Write down for up to ``limit`` products that the clock has opened or closed a pre-sale; how many it were."""
    ids = list((await session.execute(_OVERTAKEN, {"now": now, "limit": limit})).scalars())
    if ids:
        await session.execute(_LOCK_PLACES, {"ids": ids})
        await session.execute(_RESTOCK, {"ids": ids, "now": now})
    return len(ids)


async def count_sales(session: AsyncSession, sold: Mapping[UUID, int]) -> None:
    """Add units sold to the products, by product id."""
    ids = sorted(sold)
    await ask(session, _SELL, {"ids": array(ids), "quantities": array(sold[product_id] for product_id in ids)})


async def rate(session: AsyncSession, product_id: UUID, stars: int) -> None:
    """Add a review's stars to the product, and write the new average on its face."""
    await session.execute(_RATE, {"product_id": product_id, "stars": stars})
    await shelve(session, [product_id])


async def refresh_words(session: AsyncSession, *, limit: int) -> int:
    """Shelve anew up to ``limit`` products whose words an earlier version of the program has made; how many it were."""
    ids = list((await session.execute(_OF_OLD_WORDS, {"version": WORDS_VERSION, "limit": limit})).scalars())
    if ids:
        await shelve(session, ids)
    return len(ids)


async def rebuild(session: AsyncSession) -> int:
    """Set up the whole shelf anew from what the other modules know; return how many products are on it.

    For the demo data, the bench and a change of the words; safe while the service runs.
    """
    await session.execute(_SWEEP)
    total, after = 0, _START
    while ids := list((await session.execute(_PRODUCTS_AFTER, {"after": after, "limit": _BATCH})).scalars()):
        total += await shelve(session, ids, recount=True)
        after = ids[-1]
    return total
