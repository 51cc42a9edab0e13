"""The receiving rule, by itself: bands, clipping, and what holds whatever is counted (domain handbook §4.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.partners import ORANGES, PACKED, Tolerance
from app.wholesale import CountedLine, Verdict
from app.wholesale.rules.receiving import (
    Counted,
    ImpossibleMoment,
    InvalidReceipt,
    check_counted,
    take_in,
    too_little,
    when,
)

ACCEPTED, DEDUCTED, REFUSED, MISSING = Verdict.ACCEPTED, Verdict.DEDUCTED, Verdict.REFUSED, Verdict.MISSING


def counted(came: int, rejected: int = 0, deducted: int = 0) -> CountedLine:
    return CountedLine(line_no=1, delivered_units=came, rejected_units=rejected, deducted_units=deducted)


@pytest.mark.parametrize(
    ("tolerance", "due", "line", "verdict", "delivered", "received", "rejected", "short", "excess", "paid"),
    [
        # The example of domain handbook §4.3: 4 of 100 are refused, 96 are paid.
        (ORANGES, 100, counted(100, 4), DEDUCTED, 100, 96, 4, 0, 0, 96),
        (ORANGES, 100, counted(100), ACCEPTED, 100, 100, 0, 0, 0, 100),
        # One in a hundred is nothing; a little more is deducted, five in a hundred too; more is refused.
        (ORANGES, 100, counted(100, 1), ACCEPTED, 100, 100, 0, 0, 0, 100),
        (ORANGES, 10_000, counted(10_000, 100), ACCEPTED, 10_000, 10_000, 0, 0, 0, 10_000),
        (ORANGES, 10_000, counted(10_000, 101), DEDUCTED, 10_000, 9_899, 101, 0, 0, 9_899),
        (ORANGES, 100, counted(100, 5), DEDUCTED, 100, 95, 5, 0, 0, 95),
        (ORANGES, 10_000, counted(10_000, 501), REFUSED, 10_000, 0, 10_000, 0, 0, 0),
        (ORANGES, 100, counted(100, 6), REFUSED, 100, 0, 100, 0, 0, 0),
        (ORANGES, 100, counted(100, 100), REFUSED, 100, 0, 100, 0, 0, 0),
        # A sample tells how many are bad among those that are kept.
        (ORANGES, 100, counted(100, 0, 4), DEDUCTED, 100, 100, 0, 0, 0, 96),
        (ORANGES, 100, counted(100, 2, 2), DEDUCTED, 100, 98, 2, 0, 0, 96),
        (ORANGES, 100, counted(100, 3, 3), REFUSED, 100, 0, 100, 0, 0, 0),
        (ORANGES, 100, counted(100, 0, 1), ACCEPTED, 100, 100, 0, 0, 0, 100),
        # Short and missing.
        (ORANGES, 100, counted(80, 2), DEDUCTED, 80, 78, 2, 20, 0, 78),
        (ORANGES, 100, counted(0), MISSING, 0, 0, 0, 100, 0, 0),
        (PACKED, 10, counted(0), MISSING, 0, 0, 0, 10, 0, 0),
        # Never more than was due; what is faulty goes back with what is too much.
        (ORANGES, 100, counted(110), ACCEPTED, 100, 100, 0, 0, 10, 100),
        (ORANGES, 100, counted(110, 5), DEDUCTED, 100, 100, 0, 0, 10, 100),
        (ORANGES, 100, counted(102, 4), DEDUCTED, 100, 98, 2, 0, 2, 98),
        (ORANGES, 100, counted(200, 150), REFUSED, 100, 0, 100, 0, 100, 0),
        (ORANGES, 0, counted(5), ACCEPTED, 0, 0, 0, 0, 5, 0),
        # Of tea and oil only what is damaged is refused, however much that is.
        (PACKED, 50, counted(50, 1), DEDUCTED, 50, 49, 1, 0, 0, 49),
        (PACKED, 50, counted(50, 40), DEDUCTED, 50, 10, 40, 0, 0, 10),
        (PACKED, 50, counted(50, 50), DEDUCTED, 50, 0, 50, 0, 0, 0),
        (Tolerance(200, 300, 9_000), 100, counted(100, 2), ACCEPTED, 100, 100, 0, 0, 0, 100),
        (Tolerance(0, 0, 0), 100, counted(100, 1), REFUSED, 100, 0, 100, 0, 0, 0),
    ],
)
def test_the_receiving_rule(tolerance, due, line, verdict, delivered, received, rejected, short, excess, paid):
    taken = take_in(line, due_units=due, tolerance=tolerance)
    assert (taken.verdict, taken.delivered_units, taken.received_units, taken.rejected_units) == (
        verdict,
        delivered,
        received,
        rejected,
    )
    assert (taken.short_units, taken.excess_units, taken.paid_units) == (short, excess, paid)


tolerances = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(
    lambda two: Tolerance(min(two), max(two), 8_500)
)


@given(st.data(), st.integers(0, 5_000), st.integers(0, 5_000), tolerances, st.integers(0, 10**9))
def test_whatever_is_counted_it_adds_up(data, due, came, tolerance, price_fen):
    rejected = data.draw(st.integers(0, came))
    deducted = data.draw(st.integers(0, came - rejected))
    taken = take_in(counted(came, rejected, deducted), due_units=due, tolerance=tolerance)
    assert taken.delivered_units == taken.received_units + taken.rejected_units
    assert taken.delivered_units + taken.excess_units == came
    assert taken.short_units == max(0, due - came)
    assert min(taken.received_units, taken.rejected_units, taken.deducted_units, taken.excess_units) >= 0
    assert 0 <= taken.paid_units * price_fen <= due * price_fen
    assert taken.paid_units <= came
    # Nobody is paid for more than was good and tolerated.
    if taken.verdict is Verdict.REFUSED:
        assert taken.received_units == 0
    elif taken.verdict is Verdict.DEDUCTED:
        assert taken.received_units <= came - rejected
    # One fault more never makes more of it.
    if rejected + deducted < came:
        worse = take_in(counted(came, rejected + 1, deducted), due_units=due, tolerance=tolerance)
        assert worse.received_units <= taken.received_units


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6), st.integers(0, 150))
def test_several_receipts_never_take_in_more_than_was_ordered(loads, ordered):
    due = ordered
    paid = 0
    for came, faulty in loads:
        taken = take_in(counted(came, min(came, faulty)), due_units=due, tolerance=ORANGES)
        due -= taken.delivered_units
        paid += taken.paid_units
        assert taken.short_units == due >= 0
    assert paid <= ordered - due


def test_nonsense_is_not_decided():
    for line in (counted(5, 6), counted(5, 3, 3), counted(5, -1), counted(-1)):
        with pytest.raises(ValueError, match="less than nothing"):
            take_in(line, due_units=5, tolerance=ORANGES)


def test_the_buying_department_is_told_when_less_than_85_in_100_came():
    assert too_little(84, 100, ORANGES)
    assert not too_little(85, 100, ORANGES)
    assert not too_little(0, 0, ORANGES)
    assert not too_little(0, 100, Tolerance(0, 0, 0))


def test_everything_that_cannot_have_been_counted_is_told_at_once():
    lines = (
        counted(5, 6),
        CountedLine(line_no=1, delivered_units=1),
        CountedLine(line_no=9, delivered_units=1),
    )
    with pytest.raises(InvalidReceipt) as refused:
        check_counted(Counted(receipt_no="x", lines=lines), {1: None})
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/lines/0/rejected_units", "rejects_too_much"),
        ("/lines/1/line_no", "line_named_twice"),
        ("/lines/2/line_no", "unknown_line"),
    ]


def test_a_receipt_is_of_the_last_days():
    now = datetime(2026, 11, 20, 4, tzinfo=UTC)
    assert when(None, not_before=None, now=now) == now
    assert when(now + timedelta(minutes=5), not_before=None, now=now) == now
    assert when(now - timedelta(days=7), not_before=None, now=now) == now - timedelta(days=7)
    for impossible in (timedelta(minutes=11), timedelta(days=-8)):
        with pytest.raises(ImpossibleMoment):
            when(now + impossible, not_before=None, now=now)
    with pytest.raises(ImpossibleMoment):
        when(now - timedelta(hours=2), not_before=now - timedelta(hours=1), now=now)
