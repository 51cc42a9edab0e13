"""The lives of a statement, a payout and a draft: guards, CHECKs and the exhaustive tests derive from these tables."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


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


class SplitStatus(StrEnum):
    """Where a request to a provider for one payment stands. ``planned`` may have been made, and its answer lost."""

    PLANNED = "planned"
    PROCESSING = "processing"
    FINISHED = "finished"
    CLOSED = "closed"


class SplitStep(StrEnum):
    """What a provider can say of a request."""

    ACCEPT = "accept"
    FINISH = "finish"
    CLOSE = "close"


SPLIT_TRANSITIONS: dict[tuple[SplitStatus, SplitStep], SplitStatus] = {
    (SplitStatus.PLANNED, SplitStep.ACCEPT): SplitStatus.PROCESSING,
    (SplitStatus.PLANNED, SplitStep.FINISH): SplitStatus.FINISHED,
    (SplitStatus.PLANNED, SplitStep.CLOSE): SplitStatus.CLOSED,
    (SplitStatus.PROCESSING, SplitStep.FINISH): SplitStatus.FINISHED,
    (SplitStatus.PROCESSING, SplitStep.CLOSE): SplitStatus.CLOSED,
}
SPLIT_OPEN = frozenset((SplitStatus.PLANNED, SplitStatus.PROCESSING))


class DraftStatus(StrEnum):
    """Where a payout run or a correction stands that needs a second operator's word."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class DraftStep(StrEnum):
    """What the second operator can say."""

    APPROVE = "approve"
    DECLINE = "decline"


DRAFT_TRANSITIONS: dict[tuple[DraftStatus, DraftStep], DraftStatus] = {
    (DraftStatus.WAITING, DraftStep.APPROVE): DraftStatus.APPROVED,
    (DraftStatus.WAITING, DraftStep.DECLINE): DraftStatus.DECLINED,
}


class DraftStepNotAllowed(StepRefused):
    """Somebody has decided already."""

    zh = "该审批单当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The draft's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        DraftStatus.WAITING: "待复核",
        DraftStatus.APPROVED: "已批准",
        DraftStatus.DECLINED: "已驳回",
        DraftStep.APPROVE: "批准",
        DraftStep.DECLINE: "驳回",
    }
    takers: ClassVar = {DraftStep.APPROVE: ("operator",), DraftStep.DECLINE: ("operator",)}


class StatementStepNotAllowed(StepRefused):
    """The statement is past (or not yet at) the point where this can be done."""

    zh = "结算单当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The statement's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.ISSUED: "待确认",
        Status.DISPUTED: "有异议",
        Status.CONFIRMED: "已确认",
        Status.PAYING: "付款中",
        Status.FAILED: "付款失败",
        Status.PAID: "已付款",
        Status.CARRIED: "转入下期",
        Step.CONFIRM: "确认",
        Step.DISPUTE: "提出异议",
        Step.RESOLVE: "处理异议",
        Step.PAY: "付款",
        Step.FAIL: "付款失败",
        Step.SETTLE: "付款到账",
    }
    takers: ClassVar = {
        Step.CONFIRM: ("supplier",),
        Step.DISPUTE: ("supplier",),
        Step.RESOLVE: ("operator",),
        Step.PAY: ("operator",),
    }


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``StatementStepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise StatementStepNotAllowed(status, allowed(status)) from None


def decided(status: DraftStatus, step: DraftStep) -> DraftStatus:
    """Where ``step`` leads a draft. Raises ``DraftStepNotAllowed``."""
    try:
        return DRAFT_TRANSITIONS[status, step]
    except KeyError:
        raise DraftStepNotAllowed(status, [one for start, one in DRAFT_TRANSITIONS if start is status]) from None
