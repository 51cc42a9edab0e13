"""The shop window on the wire. PostgreSQL writes this JSON itself; these classes describe it, and a test compares."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.core.web import Out, Page

SeasonName = Literal["in_season", "presale", "off_season"]


class SellerOut(Out):
    """Who sells it."""

    id: UUID
    code: str = Field(examples=["S01"])
    name: str


class OriginOut(Out):
    """Where it comes from."""

    township: str = Field(examples=["吕洞山镇"])
    village: str | None = Field(examples=["黄金村"])
    township_code: str = Field(description="Nine-digit statistical code", examples=["433125116"])


class PresaleOut(Out):
    """What of a harvest to come can be bought now, after what is in stock."""

    available: int = Field(description="Units that may still be promised")
    ship_by: date = Field(description="Leaves the house on this day at the latest")
    harvest_from: date
    harvest_to: date


class VariantOut(Out):
    """A size that can be bought."""

    sku: str = Field(examples=["GT04"])
    name: str
    price_fen: int = Field(description="Price of one unit in fen, tax included", examples=[12800])
    available: int = Field(description="Units that can be ordered now, in stock or ahead of their harvest")
    net_content: str = Field(examples=["100g 袋"])
    was_price_fen: int | None = Field(description="To be crossed out: the lowest price of the week before this one")
    unit: Literal["100g", "kg", "L"] | None = Field(description="Measure by which prices are compared; null for sets")
    unit_price_fen: int | None = Field(description="Price of one `unit` in fen")
    presale: PresaleOut | None = Field(description="Null while no harvest of it is sold ahead, or no more of one")


class RatingOut(Out):
    """What those who received a product gave it."""

    average: float = Field(description="Stars from 1 to 5, to one decimal", examples=[4.8])
    count: int


class ProductOut(Out):
    """A product in a list."""

    id: UUID
    slug: str
    name: str
    category: str = Field(description="Slug of the root category", examples=["golden-tea"])
    category_path: list[str] = Field(description="Slugs from the root to the product's own category")
    supplier: SellerOut
    origin: OriginOut
    image_url: str | None
    rating: RatingOut | None = Field(description="Null until somebody has reviewed it")
    price_from_fen: int = Field(description="Lowest price of its variants in fen", examples=[12800])
    in_stock: bool = Field(description="Whether any of its variants is there, and not only sold ahead of its harvest")
    season: SeasonName = Field(description="`presale`: nothing is there, and a harvest is sold ahead")
    variants: list[VariantOut]


class CountedOut(Out):
    """How many products a further choice would leave."""

    count: int


class SubcategoryCountOut(CountedOut):
    """A category below a root."""

    slug: str = Field(examples=["green-tea"])
    name: str


class CategoryCountOut(SubcategoryCountOut):
    """A root category."""

    children: list[SubcategoryCountOut]


class SupplierCountOut(CountedOut):
    """A supplier."""

    id: UUID
    code: str
    name: str


class TownshipCountOut(CountedOut):
    """A township."""

    code: str
    name: str


class PriceCountOut(CountedOut):
    """A band of prices; the last one has no upper end."""

    min_price_fen: int
    max_price_fen: int | None


class SeasonCountOut(CountedOut):
    """Where products stand in their year."""

    season: SeasonName


class StockCountOut(CountedOut):
    """Whether there is anything to sell."""

    in_stock: bool


class FacetsOut(Out):
    """Counts under all filters but the facet's own."""

    category: list[CategoryCountOut]
    supplier: list[SupplierCountOut]
    township: list[TownshipCountOut]
    price: list[PriceCountOut]
    season: list[SeasonCountOut]
    in_stock: list[StockCountOut]


class ProductsOut(Page[ProductOut]):
    """A page of the list."""

    corrected: str | None = Field(
        default=None,
        description="What was looked for because nothing is called what was typed; absent otherwise",
        examples=["黄金茶"],
    )
    facets: FacetsOut | None = Field(default=None, description="Only with `facets=true`")


class SeasonWindowOut(Out):
    """When it is harvested, as days of the year; may run over new year."""

    opens: str = Field(examples=["11-20"])
    closes: str = Field(examples=["01-31"])


class CertificateOut(Out):
    """Something an authority has granted."""

    kind: str = Field(examples=["food_production_licence"])
    number: str = Field(examples=["SC11443312590010"])
    holder: str


class SeasonProofOut(Out):
    """What the name of spring tea promises of its harvest, and whether the lot keeps it."""

    season: str = Field(examples=["明前"])
    harvested_on: date | None
    first_day: date
    last_day: date
    solar_term: str = Field(description="The solar term before which it was picked", examples=["清明"])
    proven: bool


