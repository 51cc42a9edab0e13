import itertools

import pytest

from app.settlement.lifecycle import (
    PAYOUT_TRANSITIONS,
    TRANSITIONS,
    PayoutStatus,
    PayoutStep,
    StatementStepNotAllowed,
    Status,
    Step,
    after,
    allowed,
)
from app.settlement.models import PayoutRow


@pytest.mark.parametrize(("status", "step"), list(itertools.product(Status, Step)))
def test_every_step_from_every_status(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
        return
    with pytest.raises(StatementStepNotAllowed) as refusal:
        after(status, step)
    assert refusal.value.steps == tuple(allowed(status))


@pytest.mark.parametrize(("status", "step"), list(itertools.product(PayoutStatus, PayoutStep)))
def test_every_word_of_a_provider_about_every_payout(status, step):
    row = PayoutRow(status=status.value)
    reached = PAYOUT_TRANSITIONS.get((status, step))
    assert row.take(step) is (reached is not None)
    assert row.status == (reached or status)


def test_money_that_was_paid_or_carried_is_never_paid_again():
    assert allowed(Status.PAID) == allowed(Status.CARRIED) == []
    assert [status for status in Status if Step.PAY in allowed(status)] == [Status.CONFIRMED, Status.FAILED]
