from datetime import timedelta
from uuid import uuid4

import pytest

from app import payments
from app.core.errors import DomainError
from app.core.settings import PaymentSettings
from tests.payments.builders import captured, opened


def facts(session, kind):
    return [fact for fact in session.info.get("pending_facts", []) if isinstance(fact, kind)]


async def test_a_request_gives_a_code_that_can_be_opened(session, settings, now):
    payment = await opened(session, settings, now)
    assert payment.status == "pending"
    assert payment.code_url == f"sandbox://pay/{payment.id}"
    assert (payment.remittance_code, payment.captured_at, payment.refunded_fen) == (None, None, 0)
    assert await payments.get(session, payment.id) == payment


async def test_the_same_request_gets_the_open_payment_again(session, settings, now):
    wanted = {
        "provider": "sandbox",
        "reference": uuid4(),
        "payer_id": uuid4(),
        "description": "茶",
        "settings": settings,
    }
    first = await payments.request(session, **wanted, amount_fen=100, now=now)
    again = await payments.request(session, **wanted, amount_fen=100, now=now + timedelta(minutes=1))
    other = await payments.request(session, **wanted, amount_fen=101, now=now)
    assert again == first
    assert other.id != first.id


async def test_a_closed_payment_is_not_given_again(session, settings, now):
    wanted = {
        "provider": "sandbox",
        "reference": uuid4(),
        "payer_id": uuid4(),
        "description": "茶",
        "settings": settings,
    }
    first = await payments.request(session, **wanted, amount_fen=100, now=now)
    assert await payments.close(session, first.reference, now=now) == 1
    assert await payments.close(session, first.reference, now=now) == 0
    assert (await payments.get(session, first.id)).status == "closed"
    assert (await payments.request(session, **wanted, amount_fen=100, now=now)).id != first.id


@pytest.mark.parametrize("provider", ["wechat_native", "bank_transfer", "sandbox"])
async def test_a_provider_that_is_not_offered_is_refused(session, settings, now, provider):
    without = settings.model_copy(update={"payments": PaymentSettings(sandbox=False)})
    with pytest.raises(payments.ProviderNotAvailable) as refusal:
        await payments.request(
            session,
            provider=provider,
            reference=uuid4(),
            payer_id=uuid4(),
            amount_fen=1,
            description="茶",
            settings=without if provider == "sandbox" else settings,
            now=now,
        )
    assert provider in refusal.value.sentence("zh")
    assert (refusal.value.status, refusal.value.code) == (422, "provider_not_available")


async def test_a_capture_is_announced_once(session, settings, now):
    payment = await opened(session, settings, now)
    news = {"payment_id": payment.id, "provider_transaction": "T1", "amount_fen": payment.amount_fen}
    first = await payments.capture(session, **news, now=now)
    again = await payments.capture(session, **news, now=now + timedelta(hours=1))
    assert first == again
    assert (first.status, first.captured_at, first.provider_transaction) == ("captured", now, "T1")
    [fact] = facts(session, payments.PaymentCaptured)
    assert (fact.payment_id, fact.reference, fact.amount_fen, fact.at) == (payment.id, payment.reference, 12_300, now)


async def test_money_for_a_closed_payment_is_still_received(session, settings, now):
    payment = await opened(session, settings, now)
    await payments.close(session, payment.reference, now=now)
    late = await payments.capture(
        session, payment_id=payment.id, provider_transaction="T1", amount_fen=payment.amount_fen, now=now
    )
    assert late.status == "captured"
    assert len(facts(session, payments.PaymentCaptured)) == 1


@pytest.mark.parametrize(
    ("transaction", "amount_fen", "refusal"),
    [("T1", 12_299, payments.AmountMismatch), ("T2", 12_300, payments.TransactionMismatch)],
)
async def test_other_news_of_a_captured_payment_changes_nothing(
    session, settings, now, transaction, amount_fen, refusal
):
    payment = await opened(session, settings, now)
    await payments.capture(session, payment_id=payment.id, provider_transaction="T1", amount_fen=12_300, now=now)
    before = await payments.get(session, payment.id)
    with pytest.raises(refusal):
        await payments.capture(
            session, payment_id=payment.id, provider_transaction=transaction, amount_fen=amount_fen, now=now
        )
    assert await payments.get(session, payment.id) == before
    assert len(facts(session, payments.PaymentCaptured)) == 1


