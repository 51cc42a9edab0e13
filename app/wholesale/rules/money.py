"""What partners have to pay and when they are told, and what of their money lies here: decided without the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from app.core.errors import DomainError

if TYPE_CHECKING:
    from app.wholesale.lifecycle import PartnerRefundStatus

REMINDED_AT = (-3, 0, 1, 15)
"""Days from the last day of payment on which a partner is reminded (domain handbook §4.3)."""


def reminder(due_on: date, *, today: date, reminded_on: date | None) -> int | None:
    """Which of ``REMINDED_AT`` is due and was not told; of several that were missed the last alone."""
    passed = [days for days in REMINDED_AT if due_on + timedelta(days=days) <= today]
    told = [days for days in REMINDED_AT if reminded_on is not None and due_on + timedelta(days=days) <= reminded_on]
    return passed[-1] if len(passed) > len(told) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """What a partner has to pay of statements that were confirmed, by how long it is overdue, and what lies here.

    ``unapplied_fen`` was paid beyond what was asked for; ``credit_fen`` are statements closed below zero that no later
    one took over.
    """

    partner_id: UUID
    partner_name: str
    not_due_fen: int
    days_1_15_fen: int
    days_16_30_fen: int
    days_31_60_fen: int
    over_60_fen: int
    total_fen: int
    unapplied_fen: int
    credit_fen: int


class Bucket(StrEnum):
    """How long a statement is overdue, as in the ageing."""

    NOT_DUE = "not_due"
    DAYS_1_15 = "days_1_15"
    DAYS_16_30 = "days_16_30"
    DAYS_31_60 = "days_31_60"
    OVER_60 = "over_60"


_BUCKETS = ((0, Bucket.NOT_DUE), (15, Bucket.DAYS_1_15), (30, Bucket.DAYS_16_30), (60, Bucket.DAYS_31_60))


def bucket_of(due_on: date, *, today: date) -> Bucket:
    """The bucket of what was to be paid by ``due_on``."""
    overdue = (today - due_on).days
    return next((bucket for most, bucket in _BUCKETS if overdue <= most), Bucket.OVER_60)


def next_reminder(due_on: date, *, reminded_on: date | None, today: date) -> date | None:
    """The day of the next reminder; today for one that is due and was not told; None after the last."""
    if reminder(due_on, today=today, reminded_on=reminded_on) is not None:
        return today
    days = [due_on + timedelta(days=days) for days in REMINDED_AT]
    return next((day for day in days if day > today), None)


@dataclass(frozen=True, slots=True)
class Told:
    """A reminder that was sent: ``days`` from the last day of payment, and what was open then."""

    due_on: date
    days: int
    open_fen: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A statement that is to be paid, with the reminders of it; ``next_on`` is None when none is to come."""

    statement_id: UUID
    number: str
    partner_id: UUID
    partner_name: str
    due_on: date
    overdue_days: int
    bucket: Bucket
    open_fen: int
    reminders: tuple[Told, ...]
    next_on: date | None


@dataclass(frozen=True, slots=True)
class Open:
    """A statement that waits for money."""

    statement_id: UUID
    number: str
    open_fen: int
    sent_on: date
    due_on: date


SUGGESTED_AFTER_DUE = timedelta(days=60)
"""Money that comes later than so long after a statement's last day is not thought to be for it."""


def suggest(amount_fen: int, booked_on: date, waiting: Iterable[Open]) -> Open | None:
    """Which statement of the payer's an amount without a code is for: one that is open with exactly as much.

    It came after the statement was sent, and not long after it was due. Two that it could be are for a person to decide
    (domain handbook §4.3, §6.4).
    """
    likely = [
        one
        for one in waiting
        if one.open_fen == amount_fen and one.sent_on <= booked_on <= one.due_on + SUGGESTED_AFTER_DUE
    ]
    return likely[0] if len(likely) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """Money on our account that nobody has claimed, the partner whose name the payer has, and what it may be for.

    ``open`` are all statements of that partner that wait for money.
    """

    entry_id: UUID
    serial: str
    booked_on: date
    amount_fen: int
    payer_name: str
    postscript: str
    partner_id: UUID | None
    partner_name: str | None
    suggestion: Open | None
    open: tuple[Open, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remittance:
    """Money of a partner: what of it pays statements, what goes back, and what lies here unapplied."""

    id: UUID
    entry_id: UUID
    partner_id: UUID
    partner_name: str
    amount_fen: int
    applied_fen: int
    refunded_fen: int
    unapplied_fen: int
    booked_on: date
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """An account of the partner; ``bank`` is None where money goes back to where it came from."""

    bank: str | None
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRefund:
    """Money that goes back to a partner, of a remittance or of a statement that was closed below zero.

    ``payee`` is filled where one refund is asked for.
    """

    id: UUID
    code: str
    partner_id: UUID
    partner_name: str
    remittance_id: UUID | None
    statement_id: UUID | None
    statement_number: str | None
    amount_fen: int
    payee_tail: str
    reason: str
    status: PartnerRefundStatus
    drafted_by: UUID
    drafted_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str | None
    bank_receipt: str | None
    paid_on: date | None
    payee: Payee | None = None


class NothingToRefund(DomainError):
    """Nothing lies of this money, or the statement is not below zero, or was carried over."""

    code = "nothing_to_refund"
    zh = "没有可退的款项：该笔来款已全部冲抵或在退款中，或该对账单没有未结转的贷方余额。"
    en = (
        "There is nothing to give back: the money pays statements or is being refunded, or the statement has no credit "
        "left."
    )


class NothingUnapplied(DomainError):
    """All of this money pays statements or goes back."""

    code = "nothing_unapplied"
    zh = "该笔来款没有未冲抵的余额。"
    en = "Nothing of this money is left to pay a statement with."


class RefundWaits(DomainError):
    """The money is being given back already."""

    code = "refund_waits"
    zh = "该款项已有退款单，请先处理该退款单。"
    en = "A refund of this money exists; decide that one first."


class SecondOperatorNeeded(DomainError):
    """Nobody approves or declines what they drafted themselves."""

    status = 403
    code = "second_operator_needed"
    zh = "该退款单由您本人发起，须由另一位运营人员批准或驳回。"
    en = "You drafted this yourself; another operator has to approve or decline it."


class RefundPaid(DomainError):
    """The refund was paid by another transfer."""

    code = "refund_paid"
    zh = "该退款单已付款，银行流水号为 {receipt}。"
    en = "The refund was paid before, by the transfer {receipt}."


class ReceiptUsed(DomainError):
    """A transfer pays one refund."""

    code = "receipt_used"
    zh = "该银行流水号已用于另一张退款单。"
    en = "This transfer paid another refund."


class SuggestionOutdated(DomainError):
    """What is open of the statement is not this amount any more, or another statement fits as well."""

    code = "suggestion_outdated"
    zh = "该笔款项与该对账单不再唯一匹配，请刷新后核对，或人工指定对账单。"
    en = "The money and the statement are no longer the one match; look again, or say by hand which statement it pays."
