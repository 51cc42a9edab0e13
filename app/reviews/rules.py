"""What a review is, who may write one and until when; and the refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from app.core.errors import DomainError

if TYPE_CHECKING:
    from app.files import File

LONGEST_TEXT = 1_000
MOST_PHOTOS = 9


class Order(StrEnum):
    """In which order reviews are shown."""

    NEWEST = "newest"
    USEFUL = "useful"


class NotReceived(DomainError):
    """Only those who have the goods say what they are like."""

    status = 409
    code = "not_received"
    zh = "收到商品后才能评价。"
    en = "Goods can be reviewed once they have arrived."


class TooLate(DomainError):
    """The goods arrived too long ago."""

    status = 409
    code = "review_too_late"
    zh = "已超过评价期限（收货后 {days} 天内）。"
    en = "Goods can be reviewed within {days} days after they have arrived."


class AlreadyReviewed(DomainError):
    """One review for a line."""

    code = "already_reviewed"
    zh = "该商品已评价过。"
    en = "This line was reviewed before."


class AlreadyAnswered(DomainError):
    """One answer for a review."""

    code = "already_answered"
    zh = "该评价已回复过。"
    en = "This review was answered before."


class AlreadyHidden(DomainError):
    """Hidden once is hidden."""

    code = "already_hidden"
    zh = "该评价已被隐藏。"
    en = "This review is hidden already."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the supplier replied in public."""

    text: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A review as everybody sees it. ``author`` is masked; of a hidden one text and photos are gone, not the stars."""

    id: UUID
    product_id: UUID
    sku: str
    line_name: str
    author: str
    stars: int
    text: str | None
    photos: tuple[File, ...]
    posted_at: datetime
    useful: int
    answer: Answer | None
    hidden_for: str | None


def check_window(received_at: datetime | None, now: datetime, days: int) -> None:
    """Raise ``NotReceived`` or ``TooLate`` unless the goods arrived within the last ``days``."""
    if received_at is None:
        raise NotReceived
    if now > received_at + timedelta(days=days):
        raise TooLate(days=days)
