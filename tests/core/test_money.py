from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import parse_yuan, split, yuan

amounts = st.integers(-(10**13), 10**13)


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_parts_always_add_up_to_the_whole(total, weights):
    parts = split(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert all(part * total >= 0 for part in parts)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_no_part_is_a_fen_away_from_its_exact_share(total, weights):
    for part, weight in zip(split(total, weights), weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_the_largest_remainder_gets_the_odd_fen():
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [0, 0]) == [5, 5]


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        split(1, weights)


@given(st.integers(0, 10**13))
def test_what_is_written_is_read_back(fen):
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", "1.234", "-1", "1,000", "１２", "1_000", "NaN", "1e3", " 1", "1."])
def test_what_people_mistype_is_refused(text):
    with pytest.raises(ValueError, match="yuan"):
        parse_yuan(text)
