"""Purchase orders as others see them, and what tells one version from the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.errors import DomainError
from app.wholesale.lifecycle import Status
from app.wholesale.rules import Ack, PoKind, Source


class Mismatch(StrEnum):
    """What to do with an order that believes in other prices."""

    REFUSE = "refuse"
    REVIEW = "review"


class Partial(StrEnum):
    """What to do when stock or credit do not suffice."""

    REFUSE = "refuse"
    ACCEPT = "accept"


class Prices(StrEnum):
    """At which prices an order is approved: those of the contract, or those that the partner asked for."""

    CONTRACT = "contract"
    ASKED = "asked"


class AnswerKind(StrEnum):
    """What was answered to a line after the order was confirmed."""

    CUT = "cut"
    SUBSTITUTE = "substitute"


@dataclass(frozen=True, slots=True)
class FromSheet:
    """The sheet in which an order came, by its digest, and the row in which the order begins there."""

    digest: bytes
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoLine:
    """A line of a purchase order. Counts are units; ``unit_price_fen`` is tax included; the rest as on its table."""

    id: UUID
    line_no: int
    ordered_sku: str
    sku: str
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None
    name: str
    product_id: UUID
    product_name: str
    category: str
    supplier_id: UUID
    supplier_name: str
    case_pack: int
    ordered_units: int
    promised_units: int
    ack: Ack
    ack_reason: str | None
    asked_price_fen: int | None
    unit_price_fen: int
    min_life_pct: int
    min_life_days: int
    shipped_units: int
    delivered_units: int
    received_units: int
    returned_units: int
    payable_fen: int
    net_weight_g: int
    tax_rate_bp: int

    @property
    def amount_fen(self) -> int:
        """What is promised is worth."""
        return self.promised_units * self.unit_price_fen

    @property
    def ordered_cases(self) -> int:
        """Whole cases that were ordered."""
        return self.ordered_units // self.case_pack

    @property
    def promised_cases(self) -> int:
        """Whole cases that we answered to deliver."""
        return self.promised_units // self.case_pack

    @property
    def to_ship_units(self) -> int:
        """What is still to leave the house."""
        return self.promised_units - self.shipped_units


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A substitute that was offered for a line, and what the partner said: None while it has said nothing."""

    id: UUID
    line_no: int
    sku: str
    units: int
    unit_price_fen: int
    reason: str
    offered_at: datetime
    accepted: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder:
    """A purchase order with the lines that whoever asks may see. ``order_on`` is the day that it counts for."""

    id: UUID
    partner_id: UUID
    partner_name: str
    contract_id: UUID
    location_id: UUID
    location_code: str
    division_code: str
    po_no: str
    version: int
    kind: PoKind
    source: Source
    status: Status
    ordered_at: datetime
    order_on: date
    required_on: date
    closes_on: date
    total_fen: int
    note: str | None
    confirmed_at: datetime | None
    closed_at: datetime | None
    lines: tuple[PoLine, ...]
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step in the history of a purchase order."""

    status: Status
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between a version and the one before it: a field of the header, or of the line ``line_no``."""

    field: str
    before: Any
    after: Any
    line_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A purchase order as it was sent once. ``file_row`` is the row of the sheet in which it began."""

    version: int
    received_at: datetime
    content: Mapping[str, Any]
    changes: tuple[Change, ...]
    file_row: int | None


_HEADER = ("location_code", "required_on", "latest_on", "kind", "note")
_OF_LINE = ("means", "wants", "unit_price_fen", "amount_fen")
_NAMES = {"means": "sku", "wants": "units"}


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What is different in ``after``; nothing when there was nothing before."""
    if before is None:
        return ()
    found = [Change(name, before.get(name), after.get(name)) for name in _HEADER if before.get(name) != after.get(name)]
    old = {line["line_no"]: line for line in before["lines"]}
    new = {line["line_no"]: line for line in after["lines"]}
    for line_no in sorted(old.keys() | new.keys()):
        was, now = old.get(line_no, {}), new.get(line_no, {})
        found += [
            Change(_NAMES.get(name, name), was.get(name), now.get(name), line_no)
            for name in _OF_LINE
            if was.get(name) != now.get(name)
        ]
    return tuple(found)


class LastDayOver(DomainError):
    """Goods may not come any more, so nothing is sent or promised."""

    code = "last_day_over"
    zh = "已过本单的最后到货日期，不能再确认或发货；如仍需要，请客户重新下单。"
    en = "The last day of this order is over; have it ordered anew if the goods are still wanted."


class UnknownPoLine(DomainError):
    """The order has no such line, or it is another supplier's."""

    status = 422
    code = "unknown_line"
    zh = "订单中没有该行，或该行不属于贵方。"
    en = "The order has no such line, or it is another supplier's."


class AnswersTooMuch(DomainError):
    """A cut must leave less than was promised, and not less than has left the house."""

    status = 422
    code = "answers_too_much"
    zh = "调整后的数量须少于已承诺数量、不少于已发货数量，且为整箱。"
    en = "After a cut a line has fewer whole cases than were promised, and no fewer than were shipped."


class NoSubstitute(DomainError):
    """A substitute is of the same category and on the price list, for a line of which nothing was shipped."""

    status = 422
    code = "no_substitute"
    zh = "替代商品须与原商品同类、在该客户价目表内，且该行尚未发货。"
    en = (
        "A substitute is of the same category and on the partner's price list, for a line of which nothing was shipped."
    )


class OfferDecided(DomainError):
    """The partner has answered before, or the line has changed since."""

    code = "offer_decided"
    zh = "该替代方案已答复或已失效。"
    en = "This offer was answered before, or no longer holds."


class NoAskedPrice(DomainError):
    """Without an asked price there is nothing to approve at it."""

    status = 422
    code = "no_asked_price"
    zh = "部分行没有填写价格，不能按客户价格审核；请改为按合同价。"
    en = "Some lines ask for no price of their own; approve at the contract's."
