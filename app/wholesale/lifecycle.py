"""The lives of a purchase order, a statement and a refund, one table each (domain handbook §4.2, §4.3)."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from app.core.steps import StepRefused


class Status(StrEnum):
    """Where a purchase order stands. ``needs_approval`` holds neither stock nor credit."""

    NEEDS_APPROVAL = "needs_approval"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Step(StrEnum):
    """What can happen to a purchase order."""

    APPROVE = "approve"
    REJECT = "reject"
    AMEND = "amend"
    SHIP = "ship"
    RECEIVE_PART = "receive_part"
    RECEIVE_ALL = "receive_all"
    CANCEL = "cancel"
    EXPIRE = "expire"
    CLOSE = "close"


TRANSITIONS: dict[tuple[Status, Step], Status] = {
    (Status.NEEDS_APPROVAL, Step.APPROVE): Status.CONFIRMED,
    (Status.NEEDS_APPROVAL, Step.REJECT): Status.REJECTED,
    (Status.NEEDS_APPROVAL, Step.AMEND): Status.NEEDS_APPROVAL,
    (Status.NEEDS_APPROVAL, Step.CANCEL): Status.CANCELLED,
    (Status.NEEDS_APPROVAL, Step.EXPIRE): Status.EXPIRED,
    (Status.CONFIRMED, Step.AMEND): Status.CONFIRMED,
    (Status.CONFIRMED, Step.SHIP): Status.SHIPPED,
    # A truck may be at the dock before anybody told us that it left.
    (Status.CONFIRMED, Step.RECEIVE_PART): Status.PARTIALLY_RECEIVED,
    (Status.CONFIRMED, Step.RECEIVE_ALL): Status.RECEIVED,
    (Status.CONFIRMED, Step.CANCEL): Status.CANCELLED,
    (Status.CONFIRMED, Step.EXPIRE): Status.EXPIRED,
    # More of it leaves the house, and more of it arrives, until nothing is to come.
    (Status.SHIPPED, Step.SHIP): Status.SHIPPED,
    (Status.SHIPPED, Step.RECEIVE_PART): Status.PARTIALLY_RECEIVED,
    (Status.SHIPPED, Step.RECEIVE_ALL): Status.RECEIVED,
    (Status.PARTIALLY_RECEIVED, Step.SHIP): Status.PARTIALLY_RECEIVED,
    (Status.PARTIALLY_RECEIVED, Step.RECEIVE_PART): Status.PARTIALLY_RECEIVED,
    (Status.PARTIALLY_RECEIVED, Step.RECEIVE_ALL): Status.RECEIVED,
    # What did not come by the last day will not come any more.
    (Status.PARTIALLY_RECEIVED, Step.CLOSE): Status.CLOSED,
    (Status.RECEIVED, Step.CLOSE): Status.CLOSED,
    # Nor will what nobody has taken in weeks later: its goods are asked for.
    (Status.SHIPPED, Step.CLOSE): Status.CLOSED,
}


class PoStepNotAllowed(StepRefused):
    """The purchase order is past (or not yet at) the point where this can be done."""

    zh = "采购订单当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The purchase order's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        Status.NEEDS_APPROVAL: "待审核",
        Status.CONFIRMED: "已确认",
        Status.SHIPPED: "已发货",
        Status.PARTIALLY_RECEIVED: "部分验收",
        Status.RECEIVED: "已验收",
        Status.CLOSED: "已关闭",
        Status.REJECTED: "已拒绝",
        Status.CANCELLED: "已取消",
        Status.EXPIRED: "已过期",
        Step.APPROVE: "审核通过",
        Step.REJECT: "拒绝",
        Step.AMEND: "修改",
        Step.SHIP: "发货",
        Step.RECEIVE_PART: "部分验收",
        Step.RECEIVE_ALL: "验收",
        Step.CANCEL: "取消",
        Step.EXPIRE: "过期",
        Step.CLOSE: "关闭",
    }
    takers: ClassVar = {
        Step.APPROVE: ("operator",),
        Step.REJECT: ("operator",),
        Step.AMEND: ("partner",),
        Step.CANCEL: ("partner", "operator"),
        Step.SHIP: ("supplier", "operator"),
        Step.RECEIVE_PART: ("partner",),
        Step.RECEIVE_ALL: ("partner",),
    }


def allowed(status: Status) -> list[Step]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in TRANSITIONS if start is status]


def after(status: Status, step: Step) -> Status:
    """Where ``step`` leads from ``status``. Raises ``PoStepNotAllowed``."""
    reached = TRANSITIONS.get((status, step))
    if reached is None:
        raise PoStepNotAllowed(status, allowed(status))
    return reached


class StatementStatus(StrEnum):
    """Where a partner's monthly statement stands."""

    DRAFT = "draft"
    SENT = "sent"
    DISPUTED = "disputed"
    CONFIRMED = "confirmed"
    INVOICED = "invoiced"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"


class StatementStep(StrEnum):
    """What can happen to a statement."""

    SEND = "send"
    DISPUTE = "dispute"
    REVISE = "revise"
    CONFIRM = "confirm"
    INVOICE = "invoice"
    PAY_PART = "pay_part"
    PAY = "pay"


