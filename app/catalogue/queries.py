"""Reads and locks of the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, TextClause, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.lifecycle import Status
from app.catalogue.models import CategoryRow, CertificationStepRow, ChangeRow, ImageRow, ProductRow, ReviewRow, SkuRow
from app.catalogue.rules import Category, NewProduct, NewSku, NoSuchImage, NoSuchProduct, Offer, ProductCard
from app.catalogue.rules.comparing import sold_by_weight
from app.catalogue.rules.content import Document, document_of
from app.catalogue.rules.eligibility import (
    CERTIFIED_FROM,
    LOCAL_LIST_FROM,
    Certification,
    CertificationKind,
    CertificationStepTaken,
    NoSuchCertification,
)
from app.catalogue.rules.solar_terms import PICKS
from app.core.asides import Aside
from app.core.db import array, ask

_SKU_FIELDS = tuple(field.name for field in fields(NewSku))

# The one place where the catalogue reads its supplier's table itself: ordering asks this question in every order, and
# a second round trip for three columns would cost more than the rest of it. The codes come out of a sub-select so that
# the planner cannot see how many there are: it would plan anew for each order, which takes longer than to answer.
# ``assisted`` is decided by the rule of the day (``rules.eligibility``), and by what is listed when it is asked.
_OFFERS = """
SELECT {aside}, k.sku, k.name, p.id, p.name, p.slug, s.id, s.code, s.name, c.root_slug, p.township_code, t.name,
       p.village, k.gross_weight_g, k.net_weight_g, k.case_pack, k.tax_rate_bp, k.fresh,
       k.retail AND p.status = 'published' AND s.status = 'approved',
       CASE WHEN d.day < '{certified_from}' THEN coalesce(s.linked_since <= d.day, false)
            ELSE EXISTS (
                SELECT FROM catalogue_certification n
                WHERE n.supplier_id = s.id AND n.status = 'listed' AND n.valid_from <= d.day AND d.day < n.valid_to
                  AND (n.product_id = p.id OR n.product_id IS NULL)
                  AND (n.kind = 'poverty_product') = (d.day < '{local_list_from}')) END,
       CAST(k.length_mm AS bigint) * k.width_mm * k.height_mm, s.uscc
FROM catalogue_sku k
JOIN catalogue_product p ON p.id = k.product_id
JOIN catalogue_category c ON c.slug = p.category_slug
JOIN suppliers_supplier s ON s.id = p.supplier_id
JOIN suppliers_township t ON t.code = p.township_code
CROSS JOIN (SELECT coalesce(CAST(:day AS date), CAST(now() AT TIME ZONE 'Asia/Shanghai' AS date)) AS day) d
WHERE k.sku = ANY(CAST((SELECT CAST(:skus AS text[])) AS text[]))
"""

_PAGE = text("""
SELECT p.id, p.slug, p.name, p.category_slug AS category, p.status, h.status AS change, p.version, p.published_at,
       p.supplier_id,
       '/v1/store/images/' || i.digest AS image_url, k.variants
FROM catalogue_product p
LEFT JOIN catalogue_image i ON i.id = p.image_id
CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
        'sku', k.sku, 'name', k.name, 'net_content', k.net_content, 'gtin13', k.gtin13, 'itf14', k.itf14,
        'case_pack', k.case_pack, 'retail', k.retail, 'wholesale', k.wholesale) ORDER BY k.position) AS variants
    FROM catalogue_sku k WHERE k.product_id = p.id
) k
LEFT JOIN catalogue_change h ON h.product_id = p.id
WHERE (CAST(:supplier AS uuid) IS NULL OR p.supplier_id = :supplier) AND p.id > :after
  AND (CAST(:status AS text) IS NULL OR p.status = :status OR :status = 'submitted' AND h.status = 'submitted')
