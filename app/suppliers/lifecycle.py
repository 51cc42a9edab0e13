"""The lives of a supplier and of a certificate: a table each, from which guard, CHECK and exhaustive test come."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


class Status(StrEnum):
    """Where a supplier stands. Only ``approved`` ones sell."""

    DRAFT = "draft"
    APPLIED = "applied"
    RECOMMENDED = "recommended"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


class Step(StrEnum):
    """What can be done about it: the applicant submits, the county recommends, the marketplace decides."""

    SUBMIT = "submit"
    RECOMMEND = "recommend"
    APPROVE = "approve"
    REJECT = "reject"
    SUSPEND = "suspend"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.DRAFT, Step.SUBMIT): Status.APPLIED,
    (Status.REJECTED, Step.SUBMIT): Status.APPLIED,
    (Status.APPLIED, Step.RECOMMEND): Status.RECOMMENDED,
    (Status.APPLIED, Step.REJECT): Status.REJECTED,
    (Status.RECOMMENDED, Step.REJECT): Status.REJECTED,
    (Status.RECOMMENDED, Step.APPROVE): Status.APPROVED,
    (Status.APPROVED, Step.SUSPEND): Status.SUSPENDED,
    (Status.SUSPENDED, Step.APPROVE): Status.APPROVED,
}


class CertificateStatus(StrEnum):
    """Where a certificate stands. Only ``verified`` ones count, while they are in force."""

    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"


class CertificateStep(StrEnum):
    """What can be done to a certificate."""

    VERIFY = "verify"
    REJECT = "reject"
    REVOKE = "revoke"
    EXPIRE = "expire"


CERTIFICATE_TRANSITIONS: dict[tuple[CertificateStatus, CertificateStep], CertificateStatus] = {
    (CertificateStatus.SUBMITTED, CertificateStep.VERIFY): CertificateStatus.VERIFIED,
    (CertificateStatus.SUBMITTED, CertificateStep.REJECT): CertificateStatus.REJECTED,
    (CertificateStatus.VERIFIED, CertificateStep.REVOKE): CertificateStatus.REVOKED,
    (CertificateStatus.VERIFIED, CertificateStep.EXPIRE): CertificateStatus.EXPIRED,
}


class SupplierStepNotAllowed(StepRefused):
    """The supplier is not where this step begins."""

    zh = "供应商当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The supplier's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.DRAFT: "草稿",
        Status.APPLIED: "已申请",
        Status.RECOMMENDED: "已推荐",
        Status.APPROVED: "已入驻",
        Status.REJECTED: "已退回",
        Status.SUSPENDED: "已停售",
        Step.SUBMIT: "提交申请",
        Step.RECOMMEND: "推荐",
        Step.APPROVE: "批准",
        Step.REJECT: "退回",
        Step.SUSPEND: "停售",
    }
    takers: ClassVar = {
        Step.SUBMIT: ("supplier",),
        Step.RECOMMEND: ("officer",),
        Step.APPROVE: ("operator",),
        Step.REJECT: ("operator",),
        (Status.APPLIED, Step.REJECT): ("officer",),
        Step.SUSPEND: ("operator",),
    }


class CertificateStepNotAllowed(StepRefused):
    """The certificate is not where this step begins."""

    code = "certificate_step_not_allowed"
    zh = "证照当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The certificate's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        CertificateStatus.SUBMITTED: "待核验",
        CertificateStatus.VERIFIED: "已核验",
        CertificateStatus.REJECTED: "未通过",
        CertificateStatus.REVOKED: "已吊销",
        CertificateStatus.EXPIRED: "已过期",
        CertificateStep.VERIFY: "核验通过",
        CertificateStep.REJECT: "驳回",
        CertificateStep.REVOKE: "吊销",
        CertificateStep.EXPIRE: "过期",
    }
    takers: ClassVar = {
        CertificateStep.VERIFY: ("operator",),
        CertificateStep.REJECT: ("operator",),
        CertificateStep.REVOKE: ("operator",),
    }


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``SupplierStepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise SupplierStepNotAllowed(status, allowed(status)) from None


def certificate_after(status: CertificateStatus, step: CertificateStep) -> CertificateStatus:
    """Where ``step`` leads a certificate. Raises ``CertificateStepNotAllowed``."""
    try:
        return CERTIFICATE_TRANSITIONS[status, step]
    except KeyError:
        steps = [step for (start, step) in CERTIFICATE_TRANSITIONS if start is status]
        raise CertificateStepNotAllowed(status, steps) from None
