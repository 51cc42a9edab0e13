"""What happened to the stock of a SKU that others may care about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from app.core.events import Fact
from app.inventory.rules import LOW_STOCK, subject_of


class _StockFact(Fact):
    sku: str

    @property
    def subject(self) -> UUID:
        """The SKU, as an id."""
        return subject_of(self.sku)


class StockRanOut(_StockFact):
    """The last available piece was taken."""

    name: ClassVar[str] = "inventory.stock_ran_out"


class StockReturned(_StockFact):
    """There was none to be had, and now there is."""

    name: ClassVar[str] = "inventory.stock_returned"
    available: int


class StockLow(_StockFact):
    """Few are left: the supplier should bring more."""

    name: ClassVar[str] = "inventory.stock_low"
    available: int


class PresaleChanged(_StockFact):
    """A harvest began or ceased to be sold ahead: planned, planned anew, settled, sold to the cap or below it again.

    The clock opens and closes a pre-sale without a word.
    """

    name: ClassVar[str] = "inventory.presale_changed"


class PromiseFilled(Fact):
    """Goods came in for somebody who had bought them ahead; ``waiting`` pieces are still to come."""

    name: ClassVar[str] = "inventory.promise_filled"
    reference: UUID
    sku: str
    quantity: int
    waiting: int

    @property
    def subject(self) -> UUID:
        """Who had bought them."""
        return self.reference


class PromiseBroken(Fact):
    """A pre-sale is over and these pieces never came: whoever sold them gives the money back."""

    name: ClassVar[str] = "inventory.promise_broken"
    reference: UUID
    sku: str

    @property
    def subject(self) -> UUID:
        """Who had bought them."""
        return self.reference


class LotRecalled(Fact):
    """A lot was called back. ``held`` pieces of it are promised to those who cannot be served from elsewhere."""

    name: ClassVar[str] = "inventory.lot_recalled"
    lot_id: UUID
    sku: str
    lot_code: str
    held: int

    @property
    def subject(self) -> UUID:
        """The lot."""
        return self.lot_id


def crossings(sku: str, before: int, after: int, at: datetime) -> Iterator[Fact]:
    """The facts that a change of the available pieces from ``before`` to ``after`` amounts to."""
    if before > 0 >= after:
        yield StockRanOut(sku=sku, at=at)
    elif before <= 0 < after:
        yield StockReturned(sku=sku, available=after, at=at)
    elif before > LOW_STOCK >= after:
        yield StockLow(sku=sku, available=after, at=at)
