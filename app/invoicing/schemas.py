"""Invoices on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.invoicing.lifecycle import Status
from app.invoicing.rules import Colour, Invoice, Reason, rows_of


class InvoiceRowOut(Out):
    """A printed row. Amounts are without tax; `unit_price` is in yuan, as printed; a discount has a row of its own."""

    label: str = Field(examples=["*水果*酉水脐橙"])
    spec: str = Field(examples=["净果 5kg"])
    unit: str
    quantity: int | None
    unit_price: str = Field(examples=["45.78"])
    amount_fen: int
    rate: str = Field(examples=["9%"])
    tax_fen: int


_OF_BUYER = ("title", "uscc", "address", "phone", "bank", "account")


class InvoiceOut(Out):
    """An invoice of one supplier order. Amounts are negative when `colour` is red."""

    id: UUID
    number: str | None = Field(description="20 digits, null until it is drawn", examples=["26439000000000000001"])
    sample: bool = Field(description="True for numbers that the sandbox made up: not a valid invoice")
    colour: Colour
    kind: str = Field(examples=["normal"])
    status: Status
    reason: Reason | None = Field(description="Why a red invoice was drawn")
    reverses: UUID | None = Field(description="The blue invoice that a red one takes back")
    order_id: UUID
    order_number: str = Field(examples=["BJ26112000000001"])
    supplier_order_id: UUID
    supplier_id: UUID
    title: str
    uscc: str | None
    address: str | None = Field(description="Of the buyer, as are phone, bank and account: what special invoices say")
    phone: str | None
    bank: str | None
    account: str | None
    seller_name: str
    seller_uscc: str
    rows: list[InvoiceRowOut]
    amount_fen: int
    tax_fen: int
    total_fen: int
    remark: str
    needs_confirmation: bool = Field(description="A classification or rate that the finance office must look at")
    refusal: str | None = Field(description="What the drawer objected to, when `status` is rejected")
    requested_at: datetime
    issued_at: datetime | None

    @classmethod
    def of(cls, invoice: Invoice) -> Self:
        """From the value."""
        return cls(
            **{
                name: getattr(invoice, name)
                for name in cls.model_fields
                if name not in (*_OF_BUYER, "rows", "needs_confirmation")
            },
            **{name: getattr(invoice.buyer, name) for name in _OF_BUYER},
            rows=[InvoiceRowOut.model_validate(row) for row in rows_of(invoice.items)],
            needs_confirmation=any(item.confirm for item in invoice.items),
        )


class InvoicesOut(Out):
    """The invoices of one order."""

    items: list[InvoiceOut]
