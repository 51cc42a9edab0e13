"""What of an order an invoice needs: the buyer's wish, and what was sold and given back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError
from app.core.sealing import keys
from app.orders.lifecycle import Status
from app.orders.rules import RefundLine


class InvoiceKind(StrEnum):
    """Which invoice a buyer wants (domain handbook §3.4): only the special one lets an organisation deduct the tax."""

    NORMAL = "normal"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class InvoiceWish:
    """To whom an order is to be invoiced. ``uscc`` is None for persons, and for units that have none."""

    kind: InvoiceKind
    title: str
    uscc: str | None = None
    email: str | None = None

    def sealed(self) -> bytes:
        """The wish as it is stored: a title may be a person's name."""
        return keys().seal(json.dumps([self.kind, self.title, self.uscc, self.email]), _INVOICE)

    @classmethod
    def opened(cls, sealed: bytes) -> InvoiceWish:
        """What ``sealed`` stored."""
        kind, title, uscc, email = json.loads(keys().unseal(sealed, _INVOICE))
        return cls(InvoiceKind(kind), title, uscc, email)


_INVOICE = "orders.invoice"


class SpecialNeedsUscc(DomainError):
    """Only enterprises can use a special invoice: unions and budget units deduct no tax (domain handbook §3.4)."""

    status = 422
    code = "special_invoice_needs_uscc"
    zh = "数电专票只能开给企业，请填写企业的统一社会信用代码；个人、工会和预算单位请选择普通发票。"
    en = "A special invoice goes to enterprises only: give one's unified social credit code, or choose a normal one."


def is_enterprise(uscc: str | None) -> bool:
    """Whether the code is one of market regulation (GB 32100: 9), not of a union (8), an authority (1) or others."""
    return uscc is not None and uscc.startswith("9")


@dataclass(frozen=True, slots=True)
class InvoiceableLine:
    """A line as an invoice needs it, as it was sold."""

    line_id: UUID
    product_name: str
    name: str
    category: str
    quantity: int
    unit_price_fen: int
    amount_fen: int
    tax_rate_bp: int | None


@dataclass(frozen=True, slots=True)
class SettledRefund:
    """Money that has gone back to the buyer."""

    id: UUID
    freight_fen: int
    lines: tuple[RefundLine, ...]


@dataclass(frozen=True, slots=True)
class Invoiceable:
    """A supplier order as an invoice needs it, with everything that has been given back until now."""

    order_id: UUID
    order_number: str
    buyer_id: UUID
    paid_at: datetime | None
    wish: InvoiceWish | None
    supplier_order_id: UUID
    supplier_id: UUID
    status: Status
    freight_fen: int
    lines: tuple[InvoiceableLine, ...]
    refunds: tuple[SettledRefund, ...]
