"""The goods as values: categories, what is to be listed, what others are told and may order; and the refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.catalogue.rules.returns import FRESH, SEALED, ReturnPolicy
from app.core.errors import DomainError, NotFound

IMAGE_BYTES = 2 << 20
"""A photo of 2,048 pixels, as suppliers hand them in, is smaller than this."""

IMAGE_TYPES = frozenset({"image/svg+xml", "image/png", "image/jpeg", "image/webp"})


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the category tree. The tree has two levels: the five fixed roots and their children."""

    slug: str
    name: str
    children: tuple[Category, ...] = ()


CATEGORIES: tuple[Category, ...] = (
    Category(
        "golden-tea",
        "黄金茶",
        (Category("green-tea", "绿茶"), Category("black-tea", "红茶"), Category("tea-bags", "袋泡茶")),
    ),
    Category(
        "dark-tea",
        "黑茶",
        (
            Category("fu-brick", "茯砖"),
            Category("black-brick", "黑砖"),
            Category("flower-roll", "花卷"),
            Category("loose", "散茶"),
        ),
    ),
    Category(
        "camellia-oil",
        "山茶油",
        (Category("pressed-oil", "压榨油"), Category("cold-pressed-oil", "冷榨油"), Category("oil-gift", "油礼盒")),
    ),
    Category(
        "navel-orange",
        "脐橙",
        (Category("orange-box", "箱装"), Category("orange-gift", "礼盒果"), Category("orange-bulk", "商超装")),
    ),
    Category("gift-set", "礼盒", (Category("tea-gift", "茶礼"), Category("welfare-gift", "福利礼包"))),
)
"""The roots are fixed by the contract; children are the county's assortment (domain handbook §1)."""

ROOTS = frozenset(root.slug for root in CATEGORIES)


class InvalidProduct(DomainError):
    """The product cannot be listed as described; ``faults`` say what is wrong."""

    status = 422
    code = "invalid_product"
    zh = "商品资料有误，请按 errors 中的提示修改。"
    en = "The product's particulars are not valid; correct what `errors` points at."


class SlugTaken(DomainError):
    """Another product has this address."""

    code = "slug_taken"
    zh = "该网址名已被其他商品使用，请换一个。"
    en = "Another product uses this slug; choose another."


class SkuTaken(DomainError):
    """Another product has this SKU code or this bar code."""

    code = "sku_taken"
    zh = "货号或条码已被使用，请换一个。"
    en = "This SKU or bar code is in use; choose another."


class SkuInUse(DomainError):
    """The SKU cannot be removed from its draft, because stock or a price is kept under it."""

    code = "sku_in_use"
    zh = "该货号已有库存或价格，不能删除；可将零售与批发都设为否。"
    en = "Stock or a price is kept under this SKU, so it stays; set retail and wholesale to false instead."


class InvalidImage(DomainError):
    """Not a picture that the catalogue keeps."""

    status = 422
    code = "invalid_image"
    zh = "图片须为 SVG、PNG、JPEG 或 WebP，且不超过 2 MiB。"
    en = "A picture must be SVG, PNG, JPEG or WebP, of at most 2 MiB."


class NoSuchProduct(NotFound):
    """No such product, or it is another supplier's."""

    zh = "没有找到该商品。"
    en = "There is no such product."


class NoSuchImage(NotFound):
    """No picture has this digest."""

    zh = "没有找到该图片。"
    en = "There is no such picture."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSku:
    """A sales unit to be listed.

    Weights are grams, dimensions those of the packed unit, all three or none; the tax rate is basis points (900 = 9 %);
    ``fresh`` goods are exempt from seven-day return and ask for the buyer's acknowledgement (domain handbook §3.5).
    ``floor_fen`` is the least a unit may cost without the marketplace's consent, so that no price is made at the cost
    of those who grew it.
    """

    sku: str
    name: str
    net_content: str
    net_weight_g: int
    gross_weight_g: int
    shelf_life_days: int
    tax_rate_bp: int
    case_pack: int = 1
    gtin13: str | None = None
    itf14: str | None = None
    retail: bool = True
    wholesale: bool = False
    fresh: bool = False
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    floor_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product to be listed.

    ``season_opens`` and ``season_closes`` are days of the year ``MM-DD``, both or neither; the window may run over the
    new year. Township and village are where the goods come from. ``label`` is what the law wants shown (rules.label).
    """

    supplier_id: UUID
    slug: str
    name: str
    category: str
    skus: Sequence[NewSku]
    township_code: str
    village: str = ""
    description: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    label: Mapping[str, Any] = field(default_factory=dict)
    season_opens: str | None = None
    season_closes: str | None = None
    image_digest: str | None = None


@dataclass(frozen=True, slots=True)
class ProductCard:
    """What the catalogue tells others about a product. ``version`` is the one its ETag names."""

    id: UUID
    slug: str
    name: str
    supplier_id: UUID
    category: str
    status: str
    version: int
    published_at: datetime | None
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One SKU as a buyer may order it now: everything an order line freezes, except the price.

    ``category`` is the root's slug; weights are grams of one unit; ``on_sale`` is true while the product is published,
    the SKU is sold retail and its supplier is approved; ``assisted`` tells whether the supplier was linked to
    households on the day of ``now`` (domain handbook §2.2); ``volume_mm3`` is that of one packed unit, if it is known.
    """

    sku: str
    sku_name: str
    product_id: UUID
    product_name: str
    slug: str
    supplier_id: UUID
    supplier_code: str
    supplier_name: str
    category: str
    township_code: str
    township: str
    village: str
    gross_weight_g: int
    net_weight_g: int
    case_pack: int
    tax_rate_bp: int
    fresh: bool
    on_sale: bool
    assisted: bool
    volume_mm3: int | None
    supplier_uscc: str

    @property
    def returns(self) -> ReturnPolicy:
        """The rule for goods of this kind."""
        return FRESH if self.fresh else SEALED
