"""The life of a supplier order, and the status of the order that is derived from its supplier orders.

One table: the guard, the CHECK constraint, ``allowed`` in problems, the documentation and the exhaustive test all come
from it (domain handbook §6.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


class Status(StrEnum):
    """Where a supplier order stands; an order's derived status uses the same words."""

    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


class Step(StrEnum):
    """What can happen to a supplier order."""

    PAY = "pay"
    EXPIRE = "expire"
    CANCEL = "cancel"
    SHIP = "ship"
    DELIVER = "deliver"
    COMPLETE = "complete"
    SETTLE_REFUND = "settle_refund"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.PENDING_PAYMENT, Step.PAY): Status.PAID,
    (Status.PENDING_PAYMENT, Step.EXPIRE): Status.EXPIRED,
    (Status.PENDING_PAYMENT, Step.CANCEL): Status.CANCELLED,
    (Status.PAID, Step.CANCEL): Status.CANCELLED,
    (Status.PAID, Step.SHIP): Status.SHIPPED,
    (Status.SHIPPED, Step.DELIVER): Status.DELIVERED,
    # A buyer may confirm what is in their hands although the carrier has not reported it yet.
    (Status.SHIPPED, Step.COMPLETE): Status.COMPLETED,
    (Status.DELIVERED, Step.COMPLETE): Status.COMPLETED,
    (Status.CANCELLED, Step.SETTLE_REFUND): Status.REFUNDED,
}

_PROGRESS = (Status.PENDING_PAYMENT, Status.PAID, Status.SHIPPED, Status.DELIVERED, Status.COMPLETED)


class StepNotAllowed(StepRefused):
    """The order is past (or not yet at) the point where this can be done."""

    zh = "订单当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The order's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.PENDING_PAYMENT: "待付款",
        Status.PAID: "待发货",
        Status.SHIPPED: "已发货",
        Status.DELIVERED: "已送达",
        Status.COMPLETED: "已完成",
        Status.CANCELLED: "已取消",
        Status.EXPIRED: "已超时关闭",
        Status.REFUNDED: "已退款",
        Step.PAY: "付款",
        Step.EXPIRE: "超时关闭",
        Step.CANCEL: "取消",
        Step.SHIP: "发货",
        Step.DELIVER: "登记送达",
        Step.COMPLETE: "确认收货",
        Step.SETTLE_REFUND: "退款到账",
    }
    takers: ClassVar = {
        Step.PAY: ("buyer",),
        Step.CANCEL: ("buyer", "supplier", "operator"),
        Step.SHIP: ("supplier",),
        Step.DELIVER: ("supplier",),
        Step.COMPLETE: ("buyer",),
    }


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``StepNotAllowed``."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise StepNotAllowed(status, allowed(status)) from None


def derive(statuses: Iterable[Status]) -> Status:
    """The status of a whole order: the least advanced of the supplier orders that are still alive.

    When none is alive: ``refunded`` once every cancelled part has its money back, else ``cancelled``, else ``expired``.
    """
    found = list(statuses)
    alive = [status for status in found if status in _PROGRESS]
    if alive:
        return min(alive, key=_PROGRESS.index)
    for ended in (Status.CANCELLED, Status.EXPIRED, Status.REFUNDED):
        if ended in found:
            return ended
    raise ValueError("an order has at least one supplier order")
