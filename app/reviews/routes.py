"""Reviews over HTTP: of buyers, of suppliers who answer, of the marketplace that hides what is against the law."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    Slug,
    TheEdge,
    WriteSession,
    decode_cursor,
    page_of,
    problems,
)
from app.files import UnknownFile
from app.identity import Buyer, Operator, Public, SupplierStaff
from app.reviews import queries, service
from app.reviews.rules import (
    AlreadyAnswered,
    AlreadyHidden,
    AlreadyReviewed,
    NotReceived,
    Order,
    Review,
    TooLate,
)
from app.reviews.schemas import AnswerIn, HideIn, ReviewIn, ReviewOut

router = APIRouter(tags=["reviews"])


@router.get(
    "/v1/store/products/{slug}/reviews",
    summary="What buyers say of a product",
    operation_id="list_product_reviews",
    responses=problems(NotFound, InvalidCursor, public=True),
)
async def list_product_reviews(
    slug: Slug,
    _: Public,
    session: ReadSession,
    now: Now,
    sort: Annotated[Order, Query(description="`useful`: what most buyers found useful first")] = Order.NEWEST,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ReviewOut]:
    """Only those who received the goods write; names are masked; what is hidden says why."""
    kind = f"reviews-{sort}"
    after = None
    if cursor is not None:
        useful, last = decode_cursor(kind, cursor)
        after = (int(useful), UUID(str(last)))
    found = await queries.of_product(session, slug, order=sort, after=after, limit=limit + 1, now=now)
    return _page(kind, found, limit)


@router.post(
    "/v1/store/reviews",
    summary="Review goods that arrived",
    operation_id="post_review",
    status_code=201,
    responses=problems(NotFound, NotReceived, TooLate, AlreadyReviewed, UnknownFile),
)
async def post_review(body: ReviewIn, by: Buyer, session: WriteSession, edge: TheEdge, now: Now) -> ReviewOut:
    """Once for each line of an order. It cannot be changed or deleted afterwards, by nobody."""
    review_id = await service.post(
        session,
        body.line_id,
        stars=body.stars,
        body=body.text,
        photos=body.photos,
        by=by,
        within_days=edge.settings.reviews.within_days,
        now=now,
    )
    return ReviewOut.of(await queries.one(session, review_id, now=now))


@router.post(
    "/v1/store/reviews/{review_id}/useful",
    summary="Find a review useful",
    operation_id="find_review_useful",
    responses=problems(NotFound),
)
async def find_review_useful(review_id: UUID, by: Buyer, session: WriteSession, now: Now) -> ReviewOut:
    """A buyer counts once, however often they say so."""
    await service.find_useful(session, review_id, by=by, now=now)
    return ReviewOut.of(await queries.one(session, review_id, now=now))


@router.get(
    "/v1/supplier/reviews",
    summary="What buyers say of the supplier's goods",
    operation_id="list_supplier_reviews",
    responses=problems(InvalidCursor),
)
async def list_supplier_reviews(
    by: SupplierStaff,
    session: ReadSession,
    now: Now,
    answered: Annotated[bool | None, Query(description="Only those with an answer, or without")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ReviewOut]:
    """Newest first."""
    before = _position(cursor)
    own = _own(by.supplier_id)
    found = await queries.page(session, supplier_id=own, answered=answered, before=before, limit=limit + 1, now=now)
    return _page("all-reviews", found, limit)


@router.post(
    "/v1/supplier/reviews/{review_id}/answer",
    summary="Answer a review in public",
    operation_id="answer_review",
    status_code=201,
    responses=problems(NotFound, AlreadyAnswered),
)
async def answer_review(
    review_id: UUID, body: AnswerIn, by: SupplierStaff, session: WriteSession, now: Now
) -> ReviewOut:
    """Once, and it stays."""
    await service.answer(session, review_id, body=body.text, supplier_id=_own(by.supplier_id), by=by, now=now)
    return ReviewOut.of(await queries.one(session, review_id, now=now))


@router.get(
    "/v1/operator/reviews",
    summary="Everybody's reviews, newest first",
    operation_id="list_reviews",
    responses=problems(InvalidCursor),
)
async def list_reviews(
    _: Operator, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ReviewOut]:
    """To look for what the law forbids to show."""
    before = _position(cursor)
    found = await queries.page(session, supplier_id=None, answered=None, before=before, limit=limit + 1, now=now)
    return _page("all-reviews", found, limit)


@router.post(
    "/v1/operator/reviews/{review_id}/hide",
    summary="Hide what is against the law",
    operation_id="hide_review",
    status_code=201,
    responses=problems(NotFound, AlreadyHidden),
)
async def hide_review(review_id: UUID, body: HideIn, by: Operator, session: WriteSession, now: Now) -> ReviewOut:
    """Its words and photos are no longer shown; the stars, and why it is hidden, are."""
    await service.hide(session, review_id, reason=body.reason, by=by, now=now)
    return ReviewOut.of(await queries.one(session, review_id, now=now))


def _own(supplier_id: UUID | None) -> UUID:
    if supplier_id is None:
        raise NotFound
    return supplier_id


def _position(cursor: str | None) -> UUID | None:
    return UUID(str(decode_cursor("all-reviews", cursor)[-1])) if cursor else None


def _page(kind: str, found: list[Review], limit: int) -> Page[ReviewOut]:
    return page_of(kind, found, limit, ReviewOut.of, key=lambda review: (review.useful, review.id))
