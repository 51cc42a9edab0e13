"""Products as suppliers enter them and operators compare them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.catalogue.rules.content import Document
from app.catalogue.rules.review import Reviewed
from app.core.web import Body, LongText, Out, ShortText, Sku, Slug
from app.core.web.schemas import NO_CONTROL

_Grams = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
_Side = Annotated[int, Field(strict=True, ge=1, le=5_000)]
_Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]*$", max_length=14)]
_MonthDay = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[0-9]{2}$")]
_Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}(\.[0-9]{1,2})?$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Description = Annotated[str, StringConstraints(max_length=5_000, pattern=NO_CONTROL)]
_Village = Annotated[str, StringConstraints(max_length=100, pattern=NO_CONTROL)]
_Township = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]

_VARIANT: Any = {
    "sku": "GT04",
    "name": "100g 袋",
    "net_content": "100g",
    "net_weight_g": 100,
    "gross_weight_g": 140,
    "shelf_life_days": 540,
    "tax_rate_bp": 100,
    "case_pack": 50,
    "gtin13": "2004330000400",
    "wholesale": True,
    "floor_fen": 8_200,
}
_LABEL: Any = {
    "standard_version": "GB 7718-2011",
    "ingredients": "茶鲜叶",
    "producer_name": "保靖县吕洞茗源茶叶专业合作社（示例）",
    "producer_address": "湖南省保靖县吕洞山镇黄金村",
    "producer_contact": "0743-0000001",
    "permit_no": "YB14331250000001",
    "storage": "密封、阴凉、干燥、避光",
    "exec_standard": "GB/T 14456.3-2016",
    "quality_grade": "二级",
}


class VariantIn(Body):
    """A sales unit: what is in it, how it is packed, and the least that it may cost."""

    sku: Sku
    name: ShortText
    net_content: ShortText = Field(description="Net content as the label has it", examples=["100g"])
    net_weight_g: _Grams
    gross_weight_g: _Grams
    shelf_life_days: Annotated[int, Field(strict=True, ge=1, le=36_500)]
    tax_rate_bp: Annotated[int, Field(strict=True, ge=0, le=10_000, description="Value-added tax; 900 is 9 %")]
    case_pack: Annotated[int, Field(strict=True, ge=1, le=10_000, description="Sales units in a case")] = 1
    gtin13: _Digits | None = Field(None, description="GTIN-13 with its check digit (GS1)", examples=["2004330000400"])
    itf14: _Digits | None = Field(None, description="Bar code of the case")
    retail: bool = True
    wholesale: bool = False
    fresh: bool = Field(False, description="Perishable: exempt from seven-day return")
    length_mm: _Side | None = None
    width_mm: _Side | None = None
    height_mm: _Side | None = None
    floor_fen: Annotated[int, Field(strict=True, ge=1, le=10_000_000)] | None = Field(
        None, description="No price below this without the marketplace's consent"
    )


class NutritionIn(Body):
    """Per 100 g or 100 ml (GB 28050)."""

    energy_kj: _Amount
    protein_g: _Amount
    fat_g: _Amount
    carbohydrate_g: _Amount
    sodium_mg: _Amount


class ConformityIn(Body):
    """A commitment certificate of farm produce: who issues it, what is committed to, and a file that shows it."""

    issuer: ShortText
    commitments: Annotated[list[ShortText], Field(min_length=1, max_length=10)]
    issued_on: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    file_id: UUID | None = Field(None, description="A file of purpose `certificate`; once published anybody may see it")


class LabelIn(Body):
    """What the label says (GB 7718); which fields a kind of goods needs is told by `missing`."""

    standard_version: ShortText | None = Field(None, description="Edition of the label standard")
    ingredients: LongText | None = None
    producer_name: ShortText | None = None
    producer_address: ShortText | None = None
    producer_contact: ShortText | None = None
    entrusted_by: ShortText | None = None
    storage: ShortText | None = None
    exec_standard: ShortText | None = None
    quality_grade: ShortText | None = None
    licence_no: ShortText | None = None
    permit_no: ShortText | None = None
    nutrition: NutritionIn | None = None
    conformity: ConformityIn | None = None
    origin_proof: LongText | None = None


class ProductPatch(Body):
    """A merge patch of a product: what is not named stays, null empties."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"description": "清明后、谷雨前采摘。", "label": {"storage": "密封冷藏"}}]}
    )

    slug: Slug | None = None
    name: ShortText | None = None
    category: Slug | None = Field(None, examples=["green-tea"])
    description: _Description | None = None
    township_code: _Township | None = None
    village: _Village | None = None
    attributes: Annotated[dict[_Name, ShortText | None], Field(max_length=30)] | None = Field(
        None, examples=[{"pick_season": "雨前", "grade": "二级"}]
    )
    label: LabelIn | None = None
    season_opens: _MonthDay | None = Field(None, description="First day of the harvest, MM-DD")
    season_closes: _MonthDay | None = None
    variants: Annotated[list[VariantIn], Field(min_length=1, max_length=50)] | None = None
    photo_file_id: UUID | None = Field(None, description="A file of purpose `product`, which becomes the picture")

    def patch(self) -> dict[str, Any]:
        """What was named, for ``edit``: a sales unit that is named is meant as a whole."""
        named = self.model_dump(exclude_unset=True)
        if self.variants is not None:
            named["variants"] = [variant.model_dump() for variant in self.variants]
        return named


