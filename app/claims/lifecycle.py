"""The life of a claim: guard, CHECK, ``allowed`` in problems and the exhaustive test derive from one table (§6.5)."""

from __future__ import annotations

from enum import StrEnum

from app.claims.rules import Remedy
from app.core.errors import DomainError


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


class ClaimStepNotAllowed(DomainError):
    """The claim is past (or not yet at) the point where this can be done."""

    status = 409
    code = "step_not_allowed"
    zh = "售后单当前状态为 {status}，不能执行该操作；现在可以：{allowed}。"
    en = "The claim is {status}, which does not allow this; allowed now: {allowed}."


def allowed(status: Status, remedy: Remedy) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status and ONLY_FOR.get(step, remedy) is remedy]


def after(status: Status, step: Step, remedy: Remedy) -> Status:
    """Where ``step`` leads from ``status``. Raises ``ClaimStepNotAllowed``."""
    if step not in allowed(status, remedy):
        names = ", ".join(allowed(status, remedy)) or "—"
        raise ClaimStepNotAllowed(status=status.value, allowed=names)
    return TRANSITIONS[status, step]