ORDER BY p.id LIMIT :limit
""")


async def offers(session: AsyncSession, skus: Sequence[str], *, day: date | None = None) -> dict[str, Offer]:
    """The offers of ``skus`` in one statement; unknown codes are absent. ``day``, or today, decides ``assisted``."""
    return {offer.sku: offer for offer, _ in await offers_and(session, skus, _NOTHING, day=day)}


async def offers_and(
    session: AsyncSession, skus: Sequence[str], aside: Aside, *, day: date | None = None
) -> list[tuple[Offer, Any]]:
    """The same, each with what ``aside`` says of it; there ``k.sku`` is the SKU and ``s.id`` its supplier."""
    rows = await ask(session, _offers(aside.sql), {"skus": array(skus), "day": day, **aside.parameters})
    return [(Offer(*row[1:]), row[0]) for row in rows]


_NOTHING = Aside("NULL")


@lru_cache(maxsize=8)
def _offers(aside: str) -> TextClause:
    return text(_OFFERS.format(aside=aside, certified_from=CERTIFIED_FROM, local_list_from=LOCAL_LIST_FROM))


_SKUS_OF_SUPPLIER = text("""
SELECT k.sku, p.name, k.name FROM catalogue_sku k JOIN catalogue_product p ON p.id = k.product_id
WHERE p.supplier_id = :supplier_id ORDER BY k.sku LIMIT :limit
""")


async def skus_of_supplier(session: AsyncSession, supplier_id: UUID, *, limit: int) -> list[tuple[str, str, str]]:
    """The supplier's SKUs in their order: code, name of the product, name of the sales unit."""
    rows = await ask(session, _SKUS_OF_SUPPLIER, {"supplier_id": supplier_id, "limit": limit})
    return [(sku, product, name) for sku, product, name in rows]


_NET_CONTENTS = text("""
SELECT sku, net_content FROM catalogue_sku WHERE sku = ANY(CAST(:skus AS text[]))
""")


async def by_weight(session: AsyncSession, skus: Collection[str]) -> set[str]:
    """Those of ``skus`` whose label promises a net weight."""
    rows = await ask(session, _NET_CONTENTS, {"skus": array(skus)})
    return {sku for sku, net_content in rows if sold_by_weight(net_content)}


_SHOWN = text("""
SELECT p.id FROM catalogue_product p JOIN suppliers_supplier s ON s.id = p.supplier_id
WHERE p.slug = :slug AND p.status = 'published' AND s.status = 'approved'
""")


async def shown_product(session: AsyncSession, slug: str) -> UUID:
    """The product that has a page under this slug. Raises ``NoSuchProduct``."""
    product_id: UUID | None = (await session.execute(_SHOWN, {"slug": slug})).scalar_one_or_none()
    if product_id is None:
        raise NoSuchProduct
    return product_id


async def lock(session: AsyncSession, product_id: UUID, *, supplier_id: UUID | None = None) -> ProductRow:
    """The product, locked; of ``supplier_id`` if given. Raises ``NoSuchProduct``."""
    query = select(ProductRow).where(ProductRow.id == product_id).with_for_update(key_share=True)
    if supplier_id is not None:
        query = query.where(ProductRow.supplier_id == supplier_id)
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NoSuchProduct
    return row


async def lock_shown(session: AsyncSession, supplier_id: UUID) -> Sequence[ProductRow]:
    """A supplier's products that are on sale or held, locked in the order of their ids."""
    query = (
        select(ProductRow)
        .where(ProductRow.supplier_id == supplier_id, ProductRow.status.in_((Status.PUBLISHED, Status.HELD)))
        .order_by(ProductRow.id)
        .with_for_update(key_share=True)
    )
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def skus_of(session: AsyncSession, product_id: UUID) -> list[SkuRow]:
    """The product's sales units in their order."""
    query = select(SkuRow).where(SkuRow.product_id == product_id).order_by(SkuRow.position)
    # They are written by statements of their own, which the session knows nothing of.
    return list((await session.execute(query.execution_options(populate_existing=True))).scalars())


_LOT_TERMS = text("""
SELECT p.attributes ->> 'pick_season', k.shelf_life_days
FROM catalogue_product p JOIN catalogue_sku k ON k.product_id = p.id WHERE k.sku = :sku
""")


async def lot_terms_of(session: AsyncSession, sku: str) -> tuple[str | None, int] | None:
    """The season in which a SKU's leaf is said to be picked, and the days that it keeps; None for no such SKU."""
    found = await ask(session, _LOT_TERMS, {"sku": sku})
    return (found[0][0], found[0][1]) if found else None


async def root_of(session: AsyncSession, category_slug: str) -> str | None:
    """The root above a category, or None if there is no such category."""
    query = select(CategoryRow.root_slug).where(CategoryRow.slug == category_slug)
    return (await session.execute(query)).scalar_one_or_none()


