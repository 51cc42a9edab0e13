"""Messages on their way out, with no transaction open. Listener names are stored with deliveries: never change."""

from __future__ import annotations

import time
from datetime import UTC

from standardwebhooks import Webhook

from app.core.events import Courier, CourierCall, FarEndAway
from app.webhooks import queries, service
from app.webhooks.events import MessageDue
from app.webhooks.gateways import HttpSender, NotReached, Sender
from app.webhooks.rules import Envelope

__all__ = ["HttpSender", "send_message"]


class NotDelivered(FarEndAway):
    """The far end did not take it; the outbox tries again."""


def send_message(sender: Sender, *, attempts: int) -> Courier:
    """Post a message, signed by Standard Webhooks 1.0; after ``attempts`` tries it is given up and nobody is alarmed.

    The message's id is the ``webhook-id``, so a receiver that has seen it knows a repetition.
    """

    async def send(call: CourierCall, fact: MessageDue) -> None:
        async with call.db.read() as session:
            envelope = await queries.envelope(session, fact.message_id, call.now)
        if envelope is None:
            async with call.db.write() as session:
                await service.give_up(session, fact.message_id, now=call.now)
            return
        began = time.monotonic()
        status, error = None, None
        try:
            status = await sender.post(envelope.url, _headers(envelope, call), envelope.body.encode())
        except NotReached as trouble:
            error = str(trouble)
        duration_ms = round((time.monotonic() - began) * 1000)
        last = call.attempt >= attempts
        async with call.db.write() as session:
            delivered = await service.note_attempt(
                session, fact.message_id, status=status, error=error, duration_ms=duration_ms, last=last, now=call.now
            )
        if not delivered and not last and status != service.GONE:
            raise NotDelivered(error or str(status))

    return send


def _headers(envelope: Envelope, call: CourierCall) -> dict[str, str]:
    message_id = str(envelope.message_id)
    at = call.now.astimezone(UTC)  # the library takes the clock face for UTC, whatever the zone
    signatures = [Webhook(secret).sign(message_id, at, envelope.body) for secret in envelope.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "baojing-market-webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
