"""Promotions, coupons and budgets on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.core.money import MAX_FEN
from app.core.web import Body, Instant, Out, ShortText, Sku, Slug
from app.pricing.rules import MAX_PRICE_FEN
from app.pricing.rules.promotions import MAX_PERCENT_BP, MOST_COUPONS, Funder, PromotionKind, Terms

Fen = Annotated[int, Field(strict=True, ge=1, le=MAX_FEN)]
Times = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Prefix = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$"),
    Field(description="Province, city or county of those who are helped", examples=["370112"]),
]
Code = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{3,31}$"),
    Field(description="Capitals or not is no matter", examples=["LICHENG50"]),
]

_EXAMPLE: JsonDict = {
    "name": "满 99 减 20",
    "kind": "amount_off",
    "threshold_fen": 9900,
    "off_fen": 2000,
    "starts_at": "2026-11-20T00:00:00+08:00",
    "ends_at": "2026-12-01T00:00:00+08:00",
}


class BudgetIn(Body):
    """What a helper district gives for vouchers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "历城区 2026 年消费帮扶券", "division_code": "370112", "total_fen": 50_000_000}]
        }
    )
    name: ShortText
    division_code: Prefix | None = Field(default=None, description="Only for parcels that go there; null: anywhere")
    total_fen: Fen


class BudgetOut(Out):
    """A budget, and what of it is used."""

    id: UUID
    name: str
    division_code: str | None
    total_fen: int
    used_fen: int = Field(description="Taken by orders that are open or done; what is given back is free again")
    created_at: datetime
    stopped_at: datetime | None

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """From a row."""
        return cls.model_validate(dict(row))


class SupplierPromotionIn(Body):
    """A promotion that a supplier pays for, on its own goods."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})
    name: ShortText
    kind: PromotionKind
    threshold_fen: int = Field(0, strict=True, ge=0, le=MAX_FEN, description="The goods concerned come to this much")
    off_fen: Fen | None = Field(None, description="`amount_off`: so much, less than the threshold")
    percent_bp: int | None = Field(
        None, strict=True, ge=1, le=MAX_PERCENT_BP, description="`percent_off`: basis points off, 2000 is 八折"
    )
    cap_fen: Fen | None = Field(None, description="`percent_off`: at most so much")
    sku: Sku | None = Field(None, description="Only this SKU; a `fixed_price` needs one")
    price_fen: int | None = Field(None, strict=True, ge=1, le=MAX_PRICE_FEN, description="`fixed_price`: of one unit")
    category: Slug | None = Field(None, description="Only this root category")
    by_coupon: bool = Field(False, description="Only for who names a coupon; otherwise it applies by itself")
    starts_at: Instant
    ends_at: Instant

    def terms(self, supplier_id: UUID | None) -> Terms:
        """The value that the module works with."""
        return Terms(
            kind=self.kind,
            threshold_fen=self.threshold_fen,
            off_fen=self.off_fen,
            percent_bp=self.percent_bp,
            cap_fen=self.cap_fen,
            price_fen=self.price_fen,
            supplier_id=supplier_id,
            category=self.category,
            sku=self.sku,
        )


class PromotionIn(SupplierPromotionIn):
    """A promotion that the platform pays for, or a district out of a budget."""

    budget_id: UUID | None = Field(None, description="The budget it is paid from; null: the platform pays")
    supplier_id: UUID | None = Field(None, description="Only this supplier's goods")


class PromotionOut(Out):
    """A promotion, and what orders took of it."""

    id: UUID
    name: str
    kind: PromotionKind
    funder: Funder
    budget_id: UUID | None
    supplier_id: UUID | None
    category: str | None
    sku: str | None
    threshold_fen: int
    off_fen: int | None
    percent_bp: int | None
    cap_fen: int | None
    price_fen: int | None
    by_coupon: bool
    starts_at: datetime
    ends_at: datetime
    stopped_at: datetime | None
    orders: int = Field(description="Orders that have it and were not given back")
    used_fen: int

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """From a row."""
        return cls.model_validate(dict(row))


class UseOut(Out):
    """What an order took of a promotion."""

    order_id: UUID
    promotion_id: UUID
    budget_id: UUID | None
    coupon: str | None
    amount_fen: int
    returned_fen: int = Field(description="Given back after a refund, a cancellation or expiry")
    used_at: datetime
    released_at: datetime | None

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """From a row."""
        return cls.model_validate(dict(row))


class CouponsIn(Body):
    """Issue one shared code, or single coupons for buyers, or single coupons for whoever has them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "LICHENG50", "total_limit": 1000, "per_buyer_limit": 1}]}
    )
    code: Code | None = Field(None, description="One code for many")
    total_limit: Times | None = Field(None, description="With `code`: how often it may be used in all; null: no limit")
    per_buyer_limit: Times = Field(1, description="With `code`: how often by one buyer")
    holders: list[UUID] | None = Field(
        None, min_length=1, max_length=MOST_COUPONS, description="Accounts of buyers; each gets one of their own"
    )
    count: int | None = Field(None, strict=True, ge=1, le=MOST_COUPONS, description="So many single codes for anybody")


class CouponsOut(Out):
    """The codes that were issued."""

    codes: list[str]


class HeldCouponOut(Out):
    """A coupon that a buyer holds and can use."""

    code: str
    name: str
    kind: PromotionKind
    funder: Funder
    supplier_id: UUID | None
    category: str | None
    sku: str | None
    threshold_fen: int
    off_fen: int | None
    percent_bp: int | None
    cap_fen: int | None
    price_fen: int | None
    division_code: str | None = Field(description="Only for parcels that go there")
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """From a row."""
        return cls.model_validate(dict(row))
