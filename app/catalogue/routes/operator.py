"""HTTP of the catalogue for operators: what waits for a review, what would change, and the decision."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response

from app.catalogue import queries, service
from app.catalogue.lifecycle import Status, WrongProductStatus
from app.catalogue.rules import NoSuchProduct, SkuTaken, SlugTaken
from app.catalogue.rules.listing import NotPublishable
from app.catalogue.schemas import OwnProductOut, ProductStateOut
from app.catalogue.schemas.review import ProductDetailOut, RejectionIn
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    StaleVersion,
    WriteSession,
    etag,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator

router = APIRouter(tags=["catalogue"])

_START = UUID(int=0)


async def _seen(
    if_match: Annotated[
        str | None,
        Header(alias="If-Match", max_length=64, description="The ETag of what was looked at; another version is 412"),
    ] = None,
) -> int | None:
    if if_match is None:
        return None
    text = if_match.strip().strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004
        raise StaleVersion
    return int(text)


Seen = Annotated[int | None, Depends(_seen)]


@router.get(
    "/v1/operator/products",
    summary="Products, and what waits for a review",
    operation_id="list_products_for_review",
    responses=problems(InvalidCursor),
)
async def list_products_for_review(
    _: Operator,
    session: ReadSession,
    status: Annotated[Status | None, Query(description="`submitted` includes changes to products on sale")] = None,
    supplier_id: UUID | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[OwnProductOut]:
    """Every supplier's products, oldest first; `?status=submitted` is the queue of reviews."""
    after = last_seen("products", cursor) or _START
    rows = await queries.page(session, supplier_id=supplier_id, status=status, after=after, limit=limit + 1)
    return page_of(
        "products", rows, limit, lambda row: OwnProductOut.model_validate(dict(row)), key=lambda row: row["id"]
    )


@router.get(
    "/v1/operator/products/{product_id}",
    summary="A product with what would change",
    operation_id="get_product_for_review",
    responses=problems(NoSuchProduct),
)
async def get_product_for_review(
    _: Operator, product_id: UUID, session: ReadSession, now: Now, response: Response
) -> ProductDetailOut:
    """Old and new of every field that a publication would set, what is missing for it, and former decisions."""
    found = await service.look_at(session, product_id, now=now)
    response.headers["ETag"] = etag(found.version)
    return ProductDetailOut.of(found)


@router.post(
    "/v1/operator/products/{product_id}/publish",
    summary="Put a product, or a change to it, on sale",
    operation_id="publish_product",
    responses=problems(NoSuchProduct, WrongProductStatus, NotPublishable, StaleVersion, SkuTaken, SlugTaken),
)
async def publish_product(
    by: Operator, product_id: UUID, session: WriteSession, now: Now, response: Response, seen: Seen
) -> ProductStateOut:
    """From now on the product can be found and bought, provided that it has a price and stock.

    Send the ETag of what you looked at as `If-Match`, and nothing else is published.
    """
    card = await service.publish(session, product_id, version=seen, by=by, now=now)
    response.headers["ETag"] = etag(card.version)
    return ProductStateOut.of(card)


@router.post(
    "/v1/operator/products/{product_id}/reject",
    summary="Give what was submitted back",
    operation_id="reject_product",
    responses=problems(NoSuchProduct, WrongProductStatus, StaleVersion),
)
async def reject_product(
    by: Operator, product_id: UUID, body: RejectionIn, session: WriteSession, now: Now, response: Response, seen: Seen
) -> ProductStateOut:
    """The product, or the change, becomes a draft again; its supplier reads the reason and corrects it."""
    card = await service.reject(session, product_id, reason=body.reason, version=seen, by=by, now=now)
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
