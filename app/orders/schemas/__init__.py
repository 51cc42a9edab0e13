"""Orders on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.buyers import PHONE_PATTERN, AddressIn, AddressOut, DivisionCode
from app.core.money import MAX_FEN
from app.core.settings import BankSettings
from app.core.web import Body, LongText, Out, Quantity, ShortText, Sku
from app.core.web.schemas import NO_CONTROL
from app.fulfilment import TrackingState, Trouble
from app.inventory import Picked, Unfit, Why
from app.orders.lifecycle import Status
from app.orders.rules import (
    MOST_LINES,
    SHIP_WITHIN,
    OrderView,
    ParcelView,
    RefundView,
    SupplierOrderView,
    ToShip,
)
from app.orders.rules.invoices import AskedInvoice, InvoiceKind
from app.orders.rules.promise import Promise
from app.payments import Payment, PaymentStatus, Provider, RefundStatus
from app.pricing import Funder, Quote
from app.suppliers import InvalidUscc, is_uscc

Cash = Annotated[int, Field(strict=True, ge=1, le=MAX_FEN, examples=[2490])]
Note = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_CONTROL)]

_ADDRESS: JsonDict = {
    "recipient": "王女士",
    "phone": "13800001234",
    "division_code": "370112",
    "detail": "花园路 88 号 3 单元 502 室",
}


class ItemIn(Body):
    """So many units of a SKU."""

    sku: Sku
    quantity: Quantity


class PlaceIn(Body):
    """Where a quote is delivered to."""

    division_code: DivisionCode


class QuoteIn(Body):
    """Ask what it would cost."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"sku": "NO02", "quantity": 2}], "address": {"division_code": "370112"}}]
        }
    )
    items: list[ItemIn] = Field(min_length=1, max_length=MOST_LINES)
    address: PlaceIn
    coupon: ShortText | None = None


class QuoteLineOut(Out):
    """One line of a quote."""

    sku: str
    quantity: int
    unit_price_fen: int
    discount_fen: int
    amount_fen: int
    presale: bool = Field(False, description="Stock does not suffice; the rest comes from a harvest that is sold ahead")
    ship_by: date | None = Field(None, description="Of a pre-sale: leaves the house on this day at the latest")
    was_price_fen: int | None = Field(None, description="To be crossed out: the lowest unit price of the week before")


class PauseOut(Out):
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


class QuoteParcelOut(Out):
    """One parcel: goods of different suppliers are not weighed together."""

    supplier_id: UUID
    weight_g: int
    billable_g: int = Field(description="What the carrier charges for: the weight, or the volume's if that is more")
    freight_fen: int
    ship_by: date | None = Field(None, description="Paid today, it leaves on this day at the latest; not of a pre-sale")
    pause: PauseOut | None = Field(None, description="What delays it, or will within a week")


class QuoteDiscountOut(Out):
    """What a promotion takes off a line."""

    sku: str
    promotion_id: UUID
    name: str
    funder: Funder
    amount_fen: int


class QuoteOut(Out):
    """What it would cost now."""

    lines: list[QuoteLineOut]
    parcels: list[QuoteParcelOut]
    discounts: list[QuoteDiscountOut]
    goods_fen: int
    discount_fen: int
    freight_fen: int
    total_fen: int
    ship_within_hours: int = Field(
        int(SHIP_WITHIN.total_seconds()) // 3600,
        description="After payment, for all that is not a pre-sale; days on which nothing is shipped do not count",
    )

    @classmethod
    def of(cls, quote: Quote, ahead: Mapping[str, date], promises: Mapping[UUID, Promise]) -> Self:
        """From the pricing module's value, the day to ship by of what is sold ahead, and each supplier's promise."""
        priced = cls.model_validate(quote)
        lines = [
            line.model_copy(update={"presale": line.sku in ahead, "ship_by": ahead.get(line.sku)})
            for line in priced.lines
        ]
        parcels = []
        for parcel in priced.parcels:
            promise = promises[parcel.supplier_id]
            pause = PauseOut.model_validate(promise.pause) if promise.pause else None
            parcels.append(parcel.model_copy(update={"ship_by": promise.ship_by, "pause": pause}))
        return priced.model_copy(update={"lines": lines, "parcels": parcels})


