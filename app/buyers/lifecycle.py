"""The life of an organisation that buys. The guard, the CHECK constraint and the test come from this table."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import DomainError


class Status(StrEnum):
    """Where an organisation stands; only a verified one may order."""

    APPLIED = "applied"
    VERIFIED = "verified"
    SUSPENDED = "suspended"


class Step(StrEnum):
    """What an operator can do about it."""

    VERIFY = "verify"
    SUSPEND = "suspend"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.APPLIED, Step.VERIFY): Status.VERIFIED,
    (Status.APPLIED, Step.SUSPEND): Status.SUSPENDED,
    (Status.VERIFIED, Step.SUSPEND): Status.SUSPENDED,
    (Status.SUSPENDED, Step.VERIFY): Status.VERIFIED,
}


class OrganisationStepNotAllowed(DomainError):
    """The organisation is not where this step begins."""

    code = "step_not_allowed"
    zh = "采购单位当前状态为 {status}，不能执行该操作；现在可以：{allowed}。"
    en = "The organisation is {status}, which does not allow this; allowed now: {allowed}."


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``OrganisationStepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise OrganisationStepNotAllowed(status=status.value, allowed=", ".join(allowed(status)) or "—") from None
