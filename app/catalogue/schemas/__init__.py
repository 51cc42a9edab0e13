"""The catalogue on the wire."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.catalogue.rules import Category, ProductCard
from app.core.web import Out


class CategoryOut(Out):
    """A category and what is below it."""

    slug: str = Field(examples=["golden-tea"])
    name: str = Field(examples=["黄金茶"])
    children: list[CategoryOut]

    @classmethod
    def of(cls, category: Category) -> CategoryOut:
        """The wire form of a node."""
        return cls(slug=category.slug, name=category.name, children=[cls.of(child) for child in category.children])


class CategoriesOut(Out):
    """The category tree, root by root."""

    items: list[CategoryOut]


class OwnVariantOut(Out):
    """A sales unit as its supplier sees it."""

    sku: str = Field(examples=["GT04"])
    name: str
    net_content: str = Field(examples=["100g 袋"])
    gtin13: str | None
    itf14: str | None
    case_pack: int = Field(description="Sales units in a case")
    retail: bool
    wholesale: bool


class OwnProductOut(Out):
    """A product in a list, for its supplier and for operators."""

    id: UUID
    supplier_id: UUID
    slug: str
    name: str
    category: str
    status: str = Field(examples=["published"])
    change: str | None = Field(
        None, description="Where a change stands that is proposed to it: draft or submitted", examples=["submitted"]
    )
    version: int = Field(description="Grows with every change; its ETag")
    published_at: datetime | None
    image_url: str | None
    variants: list[OwnVariantOut]


class ProductStateOut(Out):
    """Where a product stands after a step."""

    id: UUID
    slug: str
    name: str
    status: str = Field(examples=["published"])
    version: int
    published_at: datetime | None

    @classmethod
    def of(cls, card: ProductCard) -> ProductStateOut:
        """The wire form of a card."""
        return cls.model_validate(card)
