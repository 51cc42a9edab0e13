"""What the shop window decides without the database."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.core.errors import NotFound


class Sort(StrEnum):
    """In which order products are shown."""

    RELEVANCE = "relevance"
    PRICE = "price"
    DEAREST = "-price"
    NEWEST = "newest"
    SALES = "sales"


PRICE_BANDS_FEN = (5_000, 10_000, 20_000, 50_000)
"""Where one band of prices ends and the next begins, in fen."""


class NotOnShelf(NotFound):
    """No such product, or it is not on sale now."""

    zh = "没有找到该商品，或者它已下架。"
    en = "There is no such product, or it is no longer on sale."


class NoSuchTrace(NotFound):
    """Nothing was packed under this code."""

    zh = "没有找到该溯源码，请核对包装上的 10 位字符。"
    en = "There is no such trace code; compare it with the ten characters on the pack."


class ProductFact(Protocol):
    """A fact about a product."""

    @property
    def product_id(self) -> UUID:
        """The product."""
        ...


class SkuFact(Protocol):
    """A fact about a sales unit."""

    @property
    def sku(self) -> str:
        """The unit's code."""
        ...


class SupplierFact(Protocol):
    """A fact about a supplier."""

    @property
    def supplier_id(self) -> UUID:
        """The supplier."""
        ...


class Sold(Protocol):
    """A line of a paid order."""

    @property
    def product_id(self) -> UUID:
        """The product."""
        ...

    @property
    def quantity(self) -> int:
        """How many units."""
        ...


class RatingFact(Protocol):
    """A fact about a product that was given stars."""

    @property
    def product_id(self) -> UUID:
        """The product."""
        ...

    @property
    def stars(self) -> int:
        """From one to five."""
        ...


class SaleFact(Protocol):
    """A fact about an order that was paid."""

    @property
    def lines(self) -> Sequence[Sold]:
        """What was bought, as ``Sold``."""
        ...
