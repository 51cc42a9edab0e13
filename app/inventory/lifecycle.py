"""The life of an import: a sheet is read and judged, and its good rows are applied once somebody says so."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import DomainError


class Status(StrEnum):
    """Where an import stands (the contract's words)."""

    QUEUED = "queued"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


class Step(StrEnum):
    """What can happen to an import."""

    CHECK = "check"
    PRESENT = "present"
    APPLY = "apply"
    FINISH = "finish"
    FAIL = "fail"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.QUEUED, Step.CHECK): Status.CHECKING,
    (Status.CHECKING, Step.PRESENT): Status.CHECKED,
    (Status.CHECKING, Step.FAIL): Status.FAILED,
    (Status.CHECKED, Step.APPLY): Status.APPLYING,
    (Status.CHECKED, Step.FAIL): Status.FAILED,
    (Status.APPLYING, Step.FINISH): Status.APPLIED,
}

AT_WORK = frozenset({Status.QUEUED, Status.CHECKING, Status.APPLYING})
"""The worker has something to do."""


class ImportStepNotAllowed(DomainError):
    """The import is past (or not yet at) the point where this can be done."""

    status = 409
    code = "step_not_allowed"
    zh = "该导入当前状态为 {status}，不能执行该操作；核对完成（checked）后才能应用。"
    en = "The import is {status}, which does not allow this; it can be applied when it is checked."


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``ImportStepNotAllowed``."""
    reached = TRANSITIONS.get((status, step))
    if reached is None:
        raise ImportStepNotAllowed(status=status.value)
    return reached
