"""HTTP of the catalogue: categories and pictures for everybody, a supplier's own list, an operator's steps."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Response

from app.catalogue import queries, service
from app.catalogue.lifecycle import WrongProductStatus
from app.catalogue.rules import NoSuchImage, NoSuchProduct, NotPublishable
from app.catalogue.schemas import CategoriesOut, CategoryOut, OwnProductOut, ProductStateOut
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    encode_cursor,
    etag,
    problems,
)
from app.identity import Operator, Public, SupplierStaff

router = APIRouter(tags=["catalogue"])

_START = UUID(int=0)
_FOREVER = "public, max-age=31536000, immutable"
_HARMLESS_SVG = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@router.get(
    "/v1/store/categories",
    summary="The category tree",
    operation_id="list_categories",
    responses=problems(public=True),
)
async def list_categories(_: Public, session: ReadSession, response: Response) -> CategoriesOut:
    """All categories, root by root, in the order in which a shop shows them."""
    response.headers["Cache-Control"] = "no-cache"
    return CategoriesOut(items=[CategoryOut.of(root) for root in await queries.categories(session)])


@router.get(
    "/v1/store/images/{digest}",
    summary="A product's picture",
    operation_id="get_image",
    response_class=Response,
    responses={
        **problems(NoSuchImage, public=True),
        200: {"description": "The picture", "content": {"image/svg+xml": {}, "image/png": {}, "image/jpeg": {}}},
        304: {"description": "The picture that you have is the one"},
    },
)
async def get_image(
    _: Public,
    session: ReadSession,
    digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the picture's bytes")],
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The picture with this digest. What is kept under an address never changes, so it may be cached for ever."""
    tag = f'"{digest}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag}
    if if_none_match is not None and (if_none_match.strip() == "*" or tag in if_none_match):
        await queries.image_id_or_refuse(session, digest)
        return Response(status_code=304, headers=headers)
    media_type, content = await queries.image(session, digest)
    if media_type == "image/svg+xml":
        headers["Content-Security-Policy"] = _HARMLESS_SVG
    return Response(content, media_type=media_type, headers=headers)


@router.get(
    "/v1/supplier/products",
    summary="The supplier's own products",
    operation_id="list_own_products",
    responses=problems(InvalidCursor),
)
async def list_own_products(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[OwnProductOut]:
    """Every product of the caller's supplier in whatever status, oldest first."""
    after = UUID(str(decode_cursor("own-products", cursor)[0])) if cursor else _START
    if by.supplier_id is None:
        return Page(items=[], next_cursor=None)
    rows = await queries.of_supplier(session, by.supplier_id, after=after, limit=limit + 1)
    items = [OwnProductOut.model_validate(dict(row)) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor("own-products", str(items[-1].id)) if more else None)


@router.post(
    "/v1/supplier/products/{product_id}/submit",
    summary="Hand a product in for review",
    operation_id="submit_product",
    responses=problems(NoSuchProduct, WrongProductStatus),
)
async def submit_product(
    by: SupplierStaff, product_id: UUID, session: WriteSession, now: Now, response: Response
) -> ProductStateOut:
    """A draft of the caller's supplier goes to the marketplace's operators, who publish it or give it back."""
    card = await service.submit(session, product_id, by=by, now=now)
    response.headers["ETag"] = etag(card.version)
    return ProductStateOut.of(card)


@router.post(
    "/v1/operator/products/{product_id}/publish",
    summary="Put a product on sale",
    operation_id="publish_product",
    responses=problems(NoSuchProduct, WrongProductStatus, NotPublishable),
)
async def publish_product(
    by: Operator, product_id: UUID, session: WriteSession, now: Now, response: Response
) -> ProductStateOut:
    """From now on the product can be found and bought, provided that it has a price and stock."""
    card = await service.publish(session, product_id, by=by, now=now)
    response.headers["ETag"] = etag(card.version)
    return ProductStateOut.of(card)


@router.post(
    "/v1/operator/products/{product_id}/reject",
    summary="Give a submitted product back",
    operation_id="reject_product",
    responses=problems(NoSuchProduct, WrongProductStatus),
)
async def reject_product(
    by: Operator, product_id: UUID, session: WriteSession, now: Now, response: Response
) -> ProductStateOut:
    """The product becomes a draft again, for its supplier to correct."""
    card = await service.reject(session, product_id, by=by, now=now)
    response.headers["ETag"] = etag(card.version)
    return ProductStateOut.of(card)


@router.post(
    "/v1/operator/products/{product_id}/withdraw",
    summary="Take a product off sale",
    operation_id="withdraw_product",
    responses=problems(NoSuchProduct, WrongProductStatus),
)
async def withdraw_product(
    by: Operator, product_id: UUID, session: WriteSession, now: Now, response: Response
) -> ProductStateOut:
    """The product is no longer found or sold; orders already placed are served."""
    card = await service.withdraw(session, product_id, by=by, now=now)
    response.headers["ETag"] = etag(card.version)
    return ProductStateOut.of(card)
