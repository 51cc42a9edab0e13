"""Goods as they are entered: products with their sales units and pictures; and what can be ordered of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import suppliers
from app.catalogue import queries
from app.catalogue.lifecycle import Status
from app.catalogue.models import CategoryRow, ImageRow, ProductRow, SkuRow
from app.catalogue.rules import (
    CATEGORIES,
    IMAGE_BYTES,
    IMAGE_TYPES,
    InvalidImage,
    InvalidProduct,
    NewProduct,
    NewSku,
    NoSuchProduct,
    Offer,
    ProductCard,
    SkuInUse,
    SkuTaken,
)
from app.catalogue.rules.comparing import compared
from app.catalogue.rules.listing import check
from app.catalogue.rules.lots import check_harvest, check_shelf_life
from app.core.asides import Aside
from app.core.clock import local_day
from app.core.db import attempt, dump
from app.core.errors import Fault
from app.core.ids import new_id
from app.identity import Actor


async def offers(session: AsyncSession, skus: Sequence[str], *, now: datetime | None = None) -> dict[str, Offer]:
    """What can be ordered under these codes, in one statement; unknown codes are absent.

    ``now`` decides whether a supplier counts as linked to households; without it the database's own day does.
    """
    return await queries.offers(session, skus, day=local_day(now) if now is not None else None)


async def offers_and(
    session: AsyncSession, skus: Sequence[str], aside: Aside, *, now: datetime | None = None
) -> list[tuple[Offer, Any]]:
    """The same statement, which answers another module's question about each SKU as well."""
    return await queries.offers_and(session, skus, aside, day=local_day(now) if now is not None else None)


async def plant_categories(session: AsyncSession) -> None:
    """Put the category tree in place. Safe to repeat: names and order follow the program, nothing is removed."""
    rows: list[tuple[str, str | None, str, str, int]] = []
    for at, root in enumerate(CATEGORIES):
        rows.append((root.slug, None, root.slug, root.name, at))
        rows += [(child.slug, root.slug, root.slug, child.name, place) for place, child in enumerate(root.children)]
    names = ("slug", "parent_slug", "root_slug", "name", "position")
    for level in (True, False):
        values = [dict(zip(names, row, strict=True)) for row in rows if (row[1] is None) is level]
        statement = insert(CategoryRow).values(values)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[CategoryRow.slug],
                set_={"name": statement.excluded.name, "position": statement.excluded.position},
            )
        )


async def store_image(session: AsyncSession, content: bytes, media_type: str, *, now: datetime) -> str:
    """Keep a picture and return its digest. The same bytes are kept once. Raises ``InvalidImage``."""
    if media_type not in IMAGE_TYPES or not 0 < len(content) <= IMAGE_BYTES:
        raise InvalidImage
    digest = hashlib.sha256(content).hexdigest()
    row = {"id": new_id(now), "digest": digest, "media_type": media_type, "content": content}
    await session.execute(insert(ImageRow).values(row).on_conflict_do_nothing(index_elements=[ImageRow.digest]))
    return digest


