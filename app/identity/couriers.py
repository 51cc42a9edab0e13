"""Codes on their way to phones, with no transaction open. Listener names are stored with deliveries: never change."""

from __future__ import annotations

from app.core.events import Courier, CourierCall, Wiring
from app.core.settings import Settings
from app.identity import queries
from app.identity.events import CodeRequested
from app.identity.gateways import ConsoleSender, TextSender


def connect(wiring: Wiring, settings: Settings, sender: TextSender | None = None) -> None:
    """Wire the courier; without ``sender`` it is the console, and only in a demonstration."""
    if sender is None and settings.shows_codes:
        sender = ConsoleSender()
    if sender is None:
        wiring.announce(CodeRequested)
    else:
        wiring.courier(CodeRequested, send_code(sender), name="identity.send_code")


def send_code(sender: TextSender) -> Courier:
    """Send the code of a challenge, unless it is of no more use."""

    async def send(call: CourierCall, fact: CodeRequested) -> None:
        async with call.db.read() as session:
            message = await queries.message_of(session, fact.challenge_id, call.now)
        if message is not None:
            await sender.send(message, key=call.delivery_id, now=call.now)

    return send
