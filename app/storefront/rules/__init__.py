"""What the shop window decides without the database."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from app.core.errors import NotFound


class Sort(StrEnum):
    """In which order products are shown."""

    RELEVANCE = "relevance"
    PRICE = "price"
    DEAREST = "-price"
    NEWEST = "newest"
    SALES = "sales"


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


class SaleFact(Protocol):
    """A fact about an order that was paid."""

    @property
    def lines(self) -> Sequence[Sold]:
        """What was bought, as ``Sold``."""
        ...


RETURNS_FRESH: dict[str, Any] = {
    "no_reason_return": False,
    "days": 0,
    "fresh_goods_acknowledgement_required": True,
    "text": {
        "zh": "鲜活易腐商品，不适用七日无理由退货；下单时须确认。签收后 24 小时内发现坏果，可申请按坏果数量退款。",
        "en": "Fresh and perishable: the seven-day return does not apply, which you confirm when ordering. "
        "Fruit found bad within 24 hours of delivery is refunded by the piece.",
    },
}
RETURNS_KEPT: dict[str, Any] = {
    "no_reason_return": True,
    "days": 7,
    "fresh_goods_acknowledgement_required": False,
    "text": {
        "zh": "签收后七日内，包装与封口完好可无理由退货，退回运费由买家承担；质量问题运费由卖家承担。",
        "en": "Within seven days of delivery you may return it for any reason with its seal intact; "
        "you pay the freight back, or the seller does if the goods are faulty.",
    },
}
"""What may be sent back (domain handbook §3.5): the rule for fresh goods, and the rule for goods that keep."""
