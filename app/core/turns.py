"""Heavy work in threads takes turns, so that a burst of it eats neither the memory nor every core."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

_semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


def turns(work: str, parallel: int) -> asyncio.Semaphore:
    """The semaphore of this process behind which ``work`` is done; the first caller fixes how many at once."""
    of_loop = _semaphores.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(work, asyncio.Semaphore(parallel))
