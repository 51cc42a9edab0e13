"""How money goes back at a provider: the protocol, the sandbox's adapter, and a strict fake for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import httpx

from app.core.clock import SHANGHAI
from app.core.events import FarEndAway
from app.payments.rules import CURRENCY, RefundOrder, Sealer, sandbox_transaction

TIMEOUT_SECONDS = 5.0


class NotAccepted(FarEndAway):
    """The far end did not take it; try again later."""


class Gateway(Protocol):
    """A payment provider, as seen by a courier."""

    async def refund(self, order: RefundOrder, *, key: UUID, now: datetime) -> None:
        """Ask for money to go back. ``key`` repeats with the request; the outcome arrives as a notification.

        Raises ``NotAccepted`` when the provider did not take the request.
        """
        ...


@dataclass(frozen=True)
class SandboxGateway:
    """Plays a provider that accepts everything and then calls back, signed and encrypted, over real HTTP."""

    sealer: Sealer
    notify_base: str
    http: httpx.AsyncClient | None = None
    """None opens a client for each call."""

    async def refund(self, order: RefundOrder, *, key: UUID, now: datetime) -> None:
        """Give the money back at once and say so."""
        at = _shanghai(now)
        resource = {
            "mchid": "sandbox",
            "out_trade_no": order.payment_id.hex,
            "transaction_id": order.provider_transaction,
            "out_refund_no": order.number,
            "refund_id": f"SBXR{order.number}",
            "refund_status": "SUCCESS",
            "success_time": at,
            "user_received_account": "沙箱零钱",
            "amount": {
                "total": order.total_fen,
                "refund": order.amount_fen,
                "payer_total": order.total_fen,
                "payer_refund": order.amount_fen,
                "currency": CURRENCY,
            },
        }
        await self._notify("REFUND.SUCCESS", "退款成功", "refund", resource, key=key, now=now)

    async def tell_paid(self, payment_id: UUID, amount_fen: int, *, key: UUID, now: datetime) -> None:
        """Say that a payment was made."""
        resource = {
            "mchid": "sandbox",
            "appid": "sandbox",
            "out_trade_no": payment_id.hex,
            "transaction_id": sandbox_transaction(payment_id),
            "trade_type": "NATIVE",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": _shanghai(now),
            "amount": {
                "total": amount_fen,
                "payer_total": amount_fen,
                "currency": CURRENCY,
                "payer_currency": CURRENCY,
            },
        }
        await self._notify("TRANSACTION.SUCCESS", "支付成功", "transaction", resource, key=key, now=now)

    async def _notify(
        self, event_type: str, summary: str, kind: str, resource: dict[str, Any], *, key: UUID, now: datetime
    ) -> None:
        body = _json(
            {
                "id": f"EV-{key.hex}",
                "create_time": _shanghai(now),
                "resource_type": "encrypt-resource",
                "event_type": event_type,
                "summary": summary,
                "resource": self.sealer.lock(_json(resource), kind),
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
            raise NotAccepted(f"{event_type} was answered with {answer.status_code}")

    async def _post(self, http: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> httpx.Response:
        url = f"{self.notify_base}/v1/notifications/sandbox"
        return await http.post(url, content=body, headers=headers, timeout=TIMEOUT_SECONDS)


@dataclass
class FakeGateway:
    """A provider for tests that is strict: it takes a number once, and never gives back more than was paid."""

    refunds: dict[str, RefundOrder] = field(default_factory=dict)
    keys: dict[UUID, str] = field(default_factory=dict)
    failing: int = 0
    """How many of the next requests fail before they reach the provider."""
    asked_at: list[datetime] = field(default_factory=list)

    async def refund(self, order: RefundOrder, *, key: UUID, now: datetime) -> None:
        """Note the refund; the same key or number again must be the same refund."""
        self.asked_at.append(now)
        if self.failing:
            self.failing -= 1
            raise NotAccepted("the provider is away")
        if self.keys.setdefault(key, order.number) != order.number:
            raise AssertionError(f"key {key} was used for {self.keys[key]}")
        if self.refunds.setdefault(order.number, order) != order:
            raise AssertionError(f"{order.number} was another refund before")
        of_payment = [known for known in self.refunds.values() if known.payment_id == order.payment_id]
        if sum(known.amount_fen for known in of_payment) > order.total_fen:
            raise AssertionError(f"payment {order.payment_id} is refunded beyond {order.total_fen}")


def _shanghai(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
