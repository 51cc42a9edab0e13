"""Households that are linked with suppliers, and the evidence of what they were paid (domain handbook §2.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from app.core.errors import DomainError

FEWEST = 5
"""A count of fewer households is told to nobody (domain handbook §2.6)."""


class LinkKind(StrEnum):
    """How a household earns from a supplier (domain handbook §2.6)."""

    PURCHASE = "PURCHASE"
    WAGE = "WAGE"
    RENT = "RENT"
    DIVIDEND = "DIVIDEND"
    SERVICE = "SERVICE"
    REBATE = "REBATE"


class ChangeKind(StrEnum):
    """Why something else is true of a household from a day on."""

    MOVED = "moved"
    CORRECTED = "corrected"
    SPLIT = "split"
    LEFT = "left"
    RETURNED = "returned"


class FigureKind(StrEnum):
    """What a supplier declares about itself, in the unit that the word ends with.

    Raw material bought from everybody, the most raw material it can grow or buy, and total revenue.
    """

    RAW_PURCHASED = "raw_purchased_g"
    RAW_CAPACITY = "raw_capacity_g"
    REVENUE = "revenue_fen"


class ListStatus(StrEnum):
    """Where a list of payments stands: it counts once a second officer has approved it."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class HouseholdExists(DomainError):
    """Its number is registered."""

    code = "household_exists"
    zh = "该农户编号已经登记。"
    en = "A household with this number is registered already."


class ChangeInClosedMonth(DomainError):
    """What a closed month says of households stays as it is."""

    code = "change_in_closed_month"
    zh = "该日期所在月份已结账，已结账月份的报表不再改变；请填写 {day} 或之后的日期。"
    en = "The day lies in a closed month, whose reports never change; name {day} or a later day."


class ChangedLater(DomainError):
    """A later version stands on what was true before it."""

    code = "household_changed_later"
    zh = "该农户自 {day} 起已有更新的登记，更正的生效日期不能早于该日。"
    en = "The household has a later version, from {day} on; the change cannot begin before it."


class NothingChanged(DomainError):
    """A version says something new."""

    status = 422
    code = "household_unchanged"
    zh = "没有任何变化，未保存。"
    en = "Nothing would change, so nothing was kept."


class ListDecided(DomainError):
    """Somebody decided before."""

    code = "payment_list_decided"
    zh = "该收益清单已经审批，不能再次审批；如需更正请录入冲销行。"
    en = "This list of payments is decided already; to correct it, enter reversing rows."


class LinkageDecided(DomainError):
    """Somebody decided before."""

    code = "linkage_decided"
    zh = "该联结申报已经审批，不能再次审批。"
    en = "This linkage is decided already."


class ReversedAlready(DomainError):
    """A payment is reversed once."""

    code = "payment_reversed"
    zh = "该笔收益已被冲销。"
    en = "The payment is reversed already."


class FigureOverlaps(DomainError):
    """A figure of another span of days that meets this one is declared."""

    code = "figure_overlaps"
    zh = "该供应商在部分相同日期已申报同类数据；请使用相同的起止日期更正，或选择不相交的期间。"
    en = "The supplier declared the same for other days that overlap; correct that span itself or choose days apart."


class PaymentsRefused(DomainError):
    """Rows of a list that cannot be taken; the whole list is left out."""

    status = 422
    code = "payments_refused"
    zh = "收益清单中有不能录入的行，整份清单未保存；请按 errors 中的提示更正。"
    en = "Some rows cannot be taken, so nothing of the list was kept; see `errors`."


@dataclass(frozen=True, slots=True)
class Household:
    """A household as an officer sees it. ``number`` and ``bank_tail`` are None except in a read that is logged.

    ``classes`` says what it was in each programme period (P1, P2, P3).
    """

    id: UUID
    number: str | None
    township_code: str
    township: str
    village: str
    classes: Mapping[str, str]
    persons: int
    persons_linked: int
    consented_on: date | None
    bank_tail: str | None
    left_on: date | None
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """What became true of a household on ``valid_from``, why, and who wrote it down.

    ``split_into`` is the household that went on its own.
    """

    id: UUID
    valid_from: date
    change: ChangeKind
    township_code: str
    township: str
    village: str
    classes: Mapping[str, str]
    persons: int
    persons_linked: int
    left_on: date | None
    split_into: UUID | None
    note: str
    entered_by: UUID
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Differences:
    """What is to be true of a household from a day on; None is what stays as it is."""

    township_code: str | None = None
    village: str | None = None
    classes: Mapping[str, str] | None = None
    persons: int | None = None
    persons_linked: int | None = None


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """A household to be registered; ``number`` is that of the official system."""

    number: str
    township_code: str
    village: str
    classes: Mapping[str, str]
    persons: int
    persons_linked: int
    consented_on: date | None = None
    bank_tail: str | None = None


@dataclass(frozen=True, slots=True)
class NewLinkage:
    """A contract or register entry to be kept."""

    household_id: UUID
    supplier_id: UUID
    kind: LinkKind
    contract_no: str
    valid_from: date
    valid_to: date | None
    terms: str
    yearly_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Linkage:
    """A contract or register entry that links a household with a supplier. ``yearly_fen`` is what it allows a year."""

    id: UUID
    household_id: UUID
    supplier_id: UUID
    kind: LinkKind
    contract_no: str
    valid_from: date
    valid_to: date | None
    terms: str
    yearly_fen: int | None


@dataclass(frozen=True, slots=True)
class LinkageProposal:
    """A contract that a supplier says it has, and what an officer decided about it."""

    id: UUID
    household_id: UUID
    supplier_id: UUID
    kind: LinkKind
    contract_no: str
    valid_from: date
    valid_to: date | None
    terms: str
    yearly_fen: int | None
    proposed_at: datetime
    status: ListStatus
    decided_at: datetime | None
    decision_note: str | None


@dataclass(frozen=True, slots=True)
class Payment:
    """One row of evidence. ``quantity_milli`` is thousandths of kg, days, 亩 or shares; ``reverses`` takes one back.

    ``voucher_no`` is that of the weigh slip, payroll or transfer: the same household has it once a month.
    """

    household_id: UUID
    supplier_id: UUID
    kind: LinkKind
    category: str | None
    paid_on: date
    quantity_milli: int | None
    unit_price_fen: int | None
    amount_fen: int
    reference_price_fen: int | None
    lot_id: UUID | None
    to_own_account: bool
    reverses: UUID | None
    voucher_no: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentList:
    """Payments that were entered together, and what a second officer decided. ``supplier_id`` is who proposed them."""

    id: UUID
    source: str
    rows: int
    total_fen: int
    note: str
    entered_by: UUID
    entered_at: datetime
    status: ListStatus
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None
    supplier_id: UUID | None = None


class Entered(NamedTuple):
    """A payment as it was entered: where it stands, and the list and note that it came with."""

    id: UUID
    payment: Payment
    status: ListStatus
    list_id: UUID
    note: str


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """All that is known of one household. ``payments`` are at most 500, the latest first."""

    household: Household
    versions: Sequence[Version]
    linkages: Sequence[Linkage]
    payments: Sequence[Entered]


def pseudonym(household_id: UUID) -> str:
    """What people call a household where its number must not stand: short, and the same everywhere."""
    last = household_id.hex[-8:].upper()
    return f"{last[:4]}-{last[4:]}"


def amount_of(quantity_milli: int, unit_price_fen: int) -> int:
    """Quantity × unit price in fen, rounded half up."""
    return int((Decimal(quantity_milli) * unit_price_fen / 1000).quantize(Decimal(1), ROUND_HALF_UP))
