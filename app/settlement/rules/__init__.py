"""What settlement decides without the database: whose account a fen moves on, what a share is, when a month is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from app.core.clock import day_start, local_day
from app.core.errors import DomainError, NotFound

if TYPE_CHECKING:
    from app.settlement.lifecycle import PayoutStatus, Status
    from app.settlement.rules.drafts import Draft

STATEMENT_DAY = 5
"""Day of the month on which the month before is settled (domain handbook §2.8: the monthly freeze)."""

CONFIRM_WITHIN = timedelta(days=7)
"""A statement that its supplier does not answer for so long is taken as confirmed."""

NOTICE = timedelta(days=7)
"""New terms of the platform are published so long before they begin (domain handbook §3.5)."""

MOST_RATE_BP = 3_000
"""No provider lets the platform take more than 30 % of a payment (domain handbook §6.1)."""

WHOLE_BP = 10_000


class Kind(StrEnum):
    """What a posting is the consequence of.

    ``receipt`` is of goods that a supermarket took in, ``return`` of what of them went back or was corrected away,
    ``deduction`` of the rebate and fees that it agreed to; nothing of it is paid out before the supermarket has paid.
    Then ``purchase`` and ``purchase_return`` let go of what these three hold.
    """

    SALE = "sale"
    REFUND = "refund"
    RESHIPMENT = "reshipment"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"
    RECEIPT = "receipt"
    RETURN = "return"
    DEDUCTION = "deduction"
    PURCHASE = "purchase"
    PURCHASE_RETURN = "purchase_return"


UNSTATED = (Kind.PAYOUT, Kind.RECEIPT, Kind.RETURN, Kind.DEDUCTION)
"""Kinds that stand on no supplier's statement: what is paid already, and what no supermarket has paid for yet."""

OF_ORDERS = (Kind.RECEIPT, Kind.RETURN, Kind.DEDUCTION, Kind.PURCHASE, Kind.PURCHASE_RETURN)
"""Kinds that are of a supermarket's purchase order."""


class Account(StrEnum):
    """The chart of accounts.

    ``clearing`` is what a licensed provider holds of buyers' money; ``payable`` is what suppliers are owed;
    ``commission`` is earned; ``platform`` is borne (own promotions, claims taken over); ``district`` and ``carrier``
    owe vouchers and damage; ``cash`` is the platform's own: what the provider passed on to it, and what came by bank
    transfer until it is paid in for the supplier.

    ``receivable`` is what supermarkets owe for goods that they took in. Of that ``pending`` is the suppliers' and
    ``unearned`` the platform's commission, once it is paid.
    """

    CLEARING = "clearing"
    PAYABLE = "payable"
    COMMISSION = "commission"
    PLATFORM = "platform"
    DISTRICT = "district"
    CARRIER = "carrier"
    CASH = "cash"
    RECEIVABLE = "receivable"
    PENDING = "pending"
    UNEARNED = "unearned"


ACCOUNTS = tuple(f"{account}_fen" for account in Account)
"""The journal's columns."""

ROW_TEXT = """concat_ws('|', r.position, p.kind, p.source_id, coalesce(CAST(p.line_id AS text), '-'),
    coalesce(p.order_number, '-'), coalesce(p.sku, '-'), coalesce(p.quantity, 0), coalesce(p.rate_bp, 0),
    CAST(extract(epoch FROM p.occurred_at) * 1000000 AS bigint), p.clearing_fen, p.payable_fen, p.commission_fen,
    p.platform_fen, p.district_fen, p.carrier_fen, p.cash_fen,
    CASE WHEN p.po_no IS NOT NULL THEN concat_ws('|', p.po_no, p.receivable_fen, p.pending_fen, p.unearned_fen) END)"""
"""One row of a statement as the text that its SHA-256 is taken of: rows ``r`` over postings ``p``, in SQL.

Only a purchase order's row says its last four words: those of buyers' orders read as they did before there were any.
"""

DIGEST = f"encode(sha256(convert_to(coalesce(string_agg({ROW_TEXT}, E'\\n' ORDER BY r.position), ''), 'UTF8')), 'hex')"
"""The SHA-256 of a statement's rows, one a line, in lower-case hexadecimal; an aggregate in SQL."""


