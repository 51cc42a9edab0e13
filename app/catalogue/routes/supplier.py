"""HTTP of the catalogue for suppliers: their own products, and the changes that they propose."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries, service
from app.catalogue.lifecycle import Status, WrongProductStatus
from app.catalogue.rules import InvalidImage, InvalidProduct, NoSuchProduct, SkuInUse, SkuTaken, SlugTaken
from app.catalogue.rules.content import product_of
from app.catalogue.rules.listing import NotPublishable
from app.catalogue.schemas import OwnProductOut, ProductStateOut
from app.catalogue.schemas.review import NewProductIn, ProductDetailOut, ProductPatch
from app.core.errors import NotPermitted
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    IfMatch,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    StaleVersion,
    VersionRequired,
    WriteSession,
    etag,
    last_seen,
    page_of,
    problems,
)
from app.files import UnknownFile
from app.identity import Actor, SupplierStaff

router = APIRouter(tags=["catalogue"])

_START = UUID(int=0)


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotPermitted
    return by.supplier_id


async def _shown(
    session: AsyncSession, product_id: UUID, by: Actor, response: Response, now: datetime
) -> ProductDetailOut:
    found = await service.look_at(session, product_id, supplier_id=_own(by), now=now)
    response.headers["ETag"] = etag(found.version)
    return ProductDetailOut.of(found)


@router.get(
    "/v1/supplier/products",
    summary="The supplier's own products",
    operation_id="list_own_products",
    responses=problems(InvalidCursor),
)
async def list_own_products(
    by: SupplierStaff,
    session: ReadSession,
    status: Annotated[Status | None, Query(description="`submitted` includes changes to products on sale")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[OwnProductOut]:
    """Every product of the caller's supplier in whatever status, oldest first."""
    after = last_seen("own-products", cursor) or _START
    rows = await queries.page(session, supplier_id=_own(by), status=status, after=after, limit=limit + 1)
    return page_of(
        "own-products", rows, limit, lambda row: OwnProductOut.model_validate(dict(row)), key=lambda row: row["id"]
    )


@router.post(
    "/v1/supplier/products",
    status_code=201,
    summary="Enter a product",
    operation_id="create_own_product",
    responses=problems(InvalidProduct, SlugTaken, SkuTaken, UnknownFile, InvalidImage),
)
async def create_own_product(
    by: SupplierStaff, body: NewProductIn, session: WriteSession, now: Now, response: Response
) -> ProductDetailOut:
    """A draft with its sales units and what its label says (GB 7718); `missing` lists what keeps it from being sold."""
    document = await service.with_files(session, body.document(), by=by, now=now)
    card = await service.create_product(session, product_of(document, _own(by)), by=by, now=now)
    await service.attach_files(session, card.id, document, by=by, now=now)
    return await _shown(session, card.id, by, response, now)


@router.get(
    "/v1/supplier/products/{product_id}",
    summary="One's own product with what is proposed",
    operation_id="get_own_product",
    responses=problems(NoSuchProduct),
)
async def get_own_product(
    by: SupplierStaff, product_id: UUID, session: ReadSession, now: Now, response: Response
) -> ProductDetailOut:
    """The product as it is sold, the change that is proposed to it field by field, and what reviews have decided."""
    return await _shown(session, product_id, by, response, now)


@router.patch(
    "/v1/supplier/products/{product_id}",
    summary="Change a draft, or propose a change",
    operation_id="edit_own_product",
    responses=problems(
        NoSuchProduct,
        InvalidProduct,
        SlugTaken,
        SkuTaken,
        SkuInUse,
        UnknownFile,
        InvalidImage,
        StaleVersion,
        VersionRequired,
    ),
)
async def edit_own_product(
    by: SupplierStaff,
    product_id: UUID,
    body: ProductPatch,
    session: WriteSession,
    now: Now,
    version: IfMatch,
    response: Response,
) -> ProductDetailOut:
    """A merge patch (RFC 7396): `label` and `attributes` are merged, `variants` given are all of them, null empties.

    What was on sale stays on sale unchanged until an operator approves. An edit takes back what was submitted.
    """
    await service.edit(session, product_id, body.patch(), version=version, by=by, now=now)
    return await _shown(session, product_id, by, response, now)


@router.delete(
    "/v1/supplier/products/{product_id}/change",
    summary="Drop a proposed change",
    operation_id="discard_own_change",
    responses=problems(NoSuchProduct),
)
async def discard_own_change(
    by: SupplierStaff, product_id: UUID, session: WriteSession, now: Now, response: Response
) -> ProductDetailOut:
    """Whatever was proposed is forgotten, submitted or not; the product stays as it is."""
    await service.discard(session, product_id, by=by)
    return await _shown(session, product_id, by, response, now)


@router.post(
    "/v1/supplier/products/{product_id}/submit",
    summary="Hand a product in for review",
    operation_id="submit_product",
    responses=problems(NoSuchProduct, WrongProductStatus, NotPublishable),
)
async def submit_product(
    by: SupplierStaff, product_id: UUID, session: WriteSession, now: Now, response: Response
) -> ProductStateOut:
    """A draft, or a proposed change, goes to the marketplace's operators, who publish it or give it back."""
    card = await service.submit(session, product_id, by=by, now=now)
    response.headers["ETag"] = etag(card.version)
    return ProductStateOut.of(card)