async def categories(session: AsyncSession) -> tuple[Category, ...]:
    """The tree, in its order."""
    query = select(CategoryRow.slug, CategoryRow.parent_slug, CategoryRow.name).order_by(
        CategoryRow.position, CategoryRow.slug
    )
    children: dict[str | None, list[tuple[str, str]]] = {}
    for slug, parent, name in await session.execute(query):
        children.setdefault(parent, []).append((slug, name))
    return tuple(
        Category(slug, name, tuple(Category(*child) for child in children.get(slug, ())))
        for slug, name in children.get(None, ())
    )


async def image(session: AsyncSession, digest: str) -> tuple[str, bytes]:
    """Media type and bytes of a picture. Raises ``NoSuchImage``."""
    query = select(ImageRow.media_type, ImageRow.content).where(ImageRow.digest == digest)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NoSuchImage
    return row[0], bytes(row[1])


async def image_id(session: AsyncSession, digest: str) -> UUID | None:
    """The id of a stored picture."""
    return (await session.execute(select(ImageRow.id).where(ImageRow.digest == digest))).scalar_one_or_none()


async def pictures(session: AsyncSession, skus: Sequence[str]) -> dict[str, str]:
    """Where the picture of each SKU's product is served; those without one are absent."""
    query = (
        select(SkuRow.sku, ImageRow.digest)
        .join(ProductRow, ProductRow.id == SkuRow.product_id)
        .join(ImageRow, ImageRow.id == ProductRow.image_id)
        .where(SkuRow.sku.in_(list(skus)))
    )
    return {sku: f"/v1/store/images/{digest}" for sku, digest in await session.execute(query)}


async def page(
    session: AsyncSession, *, supplier_id: UUID | None, status: Status | None, after: UUID, limit: int
) -> Sequence[RowMapping]:
    """A page of products, a supplier's or all, oldest first, after the product ``after``.

    ``submitted`` finds everything that waits for a review, changes to products on sale included.
    """
    parameters = {"supplier": supplier_id, "status": status, "after": after, "limit": limit}
    return (await session.execute(_PAGE, parameters)).mappings().all()


async def read(session: AsyncSession, product_id: UUID, *, supplier_id: UUID | None) -> ProductRow:
    """The product; of ``supplier_id`` if given. Raises ``NoSuchProduct``."""
    query = select(ProductRow).where(ProductRow.id == product_id)
    if supplier_id is not None:
        query = query.where(ProductRow.supplier_id == supplier_id)
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchProduct
    return row


async def change(session: AsyncSession, product_id: UUID) -> ChangeRow | None:
    """The change that is proposed to a product. Read it under the lock of the product."""
    query = select(ChangeRow).where(ChangeRow.product_id == product_id).execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def document(session: AsyncSession, row: ProductRow) -> Document:
    """The product as it is, as a document."""
    digest = None
    if row.image_id is not None:
        digest = await session.scalar(select(ImageRow.digest).where(ImageRow.id == row.image_id))
    skus = await skus_of(session, row.id)
    return document_of(
        NewProduct(
            supplier_id=row.supplier_id,
            slug=row.slug,
            name=row.name,
            category=row.category_slug,
            skus=[NewSku(**{name: getattr(sku, name) for name in _SKU_FIELDS}) for sku in skus],
            township_code=row.township_code,
            village=row.village,
            description=row.description,
            attributes=row.attributes,
            label=row.label,
            season_opens=row.season_opens,
            season_closes=row.season_closes,
            image_digest=digest,
        )
    )


async def codes_elsewhere(session: AsyncSession, product_id: UUID, skus: Sequence[NewSku]) -> bool:
    """Whether another product has one of these SKU codes or bar codes."""
    query = select(SkuRow.sku).where(
        SkuRow.product_id != product_id,
        or_(
            SkuRow.sku.in_([sku.sku for sku in skus]),
            SkuRow.gtin13.in_([sku.gtin13 for sku in skus if sku.gtin13]),
            SkuRow.itf14.in_([sku.itf14 for sku in skus if sku.itf14]),
        ),
    )
    return (await session.execute(query.limit(1))).first() is not None


