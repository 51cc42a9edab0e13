"""What the catalogue decides without the database: seasons, identifiers, what may be published, and its refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from stdnum import ean

from app.catalogue.rules.label import Listing, label_faults, listing_faults, unsayable
from app.catalogue.rules.solar_terms import PICKS, SPRINGS, picked
from app.core.errors import DomainError, Fault, InvalidInput, NotFound

_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")

MAX_SIDE_MM = 5_000
"""No packed sales unit is longer than five metres."""

IMAGE_BYTES = 2 << 20
"""A photo of 2,048 pixels, as suppliers hand them in, is smaller than this."""

IMAGE_TYPES = frozenset({"image/svg+xml", "image/png", "image/jpeg", "image/webp"})


class Season(StrEnum):
    """Where a product stands in its year. That a harvest is sold ahead is nothing that a calendar knows."""

    IN_SEASON = "in_season"
    OFF_SEASON = "off_season"


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

_PICKED_BEFORE = {"社前": "03-21", "明前": "04-05", "雨前": "04-20"}
"""The latest day on which leaf sold under these names may be picked: the eve of 春分, 清明 and 谷雨, at most one day
later in some years. Which day it was in the year of a lot is checked when the lot is received."""


class InvalidProduct(DomainError):
    """The product cannot be listed as described; ``faults`` say what is wrong."""

    status = 422
    code = "invalid_product"
    zh = "商品资料有误，请按 errors 中的提示修改。"
    en = "The product's particulars are not valid; correct what `errors` points at."


class NotPublishable(DomainError):
    """What the law wants a listing to show is missing; ``faults`` say what (domain handbook §1.6)."""

    status = 422
    code = "not_publishable"
    zh = "商品资料不全，按规定不能上架：请补齐 errors 中列出的内容。"
    en = "The listing lacks what it must show by law; add what `errors` lists."


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


class SeasonNotProven(DomainError):
    """The lot was not harvested when the name it is sold under says (domain handbook §1.2)."""

    status = 422
    code = "season_not_proven"
    zh = "该批次的采收日期不能证明“{season}”：须在 {first} 至 {last}（{term}前）采收并登记采收日期。"
    en = "The harvest does not prove {season}: leaf of that name is picked from {first} to {last} (before {term})."


class HarvestNotKnown(SeasonNotProven):
    """The day of the harvest is missing, or lies in a year whose solar terms are not known."""

    zh = "以“{season}”之名销售的批次须登记 {first_year} 至 {last_year} 年间的采收日期，以证明其采收时令。"
    en = "A lot sold as {season} needs its day of harvest, in one of the years {first_year} to {last_year}, as proof."


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
class ReturnPolicy:
    """What a buyer may do once goods of a kind have arrived (domain handbook §1.5, §3.5).

    Within ``return_days`` of delivery they go back without a reason (0: never); within ``claim_hours`` of it faults are
    claimed. ``bad_allow_bp`` is the share of a line that may be bad without compensation, and from ``bad_full_bp`` on
    all of it is refunded or sent again; both in basis points of the pieces (3000 = 30 %). ``zh`` and
    ``en`` say it.
    """

    code: str
    return_days: int
    claim_hours: int
    bad_allow_bp: int
    bad_full_bp: int
    zh: str
    en: str


SEALED = ReturnPolicy(
    code="sealed",
    return_days=7,
    claim_hours=7 * 24,
    bad_allow_bp=0,
    bad_full_bp=10_000,
    zh="签收后七日内，包装与封口完好可无理由退货，退回运费由买家承担；质量问题运费由卖家承担。",
    en="Within seven days of delivery you may return it for any reason with its seal intact; "
    "you pay the freight back, or the seller does if the goods are faulty.",
)
"""Goods that keep."""

FRESH = ReturnPolicy(
    code="fresh",
    return_days=0,
    claim_hours=24,
    bad_allow_bp=0,
    bad_full_bp=3_000,
    zh="鲜活易腐商品，不适用七日无理由退货；下单时须确认。签收后 24 小时内发现坏果，可申请按坏果数量退款。",
    en="Fresh and perishable: the seven-day return does not apply, which you confirm when ordering. "
    "Fruit found bad within 24 hours of delivery is refunded by the piece.",
)
"""Goods that perish."""

RETURN_POLICIES = (SEALED, FRESH)


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


def is_month_day(text: str) -> bool:
    """Whether ``text`` is a day that every year has, as ``MM-DD``."""
    if not _MONTH_DAY.fullmatch(text):
        return False
    try:
        date(2001, int(text[:2]), int(text[3:]))
    except ValueError:
        return False
    return True


def month_day(day: date) -> str:
    """The day of the year as ``MM-DD``."""
    return f"{day:%m-%d}"


def season_on(day: date, opens: str | None, closes: str | None) -> Season:
    """Where goods harvested from ``opens`` to ``closes`` (``MM-DD``, may wrap over new year) stand on ``day``.

    Without a window they are always in season.
    """
    if opens is None or closes is None:
        return Season.IN_SEASON
    today = month_day(day)
    if (opens <= today <= closes) if opens <= closes else (today >= opens or today <= closes):
        return Season.IN_SEASON
    return Season.OFF_SEASON


def check(product: NewProduct) -> None:
    """Raise ``InvalidProduct`` with every fault of the description."""
    faults = [*_product_faults(product), *_repeated(product.skus)]
    for index, sku in enumerate(product.skus):
        faults += _sku_faults(sku, f"/variants/{index}")
    if faults:
        raise InvalidProduct(faults=faults)


def _product_faults(product: NewProduct) -> list[Fault]:
    faults = []
    if not _SLUG.fullmatch(product.slug):
        faults.append(Fault("/slug", "invalid_slug", "只能用小写字母、数字和连字符", "use a-z, 0-9 and hyphens"))
    if not product.name.strip() or len(product.name) > 100:  # noqa: PLR2004
        faults.append(Fault("/name", "invalid_name", "名称须为 1 至 100 个字", "a name has 1 to 100 characters"))
    if not product.skus:
        faults.append(Fault("/variants", "no_sku", "至少要有一个规格", "a product has at least one SKU"))
    if (product.season_opens is None) != (product.season_closes is None):
        faults.append(Fault("/season_closes", "half_a_season", "采收期须同时有起止", "a season has both ends or none"))
    for name, at in (("season_opens", product.season_opens), ("season_closes", product.season_closes)):
        if at is not None and not is_month_day(at):
            faults.append(Fault(f"/{name}", "invalid_month_day", "须为 MM-DD", "a day of the year is MM-DD"))
    faults += [*unsayable(product.name, "/name"), *unsayable(product.description, "/description")]
    faults += label_faults(product.label)
    pick = product.attributes.get("pick_season")
    if pick in _PICKED_BEFORE and (product.season_opens or "") >= _PICKED_BEFORE[pick]:
        faults.append(
            Fault(
                "/attributes/pick_season",
                "season_not_provable",
                f"采摘期开始于 {product.season_opens}，不能称“{pick}”",
                f"leaf picked from {product.season_opens} on cannot be sold as {pick}",
            )
        )
    return faults


COMPARED_BY = ("100g", "kg", "L")
"""The measures by which prices are compared."""

_VOLUME = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ml|l|毫升|升)(?![a-z])(?:\s*[×x*]\s*([0-9]+))?", re.IGNORECASE)
_LITRES = {"ml": 1, "毫升": 1, "l": 1000, "升": 1000}


def compared(root: str, sku: NewSku) -> tuple[str, int] | tuple[None, None]:
    """The measure by which a unit's price is compared, and how many thousandths of it the unit holds.

    Liquids by the litre, fruit by the kilogram, tea by 100 g; a set of different goods is not compared.

    >>> compared("golden-tea", NewSku(sku="A", name="", net_content="50g", net_weight_g=50, gross_weight_g=60,
    ...     shelf_life_days=540, tax_rate_bp=0))
    ('100g', 500)
    """
    if root == "gift-set":
        return None, None
    if (volume := _VOLUME.search(sku.net_content)) is not None:
        millilitres = Decimal(volume[1]) * _LITRES[volume[2].lower()] * int(volume[3] or 1)
        return "L", max(1, int(millilitres))
    return ("kg", sku.net_weight_g) if sku.fresh else ("100g", sku.net_weight_g * 10)


def check_harvest(season: str | None, harvested_on: date | None) -> None:
    """Raise ``SeasonNotProven`` unless a lot harvested on that day may be sold as ``season``.

    Only 社前, 明前 and 雨前 promise a day; other seasons, or none, need no proof.
    """
    if season not in PICKS:
        return
    faults = [Fault("/harvested_on", "season_not_proven", "采收日期不能证明采收时令", "does not prove the season")]
    span = picked(season, harvested_on.year) if harvested_on is not None else None
    if harvested_on is None or span is None:
        raise HarvestNotKnown(season=season, first_year=min(SPRINGS), last_year=max(SPRINGS), faults=faults)
    if not span.first <= harvested_on <= span.last:
        raise SeasonNotProven(season=season, first=span.first, last=span.last, term=span.term, faults=faults)


def check_shelf_life(shelf_life_days: int, made_on: date, best_before: date) -> None:
    """Raise ``InvalidInput`` for a date beyond what goods keep that were made on that day.

    Eighteen months are 540 days to some and 549 to others, so two per cent more are let pass.

    >>> check_shelf_life(540, date(2026, 4, 12), date(2027, 10, 12))
    """
    last = made_on + timedelta(days=shelf_life_days * 102 // 100)
    if best_before > last:
        zh, en = (
            f"该商品的保质期为 {shelf_life_days} 天，最迟为 {last}",
            f"Goods of this SKU keep for {shelf_life_days} days",
        )
        raise InvalidInput(faults=[Fault("/best_before", "beyond_shelf_life", zh, f"{en}: {last} at the latest")])


def _sku_faults(sku: NewSku, at: str) -> list[Fault]:
    faults = []
    if not _SKU.fullmatch(sku.sku):
        faults.append(Fault(f"{at}/sku", "invalid_sku", "货号格式不正确", "a SKU is 1-32 letters, digits, - or _"))
    if not 0 < sku.net_weight_g <= sku.gross_weight_g:
        faults.append(
            Fault(f"{at}/gross_weight_g", "invalid_weight", "毛重不能小于净重", "gross weight is at least net weight")
        )
    sides = (sku.length_mm, sku.width_mm, sku.height_mm)
    known = [side for side in sides if side is not None]
    if len(known) not in (0, len(sides)) or any(not 1 <= side <= MAX_SIDE_MM for side in known):
        faults.append(
            Fault(f"{at}/length_mm", "invalid_dimensions", "长宽高须齐全且合理", "give all three dimensions or none")
        )
    if sku.case_pack < 1 or sku.shelf_life_days < 1 or not 0 <= sku.tax_rate_bp <= 10_000:  # noqa: PLR2004
        faults.append(
            Fault(at, "out_of_range", "箱规、保质期或税率不在允许范围", "case pack, shelf life or tax rate is off")
        )
    if sku.floor_fen is not None and sku.floor_fen < 1:
        faults.append(Fault(f"{at}/floor_fen", "out_of_range", "底价须大于零", "a floor is more than nothing"))
    if sku.gtin13 is not None and not (len(sku.gtin13) == 13 and ean.is_valid(sku.gtin13)):  # noqa: PLR2004
        faults.append(Fault(f"{at}/gtin13", "invalid_gtin", "商品条码校验码不对", "not a valid GTIN-13"))
    if sku.itf14 is not None and not (len(sku.itf14) == 14 and ean.is_valid(sku.itf14)):  # noqa: PLR2004
        faults.append(Fault(f"{at}/itf14", "invalid_itf", "箱码校验码不对", "not a valid ITF-14"))
    return faults


def _repeated(skus: Sequence[NewSku]) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for index, sku in enumerate(skus):
        if sku.sku in seen:
            faults.append(Fault(f"/variants/{index}/sku", "repeated_sku", "货号重复", "the SKU is listed twice"))
        seen.add(sku.sku)
    return faults


def check_publishable(listing: Listing) -> None:
    """Raise ``NotPublishable`` unless the listing shows what the law wants, and nothing else (domain handbook §1.6)."""
    if faults := list(listing_faults(listing)):
        raise NotPublishable(faults=faults)
