"""Answers that are still true: kept with all that they were worked out of, so that nobody works them out twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer, and the state of what was read for it."""

    state: Hashable
    body: bytes


class Answers:
    """The latest answer to each question, in this process.

    Whoever asks looks first whether the state is still that of the answer, so an answer is never older than that look.
    The question holds whatever else an answer depends on: its parameters, the day.
    """

    def __init__(self, *, most: int = 256, most_bytes: int = 4 << 20) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._bytes = 0

    def last(self, question: Hashable) -> Answer | None:
        """What was answered last, of whatever state that was."""
        answer = self._kept.get(question)
        if answer is not None:
            self._kept.move_to_end(question)
        return answer

    def keep(self, question: Hashable, state: Hashable, body: bytes) -> None:
        """Remember an answer in place of the one before it; the longest unasked are forgotten first."""
        before = self._kept.pop(question, None)
        self._kept[question] = Answer(state, body)
        self._bytes += len(body) - (0 if before is None else len(before.body))
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.body)
