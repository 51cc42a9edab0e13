"""What a description must say before it is kept, and before it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stdnum import ean

from app.catalogue.rules import InvalidProduct, NewProduct, NewSku
from app.catalogue.rules.label import Listing, label_faults, listing_faults, unsayable
from app.catalogue.rules.season import is_month_day
from app.core.errors import DomainError, Fault

_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")

MAX_SIDE_MM = 5_000
"""No packed sales unit is longer than five metres."""

_PICKED_BEFORE = {"社前": "03-21", "明前": "04-05", "雨前": "04-20"}
"""The latest day on which leaf sold under these names may be picked: the eve of 春分, 清明 and 谷雨, at most one day
later in some years. Which day it was in the year of a lot is checked when the lot is received."""


class NotPublishable(DomainError):
    """What the law wants a listing to show is missing; ``faults`` say what (domain handbook §1.6)."""

    status = 422
    code = "not_publishable"
    zh = "商品资料不全，按规定不能上架：请补齐 errors 中列出的内容。"
    en = "The listing lacks what it must show by law; add what `errors` lists."


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
