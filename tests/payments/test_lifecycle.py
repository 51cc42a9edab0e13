"""Every pair of status and step, against the sentences of the contract."""

import pytest

from app.payments.lifecycle import REFUND_TRANSITIONS, TRANSITIONS, PaymentStep, RefundStep
from app.payments.models import PaymentRow, RefundRow
from app.payments.rules import PaymentStatus, RefundStatus

PAYMENT = {
    ("pending", "capture"): "captured",
    ("pending", "close"): "closed",
    ("closed", "capture"): "captured",
}
REFUND = {
    ("requested", "succeed"): "succeeded",
    ("requested", "fail"): "failed",
    ("failed", "succeed"): "succeeded",
    ("failed", "retry"): "requested",
}


@pytest.mark.parametrize("step", PaymentStep)
@pytest.mark.parametrize("status", PaymentStatus)
def test_every_step_of_a_payment(status, step):
    row = PaymentRow(status=status)
    assert row.take(step) is ((status, step) in PAYMENT)
    assert row.status == PAYMENT.get((status, step), status)


@pytest.mark.parametrize("step", RefundStep)
@pytest.mark.parametrize("status", RefundStatus)
def test_every_step_of_a_refund(status, step):
    row = RefundRow(status=status)
    assert row.take(step) is ((status, step) in REFUND)
    assert row.status == REFUND.get((status, step), status)


def test_every_status_has_a_row():
    assert set(TRANSITIONS) == set(PaymentStatus)
    assert set(REFUND_TRANSITIONS) == set(RefundStatus)
