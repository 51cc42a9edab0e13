"""Promotions: which of them a basket earns, in which order, and how each is divided among its lines.

The stacking rule, which a quote and an order share because both come from here:

1. Automatic fixed prices: of each SKU the lowest.
2. Then of each payer the one automatic promotion that takes off most: first each supplier's (on its own goods), then
   the platform's, then each voucher budget's. A tie goes to the older one.
3. Last the promotion of the coupon, if the buyer named one. There is at most one coupon.

Thresholds and percentages are of what the lines cost after the steps before. What is taken off is divided among the
lines by largest remainder. No line falls below one fen, so whatever is bought was paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from uuid import UUID

from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.money import split

WHOLE_BP = 10_000
MAX_PERCENT_BP = WHOLE_BP - 1
MOST_COUPONS = 1_000
"""So many coupons are issued by one call."""


class PromotionKind(StrEnum):
    """What a promotion does."""

    AMOUNT_OFF = "amount_off"
    PERCENT_OFF = "percent_off"
    FIXED_PRICE = "fixed_price"


class Funder(StrEnum):
    """Who pays what the buyer does not: the goods' supplier, or others, whose part is a subsidy."""

    SUPPLIER = "supplier"
    PLATFORM = "platform"
    DISTRICT = "district"


_ORDER = {Funder.SUPPLIER: 0, Funder.PLATFORM: 1, Funder.DISTRICT: 2}


class UnknownCoupon(DomainError):
    """No such coupon, or it is not valid today, or somebody else's."""

    status = 422
    code = "unknown_coupon"
    zh = "优惠码无效或已过期，请去掉后重试。"
    en = "The coupon is not valid; leave it out and try again."


class CouponNotApplicable(DomainError):
    """The coupon is good, but not for this basket or this place."""

    status = 422
    code = "coupon_not_applicable"
    zh = "优惠码不适用于这些商品或收货地区，或金额未达到使用门槛。"
    en = "The coupon does not apply to these goods or this place, or its threshold is not reached."


class CouponUsedUp(DomainError):
    """The coupon was used as often as it may be."""

    status = 409
    code = "coupon_used_up"
    zh = "优惠码已被使用或领完，请去掉后重试。"
    en = "The coupon has been used up; leave it out and try again."


class PromotionUsedUp(DomainError):
    """Somebody took what was left of the voucher budget while this order was being placed."""

    status = 409
    code = "promotion_used_up"
    zh = "优惠额度刚刚用完，请重新询价后再下单。"
    en = "What was left of the voucher budget has just been used; ask for a new quote and order again."


class CouponCodeTaken(DomainError):
    """Another coupon has this code."""

    code = "coupon_code_taken"
    zh = "该优惠码已存在，请换一个。"
    en = "Another coupon has this code; choose another."


class BudgetNameTaken(DomainError):
    """Another budget has this name."""

    code = "budget_name_taken"
    zh = "已有同名的补贴预算，请换一个名称。"
    en = "Another budget has this name; choose another."


class NotByCoupon(DomainError):
    """Coupons are issued only for promotions that ask for one."""

    code = "not_by_coupon"
    zh = "该活动自动生效，不发放优惠码。"
    en = "The promotion applies by itself; it has no coupons."


class NoSuchPromotion(NotFound):
    """No such promotion, or it is somebody else's."""

    zh = "没有找到该促销活动。"
    en = "There is no such promotion."