async def reviews(session: AsyncSession, product_id: UUID, *, limit: int = 20) -> Sequence[ReviewRow]:
    """What was decided about a product, the latest first."""
    query = select(ReviewRow).where(ReviewRow.product_id == product_id).order_by(ReviewRow.version.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def named_by_harvest(session: AsyncSession, skus: Collection[str]) -> set[str]:
    """Those of ``skus`` whose product has a name that a day of harvest must prove."""
    query = (
        select(SkuRow.sku)
        .join(ProductRow, ProductRow.id == SkuRow.product_id)
        .where(SkuRow.sku.in_(skus), ProductRow.attributes["pick_season"].astext.in_(PICKS))
    )
    return set((await session.scalars(query)).all())


async def floor(session: AsyncSession, sku: str) -> int | None:
    """The least that a unit may cost without consent, in fen."""
    return (await session.execute(select(SkuRow.floor_fen).where(SkuRow.sku == sku))).scalar_one_or_none()


async def image_id_or_refuse(session: AsyncSession, digest: str) -> UUID:
    """The id of a stored picture. Raises ``NoSuchImage``."""
    found = await image_id(session, digest)
    if found is None:
        raise NoSuchImage
    return found


def card(row: ProductRow, skus: Sequence[SkuRow]) -> ProductCard:
    """The value that crosses the door for a row."""
    return ProductCard(
        id=row.id,
        slug=row.slug,
        name=row.name,
        supplier_id=row.supplier_id,
        category=row.category_slug,
        status=row.status,
        version=row.version,
        published_at=row.published_at,
        skus=tuple(sku.sku for sku in skus),
    )


_CERTIFICATIONS = """
SELECT c.id, c.kind, c.supplier_id, s.name AS supplier_name, c.product_id, p.name AS product_name, c.batch,
       c.people_linked, c.value_fen, c.notice_from, c.notice_to, c.valid_from, c.valid_to, c.status, c.entered_at,
       c.listed_at
FROM catalogue_certification c JOIN suppliers_supplier s ON s.id = c.supplier_id
LEFT JOIN catalogue_product p ON p.id = c.product_id
"""
_ONE_CERTIFICATION = text(f"{_CERTIFICATIONS} WHERE c.id = :id")
_PAGE_OF_CERTIFICATIONS = text(f"""
{_CERTIFICATIONS}
WHERE (CAST(:status AS text) IS NULL OR c.status = :status)
  AND (CAST(:supplier AS uuid) IS NULL OR c.supplier_id = CAST(:supplier AS uuid))
  AND (CAST(:before AS uuid) IS NULL OR c.id < CAST(:before AS uuid))
ORDER BY c.id DESC LIMIT :limit
""")


def _certification(row: RowMapping, steps: tuple[CertificationStepTaken, ...] = ()) -> Certification:
    return Certification(**{**row, "kind": CertificationKind(row["kind"])}, steps=steps)


async def certification(session: AsyncSession, certification_id: UUID) -> Certification:
    """A certification with the steps that were taken. Raises ``NoSuchCertification``."""
    row = (await session.execute(_ONE_CERTIFICATION, {"id": certification_id})).mappings().one_or_none()
    if row is None:
        raise NoSuchCertification
    taken = select(CertificationStepRow).where(CertificationStepRow.certification_id == certification_id)
    steps = await session.scalars(taken.order_by(CertificationStepRow.at, CertificationStepRow.id))
    return _certification(
        row, tuple(CertificationStepTaken(one.step, one.at, one.by_account, one.note) for one in steps)
    )


async def certifications(
    session: AsyncSession, *, status: str | None, supplier_id: UUID | None, before: UUID | None, limit: int
) -> list[Certification]:
    """The register without the steps, the latest entry first."""
    values = {"status": status, "supplier": supplier_id, "before": before, "limit": limit}
    return [_certification(row) for row in (await session.execute(_PAGE_OF_CERTIFICATIONS, values)).mappings()]


_ASSISTS = text(f"""
SELECT CASE WHEN CAST(:day AS date) < '{CERTIFIED_FROM}' THEN coalesce(s.linked_since <= :day, false)
            ELSE EXISTS (SELECT FROM catalogue_certification n
                WHERE n.supplier_id = s.id AND n.status = 'listed' AND n.valid_from <= :day AND :day < n.valid_to
                  AND (n.kind = 'poverty_product') = (CAST(:day AS date) < '{LOCAL_LIST_FROM}')) END
FROM suppliers_supplier s WHERE s.id = :supplier_id
""")


async def assists(session: AsyncSession, supplier_id: UUID, day: date) -> bool:
    """Whether anything of the supplier's counted as assistance on ``day``, by the rule of that day."""
    return bool(await session.scalar(_ASSISTS, {"supplier_id": supplier_id, "day": day}))
