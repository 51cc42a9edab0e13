"""Around every request: an id, a clock, a limit on its body, a line in the log and a count in the metrics."""

from __future__ import annotations

import asyncio
import codecs
import re
import time
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request
from prometheus_client import Counter, Histogram
from structlog import get_logger

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.trail import acting
from app.core.web.problems import defect

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.core.settings import LimitSettings

log = get_logger("access")

REQUESTS = Counter("http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "http_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_SAFETY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
_UPLOAD = b"multipart/form-data"
_UTF8 = codecs.getincrementaldecoder("utf-8")


class Surroundings:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, *, limits: LimitSettings) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":  # RFC 9110 §9.3.2: what GET answers, without its content
            scope = {**scope, "method": "GET"}
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if _GIVEN_ID.fullmatch(given) else str(new_id(utc_now())).encode()
        scope["request_id"] = request_id.decode()
        begun = time.perf_counter()
        status, answered = 500, False

        async def answer(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                extra = [(b"x-request-id", request_id), *_SAFETY]
                message = {**message, "headers": [*message["headers"], *extra]}
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            with acting():
                await self._app(scope, self._guarded(headers, receive), answer)
        except Exception as error:
            if answered:
                raise
            # Answered here and not by the framework, whose answer would pass by this middleware, without its id.
            await defect(Request(scope), error)(scope, receive, answer)
        finally:
            self._note(scope, method, status, time.perf_counter() - begun)

    def _guarded(self, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        """The body, refused when it is too long or too slow."""
        length = headers.get(b"content-length", b"0")
        if length == b"0" and b"transfer-encoding" not in headers:
            return receive
        upload = headers.get(b"content-type", b"").startswith(_UPLOAD)
        most = self._limits.upload_bytes if upload else self._limits.body_bytes
        declared = int(length) if length.isdigit() and len(length) < 20 else 0  # noqa: PLR2004
        deadline = time.monotonic() + self._limits.body_seconds
        received, complete = 0, False
        decoder = _UTF8() if b"json" in headers.get(b"content-type", b"") else None

        async def guarded() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            if declared > most:
                raise HTTPException(413, f"{most / (1 << 20):g}", headers={"Connection": "close"})
            try:
                message = await asyncio.wait_for(receive(), max(0.01, deadline - time.monotonic()))
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > most:
                raise HTTPException(413, f"{most / (1 << 20):g}", headers={"Connection": "close"})
            if decoder is not None:
                _require_utf8(decoder, message.get("body", b""), final=complete)
            return message

        return guarded

    def _note(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route: Any = scope.get("route")
        name: str = getattr(route, "path", None) or scope.get("page", "unknown")
        REQUESTS.labels(method if method in _METHODS else "OTHER", name, str(status)).inc()
        SECONDS.labels(name).observe(seconds)
        log.info(
            "request",
            method=method,
            route=name,
            status=status,
            ms=round(seconds * 1000, 2),
            request_id=scope["request_id"],
            caller=(scope.get("state") or {}).get("caller"),
        )


def _require_utf8(decoder: codecs.IncrementalDecoder, part: bytes, *, final: bool) -> None:
    """JSON between systems is UTF-8 (RFC 8259 §8.1); the parser would guess at UTF-16, which has NULs, and the like."""
    try:
        decoder.decode(part, final)
    except UnicodeDecodeError:
        raise HTTPException(400) from None
    if b"\0" in part:
        raise HTTPException(400)


_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
