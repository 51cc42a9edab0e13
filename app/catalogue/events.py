"""What the catalogue announces."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact


class ProductPublished(Fact):
    """A product can be bought from now on."""

    name: ClassVar[str] = "catalogue.product_published"
    product_id: UUID

    @property
    def subject(self) -> UUID:
        """The product."""
        return self.product_id


class ProductWithdrawn(Fact):
    """A product can no longer be bought."""

    name: ClassVar[str] = "catalogue.product_withdrawn"
    product_id: UUID

    @property
    def subject(self) -> UUID:
        """The product."""
        return self.product_id


class ProductSubmitted(Fact):
    """A supplier hands a product, or a change to one, in for review."""

    name: ClassVar[str] = "catalogue.product_submitted"
    product_id: UUID
    version: int

    @property
    def subject(self) -> UUID:
        """The product."""
        return self.product_id


class ProductRejected(Fact):
    """An operator gave a product, or a change to one, back to its supplier. Why stands in the review."""

    name: ClassVar[str] = "catalogue.product_rejected"
    product_id: UUID
    version: int

    @property
    def subject(self) -> UUID:
        """The product."""
        return self.product_id