class Party(StrEnum):
    """Who took a step of a statement."""

    SUPPLIER = "supplier"
    OPERATOR = "operator"
    SYSTEM = "system"
    PROVIDER = "provider"


class MonthNotOver(DomainError):
    """A month is settled when it is over."""

    status = 422
    code = "month_not_over"
    zh = "{month} 尚未结束，不能出具结算单。"
    en = "{month} is not over, so it cannot be settled yet."


class MonthSettled(DomainError):
    """The supplier's statement of that month was issued a moment ago."""

    code = "month_settled"
    zh = "该月结算单已出具。"
    en = "The statement of this month was issued already."


class RuleTaken(DomainError):
    """There is a rule for the same goods from the same day."""

    code = "commission_rule_exists"
    zh = "同一范围、同一生效日已有佣金规则；规则不可修改，请另选生效日。"
    en = "A commission rule for the same goods begins on that day; rules are never changed, choose another day."


class RuleTooSoon(DomainError):
    """Terms are announced before they begin."""

    status = 422
    code = "rule_too_soon"
    zh = "佣金规则须至少提前 7 天公布，生效日最早为 {earliest}。"
    en = "A commission rule is published at least 7 days ahead; the earliest day is {earliest}."


class UnknownCategory(DomainError):
    """Rules are for the roots of the category tree."""

    status = 422
    code = "unknown_category"
    zh = "没有这个商品大类。"
    en = "There is no such root category."


class AlreadyPaid(DomainError):
    """Another run took the statement a moment ago."""

    code = "statement_being_paid"
    zh = "该结算单已在付款中或已付款。"
    en = "The statement is being paid or was paid."


class NoPayoutAccount(NotFound):
    """The supplier has not said where it is paid."""

    zh = "尚未登记收款账户。"
    en = "No payout account has been entered yet."


class NotPaidThatWay(DomainError):
    """The provider's word does not agree with ours."""

    code = "payout_contradicted"
    zh = "通知与我方记录的分账指令不一致（金额、渠道或结果），未作任何更改。"
    en = "The notification contradicts our instruction (amount, provider or outcome); nothing was changed."


def month_of(at: datetime) -> date:
    """The first day of the Shanghai month of an instant."""
    return local_day(at).replace(day=1)


