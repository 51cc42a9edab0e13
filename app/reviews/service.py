"""Post a review, answer it, hide it, find it useful. Nothing here takes anything away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import files, orders
from app.buyers import mask_name
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.reviews.events import ReviewPosted
from app.reviews.models import AnswerRow, HidingRow, ReviewRow, TallyRow
from app.reviews.rules import check_window

_VOTE = text("""
WITH voted AS (
    INSERT INTO reviews_vote (review_id, voter_id, voted_at) VALUES (:review_id, :voter_id, :now)
    ON CONFLICT DO NOTHING RETURNING review_id
)
UPDATE reviews_tally t SET useful = t.useful + 1 FROM voted v WHERE t.review_id = v.review_id
""")


async def post(
    session: AsyncSession,
    line_id: UUID,
    *,
    stars: int,
    body: str,
    photos: Sequence[UUID],
    by: Actor,
    within_days: int,
    now: datetime,
) -> UUID:
    """Say what the goods of an order line are like, once they are there.

    Raises ``NotFound`` for a line of somebody else, ``NotReceived``, ``TooLate``, ``AlreadyReviewed``, ``UnknownFile``.
    """
    line = await orders.received_line(session, line_id, by=by)
    check_window(line.received_at, now, within_days)
    row = ReviewRow(
        id=new_id(now),
        line_id=line_id,
        product_id=line.product_id,
        supplier_id=line.supplier_id,
        sku=line.sku,
        line_name=line.name,
        author_id=by.account_id,
        author=mask_name(line.recipient),
        stars=stars,
        body=body,
        posted_at=now,
    )
    session.add(row)
    await session.flush()
    session.add(TallyRow(review_id=row.id, product_id=row.product_id, useful=0))
    await files.attach(session, photos, owner=by, purpose=files.Purpose.REVIEW, to=row.id, now=now)
    emit(session, ReviewPosted(review_id=row.id, product_id=row.product_id, stars=stars, at=now))
    await session.flush()
    return row.id


async def answer(
    session: AsyncSession, review_id: UUID, *, body: str, supplier_id: UUID, by: Actor, now: datetime
) -> None:
    """The supplier's one public answer. Raises ``NotFound`` for another supplier's goods, ``AlreadyAnswered``."""
    await _exists(session, review_id, supplier_id=supplier_id)
    session.add(AnswerRow(review_id=review_id, body=body, answered_by=by.account_id, answered_at=now))
    await session.flush()


async def hide(session: AsyncSession, review_id: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Do not show what is against the law; that and why it is hidden stays visible, and the stars still count.

    Raises ``NotFound``, ``AlreadyHidden``.
    """
    await _exists(session, review_id)
    session.add(HidingRow(review_id=review_id, reason=reason, hidden_by=by.account_id, hidden_at=now))
    await session.flush()


async def find_useful(session: AsyncSession, review_id: UUID, *, by: Actor, now: datetime) -> None:
    """Say that a review helped. Saying it twice counts once. Raises ``NotFound``."""
    await _exists(session, review_id)
    await session.execute(_VOTE, {"review_id": review_id, "voter_id": by.account_id, "now": now})


async def _exists(session: AsyncSession, review_id: UUID, *, supplier_id: UUID | None = None) -> None:
    wanted = select(ReviewRow.id).where(ReviewRow.id == review_id)
    if supplier_id is not None:
        wanted = wanted.where(ReviewRow.supplier_id == supplier_id)
    if (await session.execute(wanted)).scalar_one_or_none() is None:
        raise NotFound