class NoSuchBudget(NotFound):
    """No such budget."""

    zh = "没有找到该补贴预算。"
    en = "There is no such budget."


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a promotion promises, and on which goods.

    ``amount_off``: ``off_fen`` once the goods come to ``threshold_fen``. ``percent_off``: ``percent_bp`` basis points
    of them, at most ``cap_fen``. ``fixed_price``: one unit of ``sku`` costs ``price_fen``. ``supplier_id``,
    ``category`` (a root's slug) and ``sku`` narrow the goods; None is no limit.
    """

    kind: PromotionKind
    threshold_fen: int = 0
    off_fen: int | None = None
    percent_bp: int | None = None
    cap_fen: int | None = None
    price_fen: int | None = None
    supplier_id: UUID | None = None
    category: str | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A promotion that runs now. ``left_fen`` is what its budget still holds; None is no limit."""

    id: UUID
    name: str
    funder: Funder
    terms: Terms
    budget_id: UUID | None = None
    left_fen: int | None = None
    division_code: str | None = None
    coupon_id: UUID | None = None
    used_up: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a basket as promotions see it."""

    sku: str
    supplier_id: UUID
    category: str
    unit_price_fen: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Discount:
    """What one promotion takes off one line, and who pays it."""

    sku: str
    promotion_id: UUID
    name: str
    funder: Funder
    amount_fen: int
    budget_id: UUID | None
    coupon_id: UUID | None

    @property
    def subsidy_fen(self) -> int:
        """The part that the seller does not bear."""
        return 0 if self.funder is Funder.SUPPLIER else self.amount_fen


class _Basket:
    """What each line still costs, what each budget still holds, and what was taken off so far."""

    def __init__(self, items: Sequence[Item], division_code: str) -> None:
        self.items = items
        self.division_code = division_code
        self.left = [item.unit_price_fen * item.quantity for item in items]
        self.spent: dict[UUID, int] = {}
        self.found: list[Discount] = []

    def parts(self, promotion: Promotion) -> list[int]:
        """What the promotion would take off each line now."""
        nothing = [0] * len(self.items)
        if promotion.division_code is not None and not self.division_code.startswith(promotion.division_code):
            return nothing
        terms = promotion.terms
        goods = [left if _covers(terms, item) else 0 for item, left in zip(self.items, self.left, strict=True)]
        total, room = sum(goods), [max(0, amount - 1) for amount in goods]
        if total == 0 or total < terms.threshold_fen:
            return nothing
        if terms.kind is PromotionKind.FIXED_PRICE:
            wanted = [(terms.price_fen or 0) * item.quantity for item in self.items]
            parts = [min(most, max(0, have - want)) for most, have, want in zip(room, goods, wanted, strict=True)]
        else:
            off = terms.off_fen or 0
            if terms.kind is PromotionKind.PERCENT_OFF:
                off = total * (terms.percent_bp or 0) // WHOLE_BP
                off = off if terms.cap_fen is None else min(off, terms.cap_fen)
            off = min(off, sum(room))
            parts = split(off, room) if off else nothing
        if promotion.left_fen is not None:
            spent = self.spent.get(promotion.budget_id, 0) if promotion.budget_id else 0
            if sum(parts) > promotion.left_fen - spent:
                return nothing
        return parts

    def take(self, promotion: Promotion) -> int:
        """Apply the promotion; returns what it took off."""
        parts = self.parts(promotion)
        for index, (item, part) in enumerate(zip(self.items, parts, strict=True)):
            if part:
                self.left[index] -= part
                self.found.append(
                    Discount(
                        item.sku,
                        promotion.id,
                        promotion.name,
                        promotion.funder,
                        part,
                        promotion.budget_id,
                        promotion.coupon_id,
                    )
                )
        if promotion.budget_id is not None:
            self.spent[promotion.budget_id] = self.spent.get(promotion.budget_id, 0) + sum(parts)
        return sum(parts)


def _covers(terms: Terms, item: Item) -> bool:
    return (
        terms.supplier_id in (None, item.supplier_id)
        and terms.category in (None, item.category)
        and terms.sku in (None, item.sku)
    )


def _payer(promotion: Promotion) -> tuple[int, str]:
    return _ORDER[promotion.funder], str(promotion.budget_id or promotion.terms.supplier_id or "")


def discounts(
    items: Sequence[Item], promotions: Sequence[Promotion], division_code: str, *, coupon: str | None = None
) -> list[Discount]:
    """What the basket earns, by the stacking rule above. ``promotions`` are those that run now.

    Raises ``UnknownCoupon``, ``CouponUsedUp``, ``CouponNotApplicable`` if a coupon was named and does not hold.
    """
    basket = _Basket(items, division_code)
    automatic = sorted((found for found in promotions if found.coupon_id is None), key=lambda found: found.id)
    fixed = [found for found in automatic if found.terms.kind is PromotionKind.FIXED_PRICE]
    for _, same in groupby(
        sorted(fixed, key=lambda found: (found.terms.sku or "", found.terms.price_fen or 0)),
        key=lambda found: found.terms.sku,
    ):
        for promotion in same:
            if basket.take(promotion):
                break
    others = sorted((found for found in automatic if found not in fixed), key=_payer)
    for _, same in groupby(others, key=_payer):
        basket.take(max(same, key=lambda found: sum(basket.parts(found))))
    if coupon is not None:
        named = next((found for found in promotions if found.coupon_id is not None), None)
        if named is None:
            raise UnknownCoupon
        if named.used_up:
            raise CouponUsedUp
        if not basket.take(named):
            raise CouponNotApplicable
    return basket.found


def spelled(code: str) -> str:
    """A coupon's code as it is kept: case and blanks around it do not matter."""
    return code.strip().upper()


def check_terms(terms: Terms, starts_at: datetime, ends_at: datetime) -> None:
    """Raise ``InvalidInput`` with every fault of a promotion that is to be entered.

    An amount off is less than its threshold, a percentage less than the whole: nothing is given away.
    """
    needs: dict[PromotionKind, tuple[str, ...]] = {
        PromotionKind.AMOUNT_OFF: ("off_fen",),
        PromotionKind.PERCENT_OFF: ("percent_bp",),
        PromotionKind.FIXED_PRICE: ("sku", "price_fen"),
    }
    allowed = {*needs[terms.kind], *(("cap_fen",) if terms.kind is PromotionKind.PERCENT_OFF else ())}
    faults = [
        Fault(f"/{name}", "required", "该类活动必填", f"required for {terms.kind}")
        for name in needs[terms.kind]
        if getattr(terms, name) is None
    ]
    faults += [
        Fault(f"/{name}", "not_of_this_kind", "该类活动不用此项", f"not part of {terms.kind}")
        for name in ("off_fen", "percent_bp", "cap_fen", "price_fen")
        if getattr(terms, name) is not None and name not in allowed
    ]
    if terms.off_fen is not None and terms.off_fen >= max(terms.threshold_fen, 1):
        faults.append(
            Fault("/off_fen", "not_below_threshold", "减额须小于门槛", "what is taken off is less than the threshold")
        )
    if terms.kind is PromotionKind.FIXED_PRICE and terms.threshold_fen:
        faults.append(Fault("/threshold_fen", "not_of_this_kind", "一口价没有门槛", "a fixed price has no threshold"))
    if ends_at <= starts_at:
        faults.append(Fault("/ends_at", "ends_before_it_begins", "结束须晚于开始", "it ends after it begins"))
    if faults:
        raise InvalidInput(faults=faults)