class InvoiceIn(Body):
    """To whom the order is to be invoiced; each supplier issues its own invoice once its goods are accepted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "normal", "title": "王女士"}]})
    kind: InvoiceKind = InvoiceKind.NORMAL
    title: ShortText | None = Field(
        None,
        description="A person's name, or the full registered name of an organisation. For an order of an organisation "
        "whatever is left out is filled in from its invoice details",
    )
    uscc: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")] | None = Field(
        None, description="Unified social credit code of an organisation", examples=["91370112MA3FAKE120"]
    )
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s\x00-\x1f]{1,64}@[A-Za-z0-9.-]{3,120}$")] | None = None
    address: ShortText | None = Field(None, description="Of the buyer, as its special invoices say")
    phone: Annotated[str, StringConstraints(pattern=PHONE_PATTERN, max_length=32)] | None = None
    bank: ShortText | None = None
    account: Annotated[str, StringConstraints(pattern=r"^[0-9-]{6,40}$")] | None = Field(
        None, description="The number of the buyer's account at `bank`"
    )

    def asked(self) -> AskedInvoice:
        """As a value. Raises ``InvalidUscc``."""
        if self.uscc is not None and not is_uscc(self.uscc):
            raise InvalidUscc
        return AskedInvoice(**self.model_dump())


class OrderIn(Body):
    """Place an order."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"sku": "GT04", "quantity": 1}], "address": _ADDRESS}]}
    )
    items: list[ItemIn] | None = Field(default=None, min_length=1, max_length=MOST_LINES)
    cart_id: UUID | None = Field(default=None, description="In place of `items`: what lies in this cart, emptying it")
    address: AddressIn | None = None
    address_id: UUID | None = Field(default=None, description="In place of `address`: one of the caller's address book")
    organisation_id: UUID | None = Field(default=None, description="Order for this organisation, as a member of it")
    ext_832_order_no: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,40}$")] | None = Field(
        default=None, description="Of an organisation: the order on the 832 platform that reports the same sale"
    )
    fresh_goods_acknowledged: bool = Field(
        default=False,
        description="Fresh goods cannot be returned without a reason; the buyer has been told and agrees.",
    )
    coupon: ShortText | None = None
    invoice: InvoiceIn | None = None
    note: Note | None = None


class OrderLineOut(Out):
    """One line of an order."""

    id: UUID
    sku: str
    name: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int = Field(description="Pieces that were cancelled before shipment and will not be sent")
    unit_price_fen: int
    discount_fen: int
    subsidy_fen: int = Field(description="The part of `discount_fen` that the seller does not bear")
    amount_fen: int
    refunded_fen: int
    supplier_id: UUID
    presale: bool = Field(description="Bought, at least in part, of a harvest to come")
    ship_by: date | None = Field(description="Leaves the house on this day at the latest; unknown before payment")
    net_weight_g: int = Field(description="Net weight of one piece as it was sold", examples=[5000])
    waiting_quantity: int = Field(description="Pieces of a pre-sale that have not come in yet and cannot be sent")


class SupplierOrderOut(Out):
    """The part that one supplier fulfils."""

    id: UUID
    supplier_id: UUID
    status: Status
    freight_fen: int
    amount_fen: int
    refunded_fen: int
    ship_by: date | None = Field(description="Leaves the house on this day at the latest; null before payment")


class ShipmentOut(Out):
    """A parcel on its way."""

    id: UUID
    supplier_order_id: UUID
    carrier: str
    tracking_number: str
    dispatched_at: datetime
    delivered_at: datetime | None
    state: TrackingState
    trouble: Trouble | None = Field(description="Why somebody should look after it; null while all is well")
    news_at: datetime | None
    news: str | None = Field(description="What the carrier said last, with names and numbers masked")

    @classmethod
    def of(cls, parcel: ParcelView) -> Self:
        """From the value."""
        return cls.model_validate(parcel)


class PassedOverOut(Out):
    """A lot that was not sent although it has something."""

    lot_code: str
    reason: Unfit = Field(description="It is recalled, past its date, or has too little life left for this buyer")


