"""Passwords: argon2id, in a thread, a few at a time, so that a burst of sign-ins eats neither memory nor the loop."""

from __future__ import annotations

import asyncio
import unicodedata
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.turns import turns

# OWASP's figure for argon2id: 19 MiB, two passes, one lane. The library's own (64 MiB, four lanes) takes over half a
# second of a small machine's both cores for each sign-in, which is a gift to whoever wants to stop the shop.
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


NO_PASSWORD = "!"  # noqa: S105 - what no password hashes to


def gate(parallel: int = 2) -> asyncio.Semaphore:
    """The semaphore of this process behind which passwords are worked on; the first caller fixes how many at once."""
    return turns("passwords", parallel)


async def hash_password(password: str, *, parallel: int = 2) -> str:
    """The argon2id hash to store. Call it with no transaction open: it takes tens of milliseconds."""
    async with gate(parallel):
        return await asyncio.to_thread(_HASHER.hash, _plain(password))


async def fits(password: str, stored: str | None) -> bool:
    """Whether ``password`` is the one that was stored; hold ``gate`` while calling.

    With no account (``None``) the work is done all the same, so that the time taken tells nothing.
    """
    found = await asyncio.to_thread(_verify, _plain(password), stored or _nobody())
    return found and stored is not None


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # a full-width keyboard types the same password


def _verify(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(password, stored)
    except UnknownHashError:
        return False


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
