"""Decisions that need no database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.core.ids import seeded
from app.inventory.events import crossings
from app.inventory.rules import LOW_STOCK, new_trace_code, subject_of

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "facts"),
    [
        (1, 0, ["StockRanOut"]),
        (LOW_STOCK + 5, 0, ["StockRanOut"]),
        (0, 1, ["StockReturned"]),
        (0, 0, []),
        (5, 5, []),
        (LOW_STOCK + 1, LOW_STOCK, ["StockLow"]),
        (LOW_STOCK, LOW_STOCK - 1, []),
        (LOW_STOCK, LOW_STOCK + 9, []),
        (LOW_STOCK + 9, LOW_STOCK + 1, []),
    ],
)
def test_only_what_crosses_a_line_is_told(before, after, facts):
    told = list(crossings("A1", before, after, AT))
    assert [type(fact).__name__ for fact in told] == facts
    assert {fact.subject for fact in told} <= {subject_of("A1")}


def test_a_skus_subject_never_changes():
    assert str(subject_of("GT04")) == "0d57cb51-adde-50da-a2c1-8e0316333b0d"
    assert subject_of("GT04") != subject_of("GT05")


def test_trace_codes_are_readable_different_and_repeat_only_in_the_demo():
    codes = {new_trace_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(len(code) == 10 and not set(code) & set("01ILOU") for code in codes)
    assert {letter for code in codes for letter in code} == set("23456789ABCDEFGHJKMNPQRSTVWXYZ")
    with seeded(7):
        first = [new_trace_code() for _ in range(3)]
    with seeded(7):
        assert [new_trace_code() for _ in range(3)] == first