class AllocationOut(Out):
    """Which lot pieces were taken from, and why."""

    sku: str
    lot_code: str | None = Field(description="Null for pieces that lie in no lot")
    quantity: int
    best_before: date | None
    why: Why = Field(description="The supplier named it, it expires first, is the oldest vintage, or no lot was left")
    passed_over: list[PassedOverOut]

    @classmethod
    def of(cls, picked: Picked) -> Self:
        """From the value."""
        return cls(
            sku=picked.sku,
            lot_code=picked.lot_code,
            quantity=picked.quantity,
            best_before=picked.best_before,
            why=picked.why,
            passed_over=[PassedOverOut(lot_code=code, reason=unfit) for code, unfit in picked.passed_over],
        )


class ShippedOut(ShipmentOut):
    """A parcel that was just handed over, with the lots its pieces come from."""

    allocation: list[AllocationOut]

    @classmethod
    def of(cls, parcel: ParcelView) -> Self:
        """From the value."""
        shipment = ShipmentOut.of(parcel)
        return cls(**shipment.model_dump(), allocation=[AllocationOut.of(picked) for picked in parcel.allocation])


class WeightCorrectionOut(Out):
    """What pieces on their way really weigh, and what went back for it."""

    id: UUID
    line_id: UUID
    lot_code: str | None
    quantity: int = Field(description="So many pieces weigh that much each")
    promised_g: int = Field(description="Net weight of a piece as the label promises it", examples=[5000])
    stated_g: int = Field(description="Net weight of each of these pieces", examples=[4800])
    tolerance_g: int = Field(description="So much a piece may lack by law, and nothing is owed", examples=[75])
    refund_fen: int = Field(description="What goes back for all of them; 0 within the tolerance", examples=[200])
    refund_id: UUID | None
    stated_at: datetime


class MoneyBackOut(Out):
    """Money on its way back to the buyer, also money that came when the order was closed already."""

    number: str = Field(examples=["RF20261120000000000001"])
    status: RefundStatus
    amount_fen: int
    reason: str
    requested_at: datetime
    settled_at: datetime | None


class OrderOut(Out):
    """An order as its buyer sees it."""

    id: UUID
    number: str = Field(examples=["BJ26112000000001"])
    status: Status
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    goods_fen: int
    discount_fen: int
    freight_fen: int
    total_fen: int
    address: AddressOut
    note: str | None
    lines: list[OrderLineOut]
    supplier_orders: list[SupplierOrderOut]
    shipments: list[ShipmentOut]
    refunds: list[MoneyBackOut]
    weight_corrections: list[WeightCorrectionOut] = Field(description="Net weights that the suppliers corrected")
    organisation_id: UUID | None
    ext_832_order_no: str | None

    @classmethod
    def of(cls, order: OrderView) -> Self:
        """From the value."""
        return cls(
            id=order.id,
            number=order.number,
            status=order.status,
            placed_at=order.placed_at,
            expires_at=order.expires_at,
            paid_at=order.paid_at,
            goods_fen=order.goods_fen,
            discount_fen=order.discount_fen,
            freight_fen=order.freight_fen,
            total_fen=order.total_fen,
            address=AddressOut.of(order.address),
            note=order.note,
            lines=[OrderLineOut.model_validate(line) for line in order.lines],
            supplier_orders=[SupplierOrderOut.model_validate(part) for part in order.supplier_orders],
            shipments=[ShipmentOut.of(parcel) for parcel in order.shipments],
            refunds=[MoneyBackOut.model_validate(refund) for refund in order.refunds],
            weight_corrections=[WeightCorrectionOut.model_validate(one) for one in order.weights],
            organisation_id=order.organisation_id,
            ext_832_order_no=order.ext_832_order_no,
        )


class CancelIn(Body):
    """Why the order is cancelled; may be left out. With ``supplier_order_id`` only that supplier's part of it is."""

    reason: ShortText = Field("buyer cancelled", examples=["地址填错了"])
    supplier_order_id: UUID | None = Field(None, description="Only this part of a paid order; nothing: all of it")


