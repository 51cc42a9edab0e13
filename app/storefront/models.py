"""The shelf: what is needed to find products, to put them in order and to show who they are; no figures."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, fen

_ORDERS = ("published_at", "price_from_fen", "sales")


class ShelfRow(Base):
    """One published product that has a price and an approved supplier.

    Every order in which products are shown is an index that ends in the product's id, for the whole shelf, for a root
    category and for a leaf, so that a page costs the same wherever it begins. ``named`` holds the words of the name
    and the codes, ``words`` these and all others. ``face`` is the part of a list's JSON that is neither a price nor a
    stock nor a season, without its braces. ``presale``: nothing of it is in stock, and a harvest is sold ahead.
    ``perishable`` is written and read by the release before this one alone.
    """

    __tablename__ = "storefront_shelf"
    __table_args__ = (
        CheckConstraint("price_from_fen > 0 AND sales >= 0", name="figures"),
        *(
            Index(f"ix_storefront_shelf_{'_'.join((*within, order))}", *within, order, "product_id")
            for within in ((), ("root_slug",), ("leaf_slug",))
            for order in _ORDERS
        ),
        # All that facets count by, so that they are counted without reading the rows.
        Index(
            "ix_storefront_shelf_facets",
            *("leaf_slug", "root_slug", "supplier_id", "township_code", "price_from_fen", "in_stock"),
            *("season_opens", "season_closes", "presale"),
        ),
        Index("ix_storefront_shelf_supplier_id", "supplier_id"),
        Index("ix_storefront_shelf_township_code", "township_code"),
        Index("ix_storefront_shelf_presale", "product_id", postgresql_where=text("presale")),
        # A search reads through what was not yet sorted into these indexes, so that may be no more than 256 KiB.
        *(
            Index(
                f"ix_storefront_shelf_{words}",
                words,
                postgresql_using="gin",
                postgresql_with={"gin_pending_list_limit": 256},
            )
            for words in ("named", "words")
        ),
        Index("ix_storefront_shelf_words_version", "words_version"),
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"), primary_key=True)
    root_slug: Mapped[str] = mapped_column(ForeignKey("catalogue_category.slug"))
    leaf_slug: Mapped[str] = mapped_column(ForeignKey("catalogue_category.slug"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    township_code: Mapped[str] = mapped_column(ForeignKey("suppliers_township.code"))
    price_from_fen: Mapped[fen]
    in_stock: Mapped[bool]
    presale: Mapped[bool] = mapped_column(server_default=text("false"))
    sales: Mapped[int] = mapped_column(server_default=text("0"))
    published_at: Mapped[datetime]
    season_opens: Mapped[str | None]
    season_closes: Mapped[str | None]
    perishable: Mapped[bool] = mapped_column(server_default=text("false"))
    named: Mapped[str] = mapped_column(TSVECTOR)
    words: Mapped[str] = mapped_column(TSVECTOR)
    face: Mapped[str]
    words_version: Mapped[int]


class RatingRow(Base):
    """How many reviewed a product, and their stars together; kept while the product is off the shelf."""

    __tablename__ = "storefront_rating"
    __table_args__ = (CheckConstraint("reviews > 0 AND stars BETWEEN reviews AND 5 * reviews", name="figures"),)

    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"), primary_key=True)
    reviews: Mapped[int]
    stars: Mapped[int]