async def test_one_transaction_cannot_pay_two_payments(db, settings, now):
    async def pay():
        async with db.write() as session:
            payment = await opened(session, settings, now)
            await payments.capture(
                session, payment_id=payment.id, provider_transaction="T1", amount_fen=12_300, now=now
            )

    await pay()
    with pytest.raises(payments.TransactionMismatch):
        await pay()


async def test_refunds_add_up_to_the_payment_and_no_further(session, settings, now):
    payment = await captured(session, settings, now, 1000)
    for amount_fen in (600, 400):
        refund = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=amount_fen, reference=uuid4(), reason="坏果", now=now
        )
        assert (refund.status, refund.amount_fen) == ("requested", amount_fen)
    with pytest.raises(payments.RefundExceedsPayment):
        await payments.request_refund(
            session, payment_id=payment.id, amount_fen=1, reference=uuid4(), reason="坏果", now=now
        )
    assert (await payments.get(session, payment.id)).refunded_fen == 1000
    assert [fact.amount_fen for fact in facts(session, payments.RefundRequested)] == [600, 400]


async def test_the_same_reference_is_the_same_refund(session, settings, now):
    payment = await captured(session, settings, now, 1000)
    wanted = {"payment_id": payment.id, "reference": uuid4(), "reason": "取消", "now": now}
    first = await payments.request_refund(session, **wanted, amount_fen=700)
    assert await payments.request_refund(session, **wanted, amount_fen=700) == first
    with pytest.raises(payments.RefundReferenceReused):
        await payments.request_refund(session, **wanted, amount_fen=200)
    assert (await payments.get(session, payment.id)).refunded_fen == 700
    assert len(facts(session, payments.RefundRequested)) == 1


async def test_nothing_goes_back_that_did_not_come(session, settings, now):
    payment = await opened(session, settings, now)
    with pytest.raises(payments.PaymentNotCaptured):
        await payments.request_refund(
            session, payment_id=payment.id, amount_fen=1, reference=uuid4(), reason="取消", now=now
        )
    assert await payments.get(session, payment.id) == payment


@pytest.mark.parametrize("amount_fen", [0, -1])
async def test_a_refund_is_of_something(session, settings, now, amount_fen):
    payment = await captured(session, settings, now)
    with pytest.raises(payments.RefundExceedsPayment):
        await payments.request_refund(
            session, payment_id=payment.id, amount_fen=amount_fen, reference=uuid4(), reason="取消", now=now
        )


async def test_a_settled_refund_is_announced_once(session, settings, now):
    payment = await captured(session, settings, now, 1000)
    asked = await payments.request_refund(
        session, payment_id=payment.id, amount_fen=300, reference=uuid4(), reason="取消", now=now
    )
    later = now + timedelta(minutes=3)
    first = await payments.settle_refund(session, refund_id=asked.id, provider_refund="R1", now=later)
    again = await payments.settle_refund(session, refund_id=asked.id, provider_refund="R1", now=later)
    assert first == again
    assert (first.status, first.settled_at) == ("succeeded", later)
    with pytest.raises(payments.TransactionMismatch):
        await payments.settle_refund(session, refund_id=asked.id, provider_refund="R2", now=later)
    [fact] = facts(session, payments.RefundSettled)
    assert (fact.refund_id, fact.payment_id, fact.reference) == (asked.id, payment.id, asked.reference)
    assert (fact.amount_fen, fact.at) == (300, later)


@pytest.mark.parametrize("act", ["get", "capture", "refund", "settle"])
async def test_what_does_not_exist_is_not_found(session, now, act):
    nobody = uuid4()
    calls = {
        "get": lambda: payments.get(session, nobody),
        "capture": lambda: payments.capture(
            session, payment_id=nobody, provider_transaction="T1", amount_fen=1, now=now
        ),
        "refund": lambda: payments.request_refund(
            session, payment_id=nobody, amount_fen=1, reference=uuid4(), reason="取消", now=now
        ),
        "settle": lambda: payments.settle_refund(session, refund_id=nobody, provider_refund="R1", now=now),
    }
    with pytest.raises(DomainError) as refusal:
        await calls[act]()
    assert refusal.value.status == 404
