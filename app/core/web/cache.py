"""Public pages that thousands read within a second are built once: a small cache in front of the router.

Only answers of 200 to GET on the paths that were named are kept, each for ``seconds``; while a page is being rebuilt,
the others are given the old one, never more than twice as old. Nothing that decides anything reads this cache.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.core.settings import CacheSettings


@dataclass(slots=True)
class _Kept:
    start: Message
    body: Message
    size: int
    at: float


@dataclass(slots=True)
class _Recorder:
    """Passes an answer on and remembers it."""

    send: Send
    start: Message | None = None
    chunks: list[bytes] = field(default_factory=list)
    complete: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.chunks.append(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        await self.send(message)


class PageCache:
    """ASGI middleware. ``prefixes`` name the public pages whose answer depends on path, query and language only."""

    def __init__(self, app: ASGIApp, *, prefixes: tuple[str, ...], settings: CacheSettings) -> None:
        self._app = app
        self._prefixes = prefixes
        self._settings = settings
        self._pages: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()
        self._building: dict[tuple[str, bytes], asyncio.Event] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory when the page is young enough."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"])
        lifetime = self._settings.seconds
        kept = self._pages.get(key)
        age = time.monotonic() - kept.at if kept else 0.0
        if kept is not None and (age < lifetime or (key in self._building and age < 2 * lifetime)):
            await send(kept.start)
            await send(kept.body)
            return
        if (building := self._building.get(key)) is not None:
            await building.wait()
            if (fresh := self._pages.get(key)) is not None and time.monotonic() - fresh.at < lifetime:
                await send(fresh.start)
                await send(fresh.body)
                return
        await self._build(key, scope, receive, send)

    async def _build(self, key: tuple[str, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        done = self._building.setdefault(key, asyncio.Event())
        begun = time.monotonic()
        recorder = _Recorder(send)
        try:
            await self._app(scope, receive, recorder)
        finally:
            if self._building.get(key) is done:
                del self._building[key]
            if recorder.complete and recorder.start is not None and recorder.start["status"] == 200:  # noqa: PLR2004
                self._keep(key, recorder.start, b"".join(recorder.chunks), begun)
            done.set()

    def _keep(self, key: tuple[str, bytes], start: Message, body: bytes, at: float) -> None:
        message: Message = {"type": "http.response.body", "body": body}
        if (old := self._pages.pop(key, None)) is not None:
            self._bytes -= old.size
        self._pages[key] = _Kept(start, message, len(body), at)
        self._bytes += len(body)
        while len(self._pages) > self._settings.entries or self._bytes > self._settings.bytes:
            _, oldest = self._pages.popitem(last=False)
            self._bytes -= oldest.size
