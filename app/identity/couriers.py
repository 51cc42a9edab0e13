"""Codes on their way to phones, with no transaction open. Listener names are stored with deliveries: never change."""

from __future__ import annotations

import httpx

from app.core.events import Courier, CourierCall, Wiring
from app.core.settings import Settings
from app.identity import queries
from app.identity.events import CodeRequested
from app.identity.gateways import ConsoleSender, TextSender, WebhookSender


def connect(
    wiring: Wiring, settings: Settings, http: httpx.AsyncClient | None = None, *, sender: TextSender | None = None
) -> None:
    """Wire the courier with the sender that the settings name, or with ``sender``; without one no code is ever made."""
    sender = sender or _chosen(settings, http)
    if sender is None:
        wiring.announce(CodeRequested)
    else:
        wiring.courier(CodeRequested, send_code(sender), name="identity.send_code")


def _chosen(settings: Settings, http: httpx.AsyncClient | None) -> TextSender | None:
    match settings.sends_codes_by:
        case "webhook":
            return WebhookSender(settings.sms, http)
        case "console":
            return ConsoleSender()
        case None:
            return None


def send_code(sender: TextSender) -> Courier:
    """Send the code of a challenge, unless it is of no more use."""

    async def send(call: CourierCall, fact: CodeRequested) -> None:
        async with call.db.read() as session:
            message = await queries.message_of(session, fact.challenge_id, call.now)
        if message is not None:
            await sender.send(message, key=call.delivery_id, now=call.now)

    return send
