"""The life of a supplier. The guard, the CHECK constraint and the exhaustive test come from this one table."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import DomainError


class Status(StrEnum):
    """Where a supplier stands."""

    APPLIED = "applied"
    APPROVED = "approved"
    SUSPENDED = "suspended"


class Step(StrEnum):
    """What an operator can do about it."""

    APPROVE = "approve"
    SUSPEND = "suspend"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.APPLIED, Step.APPROVE): Status.APPROVED,
    (Status.APPROVED, Step.SUSPEND): Status.SUSPENDED,
    (Status.SUSPENDED, Step.APPROVE): Status.APPROVED,
}


class SupplierStepNotAllowed(DomainError):
    """The supplier is not where this step begins."""

    code = "step_not_allowed"
    zh = "供应商当前状态为 {status}，不能执行该操作；现在可以：{allowed}。"
    en = "The supplier is {status}, which does not allow this; allowed now: {allowed}."


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``SupplierStepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise SupplierStepNotAllowed(status=status.value, allowed=", ".join(allowed(status)) or "—") from None
