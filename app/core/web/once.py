"""Exactly once per key: the Idempotency-Key of the contract.

The key's row is written in the transaction of the effect, so both exist or neither does. A second call with the same
key waits for the first (up to the lock timeout) and gets its bytes. A refusal (4xx) is an answer and is kept too; an
answer of 5xx is not, because nothing happened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated

import psycopg
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask, keep_answer
from app.core.errors import DomainError, NotAuthenticated
from app.core.settings import Settings
from app.core.trail import in_vain
from app.core.web.edge import edge_of
from app.core.web.problems import problem

_LONGEST_KEY = 255

_TAKE = text("""
INSERT INTO core_idempotency (principal, key, fingerprint, created_at)
VALUES (:principal, :key, :fingerprint, :now) ON CONFLICT DO NOTHING RETURNING 1
""")
_FIND = text("""
SELECT fingerprint, status, media_type, headers, body FROM core_idempotency WHERE principal = :principal AND key = :key
""")
FORGET_OLD_KEYS = text("DELETE FROM core_idempotency WHERE created_at < :before")


class IdempotencyKeyRequired(DomainError):
    """The operation moves stock or money."""

    status = 400
    code = "idempotency_key_required"
    zh = "该操作涉及库存或资金，请在请求头 Idempotency-Key 中提供唯一的键（1–255 个可见 ASCII 字符）。"
    en = "This operation moves stock or money: send a unique Idempotency-Key header (1-255 visible ASCII characters)."


class IdempotencyKeyReused(DomainError):
    """The key was used for another request."""

    status = 422
    code = "idempotency_key_reused"
    zh = "这个 Idempotency-Key 已用于内容不同的请求，请换一个新键。"
    en = "This Idempotency-Key was used with another request; use a new key."


class IdempotencyInFlight(DomainError):
    """The first request with this key is still running."""

    status = 409
    code = "idempotency_in_flight"
    zh = "使用同一 Idempotency-Key 的请求仍在处理，请稍后用同一个键重试。"
    en = "A request with this Idempotency-Key is still running; try again shortly with the same key."


KEY_ERRORS: tuple[type[DomainError], ...] = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight)


class OnceCall:
    """One call under one key. ``now`` is when it came."""

    def __init__(self, request: Request, principal: str, key: str, fingerprint: bytes, now: datetime) -> None:
        self._request = request
        self._row = {"principal": principal, "key": key}
        self._fingerprint = fingerprint
        self.now = now

    @property
    def settings(self) -> Settings:
        """The settings under which the call is served."""
        return edge_of(self._request).settings

    async def run(
        self,
        status: int,
        work: Callable[[AsyncSession], Awaitable[BaseModel]],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Do ``work`` in one transaction and answer with ``status`` and its result, or give the first answer again."""
        db = edge_of(self._request).db
        try:
            async with db.write() as session:
                if (kept := await self._take(session)) is not None:
                    in_vain(session)
                    return kept
                body = (await work(session)).model_dump_json().encode()
                self._keep(session, status, "application/json", dict(headers or {}), body)
            return Response(body, status, dict(headers or {}), "application/json")
        except (IdempotencyKeyReused, IdempotencyInFlight):
            raise
        except DomainError as refusal:
            if refusal.status >= 500:  # noqa: PLR2004
                raise
            answer = problem(self._request, refusal)
        async with db.write() as session:
            in_vain(session)
            # While this call was rolled back, another with the same key may have run: then its answer is the answer.
            if (kept := await self._take(session)) is not None:
                return kept
            extra = {"Content-Language": answer.headers["Content-Language"]}
            self._keep(session, answer.status_code, str(answer.media_type), extra, bytes(answer.body))
        return answer

    async def _take(self, session: AsyncSession) -> Response | None:
        """Take the key; or the kept answer, if the key was taken before."""
        try:
            taken = await ask(session, _TAKE, {**self._row, "fingerprint": self._fingerprint, "now": self.now})
        except psycopg.errors.LockNotAvailable as error:
            raise IdempotencyInFlight(retry_after=1) from error
        if taken:
            return None
        found = await ask(session, _FIND, self._row)
        if not found:  # a day old, and swept away between the two statements
            raise IdempotencyInFlight(retry_after=1)
        ((fingerprint, status, media_type, headers, body),) = found
        if bytes(fingerprint) != self._fingerprint:
            raise IdempotencyKeyReused
        return Response(bytes(body), status, {**headers, "Idempotent-Replayed": "true"}, media_type)

    def _keep(self, session: AsyncSession, status: int, media_type: str, headers: dict[str, str], body: bytes) -> None:
        keep_answer(session, **self._row, status=status, media_type=media_type, headers=json.dumps(headers), body=body)


async def _once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description="Unique per operation; the same key gets the first answer again."),
    ] = None,
) -> OnceCall:
    if not idempotency_key or len(idempotency_key) > _LONGEST_KEY:
        raise IdempotencyKeyRequired
    if not (idempotency_key.isascii() and idempotency_key.isprintable() and " " not in idempotency_key):
        raise IdempotencyKeyRequired
    principal: str | None = getattr(request.state, "caller", None)
    if principal is None:
        raise NotAuthenticated
    target = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    fingerprint = hashlib.sha256(target + await request.body()).digest()
    return OnceCall(request, principal, idempotency_key, fingerprint, edge_of(request).clock())


IF_GIVEN = "If given"
"""How the description of a key begins that nobody has to send."""


class PlainCall:
    """One call without a key: whoever sends it twice has it done twice."""

    def __init__(self, request: Request) -> None:
        self._db = edge_of(request).db

    async def run(self, status: int, work: Callable[[AsyncSession], Awaitable[BaseModel]]) -> Response:
        """Do ``work`` in one transaction and answer with ``status`` and its result."""
        async with self._db.write() as session:
            body = (await work(session)).model_dump_json().encode()
        return Response(body, status, media_type="application/json")


async def _once_if_keyed(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description=f"{IF_GIVEN}, the same key gets the first answer again."),
    ] = None,
) -> OnceCall | PlainCall:
    return PlainCall(request) if idempotency_key is None else await _once(request, idempotency_key)


Once = Annotated[OnceCall, Depends(_once)]
OnceIfKeyed = Annotated[OnceCall | PlainCall, Depends(_once_if_keyed)]
"""For what waits for a second person anyway: a client may send a key, so that its retry proposes nothing twice."""