def following(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


def last_due(now: datetime) -> date:
    """The latest month that is settled by itself at ``now``: the one before last, until the day of statements."""
    today = local_day(now)
    before = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return before if today.day >= STATEMENT_DAY else (before - timedelta(days=1)).replace(day=1)


def month_end(month: date) -> datetime:
    """The instant at which a month is over."""
    return day_start(following(month))


def share_bp(part_fen: int, whole_fen: int) -> int | None:
    """``part`` of ``whole`` in basis points, rounded half up; None of nothing."""
    return (2 * part_fen * WHOLE_BP + whole_fen) // (2 * whole_fen) if whole_fen > 0 else None


def vat_in(total_fen: int, rate_bp: int) -> int:
    """The value-added tax in a price that includes it: what is left of it after the rounded net (handbook §3.4)."""
    gross = abs(total_fen)
    net = (2 * gross * WHOLE_BP + WHOLE_BP + rate_bp) // (2 * (WHOLE_BP + rate_bp))
    return gross - net if total_fen >= 0 else net - gross


@dataclass(frozen=True, slots=True)
class CommissionRule:
    """From which day the platform takes which share of whose goods, in basis points."""

    id: UUID
    supplier_id: UUID | None
    category: str | None
    rate_bp: int
    valid_from: date
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a statement, and who took it."""

    at: datetime
    status: Status
    party: Party
    reason: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a supplier is owed for a month, in fen.

    ``goods_fen`` is what buyers paid for goods, ``subsidy_fen`` what the platform and districts add to it,
    ``refund_fen`` what refunds took back of it (commission already given back), ``other_fen`` goods that were sent
    again at somebody else's cost, and corrections. ``history`` is filled where one statement is asked for.
    """

    id: UUID
    number: str
    supplier_id: UUID
    supplier_name: str
    supplier_uscc: str
    month: date
    status: Status
    row_count: int
    sha256: str
    opening_fen: int
    goods_fen: int
    subsidy_fen: int
    freight_fen: int
    commission_fen: int
    refund_fen: int
    other_fen: int
    net_fen: int
    balance_fen: int
    clearing_fen: int
    issued_at: datetime
    confirm_by: datetime | None
    paid_at: datetime | None
    history: tuple[Event, ...] = ()
    draft_id: UUID | None = None


_SOLD = (Kind.SALE, Kind.PURCHASE)
_PRICED = (*_SOLD, Kind.REFUND, Kind.PURCHASE_RETURN)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a statement; amounts in fen, negative where they lower what is owed.

    Of a sold line ``listed_fen`` less the supplier's own ``discount_fen`` is its price, which the buyer paid and others
    added to; ``share_bp`` of it reaches the supplier, the farm-gate share of the line. Of goods that a supermarket took
    in ``po_no`` and ``po_line_no`` say on which order, and ``rebate_fen`` is what the price was lessened by.
    """

    position: int
    kind: Kind
    order_number: str | None
    line_id: UUID | None
    sku: str | None
    name: str | None
    quantity: int | None
    rate_bp: int | None
    tax_rate_bp: int | None
    occurred_at: datetime
    listed_fen: int | None
    discount_fen: int | None
    paid_fen: int
    subsidy_fen: int
    commission_fen: int
    borne_fen: int
    net_fen: int
    po_no: str | None = None
    po_line_no: int | None = None
    unit_price_fen: int | None = None
    rebate_fen: int | None = None

    @property
    def tax_fen(self) -> int | None:
        """The value-added tax in the price, or in what went back of it; none known of freight and corrections."""
        if self.tax_rate_bp is None or self.kind not in _PRICED:
            return None
        return vat_in(self.paid_fen + self.subsidy_fen, self.tax_rate_bp)

    @property
    def share_bp(self) -> int | None:
        """What of the price of a sold line reaches the supplier."""
        return share_bp(self.net_fen, self.paid_fen + self.subsidy_fen) if self.kind in _SOLD else None


@dataclass(frozen=True, slots=True)
class Owed:
    """What a supplier is owed at this moment, in fen: on statements, ready for the next one, or still claimable.

    ``pending_fen`` is its share of what supermarkets took in and have not paid yet; below zero where more went back.
    """

    stated_fen: int
    released_fen: int
    held_fen: int
    pending_fen: int

    @property
    def total_fen(self) -> int:
        """All of it: the balance of the two accounts in the journal."""
        return self.stated_fen + self.released_fen + self.held_fen + self.pending_fen


@dataclass(frozen=True, slots=True)
class BankDetails:
    """A bank account. ``cnaps`` is the twelve-digit number of the branch (domain handbook §6.4)."""

    holder: str
    bank: str
    account: str
    cnaps: str | None

    @property
    def masked(self) -> str:
        """The account as people may see it."""
        return f"**** **** {self.account[-4:]}"


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """Where a supplier is paid, or would like to be once somebody has verified it."""

    id: UUID
    supplier_id: UUID
    details: BankDetails
    entered_at: datetime
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Payout:
    """An instruction to a provider, and what became of it. ``number`` is what the provider sees."""

    id: UUID
    number: str
    run_id: UUID
    statement_id: UUID
    statement_number: str
    supplier_id: UUID
    account_id: UUID
    amount_fen: int
    platform_fen: int
    status: PayoutStatus
    provider: str
    provider_reference: str | None
    failure: str | None
    instructed_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Run:
    """What a payout run instructed, and the statements that it could not, by their numbers.

    Where it needs a second operator it instructed nothing yet: ``draft`` then names what waits, by the same id.
    """

    id: UUID
    payouts: tuple[Payout, ...]
    without_account: tuple[str, ...]
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider says of a payout: paid under its reference, or failed for a reason (a code of the provider's)."""

    provider: str
    number: str
    amount_fen: int
    reference: str | None
    failure: str | None = None
