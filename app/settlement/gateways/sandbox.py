"""How money that a provider holds is split there: the protocol, the sandbox's adapter, and a strict fake for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import httpx

from app.core.clock import SHANGHAI
from app.core.events import FarEndAway
from app.payments import Sealer
from app.settlement.rules.split import SplitOrder

TIMEOUT_SECONDS = 5.0


class NotAccepted(FarEndAway):
    """The far end did not take it, or nobody knows whether it did; say the same again later."""


class Splitter(Protocol):
    """A licensed provider that holds buyers' money, as seen by a courier."""

    async def split(self, order: SplitOrder, *, key: UUID, now: datetime) -> None:
        """Have the money split. Number and ``key`` repeat with the request; the outcome arrives as a notification.

        Raises ``NotAccepted``.
        """
        ...


@dataclass(frozen=True)
class SandboxSplitter:
    """Plays a provider that pays all accounts but those ending in 0000, and says so, sealed and signed, over HTTP."""

    sealer: Sealer
    notify_base: str
    http: httpx.AsyncClient | None = None
    """None opens a client for each call."""

    async def split(self, order: SplitOrder, *, key: UUID, now: datetime) -> None:
        """Split at once and tell."""
        refused = order.receiver.account.endswith("0000")
        at = now.astimezone(SHANGHAI).isoformat(timespec="seconds")
        resource = {
            "out_order_no": order.number,
            "order_id": f"SBXF{order.number}",
            "state": "FINISHED",
            "success_time": at,
            "receiver": {
                "amount": order.amount_fen,
                "result": "CLOSED" if refused else "SUCCESS",
                "fail_reason": "ACCOUNT_ABNORMAL" if refused else None,
            },
        }
        body = _json(
            {
                "id": f"EV-{key.hex}",
                "create_time": at,
                "resource_type": "encrypt-resource",
                "event_type": "PROFITSHARING.CLOSED" if refused else "PROFITSHARING.SUCCESS",
                "summary": "分账",
                "resource": self.sealer.lock(_json(resource), "profitsharing"),
            }
        )
        headers = {**self.sealer.sign(body, now), "Content-Type": "application/json"}
        if self.http is None:
            # The sandbox calls this service itself; a proxy meant for the world outside is not on that way.
            async with httpx.AsyncClient(trust_env=False) as http:
                answer = await self._post(http, body, headers)
        else:
            answer = await self._post(self.http, body, headers)
        if not answer.is_success:
            raise NotAccepted(f"the notification was answered with {answer.status_code}")

    async def _post(self, http: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> httpx.Response:
        url = f"{self.notify_base}/v1/notifications/payouts/sandbox"
        return await http.post(url, content=body, headers=headers, timeout=TIMEOUT_SECONDS)


@dataclass
class FakeSplitter:
    """A provider for tests that is strict: it knows a number by what it was, and pays no statement twice."""

    orders: dict[str, SplitOrder] = field(default_factory=dict)
    away: int = 0
    """How many of the next requests get nowhere."""
    silent: int = 0
    """How many of the next requests are taken while their answers are lost."""
    refusing: set[str] = field(default_factory=set)
    """Numbers that will fail, and may be followed by another for the same statement."""

    async def split(self, order: SplitOrder, *, key: UUID, now: datetime) -> None:  # noqa: ARG002
        """Note the instruction, if it is sound."""
        if self.away:
            self.away -= 1
            raise NotAccepted("the provider is away")
        if order.amount_fen <= 0 or not order.receiver.account.isdigit():
            raise AssertionError(f"{order.number} pays nobody")
        if self.orders.setdefault(order.number, order) != order:
            raise AssertionError(f"{order.number} was another instruction before")
        alive = [
            number
            for number, known in self.orders.items()
            if known.statement_id == order.statement_id and number not in self.refusing
        ]
        if len(alive) > 1:
            raise AssertionError(f"statement {order.statement_id} is paid twice: {alive}")
        if self.silent:
            self.silent -= 1
            raise NotAccepted("the answer was lost")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
