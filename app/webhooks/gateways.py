"""How a message reaches the far end: https to a public address that was looked up once, and no further."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from app.webhooks.rules import UnsafeUrl, check_url, is_public

TIMEOUT_SECONDS = 10.0
_PORTS = {"https": 443, "http": 80}


class NotReached(Exception):
    """No answer came; the message says why, in one word."""


class Sender(Protocol):
    """Something that posts a body to a URL."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status that came back. Raises ``NotReached``; redirects are not followed."""
        ...


@dataclass(frozen=True)
class HttpSender:
    """The real one. ``private`` lets it call hosts inside, over plain http too."""

    http: httpx.AsyncClient | None = None
    """None opens a client for each call."""
    private: bool = False

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Look the host up, refuse a private address, and speak to that very address: a second look-up may lie."""
        try:
            check_url(url, private=self.private)
        except UnsafeUrl:
            raise NotReached("unsafe_url") from None
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        named = {**headers, "Host": parts.netloc}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                address = await self._look_up(host, port)
                numeric = f"[{address}]" if ":" in address else address
                direct = parts._replace(netloc=f"{numeric}:{port}").geturl()
                if self.http is not None:
                    return await self._send(self.http, direct, named, body, host)
                async with httpx.AsyncClient(trust_env=False) as http:
                    return await self._send(http, direct, named, body, host)
        except TimeoutError:
            raise NotReached("timeout") from None
        except httpx.HTTPError as error:
            raise NotReached(type(error).__name__) from error

    async def _look_up(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise NotReached("unknown_host") from None
        addresses = [str(address[0]) for *_, address in found]
        if not self.private and not all(is_public(address) for address in addresses):
            raise NotReached("private_address")
        return addresses[0]

    async def _send(self, http: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, host: str) -> int:
        # The certificate is checked against the name, although the connection is made to the number.
        request = http.build_request(
            "POST", url, content=body, headers=dict(headers), extensions={"sni_hostname": host}, timeout=TIMEOUT_SECONDS
        )
        answer = await http.send(request, stream=True, follow_redirects=False)
        await answer.aclose()  # what they say is of no interest, however long it is
        return answer.status_code


@dataclass
class FakeSender:
    """A far end for tests that is strict: it takes a message id with one body only."""

    answers: list[int | NotReached] = field(default_factory=list)
    """What the next posts come to; 204 once the list is empty."""
    received: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Note the message and answer as told."""
        if self.bodies.setdefault(headers["webhook-id"], body) != body:
            raise AssertionError(f"message {headers['webhook-id']} had another body before")
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, NotReached):
            raise answer
        self.received.append((url, headers, body))
        return answer
