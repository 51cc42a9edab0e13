"""What partners buy and for how much: the cross-reference of codes, and the price lists of their contracts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, fen, instant, uid
from app.partners import ContractHasPrices
from app.pricing.rules import MAX_PRICE_FEN
from app.pricing.rules.contracts import ItemCodeTaken, PriceListOverlaps


class ItemRow(Base):
    """A partner's name for one of our SKUs: its own code, the bar codes of unit and case, and the case pack.

    The case pack is the partner's: what its orders are multiples of (domain handbook §4.2, item mapping).
    """

    __tablename__ = "pricing_item"
    __table_args__ = (
        UniqueConstraint("partner_id", "sku"),
        UniqueConstraint("partner_id", "partner_item_code", info={"means": ItemCodeTaken}),
        UniqueConstraint("partner_id", "gtin13", info={"means": ItemCodeTaken}),
        UniqueConstraint("partner_id", "itf14", info={"means": ItemCodeTaken}),
        CheckConstraint("case_pack >= 1 AND pallet_cases >= 1", name="packs"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"), index=True)
    partner_item_code: Mapped[str | None] = mapped_column(Text)
    gtin13: Mapped[str | None] = mapped_column(Text)
    itf14: Mapped[str | None] = mapped_column(Text)
    case_pack: Mapped[int]
    pallet_cases: Mapped[int | None]
    updated_at: Mapped[instant]
    by_account: Mapped[UUID]


class ContractPriceRow(Base):
    """The price of a unit, tax included and delivered, under a contract from ``valid_from`` to ``valid_to``.

    Of two prices that are valid on a day a promotion's is the one. ``min_cases`` and ``multiple_cases`` bound a line.
    A price that was withdrawn holds until the day before.
    """

    __tablename__ = "pricing_contract_price"
    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["partners_contract.id"], info={"means": ContractHasPrices}),
        Index(
            "uq_pricing_contract_price_current",
            "contract_id",
            "sku",
            "promotion",
            "valid_from",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
            info={"means": PriceListOverlaps},
        ),
        Index("ix_pricing_contract_price_contract_id", "contract_id", "id"),
        CheckConstraint(f"price_fen BETWEEN 1 AND {MAX_PRICE_FEN}", name="sane"),
        CheckConstraint("valid_from <= valid_to", name="period"),
        CheckConstraint("min_cases >= 1 AND multiple_cases >= 1", name="cases"),
        Index("ix_pricing_contract_price_sku", "sku"),
    )

    id: Mapped[uid]
    contract_id: Mapped[UUID]
    sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"))
    price_fen: Mapped[fen]
    promotion: Mapped[bool] = mapped_column(server_default=text("false"))
    min_cases: Mapped[int]
    multiple_cases: Mapped[int] = mapped_column(server_default=text("1"))
    min_life_days: Mapped[int | None] = mapped_column(SmallInteger)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date] = mapped_column(Date)
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[instant]
    by_account: Mapped[UUID]
