"""Decisions about an order that need no database, the values that leave the module, and its refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.money import split
from app.orders.lifecycle import Status, derive

if TYPE_CHECKING:
    from app.buyers import Address
    from app.catalogue import Offer
    from app.fulfilment import TrackingState, Trouble
    from app.inventory import Picked
    from app.orders.rules.weights import WeightCorrection
    from app.payments import Refund as MoneyBack
    from app.pricing import Quote

K = TypeVar("K")

RETAIL, ORGANISATION = "retail", "organisation"
SHIP_WITHIN = timedelta(hours=48)
MOST_LINES = 100
LONG_DUE = date(2000, 1, 1)
"""Where an order that was paid before its day was frozen stands in the queue: first."""


class UnknownSku(DomainError):
    """No such SKU."""

    status = 422
    code = "unknown_sku"
    zh = "没有这些货号：{skus}。请核对后重试。"
    en = "There is no such SKU: {skus}. Check the codes and try again."


class FreshGoodsNotAcknowledged(DomainError):
    """Fresh goods cannot be returned without reason, and the buyer must have said so (domain handbook §3.5)."""

    status = 422
    code = "fresh_goods_not_acknowledged"
    zh = "订单含鲜活易腐商品，不适用七日无理由退货。请确认后以 fresh_goods_acknowledged=true 重新提交。"
    en = (
        "The order holds fresh goods, which cannot be returned without a reason. "
        "Confirm with fresh_goods_acknowledged=true and place it again."
    )


class NotFromAnOrganisation(DomainError):
    """Only what an organisation buys can be an order on the 832 platform too (domain handbook §2.5)."""

    status = 422
    code = "not_from_an_organisation"
    zh = "只有采购单位的订单才能填写 832 平台订单号，请同时提供 organisation_id。"
    en = "Only an organisation's order can name an order on the 832 platform; give its organisation_id too."


class OrderStillOpen(DomainError):
    """The account has goods or money on their way."""

    code = "order_still_open"
    zh = "您还有未完成的订单，请在订单完成或取消后再注销账号。"
    en = "You have orders that are not finished; close the account once they are completed or cancelled."


class OrderNotPayable(DomainError):
    """The order no longer waits for money."""

    status = 409
    code = "order_not_payable"
    zh = "订单当前状态为 {status}，无需或不能再支付。"
    en = "The order is {status} and cannot be paid."


class AlreadyShipped(DomainError):
    """Part of the order is on its way."""

    status = 409
    code = "already_shipped"
    zh = "订单已（部分）发货，不能取消；收到货后可申请售后。"
    en = "Part of the order has been shipped, so it cannot be cancelled; make a claim once it has arrived."


class UnknownLine(DomainError):
    """The line belongs to another order."""

    status = 422
    code = "unknown_line"
    zh = "订单中没有这一行。"
    en = "The order has no such line."


class ShipsTooMuch(DomainError):
    """More than is left to ship."""

    status = 409
    code = "ships_too_much"
    zh = "发货数量超过该行尚未发出的数量。"
    en = "More than is left to ship on this line."


class CancelsTooMuch(DomainError):
    """More than is left to send."""

    status = 409
    code = "cancels_too_much"
    zh = "取消数量超过该行尚未发出的数量。"
    en = "More than is left to send on this line."


class OrderNotPaid(DomainError):
    """An unpaid order is one amount: it is paid or cancelled as a whole."""

    status = 409
    code = "order_not_paid"
    zh = "订单尚未支付，不能只取消其中一部分；请取消整单后重新下单。"
    en = "The order has not been paid, so no part of it can be cancelled; cancel all of it and place another."


class RefundExceedsLine(DomainError):
    """More than was paid for the line, less what went back already."""

    status = 409
    code = "refund_exceeds_line"
    zh = "退款超过该行实付金额减去已退金额。"
    en = "The refund is more than was paid for the line less what was refunded before."


class ClaimIsOpen(DomainError):
    """The buyer complains about these goods and has not said that they keep them."""

    status = 409
    code = "claim_is_open"
    zh = "订单有进行中的售后，结束或撤销售后再确认收货。"
    en = "There is an open claim on these goods; confirm once it has ended, or withdraw it."


class NotRefundable(DomainError):
    """The goods have not been shipped: cancel the order instead."""

    status = 409
    code = "not_refundable"
    zh = "订单当前状态为 {status}，不能按行退款；未发货的订单请直接取消。"
    en = "The supplier order is {status}; lines are refunded after shipment. Cancel the order if it has not shipped."


class CartEmpty(DomainError):
    """There is nothing in the cart, or it was ordered a moment ago."""

    status = 409
    code = "cart_empty"
    zh = "购物车是空的；若刚刚下过单，请查看订单列表。"
    en = "The cart is empty; if you have just ordered, look at your orders."


class CartFull(DomainError):
    """A cart holds as many lines as an order."""

    status = 409
    code = "cart_full"
    zh = "购物车最多放 {most} 种商品，请先移除一些。"
    en = "A cart holds at most {most} lines; take something out first."


class ItemsOrCart(InvalidInput):
    """An order names its goods or a cart that holds them: one of the two."""

    code = "items_or_cart"
    zh = "请在 items 与 cart_id 中提供且只提供一个。"
    en = "Give exactly one of `items` and `cart_id`."


def number_prefix(now: datetime) -> str:
    """``BJ`` and the Shanghai day; eight digits follow (domain handbook §7.6)."""
    return f"BJ{local_day(now):%y%m%d}"


def merged(items: Iterable[tuple[K, int]]) -> dict[K, int]:
    """Quantities by SKU or line, in the order first mentioned; the same one twice is one."""
    wanted: dict[K, int] = {}
    for key, quantity in items:
        wanted[key] = wanted.get(key, 0) + quantity
    return wanted


def faults_for(skus: Iterable[str], wanted: Mapping[str, int], code: str, zh: str, en: str) -> list[Fault]:
    """One fault for each of ``skus``, pointing at its place among the items."""
    places = {sku: index for index, sku in enumerate(wanted)}
    return [Fault(f"/items/{places[sku]}/sku", code, f"{sku} {zh}", f"{sku} {en}") for sku in skus]


def expiry(now: datetime, minutes: int) -> datetime:
    """When an unpaid order gives its stock back (domain handbook §3.5)."""
    return now + timedelta(minutes=minutes)


def confirmation(delivered_at: datetime, days: int) -> datetime:
    """When a delivered order confirms itself (domain handbook §2.8)."""
    return delivered_at + timedelta(days=days)


def ships_by(ahead: date | None, frozen: date | None, paid_at: datetime | None) -> date | None:
    """The day on which a line leaves the house at the latest; None before payment (domain handbook §3.5).

    Of a pre-sale the day that it was sold with, of all else the one that was frozen at payment. Orders that were paid
    before such a day was frozen have 48 hours.
    """
    if ahead is not None or frozen is not None or paid_at is None:
        return ahead or frozen
    return local_day(paid_at + SHIP_WITHIN)


def worth(amount_fen: int, pieces: int, of: int) -> int:
    """What ``pieces`` out of ``of`` cost, in fen; the worth of all of them is the line's amount.

    Pieces that go one after another are worth the difference between what is gone after and before, so that no fen
    is lost or given twice however they go.
    """
    return split(amount_fen, [pieces, of - pieces])[0]


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of an order."""

    id: UUID
    supplier_order_id: UUID
    sku: str
    name: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    unit_price_fen: int
    discount_fen: int
    subsidy_fen: int
    amount_fen: int
    refunded_fen: int
    supplier_id: UUID
    presale: bool = False
    ship_by: date | None = None
    waiting_quantity: int = 0
    net_weight_g: int = 0

    @property
    def to_send(self) -> int:
        """What has neither left the house nor been cancelled."""
        return self.quantity - self.shipped_quantity - self.cancelled_quantity


