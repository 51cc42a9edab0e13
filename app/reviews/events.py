"""What the reviews module announces."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact


class ReviewPosted(Fact):
    """Somebody who received a product gave it so many stars."""

    name: ClassVar[str] = "reviews.posted"
    review_id: UUID
    product_id: UUID
    stars: int

    @property
    def subject(self) -> UUID:
        """The product."""
        return self.product_id
