"""The table of steps, tried in every combination."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from uuid import uuid4

import pytest

from app.claims.lifecycle import ENDED, ONLY_FOR, TRANSITIONS, ClaimStepNotAllowed, Status, Step, after, allowed
from app.claims.models import ClaimRow
from app.claims.rules import Remedy

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("remedy", Remedy)
def test_a_step_leads_where_the_table_says_or_is_refused_and_changes_nothing(remedy):
    for status, step in product(Status, Step):
        claim = ClaimRow(status=status.value, remedy=remedy.value, due_at=NOW)
        may = (status, step) in TRANSITIONS and ONLY_FOR.get(step, remedy) is remedy
        assert claim.may(step) is may is (step in allowed(status, remedy))
        if may:
            assert claim.take(step, now=NOW) is after(status, step, remedy) is TRANSITIONS[status, step]
            assert claim.due_at is None
            assert (claim.closed_at == NOW) is (Status(claim.status) in ENDED)
        else:
            with pytest.raises(ClaimStepNotAllowed) as refused:
                claim.take(step, now=NOW)
            assert (claim.status, claim.due_at, claim.closed_at) == (status.value, NOW, None)
            assert status.value.replace("_", " ") in refused.value.sentence("en")


def test_nothing_but_its_arrival_happens_while_money_is_on_its_way():
    for status, step in product(Status, Step):
        claim = ClaimRow(status=status.value, remedy="refund", refund_id=uuid4())
        if step is Step.SETTLE and (status, step) in TRANSITIONS:
            assert claim.take(step, now=NOW) is Status.REFUNDED
        else:
            with pytest.raises(ClaimStepNotAllowed):
                claim.take(step, now=NOW)


def test_every_state_is_reached_and_only_the_ends_are_ends():
    assert {Status.APPLIED} | set(TRANSITIONS.values()) == set(Status)
    assert {start for start, _ in TRANSITIONS} == set(Status) - ENDED
