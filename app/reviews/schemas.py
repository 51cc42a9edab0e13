"""Reviews on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out, ShortText
from app.core.web.schemas import NO_CONTROL
from app.files import FileOut
from app.reviews.rules import LONGEST_TEXT, MOST_PHOTOS, Review

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=NO_CONTROL, strip_whitespace=True)
]


class ReviewIn(Body):
    """What the goods of an order line are like."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "line_id": "0193478a-2b00-7abc-8def-0123456789ab",
                    "stars": 5,
                    "text": "果子新鲜，皮薄汁多，两天就到了。",
                    "photos": [],
                }
            ]
        }
    )
    line_id: UUID
    stars: Annotated[int, Field(strict=True, ge=1, le=5)]
    text: Words
    photos: list[UUID] = Field(default=[], max_length=MOST_PHOTOS, description="Files uploaded with purpose `review`")


class AnswerIn(Body):
    """The supplier's public answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "谢谢支持，来年再会！"}]})
    text: Words


class HideIn(Body):
    """Why a review is hidden; everybody sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "含他人个人信息"}]})
    reason: ShortText


class AnswerOut(Out):
    """What the supplier replied."""

    text: str
    answered_at: datetime


class ReviewOut(Out):
    """A review as everybody sees it."""

    id: UUID
    sku: str
    line_name: str
    author: str = Field(examples=["王**"])
    stars: int
    text: str | None = Field(description="Null when the review is hidden")
    photos: list[FileOut]
    posted_at: datetime
    useful: int = Field(description="So many buyers found it useful")
    answer: AnswerOut | None
    hidden_for: str | None = Field(description="Why the marketplace does not show it; its stars still count")

    @classmethod
    def of(cls, review: Review) -> Self:
        """From the value."""
        return cls.model_validate(review)
