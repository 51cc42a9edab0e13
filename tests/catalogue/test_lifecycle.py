"""Every step from every status."""

from __future__ import annotations

from itertools import product

import pytest

from app.catalogue.lifecycle import TRANSITIONS, Status, Step, WrongProductStatus, after


@pytest.mark.parametrize(("status", "step"), list(product(Status, Step)))
def test_a_step_is_taken_or_refused_with_the_steps_that_are_allowed(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
        return
    with pytest.raises(WrongProductStatus) as refused:
        after(status, step)
    allowed = {name for at, name in TRANSITIONS if at is status}
    assert set(str(refused.value.params["allowed"]).split(", ")) == {step.value for step in allowed}


def test_every_status_but_the_first_is_reached():
    assert set(TRANSITIONS.values()) | {Status.DRAFT} == set(Status)
