"""What a cart costs: lines, parcels and freight. Pure sums in fen and grams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid5

from app.core.errors import DomainError, Fault
from app.pricing.rules.freight import FreightRule, Load, freight_fen
from app.pricing.rules.promotions import Discount, Item, Promotion, discounts

MAX_PRICE_FEN = 10_000_000
"""No sales unit costs more: 100,000 yuan."""

_SKU_NAMESPACE = UUID("0d9c3e1e-6a55-5c0b-8f0e-7f3f4e9a2b11")


def subject_of(sku: str) -> UUID:
    """A stable id for a SKU, so that its changes of price are told in order."""
    return uuid5(_SKU_NAMESPACE, sku)


class NotOnSale(DomainError):
    """A SKU has no price today; every such SKU is in ``faults``."""

    status = 409
    code = "not_on_sale"
    zh = "部分商品目前不在售：{skus}。"
    en = "Not on sale at present: {skus}."

    def __init__(self, *, skus: str = "-", faults: Sequence[Fault] = ()) -> None:
        super().__init__(faults=faults, skus=skus)


class NotDeliverable(DomainError):
    """A supplier does not send to this place."""

    status = 422
    code = "not_deliverable"
    zh = "部分商品暂不支持配送到该地区，请更换收货地址或移除商品。"
    en = "Some goods cannot be delivered to this place; choose another address or remove them."


class PriceRace(DomainError):
    """Two people set the first price of a SKU in the same moment."""

    code = "price_changed_meanwhile"
    zh = "价格刚刚被他人修改，请重新读取后再改。"
    en = "The price was changed by somebody else just now; read it again and repeat."


class BelowFloor(DomainError):
    """The price would be less than the supplier's floor, and the marketplace did not consent."""

    status = 422
    code = "below_price_floor"
    zh = "价格低于底价 {floor} 元：供应商可先申请修改底价，经平台审核；平台确需低价销售时须明确同意。"
    en = "The price is below the floor of {floor} yuan: have the floor changed, or let the marketplace consent to it."


def yuan_of(fen: int) -> str:
    """An amount of fen in yuan, for people.

    >>> yuan_of(12_805)
    '128.05'
    """
    return f"{fen // 100}.{fen % 100:02d}"


def check_floor(price_fen: int, floor_fen: int | None, *, consent: bool = False) -> None:
    """Raise ``BelowFloor`` for a price below the floor to which nobody consented.

    >>> check_floor(8_200, 8_200)
    """
    if floor_fen is not None and price_fen < floor_fen and not consent:
        yuan = yuan_of(floor_fen)
        fault = Fault("/price_fen", BelowFloor.code, f"不得低于底价 {yuan} 元", f"not below the floor of {yuan} yuan")
        raise BelowFloor(floor=yuan, faults=[fault])


class PriceNeedsReview(DomainError):
    """A supplier's price is so far from what it was that somebody of the marketplace should look at it first."""

    status = 422
    code = "price_needs_review"
    zh = "新价格与近七日价格相差超过 60%（可自行改为 {low} 至 {high} 元），请联系平台审核后由平台改价。"
    en = "More than 60 % off the last seven days (yours to set: {low} to {high} yuan); ask the marketplace to set it."


_STEP_PCT = 60
"""A price further off is reviewed by hand (domain handbook §1.2)."""