@dataclass(frozen=True, slots=True)
class ParcelView:
    """One parcel on its way."""

    id: UUID
    supplier_order_id: UUID
    carrier: str
    tracking_number: str
    dispatched_at: datetime
    delivered_at: datetime | None
    state: TrackingState
    trouble: Trouble | None
    news_at: datetime | None
    news: str | None
    allocation: tuple[Picked, ...] = ()
    """From which lots the pieces were taken, and why; told when the parcel is handed over."""


@dataclass(frozen=True, slots=True)
class SupplierOrderView:
    """The part of an order that one supplier fulfils."""

    id: UUID
    order_id: UUID
    supplier_id: UUID
    status: Status
    goods_fen: int
    discount_fen: int
    freight_fen: int
    amount_fen: int
    refunded_fen: int
    shipped_at: datetime | None
    delivered_at: datetime | None
    completed_at: datetime | None
    ship_by: date | None = None
    """Leaves the house on this day at the latest; None before payment."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its buyer sees it; the status is derived from its supplier orders."""

    id: UUID
    number: str
    buyer_id: UUID
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    goods_fen: int
    discount_fen: int
    freight_fen: int
    total_fen: int
    note: str | None
    address: Address
    supplier_orders: tuple[SupplierOrderView, ...]
    lines: tuple[LineView, ...]
    shipments: tuple[ParcelView, ...] = field(default=())
    refunds: tuple[MoneyBack, ...] = field(default=())
    weights: tuple[WeightCorrection, ...] = field(default=())
    organisation_id: UUID | None = None
    ext_832_order_no: str | None = None

    @property
    def status(self) -> Status:
        """Derived, never stored."""
        return derive(part.status for part in self.supplier_orders)


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """What a buyer ordered, and since when it is in their hands; None while it is not."""

    line_id: UUID
    product_id: UUID
    supplier_id: UUID
    sku: str
    name: str
    recipient: str
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToShip:
    """A supplier order as its supplier sees it."""

    part: SupplierOrderView
    number: str
    placed_at: datetime
    paid_at: datetime | None
    note: str | None
    address: Address
    lines: tuple[LineView, ...]
    shipments: tuple[ParcelView, ...]
    weights: tuple[WeightCorrection, ...] = ()

    @property
    def place(self) -> tuple[date, UUID]:
        """Where it stands in the queue of what is to be sent."""
        return self.part.ship_by or LONG_DUE, self.part.id


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money on its way back to the buyer."""

    id: UUID
    order_id: UUID
    supplier_order_id: UUID
    status: str
    amount_fen: int
    freight_fen: int
    reason: str
    requested_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShipLine:
    """What goes into a parcel."""

    line_id: UUID
    quantity: int
    lot_code: str | None = None


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What of a line is given back; ``quantity`` is zero for a price reduction."""

    line_id: UUID
    amount_fen: int
    quantity: int = 0


