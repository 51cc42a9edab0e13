"""The table of steps, tried in every combination, and the status derived from it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.orders.lifecycle import TRANSITIONS, Status, Step, StepNotAllowed, after, allowed, derive

ENDS = {Status.COMPLETED, Status.EXPIRED, Status.REFUNDED}


@pytest.mark.parametrize(("status", "step"), list(product(Status, Step)))
def test_a_step_leads_where_the_table_says_or_is_refused(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
        assert step in allowed(status)
    else:
        with pytest.raises(StepNotAllowed) as refusal:
            after(status, step)
        assert status.value.replace("_", " ") in refusal.value.sentence("en")


def test_every_status_is_reached_and_every_life_ends():
    reached, frontier = {Status.PENDING_PAYMENT}, [Status.PENDING_PAYMENT]
    while frontier:
        status = frontier.pop()
        for (start, _), end in TRANSITIONS.items():
            if start is status and end not in reached:
                reached.add(end)
                frontier.append(end)
    assert reached == set(Status)
    assert {status for status in Status if not allowed(status)} == ENDS


def test_nothing_leads_back():
    ahead = {status: {end for (start, _), end in TRANSITIONS.items() if start is status} for status in Status}

    def follow(status, path):
        assert status not in path
        for following in ahead[status]:
            follow(following, [*path, status])

    follow(Status.PENDING_PAYMENT, [])


@given(st.lists(st.sampled_from(list(Status)), min_size=1, max_size=6))
def test_an_order_is_as_far_as_its_slowest_living_part(statuses):
    progress = [Status.PENDING_PAYMENT, Status.PAID, Status.SHIPPED, Status.DELIVERED, Status.COMPLETED]
    living = [progress.index(status) for status in statuses if status in progress]
    status = derive(statuses)
    assert status in statuses
    if living:
        assert status is progress[min(living)]
    elif Status.CANCELLED in statuses:
        assert status is Status.CANCELLED


@pytest.mark.parametrize("status", list(Status))
def test_an_order_of_one_part_is_as_its_part(status):
    assert derive([status]) is status
