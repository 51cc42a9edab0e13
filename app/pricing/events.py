"""What happened to a price."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact
from app.pricing.rules import subject_of


class PriceChanged(Fact):
    """From now on one sales unit of the SKU costs ``price_fen``."""

    name: ClassVar[str] = "pricing.price_changed"
    sku: str
    price_fen: int

    @property
    def subject(self) -> UUID:
        """The SKU, as an id."""
        return subject_of(self.sku)
