"""What an invoice says, to the fen, and the refusals (domain handbook §3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.errors import DomainError, NotFound
from app.invoicing.lifecycle import Status

FREIGHT = "freight"
"""The key of the freight item; goods are keyed by their line's id."""


class Colour(StrEnum):
    """A blue invoice bills; a red one takes back, with negative amounts."""

    BLUE = "blue"
    RED = "red"


class Reason(StrEnum):
    """Why a red invoice was drawn."""

    REFUND = "refund"
    REISSUE = "reissue"


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what it costs without tax, the tax, and both together, in fen; negative on a red invoice.

    ``rate_bp`` is None for what is exempt (免税). ``gross_fen`` is with tax and before discount. ``code`` is the
    19-digit tax classification where it is known; ``confirm`` says that the finance office must look (财务确认): the
    classification is not known, or the frozen rate is not the one of the tax table. ``quantity`` is None where only
    money moved.
    """

    key: str
    short_name: str
    name: str
    spec: str
    unit: str
    quantity: int | None
    rate_bp: int | None
    gross_fen: int
    amount_fen: int
    tax_fen: int
    code: str | None
    confirm: bool

    @property
    def total_fen(self) -> int:
        """What is paid for it."""
        return self.amount_fen + self.tax_fen

    @property
    def label(self) -> str:
        """The name as it is printed: ``*水果*脐橙``."""
        return f"*{self.short_name}*{self.name}"


@dataclass(frozen=True, slots=True)
class Row:
    """A printed row: an item, or the discount on the item above it. ``unit_price`` is yuan without tax."""

    label: str
    spec: str
    unit: str
    quantity: int | None
    unit_price: str
    amount_fen: int
    rate: str
    tax_fen: int


@dataclass(frozen=True, slots=True)
class Buyer:
    """To whom an invoice is made out. ``uscc`` is None for persons, and for units that have none."""

    title: str
    uscc: str | None = None
    email: str | None = None
    address: str | None = None
    phone: str | None = None
    bank: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of one supplier order, drawn in its supplier's name. A red one names the blue in ``reverses``.

    Amounts are fen, negative when red. ``number`` has 20 digits and is None until the drawer gave it; ``sample`` marks
    numbers that the sandbox made up.
    """

    id: UUID
    colour: Colour
    kind: str
    status: Status
    reason: Reason | None
    reverses: UUID | None
    order_id: UUID
    order_number: str
    supplier_order_id: UUID
    supplier_id: UUID
    buyer: Buyer
    seller_name: str
    seller_uscc: str
    items: tuple[Item, ...]
    amount_fen: int
    tax_fen: int
    total_fen: int
    remark: str
    number: str | None
    sample: bool
    refusal: str | None
    requested_at: datetime
    issued_at: datetime | None


class NotInvoiceable(DomainError):
    """Nothing of the order is paid, or all of it was given back."""

    code = "not_invoiceable"
    zh = "该订单没有可开票的金额：未付款、已取消或已全额退款。"
    en = "Nothing of this order can be invoiced: it is not paid, is cancelled, or all was refunded."


class InvoiceExists(DomainError):
    """The supplier order has an invoice."""

    code = "invoice_exists"
    zh = "该订单已申请发票；如需修改抬头，请对原发票申请换开。"
    en = "An invoice was asked for already; to change its title, ask for the invoice to be reissued."


class NotCurrent(DomainError):
    """Only the blue invoice in force can be reissued."""

    code = "invoice_not_current"
    zh = "只能对当前有效的蓝字发票换开。"
    en = "Only the blue invoice in force can be reissued."


class NotYetIssued(DomainError):
    """There is no paper before the drawer gave a number."""

    code = "invoice_not_issued"
    zh = "发票尚未开具，请稍后再试。"
    en = "The invoice is not issued yet; try again later."


class NoSuchInvoice(NotFound):
    """No such invoice, or it is somebody else's."""

    zh = "没有找到该发票。"
    en = "There is no such invoice."


def without_tax(total_fen: int, rate_bp: int | None) -> int:
    """The part of a price that is not tax: ``round(total / (1 + rate), 2)``, half up; all of it when exempt."""
    if rate_bp is None:
        return total_fen
    if total_fen < 0:
        return -without_tax(-total_fen, rate_bp)
    divisor = 10_000 + rate_bp
    return (2 * 10_000 * total_fen + divisor) // (2 * divisor)


def taken_back(item: Item, fen: int, quantity: int, reversed_fen: int) -> Item | None:
    """The item of a red invoice that takes back ``fen`` of a blue ``item`` of which ``reversed_fen`` is gone already.

    Never more than what is left, and None for nothing. Its tax is the difference between what the tax on the rest was
    and what it will be, so that red ones add up to the blue one exactly.
    """
    before = item.total_fen - reversed_fen
    fen = min(fen, before)
    if fen <= 0:
        return None
    amount = without_tax(before, item.rate_bp) - without_tax(before - fen, item.rate_bp)
    return replace(
        item, quantity=-quantity if quantity else None, gross_fen=-fen, amount_fen=-amount, tax_fen=amount - fen
    )


def rows_of(items: Sequence[Item]) -> list[Row]:
    """The printed rows: each item at its full price, and under it the discount with the same name, as the rule is."""
    rows = []
    for item in items:
        gross = without_tax(item.gross_fen, item.rate_bp)
        rate = "免税" if item.rate_bp is None else f"{Decimal(item.rate_bp) / 100:f}%".replace(".0%", "%")
        each = f"{_each(gross, item.quantity):f}" if item.quantity else ""
        common = {"label": item.label, "rate": rate}
        rows.append(
            Row(
                **common,
                spec=item.spec,
                unit=item.unit if item.quantity else "",
                quantity=item.quantity,
                unit_price=each,
                amount_fen=gross,
                tax_fen=item.gross_fen - gross,
            )
        )
        if item.gross_fen != item.total_fen:
            less = item.amount_fen - gross
            tax = item.total_fen - item.gross_fen - less
            rows.append(Row(**common, spec="", unit="", quantity=None, unit_price="", amount_fen=less, tax_fen=tax))
    return rows


def _each(gross_fen: int, quantity: int) -> Decimal:
    price = (Decimal(gross_fen) / 100 / quantity).quantize(Decimal("0.00000001"), ROUND_HALF_UP)
    return price.quantize(Decimal("0.01")) if price == price.quantize(Decimal("0.01")) else price.normalize()


def to_json(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Items as they are stored."""
    return [asdict(item) for item in items]


def from_json(items: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    """Stored items as values."""
    return tuple(Item(**item) for item in items)
