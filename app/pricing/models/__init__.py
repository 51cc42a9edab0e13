"""Tables of prices, freight and promotions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, fen, instant, uid
from app.core.errors import NotFound
from app.pricing.models.contracts import ContractPriceRow, ItemRow
from app.pricing.rules import MAX_PRICE_FEN, PriceRace
from app.pricing.rules.freight import FreightRace
from app.pricing.rules.promotions import BudgetNameTaken, CouponCodeTaken, CouponUsedUp, PromotionUsedUp

__all__ = [
    "BudgetRow",
    "ContractPriceRow",
    "CouponRow",
    "CouponUseRow",
    "FreightRuleRow",
    "FreightTemplateRow",
    "ItemRow",
    "PriceRow",
    "PromotionRow",
    "PromotionUseRow",
]


class PriceRow(Base):
    """What a SKU costs from ``valid_from`` until ``valid_to``; the row without an end is the current price.

    ``was_price_fen`` is what may be crossed out beside it: the lowest price of the week before, if that was more.
    ``below_floor`` tells that the marketplace consented to a price below the SKU's floor.
    """

    __tablename__ = "pricing_price"
    __table_args__ = (
        ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], info={"means": NotFound}),
        CheckConstraint(f"price_fen BETWEEN 1 AND {MAX_PRICE_FEN}", name="sane"),
        CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint("was_price_fen > price_fen", name="was_more"),
        Index(
            "uq_pricing_price_current",
            "sku",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
            info={"means": PriceRace},
        ),
        Index("ix_pricing_price_sku_valid_from", "sku", "valid_from"),
    )

    id: Mapped[uid]
    sku: Mapped[str] = mapped_column(String(32))
    price_fen: Mapped[fen]
    valid_from: Mapped[instant]
    valid_to: Mapped[datetime | None]
    by_account: Mapped[UUID | None]
    was_price_fen: Mapped[fen | None]
    below_floor: Mapped[bool] = mapped_column(server_default=text("false"))


class FreightTemplateRow(Base):
    """A named set of freight rules: the house's (no supplier) or one supplier's own."""

    __tablename__ = "pricing_freight_template"
    __table_args__ = (
        Index("uq_pricing_freight_template_house", "code", unique=True, postgresql_where=text("supplier_id IS NULL")),
        Index(
            "uq_pricing_freight_template_supplier",
            "supplier_id",
            unique=True,
            postgresql_where=text("supplier_id IS NOT NULL"),
            info={"means": FreightRace},
        ),
        CheckConstraint("volume_divisor > 0", name="volume_divisor"),
    )

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("suppliers_supplier.id"))
    volume_divisor: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class FreightRuleRow(Base):
    """What a parcel to one region costs. ``region`` is a prefix of a division code; the longest that fits wins."""

    __tablename__ = "pricing_freight_rule"
    __table_args__ = (
        CheckConstraint("region IN ('') OR region ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})$'", name="region"),
        CheckConstraint(
            "first_weight_g >= 0 AND first_fee_fen >= 0 AND step_weight_g > 0 AND step_fee_fen >= 0", name="sane"
        ),
        CheckConstraint("surcharge_fen >= 0", name="surcharge"),
    )

    template_id: Mapped[UUID] = mapped_column(ForeignKey("pricing_freight_template.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), primary_key=True)
    first_weight_g: Mapped[int] = mapped_column(Integer)
    first_fee_fen: Mapped[fen]
    step_weight_g: Mapped[int] = mapped_column(Integer)
    step_fee_fen: Mapped[fen]
    free_over_fen: Mapped[fen | None]
    deliverable: Mapped[bool] = mapped_column(Boolean)
    surcharge_fen: Mapped[fen] = mapped_column(default=0, server_default=text("0"))
    tiers: Mapped[list[list[int]] | None] = mapped_column(JSONB)


class BudgetRow(Base):
    """What a helper district gives for vouchers; ``used_fen`` is what open and completed orders took of it."""

    __tablename__ = "pricing_budget"
    __table_args__ = (
        UniqueConstraint("name", info={"means": BudgetNameTaken}),
        CheckConstraint("used_fen BETWEEN 0 AND total_fen", name="never_overspent", info={"means": PromotionUsedUp}),
        CheckConstraint("division_code ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})$'", name="division_code"),
    )

    id: Mapped[uid]
    name: Mapped[str] = mapped_column(String(100))
    division_code: Mapped[str | None] = mapped_column(String(6))
    total_fen: Mapped[fen]
    used_fen: Mapped[fen] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[instant]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    stopped_at: Mapped[datetime | None]


class PromotionRow(Base):
    """A dated promotion, who pays for it, and on which goods. Its terms never change; it can only be stopped."""

    __tablename__ = "pricing_promotion"
    __table_args__ = (
        CheckConstraint("kind IN ('amount_off', 'percent_off', 'fixed_price')", name="kind"),
        CheckConstraint("funder IN ('supplier', 'platform', 'district')", name="funder"),
        CheckConstraint("(funder = 'district') = (budget_id IS NOT NULL)", name="paid_from_a_budget"),
        CheckConstraint("funder <> 'supplier' OR supplier_id IS NOT NULL", name="on_own_goods"),
        CheckConstraint(
            "CASE kind WHEN 'amount_off' THEN off_fen > 0 AND off_fen < threshold_fen"
            " WHEN 'percent_off' THEN percent_bp BETWEEN 1 AND 9999 ELSE sku IS NOT NULL AND price_fen > 0 END",
            name="terms",
        ),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_begins"),
        Index("ix_pricing_promotion_running", "ends_at", postgresql_where=text("stopped_at IS NULL")),
        Index("ix_pricing_promotion_supplier_id", "supplier_id", postgresql_where=text("supplier_id IS NOT NULL")),
        Index("ix_pricing_promotion_budget_id", "budget_id", postgresql_where=text("budget_id IS NOT NULL")),
        Index("ix_pricing_promotion_sku", "sku", postgresql_where=text("sku IS NOT NULL")),
    )

    id: Mapped[uid]
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(16))
    funder: Mapped[str] = mapped_column(String(16))
    budget_id: Mapped[UUID | None] = mapped_column(ForeignKey("pricing_budget.id"))
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("suppliers_supplier.id"))
    category: Mapped[str | None] = mapped_column(String(32))
    sku: Mapped[str | None] = mapped_column(ForeignKey("catalogue_sku.sku"))
    threshold_fen: Mapped[fen]
    off_fen: Mapped[fen | None]
    percent_bp: Mapped[int | None]
    cap_fen: Mapped[fen | None]
    price_fen: Mapped[fen | None]
    by_coupon: Mapped[bool] = mapped_column(Boolean)
    starts_at: Mapped[instant]
    ends_at: Mapped[instant]
    stopped_at: Mapped[datetime | None]
    created_at: Mapped[instant]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)


class CouponRow(Base):
    """A code that opens a promotion: shared by many, or issued to one buyer, its holder.

    ``total_limit`` is how often it may be used in all; None: as often as buyers come.
    """

    __tablename__ = "pricing_coupon"
    __table_args__ = (
        UniqueConstraint("code", info={"means": CouponCodeTaken}),
        CheckConstraint("used_count BETWEEN 0 AND total_limit", name="within_limit", info={"means": CouponUsedUp}),
        CheckConstraint("total_limit > 0 AND per_buyer_limit > 0", name="limits"),
        ForeignKeyConstraint(["holder_id"], ["identity_account.id"], info={"means": NotFound}),
        Index("ix_pricing_coupon_holder_id", "holder_id", "id", postgresql_where=text("holder_id IS NOT NULL")),
    )

    id: Mapped[uid]
    promotion_id: Mapped[UUID] = mapped_column(ForeignKey("pricing_promotion.id"), index=True)
    code: Mapped[str] = mapped_column(String(32))
    holder_id: Mapped[UUID | None]
    total_limit: Mapped[int | None]
    per_buyer_limit: Mapped[int]
    used_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    issued_at: Mapped[instant]


class CouponUseRow(Base):
    """How often a buyer has used a coupon, orders given back not counted."""

    __tablename__ = "pricing_coupon_use"
    __table_args__ = (CheckConstraint("used_count >= 0", name="used_count"),)

    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("pricing_coupon.id"), primary_key=True)
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), primary_key=True, index=True)
    used_count: Mapped[int]


class PromotionUseRow(Base):
    """What an order took of a promotion, and what of it came back. Once per order, so a coupon is used once."""

    __tablename__ = "pricing_promotion_use"
    __table_args__ = (
        CheckConstraint("returned_fen BETWEEN 0 AND amount_fen AND amount_fen > 0", name="amounts"),
        Index("ix_pricing_promotion_use_promotion_id", "promotion_id", "reference"),
        Index("ix_pricing_promotion_use_coupon_id", "coupon_id", postgresql_where=text("coupon_id IS NOT NULL")),
        Index("ix_pricing_promotion_use_budget_id", "budget_id", postgresql_where=text("budget_id IS NOT NULL")),
    )

    reference: Mapped[UUID] = mapped_column(primary_key=True)
    promotion_id: Mapped[UUID] = mapped_column(ForeignKey("pricing_promotion.id"), primary_key=True)
    coupon_id: Mapped[UUID | None] = mapped_column(ForeignKey("pricing_coupon.id"))
    budget_id: Mapped[UUID | None] = mapped_column(ForeignKey("pricing_budget.id"))
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    amount_fen: Mapped[fen]
    returned_fen: Mapped[fen] = mapped_column(default=0, server_default=text("0"))
    used_at: Mapped[instant]
    released_at: Mapped[datetime | None]
