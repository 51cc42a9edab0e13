"""What tests of payments need: an open payment, a captured one, and a provider's hand."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app import payments
from app.core import sealing
from app.core.settings import Settings
from app.payments.rules import Sealer


async def opened(
    session: AsyncSession, settings: Settings, now: datetime, amount_fen: int = 12_300
) -> payments.Payment:
    return await payments.request(
        session,
        provider="sandbox",
        reference=uuid4(),
        payer_id=uuid4(),
        amount_fen=amount_fen,
        description="保靖黄金茶",
        settings=settings,
        now=now,
    )


async def captured(
    session: AsyncSession, settings: Settings, now: datetime, amount_fen: int = 12_300
) -> payments.Payment:
    payment = await opened(session, settings, now, amount_fen)
    return await payments.capture(
        session, payment_id=payment.id, provider_transaction=f"T{payment.id.hex}", amount_fen=amount_fen, now=now
    )


def sealer() -> Sealer:
    keys = sealing.keys()
    return Sealer(keys.sandbox_key, keys.sandbox_secret)


def paid_notice(
    payment_id: UUID,
    amount_fen: int,
    *,
    notification_id: str = "EV-1",
    currency: str = "CNY",
    transaction: str | None = None,
) -> bytes:
    resource = {
        "out_trade_no": payment_id.hex,
        "transaction_id": transaction or f"SBX{payment_id.hex}",
        "trade_state": "SUCCESS",
        "amount": {"total": amount_fen, "currency": currency},
    }
    return notice("TRANSACTION.SUCCESS", resource, notification_id)


def refund_notice(
    number: str, amount_fen: int, *, notification_id: str = "EV-2", event: str = "REFUND.SUCCESS", provider_refund="R1"
) -> bytes:
    resource = {"out_refund_no": number, "refund_id": provider_refund, "amount": {"refund": amount_fen}}
    return notice(event, resource, notification_id)


def notice(event: str, resource: dict[str, Any], notification_id: str) -> bytes:
    body = {
        "id": notification_id,
        "create_time": "2026-11-20T12:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": "通知",
        "resource": sealer().lock(json.dumps(resource).encode(), "transaction"),
    }
    return json.dumps(body).encode()


async def tell(client: httpx.AsyncClient, body: bytes, at: datetime, **headers: str) -> httpx.Response:
    """Send a notification as the sandbox signs it; ``headers`` replace some of the signature's."""
    signed = sealer().sign(body, at)
    signed |= {f"Sandbox-{name.title()}": value for name, value in headers.items()}
    return await client.post("/v1/notifications/sandbox", content=body, headers=signed)
