"""Every step from every status."""

from __future__ import annotations

from itertools import product

import pytest

from app.catalogue.lifecycle import (
    CHANGE_TRANSITIONS,
    TRANSITIONS,
    ChangeStatus,
    ChangeStep,
    Status,
    Step,
    WrongProductStatus,
    after,
    change_after,
)

_OF_PRODUCTS = [(after, TRANSITIONS, *pair) for pair in product(Status, Step)]
_OF_CHANGES = [(change_after, CHANGE_TRANSITIONS, *pair) for pair in product(ChangeStatus, ChangeStep)]


@pytest.mark.parametrize(("ask", "table", "status", "step"), [*_OF_PRODUCTS, *_OF_CHANGES])
def test_a_step_is_taken_or_refused_with_the_steps_that_are_allowed(ask, table, status, step):
    if (status, step) in table:
        assert ask(status, step) is table[status, step]
        return
    with pytest.raises(WrongProductStatus) as refused:
        ask(status, step)
    allowed = {name for at, name in table if at is status}
    assert set(str(refused.value.params["allowed"]).split(", ")) == {step.value for step in allowed}


def test_every_status_but_the_first_is_reached():
    assert set(TRANSITIONS.values()) | {Status.DRAFT} == set(Status)