class LotOut(Out):
    """Goods in stock that were harvested or made together."""

    sku: str
    code: str
    harvested_on: date | None
    produced_on: date | None
    best_before: date
    village: str | None
    trace_code: str
    season_proof: SeasonProofOut | None = Field(description="Null for goods whose name promises no day of harvest")


class BothLanguagesOut(Out):
    """A sentence in Chinese and in English."""

    zh: str
    en: str


class ReturnPolicyOut(Out):
    """Whether it can be sent back without a reason, and what must be confirmed when ordering."""

    code: str = Field(examples=["sealed"])
    no_reason_return: bool
    days: int = Field(description="Days after delivery in which it may go back without a reason")
    claim_hours: int = Field(description="Hours after delivery in which faults are claimed")
    bad_allow_bp: int = Field(description="Share of the pieces that may be bad without compensation; 100 = 1 %")
    bad_full_bp: int = Field(description="From this share of bad pieces on all of it is refunded or sent again")
    fresh_goods_acknowledgement_required: bool
    text: BothLanguagesOut


class ProducerOut(Out):
    """Who made it, and for whom."""

    name: str
    address: str | None
    contact: str | None
    entrusted_by: str | None


class ConformityOut(Out):
    """The commitment certificate of edible produce (MARA Order 2025 No. 4)."""

    issuer: str
    commitments: list[str]
    issued_on: str | None = Field(examples=["2026-11-18"])
    url: str | None = Field(description="Where the certificate can be seen", examples=["/v1/store/files/019a9f6b-…"])


class NutritionOut(Out):
    """Core nutrients per 100 g or 100 ml (GB 28050), as printed."""

    energy_kj: str
    protein_g: str
    fat_g: str
    carbohydrate_g: str
    sodium_mg: str


class LabelOut(Out):
    """What the label says, as the law wants it shown; production dates and batches stand with the lots."""

    standard_version: str = Field(examples=["GB 7718-2011"])
    ingredients: str | None
    producer: ProducerOut
    storage: str | None
    exec_standard: str | None
    quality_grade: str | None
    licence_no: str | None = Field(description="Food production licence; none is needed for fresh produce")
    permit_no: str | None = Field(description="The seller's food business permit (JY…) or filing (YB…)")
    nutrition: NutritionOut | None
    conformity: ConformityOut | None
    origin_proof: str | None
    shelf_life_days: int = Field(description="Of a product: the shortest among its sizes")


class ShippingPauseOut(Out):
    """Days on which nothing leaves the supplier's house, the first and the last included."""

    from_on: date
    until_on: date
    ships_from: date
    reason: str = Field(
        description="Of the supplier: spring_festival, public_holiday, harvest, stocktaking, weather or other; "
        "carriers_stop: no carrier collects",
        examples=["spring_festival"],
    )
    note: str | None = Field(description="The supplier's own words")


class ProductPageOut(ProductOut):
    """All about a product."""

    description: str
    label: LabelOut
    attributes: dict[str, Any]
    season_window: SeasonWindowOut | None
    certificates: list[CertificateOut]
    lots: list[LotOut]
    return_policy: ReturnPolicyOut
    pause: ShippingPauseOut | None = Field(description="What delays shipping today, or will within a week")
    households_linked: int | None = Field(description="Households paid by its supplier within a year; null under 5")


class PastPriceOut(Out):
    """What a size cost, from when until when; the current price has no end."""

    sku: str = Field(examples=["GT04"])
    price_fen: int = Field(examples=[12800])
    valid_from: datetime
    valid_to: datetime | None


class TracedProductOut(Out):
    """What was packed."""

    slug: str
    name: str
    category: str
    image_url: str | None
    on_sale: bool


class TracedSellerOut(SellerOut):
    """Who packed it."""

    licence_no: str | None
    township: str
    village: str | None


class StepOut(Out):
    """Something that happened to the lot."""

    step: Literal["harvested", "produced", "received", "first_shipped"]
    on: date


class TraceOut(Out):
    """The story of a lot, from the code on the pack."""

    trace_code: str = Field(examples=["7QK3M9XW2A"])
    lot_code: str
    sku: str
    name: str
    net_content: str
    product: TracedProductOut
    supplier: TracedSellerOut
    origin: OriginOut
    harvested_on: date | None
    produced_on: date | None
    best_before: date
    attributes: dict[str, Any]
    label: LabelOut
    certified: bool = Field(description="A test report or commitment of quality is on file")
    recalled_on: date | None = Field(description="The lot was called back on this day: do not eat or drink it")
    steps: list[StepOut]
