"""The life of a claim: guard, CHECK, ``allowed`` in problems and the exhaustive test derive from one table (§6.5)."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.claims.rules import Remedy
from app.core.steps import StepRefused


class Status(StrEnum):
    """Where a claim stands."""

    APPLIED = "applied"
    SUPPLIER_REVIEW = "supplier_review"
    DISPUTED = "disputed"
    ARBITRATION = "arbitration"
    AGREED = "agreed"
    RESHIPPING = "reshipping"
    RESHIPPED = "reshipped"
    RETURNING = "returning"
    INSPECTING = "inspecting"
    RETURNED = "returned"
    REFUNDED = "refunded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class Step(StrEnum):
    """What can happen to a claim."""

    SUBMIT = "submit"
    ESCALATE = "escalate"
    AGREE = "agree"
    CONTEST = "contest"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    RESHIP = "reship"
    ARRIVE = "arrive"
    SEND_BACK = "send_back"
    RECEIVE = "receive"
    SETTLE = "settle"
    LAPSE = "lapse"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.APPLIED, Step.SUBMIT): Status.SUPPLIER_REVIEW,
    (Status.APPLIED, Step.ESCALATE): Status.ARBITRATION,
    (Status.SUPPLIER_REVIEW, Step.AGREE): Status.AGREED,
    (Status.SUPPLIER_REVIEW, Step.CONTEST): Status.DISPUTED,
    (Status.SUPPLIER_REVIEW, Step.WITHDRAW): Status.WITHDRAWN,
    # The clock agrees for a silent supplier; where nothing is left to agree to, people look at it.
    (Status.SUPPLIER_REVIEW, Step.ESCALATE): Status.ARBITRATION,
    (Status.DISPUTED, Step.AGREE): Status.AGREED,
    (Status.DISPUTED, Step.REJECT): Status.REJECTED,
    (Status.DISPUTED, Step.WITHDRAW): Status.WITHDRAWN,
    (Status.ARBITRATION, Step.AGREE): Status.AGREED,
    (Status.ARBITRATION, Step.REJECT): Status.REJECTED,
    (Status.ARBITRATION, Step.WITHDRAW): Status.WITHDRAWN,
    (Status.AGREED, Step.SETTLE): Status.REFUNDED,
    (Status.AGREED, Step.RESHIP): Status.RESHIPPING,
    (Status.AGREED, Step.SEND_BACK): Status.RETURNING,
    # The buyer keeps the goods after all: what was to go back was never sent.
    (Status.AGREED, Step.LAPSE): Status.CLOSED,
    (Status.RESHIPPING, Step.ARRIVE): Status.RESHIPPED,
    (Status.RESHIPPING, Step.ESCALATE): Status.ARBITRATION,
    (Status.RETURNING, Step.ARRIVE): Status.INSPECTING,
    (Status.RETURNING, Step.RECEIVE): Status.RETURNED,
    (Status.RETURNING, Step.ESCALATE): Status.ARBITRATION,
    # The carrier says that the supplier has them; what of them can be sold again only the supplier can say.
    (Status.INSPECTING, Step.RECEIVE): Status.RETURNED,
    (Status.RETURNED, Step.SETTLE): Status.REFUNDED,
    (Status.RETURNED, Step.CONTEST): Status.DISPUTED,
    (Status.RETURNED, Step.ESCALATE): Status.ARBITRATION,
}

ONLY_FOR: dict[Step, Remedy] = {
    Step.RESHIP: Remedy.RESHIP,
    Step.SEND_BACK: Remedy.RETURN,
    Step.LAPSE: Remedy.RETURN,
}
"""Steps out of an agreement that belong to what was agreed."""

ENDED = frozenset({Status.REFUNDED, Status.RESHIPPED, Status.REJECTED, Status.WITHDRAWN, Status.CLOSED})
"""Nothing more happens, and the order need not wait any longer."""


class ClaimStepNotAllowed(StepRefused):
    """The claim is past (or not yet at) the point where this can be done."""

    zh = "售后单当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The claim's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.APPLIED: "已申请",
        Status.SUPPLIER_REVIEW: "供应商处理中",
        Status.DISPUTED: "有争议",
        Status.ARBITRATION: "平台处理中",
        Status.AGREED: "已同意",
        Status.RESHIPPING: "待补发",
        Status.RESHIPPED: "已补发",
        Status.RETURNING: "退货途中",
        Status.INSPECTING: "待验收退货",
        Status.RETURNED: "退货已收到",
        Status.REFUNDED: "已退款",
        Status.REJECTED: "已驳回",
        Status.WITHDRAWN: "已撤销",
        Status.CLOSED: "已关闭",
        Step.SUBMIT: "提交",
        Step.ESCALATE: "转平台处理",
        Step.AGREE: "同意",
        Step.CONTEST: "提出异议",
        Step.REJECT: "驳回",
        Step.WITHDRAW: "撤销",
        Step.RESHIP: "补发",
        Step.ARRIVE: "送达",
        Step.SEND_BACK: "寄回商品",
        Step.RECEIVE: "验收退货",
        Step.SETTLE: "退款",
        Step.LAPSE: "逾期关闭",
    }
    takers: ClassVar = {
        Step.AGREE: ("operator",),
        (Status.SUPPLIER_REVIEW, Step.AGREE): ("supplier",),
        Step.CONTEST: ("supplier",),
        Step.REJECT: ("operator",),
        Step.WITHDRAW: ("buyer",),
        Step.SEND_BACK: ("buyer",),
        Step.RECEIVE: ("supplier",),
        (Status.RETURNED, Step.SETTLE): ("supplier",),
    }


def allowed(status: Status, remedy: Remedy) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status and ONLY_FOR.get(step, remedy) is remedy]


def after(status: Status, step: Step, remedy: Remedy) -> Status:
    """Where ``step`` leads from ``status``. Raises ``ClaimStepNotAllowed``."""
    if step not in allowed(status, remedy):
        raise ClaimStepNotAllowed(status, allowed(status, remedy))
    return TRANSITIONS[status, step]
