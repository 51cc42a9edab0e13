"""How a text message leaves the house: the protocol, the console of a demonstration, and a strict fake for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from structlog import get_logger

from app.identity.rules import TextMessage

log = get_logger("sms")


class NotSent(Exception):
    """The far end did not take it; try again later."""


class TextSender(Protocol):
    """Whoever delivers text messages, as seen by a courier."""

    async def send(self, message: TextMessage, *, key: UUID, now: datetime) -> None:
        """Send it. ``key`` repeats with the request, so that a provider can drop the second. Raises ``NotSent``."""
        ...


class ConsoleSender:
    """Plays a phone in a demonstration: the message is a line of the worker's log.

    It is the one place where a code meets a log, and it is only ever wired while ``Settings.shows_codes``.
    """

    async def send(self, message: TextMessage, *, key: UUID, now: datetime) -> None:  # noqa: ARG002
        """Show the message."""
        log.warning("demo_text_message", to=f"{message.phone[:3]}******{message.phone[-2:]}", text=message.text)


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
