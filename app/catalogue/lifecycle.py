"""The lives of a product, of a change to one on sale and of a certification: a table each, from which all derives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import ClassVar

from app.core.errors import DomainError
from app.core.steps import StepRefused


class Status(StrEnum):
    """Where a product stands. Only ``published`` products can be bought.

    ``held`` are off sale by themselves, while a licence or mark that they need is not in force.
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    HELD = "held"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What can be done to a product."""

    SUBMIT = "submit"
    REVISE = "revise"
    REJECT = "reject"
    PUBLISH = "publish"
    HOLD = "hold"
    RELEASE = "release"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.DRAFT, Step.SUBMIT): Status.SUBMITTED,
    (Status.SUBMITTED, Step.REJECT): Status.DRAFT,
    # What is being reviewed never changes under the reviewer's eyes: an edit takes it back.
    (Status.SUBMITTED, Step.REVISE): Status.DRAFT,
    # An operator may publish what was entered on a supplier's behalf without a submission.
    (Status.DRAFT, Step.PUBLISH): Status.PUBLISHED,
    (Status.SUBMITTED, Step.PUBLISH): Status.PUBLISHED,
    (Status.WITHDRAWN, Step.PUBLISH): Status.PUBLISHED,
    (Status.PUBLISHED, Step.HOLD): Status.HELD,
    (Status.HELD, Step.RELEASE): Status.PUBLISHED,
    (Status.HELD, Step.PUBLISH): Status.PUBLISHED,
    (Status.PUBLISHED, Step.WITHDRAW): Status.WITHDRAWN,
    (Status.HELD, Step.WITHDRAW): Status.WITHDRAWN,
}


class ChangeStatus(StrEnum):
    """Where a change to a product stands that was on sale; one that was published or discarded is gone."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


class ChangeStep(StrEnum):
    """What can be done to a change."""

    SUBMIT = "submit"
    REVISE = "revise"
    REJECT = "reject"


CHANGE_TRANSITIONS: dict[tuple[ChangeStatus, ChangeStep], ChangeStatus] = {
    (ChangeStatus.DRAFT, ChangeStep.SUBMIT): ChangeStatus.SUBMITTED,
    (ChangeStatus.DRAFT, ChangeStep.REVISE): ChangeStatus.DRAFT,
    (ChangeStatus.SUBMITTED, ChangeStep.REVISE): ChangeStatus.DRAFT,
    (ChangeStatus.SUBMITTED, ChangeStep.REJECT): ChangeStatus.DRAFT,
}


class CertificationStatus(StrEnum):
    """Where a certification stands on its way from the county to the list (domain handbook §2.5)."""

    DRAFT = "draft"
    TOWNSHIP = "township"
    COUNTY = "county"
    PUBLIC_NOTICE = "public_notice"
    CITY = "city"
    PROVINCE = "province"
    LISTED = "listed"
    SUSPENDED = "suspended"
    REFUSED = "refused"


class CertificationStep(StrEnum):
    """What can be done to a certification."""

    PASS_TOWNSHIP = "pass_township"  # noqa: S105 - no password
    PASS_COUNTY = "pass_county"  # noqa: S105 - no password
    GIVE_NOTICE = "give_notice"
    PASS_CITY = "pass_city"  # noqa: S105 - no password
    PASS_PROVINCE = "pass_province"  # noqa: S105 - no password
    ENTER_LIST = "enter_list"
    SUSPEND = "suspend"
    RESUME = "resume"
    REFUSE = "refuse"
    REGISTER = "register"


