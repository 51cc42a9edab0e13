"""The lives of a product and of a change to one on sale: a table each, from which guard, CHECK and tests derive."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import DomainError


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
