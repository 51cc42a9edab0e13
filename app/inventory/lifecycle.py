"""The life of an import: a sheet is read and judged, and its good rows are applied once somebody says so."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


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


class ImportStepNotAllowed(StepRefused):
    """The import is past (or not yet at) the point where this can be done."""

    zh = "导入当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The import's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.QUEUED: "排队中",
        Status.CHECKING: "核对中",
        Status.CHECKED: "已核对",
        Status.APPLYING: "应用中",
        Status.APPLIED: "已应用",
        Status.FAILED: "核对失败",
        Step.CHECK: "核对",
        Step.PRESENT: "核对完成",
        Step.APPLY: "应用",
        Step.FINISH: "应用完成",
        Step.FAIL: "核对失败",
    }
    takers: ClassVar = {
        Step.APPLY: ("supplier",),
    }


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``ImportStepNotAllowed``."""
    reached = TRANSITIONS.get((status, step))
    if reached is None:
        raise ImportStepNotAllowed(status, [step for (start, step) in TRANSITIONS if start is status])
    return reached
