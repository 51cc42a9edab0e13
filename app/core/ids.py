"""Identifiers made by the application: UUIDv7 (RFC 9562) whose time is the moment that the use case was told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from uuid import UUID

_entropy: ContextVar[random.Random] = ContextVar("entropy")
_system = random.SystemRandom()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_RANDOM_BITS = (0xFFF << 64) | ((1 << 62) - 1)


def new_id(at: datetime) -> UUID:
    """A UUIDv7 that sorts by ``at`` to the millisecond; the other 74 bits are random."""
    milliseconds = (at - _EPOCH) // _MILLISECOND  # in whole numbers: some milliseconds are no float, and one too low
    noise = _entropy.get(_system).getrandbits(128) & _RANDOM_BITS
    return UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT | noise)


def made_at(id_: UUID) -> datetime | None:
    """The moment that ``new_id`` was told; None for an id of another sort."""
    return _EPOCH + (id_.int >> 80) * _MILLISECOND if id_.version == 7 else None  # noqa: PLR2004 - RFC 9562


def first_id(at: datetime) -> UUID:
    """What sorts before every id that ``new_id`` makes at or after ``at``."""
    return UUID(int=((at - _EPOCH) // _MILLISECOND) << 80)


def digits(count: int) -> str:
    """``count`` random decimal digits, for numbers that people read aloud."""
    return f"{_entropy.get(_system).randrange(10**count):0{count}d}"


def letters(alphabet: str, count: int) -> str:
    """``count`` random characters of ``alphabet``."""
    return "".join(_entropy.get(_system).choices(alphabet, k=count))


@contextmanager
def seeded(seed: int) -> Iterator[random.Random]:
    """Inside, ids and digits repeat from run to run, so that the demo county is the same every time."""
    source = random.Random(seed)  # noqa: S311 - a demonstration must repeat itself; it guards nothing
    token = _entropy.set(source)
    try:
        yield source
    finally:
        _entropy.reset(token)