async def create_product(session: AsyncSession, product: NewProduct, *, by: Actor, now: datetime) -> ProductCard:
    """Enter a product with its sales units, as a draft.

    A supplier's staff enter their own supplier's. Raises ``InvalidProduct``, ``SlugTaken``, ``SkuTaken`` and, for
    another supplier's product, ``NoSuchProduct``.
    """
    if by.supplier_id is not None and by.supplier_id != product.supplier_id:
        raise NoSuchProduct
    check(product)
    found = await resolve(session, product)
    await suppliers.get(session, product.supplier_id)
    row = ProductRow(
        id=new_id(now),
        slug=product.slug,
        supplier_id=product.supplier_id,
        status=Status.DRAFT,
        created_at=now,
        published_at=None,
        version=1,
    )
    fill(row, product, found)
    session.add(row)
    await session.flush()
    await write_skus(session, row.id, product.skus, found.root)
    return queries.card(row, await queries.skus_of(session, row.id))


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a description refers to: the root above its category, and its picture."""

    root: str
    image_id: UUID | None


async def resolve(session: AsyncSession, product: NewProduct) -> Resolved:
    """What a product refers to. Raises ``InvalidProduct`` for what does not exist."""
    faults = []
    root = await queries.root_of(session, product.category)
    if root is None:
        faults.append(Fault("/category", "unknown_category", "没有这个类目", "there is no such category"))
    if product.township_code not in suppliers.TOWNSHIPS:
        faults.append(Fault("/township_code", "unknown_township", "没有这个乡镇", "there is no such township"))
    picture = await queries.image_id(session, product.image_digest) if product.image_digest is not None else None
    if product.image_digest is not None and picture is None:
        faults.append(Fault("/image_digest", "unknown_image", "图片不存在", "there is no such picture"))
    if faults:
        raise InvalidProduct(faults=faults)
    return Resolved(root or "", picture)


def fill(row: ProductRow, product: NewProduct, found: Resolved) -> None:
    """Let the row say what the description says."""
    row.slug = product.slug
    row.category_slug = product.category
    row.name = product.name
    row.description = product.description
    row.attributes = dict(product.attributes)
    row.label = dict(product.label)
    row.township_code = product.township_code
    row.village = product.village
    row.season_opens = product.season_opens
    row.season_closes = product.season_closes
    row.image_id = found.image_id


_MEASURED = ("compared_by", "compared_milli")
_COLUMNS = tuple(column.name for column in SkuRow.__table__.columns)
_TYPES = {"sku": "text", "name": "text", "net_content": "text", "gtin13": "text", "itf14": "text"} | {
    "product_id": "uuid",
    "compared_by": "text",
    "floor_fen": "bigint",
    "retail": "boolean",
    "wholesale": "boolean",
    "fresh": "boolean",
}
_WRITE_SKUS = text(f"""
INSERT INTO catalogue_sku AS k ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM json_to_recordset(CAST(:skus AS json))
    AS given ({", ".join(f"{name} {_TYPES.get(name, 'integer')}" for name in _COLUMNS)})
ON CONFLICT (sku) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "sku")}
WHERE k.product_id = excluded.product_id
RETURNING sku
""")
# Two sales units may change places or bar codes in one go, and uniqueness is checked row by row.
_PARK_SKUS = text("""
UPDATE catalogue_sku SET position = -1 - position, gtin13 = NULL, itf14 = NULL WHERE product_id = :product_id
""")
_DROP_SKUS = text("DELETE FROM catalogue_sku WHERE product_id = :product_id AND position < 0")


async def write_skus(session: AsyncSession, product_id: UUID, skus: Sequence[NewSku], root: str) -> None:
    """Write a product's sales units. Raises ``SkuTaken`` for a code that another product has."""
    rows = [
        asdict(sku)
        | {"product_id": str(product_id), "position": position}
        | dict(zip(_MEASURED, compared(root, sku), strict=True))
        for position, sku in enumerate(skus)
    ]
    if len((await session.execute(_WRITE_SKUS, {"skus": dump(rows)})).all()) < len(rows):
        raise SkuTaken


async def rewrite_skus(session: AsyncSession, product_id: UUID, skus: Sequence[NewSku], root: str) -> None:
    """Replace a product's sales units. Raises ``SkuTaken``, and ``SkuInUse`` for one that cannot be removed."""
    await session.execute(_PARK_SKUS, {"product_id": product_id})
    await write_skus(session, product_id, skus, root)
    try:
        async with attempt(session):
            await session.execute(_DROP_SKUS, {"product_id": product_id})
    except IntegrityError as error:
        raise SkuInUse from error


async def check_lot(
    session: AsyncSession, sku: str, harvested_on: date | None, made_on: date, best_before: date
) -> None:
    """Raise ``SeasonNotProven`` unless a lot harvested on that day may be sold as this SKU.

    ``InvalidInput`` when it would keep longer after ``made_on`` than goods of the SKU do.
    """
    if (terms := await queries.lot_terms_of(session, sku)) is not None:
        check_harvest(terms[0], harvested_on)
        check_shelf_life(terms[1], made_on, best_before)


async def lots_required(session: AsyncSession, skus: Collection[str]) -> set[str]:
    """Those of ``skus`` whose name promises a day of harvest, so that none of it may be in stock without a lot."""
    return await queries.named_by_harvest(session, skus) if skus else set()
