"""The latest answer to each question is kept, within bounds."""

from __future__ import annotations

from app.core.web.answers import Answers


def test_the_latest_answer_stands_for_its_state():
    answers = Answers()
    assert answers.last("q") is None
    answers.keep("q", 1, b"one")
    answers.keep("q", 2, b"two")
    last = answers.last("q")
    assert last is not None
    assert (last.state, last.body) == (2, b"two")


def test_the_longest_unasked_is_forgotten_first():
    answers = Answers(most=2)
    answers.keep("a", 1, b"a")
    answers.keep("b", 1, b"b")
    assert answers.last("a")
    answers.keep("c", 1, b"c")
    assert answers.last("b") is None
    assert answers.last("a")
    assert answers.last("c")


def test_large_answers_leave_room_for_no_others():
    answers = Answers(most_bytes=10)
    answers.keep("a", 1, b"12345")
    answers.keep("a", 2, b"123456")
    answers.keep("b", 1, b"1234")
    assert answers.last("a")
    assert answers.last("b")
    answers.keep("c", 1, b"1")
    assert answers.last("a") is None
    answers.keep("d", 1, b"x" * 11)
    assert [answers.last(question) for question in "abcd"] == [None] * 4
