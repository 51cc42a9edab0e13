"""Real connections, real commits: what many do at once."""

import asyncio
from collections import Counter
from uuid import uuid4

from sqlalchemy import text

from app import payments
from app.core.errors import DomainError
from app.payments import service
from app.payments.rules import CaptureNotice, Provider
from tests.payments import builders


async def attempt(db, work):
    """``work`` in a transaction of its own: its result, or the refusal's code."""
    try:
        async with db.write() as session:
            return await work(session)
    except DomainError as refusal:
        return refusal.code


async def count(db, sql):
    async with db.read() as session:
        return (await session.execute(text(sql))).scalar_one()


CAPTURED = "SELECT count(*) FROM core_event WHERE name = 'payments.captured'"


def notice_of(payment, notification_id):
    return CaptureNotice(
        provider=Provider.SANDBOX,
        notification_id=notification_id,
        payment_id=payment.id,
        provider_transaction="T1",
        amount_fen=payment.amount_fen,
        currency="CNY",
    )


async def test_the_same_notification_ten_times_at_once_captures_once(fresh_db, settings, now):
    async with fresh_db.write() as session:
        payment = await builders.opened(session, settings, now)
    notice = notice_of(payment, "EV-1")
    heard = await asyncio.gather(
        *(
            attempt(fresh_db, lambda s: service.receive(s, notice, kind="TRANSACTION.SUCCESS", now=now))
            for _ in range(10)
        )
    )
    assert Counter(heard) == {True: 1, False: 9}
    assert await count(fresh_db, CAPTURED) == 1
    assert await count(fresh_db, "SELECT count(*) FROM payments_notification") == 1


async def test_ten_notifications_of_one_payment_at_once_capture_once(fresh_db, settings, now):
    async with fresh_db.write() as session:
        payment = await builders.opened(session, settings, now)
    heard = await asyncio.gather(
        *(
            attempt(
                fresh_db,
                lambda s, n=n: service.receive(s, notice_of(payment, f"EV-{n}"), kind="TRANSACTION.SUCCESS", now=now),
            )
            for n in range(10)
        )
    )
    assert heard == [True] * 10
    assert await count(fresh_db, CAPTURED) == 1


async def test_capture_and_close_at_once_end_captured(fresh_db, settings, now):
    async with fresh_db.write() as session:
        made = [await builders.opened(session, settings, now) for _ in range(8)]
    work = [
        step
        for payment in made
        for step in (
            lambda s, p=payment: payments.close(s, p.reference, now=now),
            lambda s, p=payment: payments.capture(
                s, payment_id=p.id, provider_transaction=f"T{p.id.hex}", amount_fen=p.amount_fen, now=now
            ),
        )
    ]
    await asyncio.gather(*(attempt(fresh_db, step) for step in work))
    assert await count(fresh_db, "SELECT count(*) FROM payments_payment WHERE status = 'captured'") == len(made)
    assert await count(fresh_db, CAPTURED) == len(made)


async def test_refunds_at_once_never_exceed_the_payment(fresh_db, settings, now):
    async with fresh_db.write() as session:
        payment = await builders.captured(session, settings, now, 1000)
    results = await asyncio.gather(
        *(
            attempt(
                fresh_db,
                lambda s: payments.request_refund(
                    s, payment_id=payment.id, amount_fen=300, reference=uuid4(), reason="取消", now=now
                ),
            )
            for _ in range(10)
        )
    )
    assert results.count("refund_exceeds_payment") == 7
    assert await count(fresh_db, "SELECT sum(amount_fen) FROM payments_refund") == 900
    assert await count(fresh_db, "SELECT refunded_fen FROM payments_payment") == 900


async def test_one_refund_asked_for_ten_times_at_once_is_one(fresh_db, settings, now):
    async with fresh_db.write() as session:
        payment = await builders.captured(session, settings, now, 1000)
    reference = uuid4()
    results = await asyncio.gather(
        *(
            attempt(
                fresh_db,
                lambda s: payments.request_refund(
                    s, payment_id=payment.id, amount_fen=400, reference=reference, reason="取消", now=now
                ),
            )
            for _ in range(10)
        )
    )
    assert len(set(results)) == 1
    assert await count(fresh_db, "SELECT refunded_fen FROM payments_payment") == 400
    assert await count(fresh_db, "SELECT count(*) FROM core_event WHERE name = 'payments.refund_requested'") == 1


async def test_the_same_payment_asked_for_ten_times_at_once_is_one(fresh_db, settings, now):
    reference, payer = uuid4(), uuid4()
    results = await asyncio.gather(
        *(
            attempt(
                fresh_db,
                lambda s: payments.request(
                    s,
                    provider="sandbox",
                    reference=reference,
                    payer_id=payer,
                    amount_fen=100,
                    description="茶",
                    settings=settings,
                    now=now,
                ),
            )
            for _ in range(10)
        )
    )
    assert len({payment.id for payment in results}) == 1
    assert await count(fresh_db, "SELECT count(*) FROM payments_payment") == 1
