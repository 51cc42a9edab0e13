"""Ids sort by the moment that they were made for, and repeat only where they are told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from app.core.ids import digits, new_id, seeded

_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 200 * 365 * 86_400_000).map(lambda ms: _BEGIN + timedelta(milliseconds=ms))


@given(MOMENTS, st.integers(1, 10**6))
@example(datetime(2004, 6, 22, 23, 1, 47, 484_000, tzinfo=UTC), 1)  # as floats both begin with 484
def test_later_is_greater(at: datetime, milliseconds: int):
    later = at + timedelta(milliseconds=milliseconds)
    assert new_id(at) < new_id(later)
    assert str(new_id(at)) < str(new_id(later))
    assert new_id(at).bytes < new_id(later).bytes


@given(MOMENTS)
def test_an_id_is_a_uuid_of_version_7(at: datetime):
    made = new_id(at)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_a_million_in_one_moment_would_differ():
    at = datetime(2026, 11, 20, tzinfo=UTC)
    assert len({new_id(at) for _ in range(20_000)}) == 20_000


def test_the_demonstration_repeats_itself():
    at = datetime(2026, 11, 20, tzinfo=UTC)
    with seeded(7):
        first = [new_id(at), digits(8)]
    with seeded(7):
        again = [new_id(at), digits(8)]
    with seeded(8):
        other = [new_id(at), digits(8)]
    assert first == again != other
    assert new_id(at) != first[0]


@given(st.integers(1, 20))
def test_digits_are_as_many_as_asked_for(count: int):
    made = digits(count)
    assert len(made) == count
    assert made.isdigit()
