"""What can be done in the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import suppliers
from app.catalogue import queries
from app.catalogue.events import ProductPublished, ProductWithdrawn
from app.catalogue.lifecycle import Status, Step
from app.catalogue.models import CategoryRow, ImageRow, ProductRow, SkuRow
from app.catalogue.rules import (
    CATEGORIES,
    IMAGE_BYTES,
    IMAGE_TYPES,
    InvalidImage,
    InvalidProduct,
    NewProduct,
    NoSuchProduct,
    Offer,
    ProductCard,
    check,
    check_harvest,
    check_publishable,
    compared,
)
from app.catalogue.rules.label import Listing
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor


async def offers(session: AsyncSession, skus: Sequence[str], *, now: datetime | None = None) -> dict[str, Offer]:
    """What can be ordered under these codes, in one statement; unknown codes are absent.

    ``now`` decides whether a supplier counts as linked to households; without it the database's own day does.
    """
    return await queries.offers(session, skus, day=local_day(now) if now is not None else None)


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
    await suppliers.get(session, product.supplier_id)
    row = ProductRow(
        id=new_id(now),
        slug=product.slug,
        supplier_id=product.supplier_id,
        category_slug=product.category,
        name=product.name,
        description=product.description,
        attributes=dict(product.attributes),
        label=dict(product.label),
        township_code=product.township_code,
        village=product.village,
        season_opens=product.season_opens,
        season_closes=product.season_closes,
        status=Status.DRAFT,
        image_id=picture,
        created_at=now,
        published_at=None,
        version=1,
    )
    session.add(row)
    await session.flush()
    skus = [
        SkuRow(
            sku=sku.sku,
            product_id=row.id,
            position=position,
            name=sku.name,
            net_content=sku.net_content,
            net_weight_g=sku.net_weight_g,
            gross_weight_g=sku.gross_weight_g,
            case_pack=sku.case_pack,
            gtin13=sku.gtin13,
            itf14=sku.itf14,
            retail=sku.retail,
            wholesale=sku.wholesale,
            shelf_life_days=sku.shelf_life_days,
            tax_rate_bp=sku.tax_rate_bp,
            fresh=sku.fresh,
            length_mm=sku.length_mm,
            width_mm=sku.width_mm,
            height_mm=sku.height_mm,
            compared_by=measure,
            compared_milli=milli,
        )
        for position, sku in enumerate(product.skus)
        for measure, milli in [compared(root or "", sku)]
    ]
    session.add_all(skus)
    await session.flush()
    return queries.card(row, skus)


async def check_lot(session: AsyncSession, sku: str, harvested_on: date | None) -> None:
    """Raise ``SeasonNotProven`` unless a lot harvested on that day may be sold as this SKU."""
    check_harvest(await queries.pick_season_of(session, sku), harvested_on)


async def submit(session: AsyncSession, product_id: UUID, *, by: Actor, now: datetime) -> ProductCard:
    """Hand a draft in for review. Raises ``NoSuchProduct``, ``WrongProductStatus``."""
    return await _take(session, product_id, Step.SUBMIT, by=by, now=now)


async def reject(session: AsyncSession, product_id: UUID, *, by: Actor, now: datetime) -> ProductCard:
    """Give a submitted product back to its supplier. Raises ``NoSuchProduct``, ``WrongProductStatus``."""
    return await _take(session, product_id, Step.REJECT, by=by, now=now)


async def publish(session: AsyncSession, product_id: UUID, *, by: Actor, now: datetime) -> ProductCard:
    """Put a product on sale. Raises ``NoSuchProduct``, ``WrongProductStatus``, ``NotPublishable``."""
    return await _take(session, product_id, Step.PUBLISH, by=by, now=now)


async def withdraw(session: AsyncSession, product_id: UUID, *, by: Actor, now: datetime) -> ProductCard:
    """Take a product off sale; orders already placed are kept. Raises ``NoSuchProduct``, ``WrongProductStatus``."""
    return await _take(session, product_id, Step.WITHDRAW, by=by, now=now)


async def _take(session: AsyncSession, product_id: UUID, step: Step, *, by: Actor, now: datetime) -> ProductCard:
    row = await queries.lock(session, product_id, supplier_id=by.supplier_id)
    row.take(step)
    skus = await queries.skus_of(session, product_id)
    if step is Step.PUBLISH:
        supplier = await suppliers.get(session, row.supplier_id)
        check_publishable(
            Listing(
                root=await queries.root_of(session, row.category_slug) or "",
                name=row.name,
                description=row.description,
                supplier_status=supplier.status,
                licence_no=supplier.licence_no,
                net_contents=[sku.net_content for sku in skus],
                today=local_day(now),
                sku_names=[sku.name for sku in skus],
                attributes=row.attributes,
                label=row.label,
            )
        )
        row.published_at = row.published_at or now
        emit(session, ProductPublished(product_id=row.id, at=now))
    if step is Step.WITHDRAW:
        emit(session, ProductWithdrawn(product_id=row.id, at=now))
    await session.flush()
    return queries.card(row, skus)
