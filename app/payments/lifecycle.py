"""The state tables of a payment, a refund and a reconciled day; guards, CHECKs and tests derive from them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.payments.rules import PaymentStatus, RefundStatus
from app.payments.rules.bills import DayStatus


class PaymentStep(StrEnum):
    """What can happen to a payment."""

    CAPTURE = "capture"
    CLOSE = "close"


class RefundStep(StrEnum):
    """What can happen to a refund."""

    SUCCEED = "succeed"
    FAIL = "fail"
    RETRY = "retry"


TRANSITIONS: Mapping[PaymentStatus, Mapping[PaymentStep, PaymentStatus]] = {
    PaymentStatus.PENDING: {PaymentStep.CAPTURE: PaymentStatus.CAPTURED, PaymentStep.CLOSE: PaymentStatus.CLOSED},
    # Money that arrives after we closed is still money received; whoever asked for it decides to give it back.
    PaymentStatus.CLOSED: {PaymentStep.CAPTURE: PaymentStatus.CAPTURED},
    PaymentStatus.CAPTURED: {},
}

REFUND_TRANSITIONS: Mapping[RefundStatus, Mapping[RefundStep, RefundStatus]] = {
    RefundStatus.REQUESTED: {RefundStep.SUCCEED: RefundStatus.SUCCEEDED, RefundStep.FAIL: RefundStatus.FAILED},
    RefundStatus.SUCCEEDED: {},
    # An operator asks again, or pays by hand; or the provider managed it after all.
    RefundStatus.FAILED: {RefundStep.RETRY: RefundStatus.REQUESTED, RefundStep.SUCCEED: RefundStatus.SUCCEEDED},
}


class DayStep(StrEnum):
    """What can happen to a day of a provider."""

    CLOSE = "close"


DAY_TRANSITIONS: Mapping[DayStatus, Mapping[DayStep, DayStatus]] = {
    DayStatus.OPEN: {DayStep.CLOSE: DayStatus.CLOSED},
    DayStatus.CLOSED: {},
}