def check_step(price_fen: int, lowest_fen: int | None, highest_fen: int | None) -> None:
    """Raise ``PriceNeedsReview`` for a price more than 60 % off the lowest or highest of the last seven days.

    >>> check_step(9_280, 5_800, 5_800)
    """
    if lowest_fen is None or highest_fen is None:
        return
    low, high = highest_fen * (100 - _STEP_PCT), lowest_fen * (100 + _STEP_PCT)
    if not low <= price_fen * 100 <= high:
        fault = Fault("/price_fen", PriceNeedsReview.code, "与近七日价格相差过大", "too far off the last prices")
        raise PriceNeedsReview(low=yuan_of(-(-low // 100)), high=yuan_of(high // 100), faults=[fault])


COMPARED = timedelta(days=7)
"""A crossed-out price is the lowest of this long before the current one (domain handbook §3.5)."""

SHOWN = timedelta(days=30)
"""After this long a price is no news, and nothing is crossed out beside it."""


def was_price(price_fen: int, *lowest: int | None) -> int | None:
    """What may be crossed out: the lowest of the prices asked and dealt in the week before, if it was more.

    >>> was_price(9_900, 12_800, 11_800), was_price(9_900, 12_800, 9_900)
    (11800, None)
    """
    known = [fen for fen in lowest if fen is not None]
    return min(known) if known and min(known) > price_fen else None


@dataclass(frozen=True, slots=True)
class Price:
    """What one sales unit of a SKU costs since ``valid_from``, tax included."""

    sku: str
    price_fen: int
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of a cart. ``gross_weight_g`` is that of one sales unit with its packing, ``category`` a root's slug.

    ``volume_mm3`` is that of one packed unit, if it is known.
    """

    sku: str
    supplier_id: UUID
    gross_weight_g: int
    quantity: int
    category: str = ""
    volume_mm3: int | None = None


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A priced line: ``amount_fen = unit_price_fen × quantity − discount_fen``, without freight."""

    sku: str
    quantity: int
    unit_price_fen: int
    discount_fen: int
    amount_fen: int
    was_price_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one supplier sends. Weights of different suppliers are never merged.

    ``billable_g`` is what the carrier charges for: the weight, or that of the volume if it is more.
    """

    supplier_id: UUID
    weight_g: int
    billable_g: int
    freight_fen: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What a cart costs now: ``total_fen = goods_fen − discount_fen + freight_fen``; the parts add up.

    ``discounts`` say which promotion takes how much off which line, and who pays it.
    """

    lines: tuple[QuotedLine, ...]
    parcels: tuple[Parcel, ...]
    goods_fen: int
    discount_fen: int
    freight_fen: int
    total_fen: int
    discounts: tuple[Discount, ...] = ()


def assemble(
    wanted: Sequence[Wanted],
    prices: Mapping[str, int],
    freight: Mapping[UUID, FreightRule | None],
    *,
    promotions: Sequence[Promotion] = (),
    division_code: str = "",
    coupon: str | None = None,
    was: Mapping[str, int] = MappingProxyType({}),
) -> Quote:
    """Put lines, discounts and parcels together: freight is free by what the goods cost after discounts.

    ``prices`` and ``was``, what is crossed out, by SKU, ``freight`` by supplier; parcels in the order of the lines.

    Raises ``NotOnSale`` for SKUs without a price, ``NotDeliverable`` when a supplier has no rule for the place or one
    that says no; faults point at ``/items/{i}`` in the order of ``wanted``.
    A coupon that does not hold is refused as ``discounts`` says.
    """
    unpriced = [(i, line.sku) for i, line in enumerate(wanted) if line.sku not in prices]
    if unpriced:
        raise NotOnSale(
            skus="、".join(sku for _, sku in unpriced),
            faults=[
                Fault(f"/items/{i}/sku", "not_on_sale", f"{sku} 目前不在售", f"{sku} is not on sale")
                for i, sku in unpriced
            ],
        )
    unreachable = [
        Fault(f"/items/{i}/sku", "not_deliverable", f"{line.sku} 不配送到该地区", f"{line.sku} is not sent there")
        for i, line in enumerate(wanted)
        if (rule := freight.get(line.supplier_id)) is None or not rule.deliverable
    ]
    if unreachable:
        raise NotDeliverable(faults=unreachable)
    found: tuple[Discount, ...] = ()
    off = dict.fromkeys(prices, 0)
    if promotions or coupon is not None:
        basket = [Item(line.sku, line.supplier_id, line.category, prices[line.sku], line.quantity) for line in wanted]
        found = tuple(discounts(basket, promotions, division_code, coupon=coupon))
        for discount in found:
            off[discount.sku] += discount.amount_fen
    lines = tuple(
        QuotedLine(
            line.sku,
            line.quantity,
            prices[line.sku],
            off[line.sku],
            prices[line.sku] * line.quantity - off[line.sku],
            was.get(line.sku),
        )
        for line in wanted
    )
    loads: dict[UUID, Load] = {}
    goods: dict[UUID, int] = {}
    for line, priced in zip(wanted, lines, strict=True):
        load = loads.setdefault(line.supplier_id, Load())
        load.add(line.gross_weight_g, line.volume_mm3, line.quantity)
        goods[line.supplier_id] = goods.get(line.supplier_id, 0) + priced.amount_fen
    parcels = tuple(
        Parcel(supplier_id, load.weight_g, billable, freight_fen(rule, billable, goods[supplier_id]))
        for supplier_id, load in loads.items()
        if (rule := freight[supplier_id]) is not None
        for billable in (load.billable_g(rule.volume_divisor),)
    )
    goods_fen = sum(line.amount_fen + line.discount_fen for line in lines)
    discount_fen = sum(line.discount_fen for line in lines)
    freight_total = sum(parcel.freight_fen for parcel in parcels)
    return Quote(
        lines, parcels, goods_fen, discount_fen, freight_total, goods_fen - discount_fen + freight_total, found
    )
