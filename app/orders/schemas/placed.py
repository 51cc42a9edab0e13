"""An order as it is placed, shown, paid and given up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.buyers import PHONE_PATTERN, AddressIn, AddressOut
from app.core.settings import BankSettings
from app.core.web import Body, Out, ShortText
from app.orders.lifecycle import Status
from app.orders.rules import (
    MOST_LINES,
    OrderView,
)
from app.orders.rules.invoices import AskedInvoice, InvoiceKind
from app.orders.schemas.items import ADDRESS, ItemIn, Note, OrderLineOut
from app.orders.schemas.money_back import MoneyBackOut, WeightCorrectionOut
from app.orders.schemas.parcels import ShipmentOut
from app.payments import Payment, PaymentStatus, Provider
from app.suppliers import InvalidUscc, is_uscc


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
        json_schema_extra={"examples": [{"items": [{"sku": "GT04", "quantity": 1}], "address": ADDRESS}]}
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


class SupplierOrderOut(Out):
    """The part that one supplier fulfils."""

    id: UUID
    supplier_id: UUID
    status: Status
    freight_fen: int
    amount_fen: int
    refunded_fen: int
    ship_by: date | None = Field(description="Leaves the house on this day at the latest; null before payment")


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


class AccountCloseIn(Body):
    """The caller means it: a closed account does not come back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirm": True}]})

    confirm: Literal[True]
