"""The life of an invoice, blue or red: one table for the guard, the CHECK and the exhaustive test."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


class Status(StrEnum):
    """Where an invoice stands. ``requested`` waits for the goods to be accepted; a rejected one can be drawn again."""

    REQUESTED = "requested"
    DRAWING = "drawing"
    ISSUED = "issued"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What can happen to an invoice."""

    DRAW = "draw"
    ISSUE = "issue"
    REJECT = "reject"
    CANCEL = "cancel"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.REQUESTED, Step.DRAW): Status.DRAWING,
    (Status.REQUESTED, Step.CANCEL): Status.CANCELLED,
    (Status.DRAWING, Step.ISSUE): Status.ISSUED,
    (Status.DRAWING, Step.REJECT): Status.REJECTED,
    (Status.REJECTED, Step.DRAW): Status.DRAWING,
    (Status.REJECTED, Step.CANCEL): Status.CANCELLED,
}


class InvoiceStepNotAllowed(StepRefused):
    """The invoice is past (or not yet at) the point where this can be done."""

    code = "invoice_step_not_allowed"
    zh = "发票当前状态为“{status}”，不能执行该操作。"
    en = "The invoice's status is “{status}”, which does not allow this."
    names: ClassVar = {
        Status.REQUESTED: "待开具",
        Status.DRAWING: "开具中",
        Status.ISSUED: "已开具",
        Status.REJECTED: "开具失败",
        Status.CANCELLED: "已取消",
    }


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``InvoiceStepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise InvoiceStepNotAllowed(status) from None
