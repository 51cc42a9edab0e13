"""The life of an export: somebody asks for a file, the worker makes it, and after some days it is gone."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


class Status(StrEnum):
    """Where an export stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class Step(StrEnum):
    """What can happen to an export."""

    START = "start"
    FINISH = "finish"
    FAIL = "fail"
    EXPIRE = "expire"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.QUEUED, Step.START): Status.RUNNING,
    (Status.RUNNING, Step.START): Status.RUNNING,
    (Status.RUNNING, Step.FINISH): Status.DONE,
    (Status.RUNNING, Step.FAIL): Status.FAILED,
    (Status.DONE, Step.EXPIRE): Status.EXPIRED,
}
"""A worker that takes up what another has left begins it anew."""

AT_WORK = frozenset({Status.QUEUED, Status.RUNNING})
"""The worker has something to do."""


class ExportStepNotAllowed(StepRefused):
    """The export is past (or not yet at) the point where this can be done."""

    zh = "导出当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The export's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.QUEUED: "排队中",
        Status.RUNNING: "生成中",
        Status.DONE: "已完成",
        Status.FAILED: "失败",
        Status.EXPIRED: "已过期",
        Step.START: "生成",
        Step.FINISH: "完成",
        Step.FAIL: "失败",
        Step.EXPIRE: "过期",
    }


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``ExportStepNotAllowed``."""
    reached = TRANSITIONS.get((status, step))
    if reached is None:
        raise ExportStepNotAllowed(status, [step for (start, step) in TRANSITIONS if start is status])
    return reached
