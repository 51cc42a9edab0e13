"""Reads of reviews. A page is one statement, and one more for its photos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, files
from app.core.errors import NotFound
from app.reviews.models import ReviewRow
from app.reviews.rules import Answer, Order, Review

_COLUMNS = """r.id, r.product_id, r.sku, r.line_name, r.author, r.stars, r.body, r.posted_at, t.useful,
    a.body AS answer, a.answered_at, h.reason AS hidden_for"""
_JOINS = """JOIN reviews_tally t ON t.review_id = r.id
LEFT JOIN reviews_answer a ON a.review_id = r.id
LEFT JOIN reviews_hiding h ON h.review_id = r.id"""

_OF_PRODUCT = {
    Order.NEWEST: text(f"""
        SELECT {_COLUMNS} FROM reviews_review r {_JOINS}
        WHERE r.product_id = :product_id AND (CAST(:before AS uuid) IS NULL OR r.id < :before)
        ORDER BY r.id DESC LIMIT :limit
    """),
    Order.USEFUL: text(f"""
        SELECT {_COLUMNS} FROM reviews_review r {_JOINS}
        WHERE t.product_id = :product_id AND (CAST(:before AS uuid) IS NULL
              OR (t.useful, t.review_id) < (CAST(:useful AS integer), CAST(:before AS uuid)))
        ORDER BY t.useful DESC, t.review_id DESC LIMIT :limit
    """),
}
_OF_SUPPLIER = text(f"""
SELECT {_COLUMNS} FROM reviews_review r {_JOINS}
WHERE (CAST(:supplier_id AS uuid) IS NULL OR r.supplier_id = :supplier_id)
  AND (CAST(:before AS uuid) IS NULL OR r.id < :before)
  AND (CAST(:answered AS boolean) IS NULL OR (a.review_id IS NOT NULL) = :answered)
ORDER BY r.id DESC LIMIT :limit
""")
_ONE = text(f"SELECT {_COLUMNS} FROM reviews_review r {_JOINS} WHERE r.id = :id")


async def of_product(
    session: AsyncSession, slug: str, *, order: Order, after: tuple[int, UUID] | None, limit: int, now: datetime
) -> list[Review]:
    """A page of what was said of a product, after a review with so many votes. Raises ``NoSuchProduct``."""
    product_id = await catalogue.shown_product(session, slug)
    useful, before = after or (None, None)
    values = {"product_id": product_id, "before": before, "limit": limit}
    if order is Order.USEFUL:
        values["useful"] = useful
    return await _seen(session, (await session.execute(_OF_PRODUCT[order], values)).all(), now=now)


async def page(
    session: AsyncSession,
    *,
    supplier_id: UUID | None,
    answered: bool | None,
    before: UUID | None,
    limit: int,
    now: datetime,
) -> list[Review]:
    """The reviews of a supplier's goods, or of everybody's, newest first."""
    values = {"supplier_id": supplier_id, "answered": answered, "before": before, "limit": limit}
    return await _seen(session, (await session.execute(_OF_SUPPLIER, values)).all(), now=now)


async def one(session: AsyncSession, review_id: UUID, *, now: datetime) -> Review:
    """One review. Raises ``NotFound``."""
    rows = (await session.execute(_ONE, {"id": review_id})).all()
    if not rows:
        raise NotFound
    return (await _seen(session, rows, now=now))[0]


async def reviewed(session: AsyncSession, line_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these order lines that their buyer has reviewed."""
    return set(await session.scalars(select(ReviewRow.line_id).where(ReviewRow.line_id.in_(line_ids))))


async def _seen(session: AsyncSession, rows: Sequence[Row[Any]], *, now: datetime) -> list[Review]:
    photos = await files.links(session, to=[row.id for row in rows if row.hidden_for is None], now=now)
    return [
        Review(
            id=row.id,
            product_id=row.product_id,
            sku=row.sku,
            line_name=row.line_name,
            author=row.author,
            stars=row.stars,
            text=row.body if row.hidden_for is None else None,
            photos=tuple(photos.get(row.id, ())),
            posted_at=row.posted_at,
            useful=row.useful,
            answer=Answer(row.answer, row.answered_at) if row.answer is not None else None,
            hidden_for=row.hidden_for,
        )
        for row in rows
    ]
