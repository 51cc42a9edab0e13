"""What of an order an invoice needs: the buyer's wish, and what was sold and given back."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError, Fault, InvalidInput
from app.core.sealing import keys
from app.orders.lifecycle import Status
from app.orders.rules import RefundLine


class InvoiceKind(StrEnum):
    """Which invoice a buyer wants (domain handbook §3.4): only the special one lets an organisation deduct the tax."""

    NORMAL = "normal"
    SPECIAL = "special"


_ALWAYS = 4
"""Kind, title, credit code and e-mail address are always stored."""


@dataclass(frozen=True, slots=True)
class InvoiceWish:
    """To whom an order is to be invoiced. ``uscc`` is None for persons, and for units that have none.

    Address, phone, bank and the number of the account there are what a special invoice says of its buyer besides.
    """

    kind: InvoiceKind
    title: str
    uscc: str | None = None
    email: str | None = None
    address: str | None = None
    phone: str | None = None
    bank: str | None = None
    account: str | None = None

    def sealed(self) -> bytes:
        """The wish as it is stored: a title may be a person's name.

        Address and bank are left out where nothing is said of them, so that the version before, which knows of neither,
        reads every wish that it could have written.
        """
        said = astuple(self)
        return keys().seal(json.dumps(said if any(said[_ALWAYS:]) else said[:_ALWAYS]), _INVOICE)

    @classmethod
    def opened(cls, sealed: bytes) -> InvoiceWish:
        """What ``sealed`` stored; wishes of before address and bank were kept end with the e-mail address."""
        kind, *said = json.loads(keys().unseal(sealed, _INVOICE))
        return cls(InvoiceKind(kind), *said)


@dataclass(frozen=True, slots=True)
class AskedInvoice:
    """What a buyer said of the invoice they want; an organisation's member may leave out what we keep of it."""

    kind: InvoiceKind
    title: str | None = None
    uscc: str | None = None
    email: str | None = None
    address: str | None = None
    phone: str | None = None
    bank: str | None = None
    account: str | None = None

    def wish(self, kept: InvoiceWish | None, *, at: str = "") -> InvoiceWish:
        """The whole wish; ``kept`` is what the organisation that ordered told us of itself, and None for persons.

        What was said counts. The rest is taken from ``kept``, unless the invoice is to somebody else than the
        organisation; address and bank come along on a special invoice only, which is the one that names them.
        ``at`` points to the wish in the body. Raises ``InvalidInput``, ``SpecialNeedsUscc``.
        """
        of = kept if kept and self.title in (None, kept.title) and self.uscc in (None, kept.uscc) else None
        title = self.title or (of.title if of else None)
        if title is None:
            missing = Fault(f"{at}/title", "missing", "请填写发票抬头", "give the title of the invoice")
            raise InvalidInput(faults=[missing])
        uscc = self.uscc or (of.uscc if of else None)
        special = self.kind is InvoiceKind.SPECIAL
        if special and not is_enterprise(uscc):
            raise SpecialNeedsUscc
        rest = of if special else None
        return InvoiceWish(
            kind=self.kind,
            title=title,
            uscc=uscc,
            email=self.email,
            address=self.address or (rest.address if rest else None),
            phone=self.phone or (rest.phone if rest else None),
            bank=self.bank or (rest.bank if rest else None),
            account=self.account or (rest.account if rest else None),
        )


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
    organisation_id: UUID | None
    paid_at: datetime | None
    wish: InvoiceWish | None
    supplier_order_id: UUID
    supplier_id: UUID
    status: Status
    freight_fen: int
    lines: tuple[InvoiceableLine, ...]
    refunds: tuple[SettledRefund, ...]
