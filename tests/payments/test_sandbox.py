"""The sandbox behaves as a provider does: it is told over HTTP, it answers over HTTP, and it may repeat itself."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app import payments
from app.core.db import Database
from app.core.events import CourierCall, Wiring
from app.core.outbox import run_couriers
from app.payments import couriers
from app.payments.gateways import FakeGateway, NotAccepted, SandboxGateway
from app.payments.rules import Provider
from tests.payments import builders


@pytest.fixture
def wired(db: Database, client, settings) -> Database:
    """The test's database, with the couriers' HTTP going to the application under test."""
    db.wiring = Wiring()
    payments.connect(db.wiring, settings, client)
    return db


async def status_of(db, payment_id):
    async with db.read() as session:
        return (await payments.get(session, payment_id)).status


async def events(db, name):
    async with db.read() as session:
        found = await session.execute(text("SELECT payload FROM core_event WHERE name = :name"), {"name": name})
        return found.scalars().all()


async def test_paying_captures_through_a_signed_notification(wired, client, settings, now):
    async with wired.write() as session:
        payment = await builders.opened(session, settings, now)
    answer = await client.post(f"/v1/sandbox/payments/{payment.id}/pay")
    assert (answer.status_code, answer.json()) == (202, {"payment_id": str(payment.id), "status": "accepted"})
    assert await status_of(wired, payment.id) == "pending"

    assert await run_couriers(wired, now, limit=1) == 1
    assert await status_of(wired, payment.id) == "captured"
    [fact] = await events(wired, "payments.captured")
    assert fact["reference"] == str(payment.reference)
    assert await run_couriers(wired, now, limit=1) == 0


async def test_paying_twice_is_harmless(wired, client, settings, now):
    async with wired.write() as session:
        payment = await builders.opened(session, settings, now)
    for _ in range(2):
        assert (await client.post(f"/v1/sandbox/payments/{payment.id}/pay")).status_code == 202
    while await run_couriers(wired, now, limit=1):
        pass
    assert (await client.post(f"/v1/sandbox/payments/{payment.id}/pay")).status_code == 202
    assert await run_couriers(wired, now, limit=1) == 0
    assert len(await events(wired, "payments.captured")) == 1


async def test_a_closed_payment_cannot_be_paid(wired, client, settings, now):
    async with wired.write() as session:
        payment = await builders.opened(session, settings, now)
        await payments.close(session, payment.reference, now=now)
    answer = await client.post(f"/v1/sandbox/payments/{payment.id}/pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_open")
    assert await events(wired, "payments.sandbox_paid") == []


@pytest.mark.parametrize(("payment_id", "status"), [(uuid4(), 404), ("not-a-uuid", 422)])
async def test_what_is_not_a_payment_cannot_be_paid(client, payment_id, status):
    assert (await client.post(f"/v1/sandbox/payments/{payment_id}/pay")).status_code == status


async def test_closed_between_paying_and_the_news_is_still_money(wired, client, settings, now):
    async with wired.write() as session:
        payment = await builders.opened(session, settings, now)
    await client.post(f"/v1/sandbox/payments/{payment.id}/pay")
    async with wired.write() as session:
        await payments.close(session, payment.reference, now=now)
    await run_couriers(wired, now, limit=1)
    assert await status_of(wired, payment.id) == "captured"
    assert len(await events(wired, "payments.captured")) == 1


async def test_a_refund_comes_back_as_a_signed_notification(wired, settings, now):
    async with wired.write() as session:
        payment = await builders.captured(session, settings, now, 1000)
        asked = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=300, reference=uuid4(), reason="坏果", now=now
        )
    await run_couriers(wired, now, limit=1)
    [fact] = await events(wired, "payments.refund_settled")
    assert (fact["refund_id"], fact["reference"], fact["amount_fen"]) == (str(asked.id), str(asked.reference), 300)


async def test_the_same_delivery_sends_the_same_notification_id(wired, client, settings, now):
    """A courier that was cut off after the far end had heard it repeats itself, and is recognised."""
    async with wired.write() as session:
        payment = await builders.opened(session, settings, now)
    tell = couriers.notify_sandbox_paid(settings, client)
    call = CourierCall(delivery_id=uuid4(), attempt=1, now=now, db=wired)
    fact = payments.SandboxPaid(payment_id=payment.id, amount_fen=payment.amount_fen, at=now)
    await tell(call, fact)
    await tell(call, fact)
    async with wired.read() as session:
        noted = await session.execute(text("SELECT notification_id FROM payments_notification"))
        assert noted.scalars().all() == [f"EV-{call.delivery_id.hex}"]


@pytest.mark.parametrize("status", [302, 401, 409, 500, 503])
async def test_anything_but_success_is_tried_again(settings, now, status):
    async def refuse(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"Location": "http://elsewhere.test"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as http:
        gateway = SandboxGateway(builders.sealer(), settings.notify_base, http)
        with pytest.raises(NotAccepted):
            await gateway.tell_paid(uuid4(), 100, key=uuid4(), now=now)


async def test_without_a_client_it_opens_its_own_and_asks_no_proxy(monkeypatch, now):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    heard = []

    async def answer(reader, writer):
        heard.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway = SandboxGateway(builders.sealer(), f"http://127.0.0.1:{port}")
        await gateway.tell_paid(uuid4(), 100, key=uuid4(), now=now)
    assert heard == [b"POST /v1/notifications/sandbox HTTP/1.1\r\n"]


async def test_a_failed_courier_keeps_its_delivery(wired, settings, now):
    async with wired.write() as session:
        payment = await builders.captured(session, settings, now, 1000)
    provider = FakeGateway(failing=1)
    wired.wiring = Wiring()
    wired.wiring.courier(
        payments.RefundRequested,
        couriers.refund_at_provider({Provider.SANDBOX: lambda: provider}),
        name="payments.refund_at_provider",
    )
    async with wired.write() as session:
        asked = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=300, reference=uuid4(), reason="坏果", now=now
        )
    await run_couriers(wired, now, limit=1)
    assert provider.refunds == {}
    async with wired.read() as session:
        due_at = (await session.execute(text("SELECT due_at FROM core_delivery"))).scalar_one()
    await run_couriers(wired, due_at, limit=1)
    assert [order.amount_fen for order in provider.refunds.values()] == [300]
    assert list(provider.refunds) == [asked.number]
    async with wired.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM core_delivery"))).scalar_one() == 0
