"""The audit trail: what the office's and the marketplace's own people changed, written with the change itself.

An act begins where somebody is recognised and lasts as long as the request. Every transaction that commits within it
writes the act down among its last words, so a change without its entry cannot exist, nor an entry without its change.
Nothing of a request's body is kept: what it changed stands in the rows themselves and in the facts that are named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what: an operation of the API under its ``operationId``, or a command.

    ``account_id`` is None for whoever runs a command on the machine itself. ``about`` holds what the path names: ids,
    numbers, codes.
    """

    at: datetime
    account_id: UUID | None
    role: str
    operation: str
    method: str
    path: str
    about: tuple[str, ...] = ()
    request_id: str | None = None


class _Stage:
    """Where an act may begin, and what it is by now: one for each request."""

    def __init__(self, act: Act | None) -> None:
        self.act = act


_stage: ContextVar[_Stage | None] = ContextVar("stage", default=None)
_IN_VAIN = "done_in_vain"


@contextmanager
def acting(act: Act | None = None) -> Iterator[None]:
    """Within the block, what is changed is changed by ``act``; without one by nobody, until ``begin`` tells."""
    token = _stage.set(_Stage(act))
    try:
        yield
    finally:
        _stage.reset(token)


def begin(act: Act) -> None:
    """From now on, until the surrounding ``acting`` ends; outside of one nobody acts."""
    if (stage := _stage.get()) is not None:
        stage.act = act


def in_vain(session: AsyncSession) -> None:
    """Nothing is done in the transaction of ``session`` that would have to be told: it repeats or keeps an answer."""
    session.info[_IN_VAIN] = True


def done(session: AsyncSession) -> Act | None:
    """What the transaction of ``session`` is part of, if anybody did anything in it: for ``core.db`` alone."""
    stage = _stage.get()
    return None if session.info.pop(_IN_VAIN, False) or stage is None else stage.act
