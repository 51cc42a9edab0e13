import itertools

import pytest

from app.webhooks.lifecycle import TRANSITIONS, MessageStatus, Step, after


@pytest.mark.parametrize(("status", "step"), list(itertools.product(MessageStatus, Step)))
def test_every_step_from_every_status(status, step):
    assert after(status, step) == TRANSITIONS.get((status, step))


def test_what_waits_is_never_asked_for_again_and_what_ended_never_ends_twice():
    assert after(MessageStatus.PENDING, Step.SEND_AGAIN) is None
    for ended in (MessageStatus.DELIVERED, MessageStatus.FAILED):
        assert after(ended, Step.DELIVER) is after(ended, Step.GIVE_UP) is None