def by_line(items: Iterable[RefundLine]) -> list[RefundLine]:
    """The same line named twice is one."""
    found: dict[UUID, RefundLine] = {}
    for item in items:
        before = found.get(item.line_id, RefundLine(item.line_id, 0))
        found[item.line_id] = RefundLine(
            item.line_id, before.amount_fen + item.amount_fen, before.quantity + item.quantity
        )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class ArrivedLine:
    """A line as a claim sees it, with the terms under which it was sold. ``shipped_at`` is None until all of it left.

    ``freight_fen`` is its share of the freight; ``delivered_at`` is when the last of it reached the buyer's hands.
    """

    id: UUID
    supplier_order_id: UUID
    supplier_id: UUID
    status: str
    sku: str
    name: str
    quantity: int
    amount_fen: int
    refunded_fen: int
    refunded_quantity: int
    freight_fen: int
    shipped_at: datetime | None
    delivered_at: datetime | None
    return_days: int
    claim_hours: int
    bad_allow_bp: int
    bad_full_bp: int


@dataclass(frozen=True, slots=True)
class ClaimBasis:
    """An order as a claim sees it. ``freight`` is what of each part's freight was not refunded."""

    order_id: UUID
    number: str
    buyer_id: UUID
    lines: tuple[ArrivedLine, ...]
    freight: Mapping[UUID, int]

    def line(self, line_id: UUID) -> ArrivedLine:
        """One of its lines. Raises ``UnknownLine``."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise UnknownLine

    def freight_left(self, supplier_order_id: UUID) -> int:
        """What of a part's freight can still go back, in fen."""
        return self.freight[supplier_order_id]


@dataclass(frozen=True, slots=True)
class CountedBasis:
    """What of a line has already gone back to the buyer."""

    quantity: int
    amount_fen: int


class Change(StrEnum):
    """What a buyer should know of a line since it was put into the cart."""

    PRICE_UP = "price_up"
    PRICE_DOWN = "price_down"
    FEWER_LEFT = "fewer_left"
    SOLD_OUT = "sold_out"
    NOT_ON_SALE = "not_on_sale"


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of a cart as it stands now; ``put_in_at_fen`` is what one cost when it was put in."""

    sku: str
    name: str
    slug: str
    supplier_id: UUID
    supplier_name: str
    quantity: int
    unit_price_fen: int | None
    put_in_at_fen: int
    available: int
    on_sale: bool
    fresh: bool
    changes: tuple[Change, ...]

    @property
    def orderable(self) -> bool:
        """Whether it could be ordered as it is."""
        return self.on_sale and self.quantity <= self.available


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as it stands now; ``quote`` covers the lines that could be ordered, if it was asked for."""

    id: UUID
    expires_at: datetime
    lines: tuple[CartLine, ...]
    quote: Quote | None


def cart_line(offer: Offer, *, quantity: int, put_in_at_fen: int, price_fen: int | None, available: int) -> CartLine:
    """Compare a line with how things stand now."""
    on_sale = offer.on_sale and price_fen is not None
    changes = []
    if not on_sale:
        changes.append(Change.NOT_ON_SALE)
    elif available < quantity:
        changes.append(Change.FEWER_LEFT if available else Change.SOLD_OUT)
    if price_fen is not None and price_fen != put_in_at_fen:
        changes.append(Change.PRICE_UP if price_fen > put_in_at_fen else Change.PRICE_DOWN)
    return CartLine(
        sku=offer.sku,
        name=f"{offer.product_name} {offer.sku_name}",
        slug=offer.slug,
        supplier_id=offer.supplier_id,
        supplier_name=offer.supplier_name,
        quantity=quantity,
        unit_price_fen=price_fen,
        put_in_at_fen=put_in_at_fen,
        available=available,
        on_sale=on_sale,
        fresh=offer.fresh,
        changes=tuple(changes),
    )
