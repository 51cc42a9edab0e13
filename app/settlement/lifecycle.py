"""The lives of a statement and of a payout: guards, CHECKs and the exhaustive tests derive from these two tables."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import DomainError


class Status(StrEnum):
    """Where a statement stands. ``carried`` has nothing to pay: its balance opens the supplier's next one."""

    ISSUED = "issued"
    DISPUTED = "disputed"
    CONFIRMED = "confirmed"
    PAYING = "paying"
    FAILED = "failed"
    PAID = "paid"
    CARRIED = "carried"


class Step(StrEnum):
    """What can happen to a statement."""

    CONFIRM = "confirm"
    DISPUTE = "dispute"
    RESOLVE = "resolve"
    PAY = "pay"
    FAIL = "fail"
    SETTLE = "settle"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.ISSUED, Step.CONFIRM): Status.CONFIRMED,
    (Status.ISSUED, Step.DISPUTE): Status.DISPUTED,
    # What was wrong is put right in the next period; what was issued is paid as it stands.
    (Status.DISPUTED, Step.RESOLVE): Status.CONFIRMED,
    (Status.CONFIRMED, Step.PAY): Status.PAYING,
    (Status.PAYING, Step.SETTLE): Status.PAID,
    (Status.PAYING, Step.FAIL): Status.FAILED,
    (Status.FAILED, Step.PAY): Status.PAYING,
}


class PayoutStatus(StrEnum):
    """Where a payout stands. ``instructed`` lasts until the provider says how it ended, however long that takes."""

    INSTRUCTED = "instructed"
    PAID = "paid"
    FAILED = "failed"


class PayoutStep(StrEnum):
    """What a provider can say of a payout."""

    SETTLE = "settle"
    FAIL = "fail"


PAYOUT_TRANSITIONS: dict[tuple[PayoutStatus, PayoutStep], PayoutStatus] = {
    (PayoutStatus.INSTRUCTED, PayoutStep.SETTLE): PayoutStatus.PAID,
    (PayoutStatus.INSTRUCTED, PayoutStep.FAIL): PayoutStatus.FAILED,
}


class StatementStepNotAllowed(DomainError):
    """The statement is past (or not yet at) the point where this can be done."""

    code = "step_not_allowed"
    zh = "结算单当前状态为 {status}，不能执行该操作；现在可以：{allowed}。"
    en = "The statement is {status}, which does not allow this; allowed now: {allowed}."


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``StatementStepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        names = ", ".join(allowed(status)) or "—"
        raise StatementStepNotAllowed(status=status.value, allowed=names) from None
