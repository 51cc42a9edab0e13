"""The life of an organisation that buys. The guard, the CHECK constraint and the test come from this table."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


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


class OrganisationStepNotAllowed(StepRefused):
    """The organisation is not where this step begins."""

    zh = "采购单位当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The organisation's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.APPLIED: "待核验",
        Status.VERIFIED: "已核验",
        Status.SUSPENDED: "已停用",
        Step.VERIFY: "核验通过",
        Step.SUSPEND: "停用",
    }
    takers: ClassVar = {
        Step.VERIFY: ("operator",),
        Step.SUSPEND: ("operator",),
    }


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``OrganisationStepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise OrganisationStepNotAllowed(status, allowed(status)) from None