class NewProductIn(ProductPatch):
    """A product to be listed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "slug": "golden-tea-1-yuqian",
                    "name": "保靖黄金茶1号 雨前二级",
                    "category": "green-tea",
                    "description": "清明后、谷雨前采摘。",
                    "township_code": "433125116",
                    "village": "黄金村",
                    "attributes": {"pick_season": "雨前", "grade": "二级", "cultivar": "1号"},
                    "label": _LABEL,
                    "season_opens": "04-05",
                    "season_closes": "04-19",
                    "variants": [_VARIANT],
                }
            ]
        }
    )

    slug: Slug
    name: ShortText
    category: Slug = Field(examples=["green-tea"])
    township_code: _Township
    variants: Annotated[list[VariantIn], Field(min_length=1, max_length=50)]

    def document(self) -> Document:
        """What was entered, as a document; nulls are as if never written."""
        return self.model_dump(exclude_none=True)


class RejectionIn(Body):
    """Why something is given back."""

    reason: LongText = Field(examples=["净含量与标签照片不一致，请核对。"])


class DifferenceOut(Out):
    """A field that would be set."""

    pointer: str = Field(examples=["/variants/GT04/net_content"])
    old: Any = Field(description="Null where nothing was")
    new: Any = Field(description="Null where nothing shall be")


class MissingOut(Out):
    """Something that keeps a product from being on sale."""

    pointer: str = Field(examples=["/label/ingredients"])
    code: str = Field(examples=["missing"])
    zh: str = Field(examples=["缺少配料表"])
    en: str = Field(examples=["ingredients is missing"])


class ReviewOut(Out):
    """What an operator decided about a version."""

    version: int
    decision: Literal["published", "rejected"]
    reason: str | None
    differences: list[DifferenceOut]
    decided_at: datetime


class ProductDetailOut(Out):
    """A product, what is proposed to it, and what was decided about it."""

    id: UUID
    supplier_id: UUID
    slug: str
    name: str
    category: str
    description: str
    attributes: dict[str, Any]
    label: dict[str, Any]
    township_code: str
    village: str
    season_opens: str | None
    season_closes: str | None
    image_url: str | None
    variants: list[dict[str, Any]]
    status: str = Field(examples=["published"])
    version: int = Field(description="Grows with every change; its ETag")
    published_at: datetime | None
    change: str | None = Field(description="Where the proposed change stands: draft or submitted")
    proposed: dict[str, Any] | None = Field(description="The whole product as it would be")
    differences: list[DifferenceOut] = Field(description="What a publication would set, against what is on sale")
    missing: list[MissingOut] = Field(description="What keeps it, as proposed, from being on sale")
    reviews: list[ReviewOut] = Field(description="The latest decisions, newest first")

    @classmethod
    def of(cls, reviewed: Reviewed) -> ProductDetailOut:
        """The wire form of what a review looks at."""
        document = dict(reviewed.document)
        digest = document.pop("image_digest")
        return cls.model_validate(
            document
            | {name: getattr(reviewed, name) for name in Reviewed.__dataclass_fields__ if name != "document"}
            | {"image_url": f"/v1/store/images/{digest}" if digest else None}
        )