class PaymentIn(Body):
    """Choose how to pay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"provider": "sandbox"}]})
    provider: Provider


class TransferOut(Out):
    """Where a transfer goes to, within which time."""

    payee: str = Field(examples=["保靖好物运营有限公司（示例）"])
    account: str = Field(examples=["0000100020003000"])
    bank: str = Field(examples=["示例银行保靖支行"])
    cnaps: str = Field(description="联行号", examples=["000000000000"])
    pay_by: datetime


class PaymentOut(Out):
    """A payment that waits for the buyer's money."""

    id: UUID
    status: PaymentStatus
    provider: Provider
    amount_fen: int
    code_url: str | None = Field(description="What the buyer's phone scans")
    remittance_code: str | None = Field(description="To be written into the transfer's postscript", examples=[None])
    transfer: TransferOut | None = Field(None, description="Where a bank transfer of exactly the amount goes to")

    @classmethod
    def of(cls, payment: Payment, bank: BankSettings) -> Self:
        """From the payments module's value, and our account as it is today."""
        pay_by = payment.pay_by
        return cls(
            id=payment.id,
            status=payment.status,
            provider=payment.provider,
            amount_fen=payment.amount_fen,
            code_url=payment.code_url,
            remittance_code=payment.remittance_code,
            transfer=TransferOut.model_validate({**bank.model_dump(), "pay_by": pay_by}) if pay_by else None,
        )


class ShipLineIn(Body):
    """What goes into the parcel."""

    line_id: UUID
    quantity: Quantity
    lot_code: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)] | None = None


class ShipmentIn(Body):
    """Hand a parcel to a carrier."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "carrier": "ZTO",
                    "tracking_number": "78001234567890",
                    "lines": [{"line_id": "0193478a-2b00-7abc-8def-0123456789ab", "quantity": 1}],
                }
            ]
        }
    )
    carrier: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,8}$"), Field(examples=["ZTO"])]
    tracking_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,32}$")]
    lines: list[ShipLineIn] = Field(min_length=1, max_length=MOST_LINES)


class CancelLineIn(Body):
    """So many pieces that will not be sent."""

    line_id: UUID
    quantity: Quantity


class CancellationIn(Body):
    """Pieces that the supplier cannot deliver."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"lines": [{"line_id": "0193478a-2b00-7abc-8def-0123456789ab", "quantity": 1}], "reason": "霜冻减产"}
            ]
        }
    )
    lines: list[CancelLineIn] = Field(min_length=1, max_length=MOST_LINES)
    reason: ShortText


class ToShipOut(Out):
    """A supplier order as its supplier sees it."""

    id: UUID
    order_id: UUID
    order_number: str
    status: Status
    placed_at: datetime
    paid_at: datetime | None
    freight_fen: int
    amount_fen: int
    refunded_fen: int
    ship_by: date | None = Field(description="Has to leave the house on this day at the latest")
    address: AddressOut
    note: str | None
    lines: list[OrderLineOut]
    shipments: list[ShipmentOut]
    weight_corrections: list[WeightCorrectionOut]

    @classmethod
    def of(cls, found: ToShip) -> Self:
        """From the value."""
        part: SupplierOrderView = found.part
        return cls(
            id=part.id,
            order_id=part.order_id,
            order_number=found.number,
            status=part.status,
            placed_at=found.placed_at,
            paid_at=found.paid_at,
            freight_fen=part.freight_fen,
            amount_fen=part.amount_fen,
            refunded_fen=part.refunded_fen,
            ship_by=part.ship_by,
            address=AddressOut.of(found.address),
            note=found.note,
            lines=[OrderLineOut.model_validate(line) for line in found.lines],
            shipments=[ShipmentOut.of(parcel) for parcel in found.shipments],
            weight_corrections=[WeightCorrectionOut.model_validate(one) for one in found.weights],
        )


class RefundLineIn(Body):
    """What of a line goes back; ``quantity`` 0 is a price reduction for goods that are kept."""

    line_id: UUID
    amount_fen: Cash
    quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0


class RefundIn(Body):
    """Give money back for lines that have shipped."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": [{"line_id": "0193478a-2b00-7abc-8def-0123456789ab", "amount_fen": 998}],
                    "reason": "2 of 10 oranges arrived rotten",
                }
            ]
        }
    )
    lines: list[RefundLineIn] = Field(min_length=1, max_length=MOST_LINES)
    reason: LongText


class RefundOut(Out):
    """Money on its way back."""

    id: UUID
    order_id: UUID
    supplier_order_id: UUID
    status: str
    amount_fen: int
    freight_fen: int
    reason: str
    requested_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, refund: RefundView) -> Self:
        """From the value."""
        return cls.model_validate(refund)


class AccountCloseIn(Body):
    """The caller means it: a closed account does not come back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirm": True}]})

    confirm: Literal[True]


class RefundsOut(Out):
    """The refunds of an order."""

    items: list[RefundOut]