STATEMENT_TRANSITIONS: dict[tuple[StatementStatus, StatementStep], StatementStatus] = {
    (StatementStatus.DRAFT, StatementStep.SEND): StatementStatus.SENT,
    (StatementStatus.SENT, StatementStep.DISPUTE): StatementStatus.DISPUTED,
    (StatementStatus.SENT, StatementStep.CONFIRM): StatementStatus.CONFIRMED,
    (StatementStatus.DISPUTED, StatementStep.DISPUTE): StatementStatus.DISPUTED,
    # Once every dispute is decided the statement is sent anew, with the corrections on it.
    (StatementStatus.DISPUTED, StatementStep.REVISE): StatementStatus.SENT,
    (StatementStatus.CONFIRMED, StatementStep.INVOICE): StatementStatus.INVOICED,
    # A month in which nothing is owed needs no money.
    (StatementStatus.INVOICED, StatementStep.PAY_PART): StatementStatus.PARTIALLY_PAID,
    (StatementStatus.INVOICED, StatementStep.PAY): StatementStatus.PAID,
    (StatementStatus.PARTIALLY_PAID, StatementStep.PAY_PART): StatementStatus.PARTIALLY_PAID,
    (StatementStatus.PARTIALLY_PAID, StatementStep.PAY): StatementStatus.PAID,
}


class StatementStepNotAllowed(StepRefused):
    """The statement is past (or not yet at) the point where this can be done."""

    zh = "对账单当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The statement's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        StatementStatus.DRAFT: "草稿",
        StatementStatus.SENT: "待确认",
        StatementStatus.DISPUTED: "有争议",
        StatementStatus.CONFIRMED: "已确认",
        StatementStatus.INVOICED: "已开票",
        StatementStatus.PARTIALLY_PAID: "部分付款",
        StatementStatus.PAID: "已付清",
        StatementStep.SEND: "发送",
        StatementStep.DISPUTE: "提出争议",
        StatementStep.REVISE: "重新发送",
        StatementStep.CONFIRM: "确认",
        StatementStep.INVOICE: "开票",
        StatementStep.PAY_PART: "部分付款",
        StatementStep.PAY: "付清",
    }
    takers: ClassVar = {
        StatementStep.SEND: ("operator",),
        StatementStep.DISPUTE: ("partner",),
        StatementStep.REVISE: ("operator",),
        StatementStep.CONFIRM: ("partner",),
        StatementStep.INVOICE: ("operator",),
    }


def statement_allowed(status: StatementStatus) -> list[StatementStep]:
    """The steps that can be taken from ``status``."""
    return [step for (start, step) in STATEMENT_TRANSITIONS if start is status]


def statement_after(status: StatementStatus, step: StatementStep) -> StatementStatus:
    """Where ``step`` leads from ``status``. Raises ``StatementStepNotAllowed``."""
    reached = STATEMENT_TRANSITIONS.get((status, step))
    if reached is None:
        raise StatementStepNotAllowed(status, statement_allowed(status))
    return reached


class PartnerRefundStatus(StrEnum):
    """Where money stands that goes back to a partner."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    PAID = "paid"


class PartnerRefundStep(StrEnum):
    """What can happen to it."""

    APPROVE = "approve"
    DECLINE = "decline"
    PAY = "pay"


REFUND_TRANSITIONS: dict[tuple[PartnerRefundStatus, PartnerRefundStep], PartnerRefundStatus] = {
    (PartnerRefundStatus.WAITING, PartnerRefundStep.APPROVE): PartnerRefundStatus.APPROVED,
    (PartnerRefundStatus.WAITING, PartnerRefundStep.DECLINE): PartnerRefundStatus.DECLINED,
    # A transfer that was made cannot be called back here: what is approved is paid.
    (PartnerRefundStatus.APPROVED, PartnerRefundStep.PAY): PartnerRefundStatus.PAID,
}


class PartnerRefundStepNotAllowed(StepRefused):
    """The refund is past (or not yet at) the point where this can be done."""

    zh = "退款单当前状态为“{status}”，不能执行该操作；{allowed}。"
    en = "The refund's status is “{status}”, which does not allow this; {allowed}."
    names: ClassVar = {
        PartnerRefundStatus.WAITING: "待复核",
        PartnerRefundStatus.APPROVED: "已批准待付款",
        PartnerRefundStatus.DECLINED: "已驳回",
        PartnerRefundStatus.PAID: "已付款",
        PartnerRefundStep.APPROVE: "批准",
        PartnerRefundStep.DECLINE: "驳回",
        PartnerRefundStep.PAY: "登记付款",
    }
    takers: ClassVar = dict.fromkeys(PartnerRefundStep, ("operator",))


def refund_after(status: PartnerRefundStatus, step: PartnerRefundStep) -> PartnerRefundStatus:
    """Where ``step`` leads from ``status``. Raises ``PartnerRefundStepNotAllowed``."""
    reached = REFUND_TRANSITIONS.get((status, step))
    if reached is None:
        raise PartnerRefundStepNotAllowed(status, [way for (start, way) in REFUND_TRANSITIONS if start is status])
    return reached
