"""What a cart costs: lines, parcels and freight. Pure sums in fen and grams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from app.core.errors import DomainError, Fault
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


class UnknownTemplate(DomainError):
    """There is no house template with this code."""

    status = 404
    code = "unknown_freight_template"
    zh = "没有这个运费模板。"
    en = "There is no such freight template."


class PriceRace(DomainError):
    """Two people set the first price of a SKU in the same moment."""

    code = "price_changed_meanwhile"
    zh = "价格刚刚被他人修改，请重新读取后再改。"
    en = "The price was changed by somebody else just now; read it again and repeat."


@dataclass(frozen=True, slots=True)
class Price:
    """What one sales unit of a SKU costs since ``valid_from``, tax included."""

    sku: str
    price_fen: int
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of a cart. ``gross_weight_g`` is that of one sales unit with its packing, ``category`` a root's slug."""

    sku: str
    supplier_id: UUID
    gross_weight_g: int
    quantity: int
    category: str = ""


@dataclass(frozen=True, slots=True)
class FreightRule:
    """What a parcel costs by its weight: the first so many grams, then for each further step begun.

    ``free_over_fen``: no freight when the supplier's goods in the parcel come to this much or more.
    """

    first_weight_g: int
    first_fee_fen: int
    step_weight_g: int
    step_fee_fen: int
    free_over_fen: int | None
    deliverable: bool


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A priced line: ``amount_fen = unit_price_fen × quantity − discount_fen``, without freight."""

    sku: str
    quantity: int
    unit_price_fen: int
    discount_fen: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one supplier sends. Weights of different suppliers are never merged."""

    supplier_id: UUID
    weight_g: int
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


def freight_fen(rule: FreightRule, weight_g: int, goods_fen: int) -> int:
    """Freight of one parcel (domain handbook §5.1): ``first + ceil((weight − first_weight) / step_weight) · step``."""
    if rule.free_over_fen is not None and goods_fen >= rule.free_over_fen:
        return 0
    beyond = max(0, weight_g - rule.first_weight_g)
    return rule.first_fee_fen + -(-beyond // rule.step_weight_g) * rule.step_fee_fen


def assemble(
    wanted: Sequence[Wanted],
    prices: Mapping[str, int],
    freight: Mapping[UUID, FreightRule | None],
    *,
    promotions: Sequence[Promotion] = (),
    division_code: str = "",
    coupon: str | None = None,
) -> Quote:
    """Put lines, discounts and parcels together: freight is free by what the goods cost after discounts.

    ``prices`` by SKU, ``freight`` by supplier; parcels in the order of the lines.

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
        )
        for line in wanted
    )
    weights: dict[UUID, int] = {}
    goods: dict[UUID, int] = {}
    for line, priced in zip(wanted, lines, strict=True):
        weights[line.supplier_id] = weights.get(line.supplier_id, 0) + line.gross_weight_g * line.quantity
        goods[line.supplier_id] = goods.get(line.supplier_id, 0) + priced.amount_fen
    parcels = tuple(
        Parcel(supplier_id, weight, freight_fen(rule, weight, goods[supplier_id]))
        for supplier_id, weight in weights.items()
        if (rule := freight[supplier_id]) is not None
    )
    goods_fen = sum(line.amount_fen + line.discount_fen for line in lines)
    discount_fen = sum(line.discount_fen for line in lines)
    freight_total = sum(parcel.freight_fen for parcel in parcels)
    return Quote(
        lines, parcels, goods_fen, discount_fen, freight_total, goods_fen - discount_fen + freight_total, found
    )


DEFAULT_TEMPLATE = "economy"
"""The house template for a supplier that has none of its own."""

_SHANDONG = ("37",)
_NEAR = ("36", "42", "43", "44", "45", "52")
_REMOTE = ("15", "54", "63", "65")
_ABROAD = ("71", "81", "82")
_KILOGRAM = 1000

HouseTemplate = tuple[str, str, dict[str, FreightRule]]
"""Code, name, and a rule for each region prefix; the longest prefix of a division wins."""


def _by_kilogram(first_fen: int, step_fen: int) -> FreightRule:
    return FreightRule(_KILOGRAM, first_fen, _KILOGRAM, step_fen, None, deliverable=True)


_NOT_SENT = FreightRule(_KILOGRAM, 0, _KILOGRAM, 0, None, deliverable=False)


def _template(
    shandong: tuple[int, int],
    near: tuple[int, int],
    elsewhere: tuple[int, int],
    remote: tuple[int, int],
    *,
    never: tuple[str, ...] = (),
) -> dict[str, FreightRule]:
    rules = {"": _by_kilogram(*elsewhere)}
    for regions, fees in ((_SHANDONG, shandong), (_NEAR, near), (_REMOTE, remote)):
        rules |= {region: _by_kilogram(*fees) for region in regions}
    return rules | dict.fromkeys((*_ABROAD, *never), _NOT_SENT)


HOUSE_TEMPLATES: tuple[HouseTemplate, ...] = (
    ("economy", "经济快递", _template((600, 200), (500, 150), (800, 300), (1500, 1000))),
    ("sf", "顺丰标快", _template((1800, 450), (1600, 400), (2000, 600), (2800, 1400))),
    ("fresh", "生鲜快递", _template((600, 200), (500, 150), (800, 300), (1500, 1000), never=("54", "65"))),
)
"""Parcels from Hunan (domain handbook §5.1): first and each further kilogram, by province."""
