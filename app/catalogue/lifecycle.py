"""The life of a product: one table, from which the guard, the CHECK and the tests derive."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import DomainError


class Status(StrEnum):
    """Where a product stands. Only ``published`` products can be bought."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What can be done to a product."""

    SUBMIT = "submit"
    REJECT = "reject"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.DRAFT, Step.SUBMIT): Status.SUBMITTED,
    (Status.SUBMITTED, Step.REJECT): Status.DRAFT,
    # An operator may publish what was entered on a supplier's behalf without a submission.
    (Status.DRAFT, Step.PUBLISH): Status.PUBLISHED,
    (Status.SUBMITTED, Step.PUBLISH): Status.PUBLISHED,
    (Status.WITHDRAWN, Step.PUBLISH): Status.PUBLISHED,
    (Status.PUBLISHED, Step.WITHDRAW): Status.WITHDRAWN,
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
