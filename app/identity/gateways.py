"""How a text message leaves the house: the protocol, a webhook, a demonstration's console, a strict fake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import httpx
from structlog import get_logger

from app.core.events import FarEndAway
from app.core.settings import SmsSettings
from app.identity.rules import TextMessage

log = get_logger("sms")

_TIMEOUT_SECONDS = 10.0


class NotSent(FarEndAway):
    """The far end did not take it; try again later."""


class TextSender(Protocol):
    """Whoever delivers text messages, as seen by a courier."""

    async def send(self, message: TextMessage, *, key: UUID, now: datetime) -> None:
        """Send it. ``key`` repeats with the request, so that a provider can drop the second. Raises ``NotSent``."""
        ...


class ConsoleSender:
    """Plays a phone in a demonstration: the message is a line of the worker's log.

    It is the one place where a code meets a log, and it is only ever wired where ``Settings.sends_codes_by`` says so.
    """

    async def send(self, message: TextMessage, *, key: UUID, now: datetime) -> None:  # noqa: ARG002
        """Show the message."""
        log.warning("demo_text_message", to=f"{message.phone[:3]}******{message.phone[-2:]}", text=message.text)


@dataclass(frozen=True)
class WebhookSender:
    """Posts each message to whoever sends text messages for the installation.

    The body is ``{"phone", "code", "template", "minutes", "text"}``: ``template`` is the purpose, for providers that
    let nobody send a text of their own, which is the rule on the mainland. ``Idempotency-Key`` repeats with the
    message.
    """

    settings: SmsSettings
    http: httpx.AsyncClient | None = None
    """None opens a client for each message."""

    async def send(self, message: TextMessage, *, key: UUID, now: datetime) -> None:  # noqa: ARG002
        """Post it; any answer but 2xx is a refusal. Neither phone nor code is told to those who read the error."""
        url, secret = self.settings.url, self.settings.secret
        assert url is not None and secret is not None  # noqa: S101, PT018 - it is wired where both are set
        headers = {"Authorization": f"Bearer {secret.get_secret_value()}", "Idempotency-Key": str(key)}
        body = {
            "phone": message.phone,
            "code": message.code,
            "template": message.purpose.value,
            "minutes": message.minutes,
            "text": message.text,
        }
        try:
            if self.http is not None:
                answer = await self.http.post(url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
            else:
                async with httpx.AsyncClient(trust_env=False) as http:
                    answer = await http.post(url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise NotSent(type(error).__name__) from None
        if not answer.is_success:
            raise NotSent(f"answered {answer.status_code}")


@dataclass
class FakeSender:
    """A strict one for tests: it takes one message for each key, and none whose code was not six digits."""

    sent: dict[UUID, TextMessage] = field(default_factory=dict)
    failing: int = 0
    """How many of the next messages are not taken."""

    async def send(self, message: TextMessage, *, key: UUID, now: datetime) -> None:  # noqa: ARG002
        """Keep the message."""
        if self.failing:
            self.failing -= 1
            raise NotSent
        if not (len(message.code) == 6 and message.code.isdigit()):  # noqa: PLR2004
            raise AssertionError("a code has six digits")
        if self.sent.setdefault(key, message) != message:
            raise AssertionError(f"{key} was another message before")
