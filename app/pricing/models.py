"""Tables of prices and freight."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, fen, instant, uid
from app.core.errors import NotFound
from app.pricing.rules import MAX_PRICE_FEN, PriceRace


class PriceRow(Base):
    """What a SKU costs from ``valid_from`` until ``valid_to``; the row without an end is the current price."""

    __tablename__ = "pricing_price"
    __table_args__ = (
        ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], info={"means": NotFound}),
        CheckConstraint(f"price_fen BETWEEN 1 AND {MAX_PRICE_FEN}", name="sane"),
        CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
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
        ),
    )

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("suppliers_supplier.id"))


class FreightRuleRow(Base):
    """What a parcel to one region costs. ``region`` is a prefix of a division code; the longest that fits wins."""

    __tablename__ = "pricing_freight_rule"
    __table_args__ = (
        CheckConstraint("region IN ('') OR region ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})$'", name="region"),
        CheckConstraint(
            "first_weight_g >= 0 AND first_fee_fen >= 0 AND step_weight_g > 0 AND step_fee_fen >= 0", name="sane"
        ),
    )

    template_id: Mapped[UUID] = mapped_column(ForeignKey("pricing_freight_template.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), primary_key=True)
    first_weight_g: Mapped[int] = mapped_column(Integer)
    first_fee_fen: Mapped[fen]
    step_weight_g: Mapped[int] = mapped_column(Integer)
    step_fee_fen: Mapped[fen]
    free_over_fen: Mapped[fen | None]
    deliverable: Mapped[bool] = mapped_column(Boolean)
