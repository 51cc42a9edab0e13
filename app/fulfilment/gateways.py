"""Who follows parcels for us: the protocol, Kuaidi100's adapter (domain handbook §5.2), and a strict fake for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx

from app.core.errors import InvalidInput
from app.core.events import FarEndAway
from app.fulfilment.rules import CARRIERS, PHONE_REQUIRED, Question, Report, query_signature, read_kuaidi100

TIMEOUT_SECONDS = 8.0
_NOT_YET = frozenset({"500", "408"})
"""Nothing is known of the number, or its carrier does not give it out without a telephone number."""
_SUBSCRIBED = frozenset({"200", "501"})
"""Taken, or taken before."""


class NotAnswered(FarEndAway):
    """The far end did not answer as it should; try again later."""


class Tracker(Protocol):
    """A service that knows where parcels are, as seen by a courier."""

    async def ask(self, question: Question, *, now: datetime) -> Report | None:
        """What is known of a number; None while that is nothing. Raises ``NotAnswered``."""
        ...

    async def subscribe(self, question: Question, *, callback_url: str, salt: str) -> None:
        """Ask to be told of all that happens to a number; harmless to repeat. Raises ``NotAnswered``."""
        ...


@dataclass(frozen=True)
class Kuaidi100:
    """Kuaidi100 over HTTPS: forms whose ``param`` is JSON; questions are signed with MD5, which is their choice."""

    customer: str
    key: str
    base_url: str
    http: httpx.AsyncClient | None = None
    """None opens a client for each call."""

    async def ask(self, question: Question, *, now: datetime) -> Report | None:  # noqa: ARG002 - it has its own clock
        """Ask for the whole history of a number."""
        param = _json({**_named(question), "resultv2": "4", "show": "0", "order": "desc"})
        form = {
            "customer": self.customer,
            "sign": query_signature(param, self.key, self.customer),
            "param": param,
        }
        answer = await self._send("/poll/query.do", form)
        if answer.get("result") is False:
            if str(answer.get("returnCode")) in _NOT_YET:
                return None
            raise NotAnswered(f"the question was refused: {answer.get('returnCode')}")
        try:
            return read_kuaidi100(answer)
        except InvalidInput as error:
            raise NotAnswered("the answer cannot be read") from error

    async def subscribe(self, question: Question, *, callback_url: str, salt: str) -> None:
        """Subscribe; what happens then is pushed to ``callback_url``, signed with ``salt``."""
        named = _named(question)
        param = _json(
            {
                "company": named["com"],
                "number": named["num"],
                "key": self.key,
                "parameters": {
                    "callbackurl": callback_url,
                    "salt": salt,
                    "resultv2": "4",
                    "phone": named.get("phone", ""),
                },
            }
        )
        answer = await self._send("/poll", {"schema": "json", "param": param})
        if str(answer.get("returnCode")) not in _SUBSCRIBED:
            raise NotAnswered(f"the subscription was refused: {answer.get('returnCode')}")

    async def _send(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        try:
            if self.http is None:
                async with httpx.AsyncClient() as http:
                    answer = await http.post(f"{self.base_url}{path}", data=dict(form), timeout=TIMEOUT_SECONDS)
            else:
                answer = await self.http.post(f"{self.base_url}{path}", data=dict(form), timeout=TIMEOUT_SECONDS)
            found = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotAnswered(type(error).__name__) from error
        if not isinstance(found, dict):
            raise NotAnswered("the answer is no object")
        return found


@dataclass
class FakeTracker:
    """A tracker for tests that is as strict as the real one: nobody asks of a number twice within half an hour."""

    known: dict[str, Report] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    subscribed: dict[str, str] = field(default_factory=dict)
    failing: int = 0
    """How many of the next questions get no answer, although they were asked."""

    async def ask(self, question: Question, *, now: datetime) -> Report | None:
        """Answer, unless asked too soon or without the telephone number that the carrier wants."""
        number = question.tracking_number
        last = self.asked.get(number)
        if last is not None and now - last < timedelta(minutes=30):
            raise AssertionError(f"{number} was asked about at {last} and again at {now}")
        if question.carrier in PHONE_REQUIRED and not question.phone:
            raise AssertionError(f"{question.carrier} wants a telephone number for {number}")
        self.asked[number] = now
        if self.failing:
            self.failing -= 1
            raise NotAnswered("the service is away")
        return self.known.get(number)

    async def subscribe(self, question: Question, *, callback_url: str, salt: str) -> None:
        """Note the subscription; a number is told to one address."""
        if not salt:
            raise AssertionError("a subscription without a salt cannot be verified")
        number = question.tracking_number
        if self.subscribed.setdefault(number, callback_url) != callback_url:
            raise AssertionError(f"{number} is told to {self.subscribed[number]}")


def _named(question: Question) -> dict[str, str]:
    named = {"com": CARRIERS[question.carrier].kuaidi100, "num": question.tracking_number}
    return named if question.phone is None else {**named, "phone": question.phone}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