CERTIFICATION_TRANSITIONS: dict[tuple[CertificationStatus, CertificationStep], CertificationStatus] = {
    (CertificationStatus.DRAFT, CertificationStep.PASS_TOWNSHIP): CertificationStatus.TOWNSHIP,
    (CertificationStatus.TOWNSHIP, CertificationStep.PASS_COUNTY): CertificationStatus.COUNTY,
    (CertificationStatus.COUNTY, CertificationStep.GIVE_NOTICE): CertificationStatus.PUBLIC_NOTICE,
    (CertificationStatus.PUBLIC_NOTICE, CertificationStep.PASS_CITY): CertificationStatus.CITY,
    (CertificationStatus.CITY, CertificationStep.PASS_PROVINCE): CertificationStatus.PROVINCE,
    (CertificationStatus.PROVINCE, CertificationStep.ENTER_LIST): CertificationStatus.LISTED,
    # What stands on a published list already is entered from it.
    (CertificationStatus.DRAFT, CertificationStep.REGISTER): CertificationStatus.LISTED,
    # The local list since 2021 is the county's own: it ends with the notice.
    (CertificationStatus.PUBLIC_NOTICE, CertificationStep.ENTER_LIST): CertificationStatus.LISTED,
    (CertificationStatus.LISTED, CertificationStep.SUSPEND): CertificationStatus.SUSPENDED,
    (CertificationStatus.SUSPENDED, CertificationStep.RESUME): CertificationStatus.LISTED,
    **{
        (status, CertificationStep.REFUSE): CertificationStatus.REFUSED
        for status in (
            CertificationStatus.DRAFT,
            CertificationStatus.TOWNSHIP,
            CertificationStatus.COUNTY,
            CertificationStatus.PUBLIC_NOTICE,
            CertificationStatus.CITY,
            CertificationStatus.PROVINCE,
        )
    },
}


class WrongProductStatus(DomainError):
    """The product's status does not allow the step."""

    code = "wrong_product_status"
    zh = "商品当前为 {status}，不能执行 {step}；可执行：{allowed}。"
    en = "The product is {status}, which does not allow {step}; allowed: {allowed}."


def after(status: Status, step: Step) -> Status:
    """The status after ``step``. Raises ``WrongProductStatus``, which names the steps that are allowed."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        allowed = ", ".join(possible for (at, possible) in TRANSITIONS if at is status) or "-"
        raise WrongProductStatus(status=status.value, step=step.value, allowed=allowed) from None


def change_after(status: ChangeStatus, step: ChangeStep) -> ChangeStatus:
    """The status of a change after ``step``. Raises ``WrongProductStatus``, which names the steps that are allowed."""
    try:
        return CHANGE_TRANSITIONS[status, step]
    except KeyError:
        allowed = ", ".join(possible for (at, possible) in CHANGE_TRANSITIONS if at is status)
        raise WrongProductStatus(status=status.value, step=step.value, allowed=allowed) from None


class CertificationStepNotAllowed(StepRefused):
    """The certification is past, or not yet at, the point where this can be done."""

    zh = "该认定目前为“{status}”，不能这样办理；{allowed}。"
    en = "The certification is {status}, so this cannot be done; {allowed}."
    names: ClassVar[Mapping[str, str]] = {
        CertificationStatus.DRAFT: "待乡镇初审",
        CertificationStatus.TOWNSHIP: "乡镇已初审",
        CertificationStatus.COUNTY: "县级已审定",
        CertificationStatus.PUBLIC_NOTICE: "公示中",
        CertificationStatus.CITY: "州级已审核",
        CertificationStatus.PROVINCE: "省级已复核",
        CertificationStatus.LISTED: "已入名录",
        CertificationStatus.SUSPENDED: "已暂停",
        CertificationStatus.REFUSED: "未通过",
        CertificationStep.PASS_TOWNSHIP: "登记乡镇初审通过",
        CertificationStep.PASS_COUNTY: "登记县级审定通过",
        CertificationStep.GIVE_NOTICE: "登记公示",
        CertificationStep.PASS_CITY: "登记州级审核通过",
        CertificationStep.PASS_PROVINCE: "登记省级复核通过",
        CertificationStep.ENTER_LIST: "登记入名录",
        CertificationStep.SUSPEND: "暂停",
        CertificationStep.RESUME: "恢复",
        CertificationStep.REFUSE: "登记未通过",
        CertificationStep.REGISTER: "照名录登记",
    }
    takers: ClassVar[Mapping[str | tuple[str, str], Collection[str]]] = dict.fromkeys(
        CertificationStep, ("officer", "operator")
    )


def certification_after(status: CertificationStatus, step: CertificationStep) -> CertificationStatus:
    """The status that a step leads to. Raises ``CertificationStepNotAllowed``."""
    found = CERTIFICATION_TRANSITIONS.get((status, step))
    if found is None:
        allowed = [one for at, one in CERTIFICATION_TRANSITIONS if at is status]
        raise CertificationStepNotAllowed(status, allowed)
    return found
