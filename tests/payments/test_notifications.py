"""What the world says about money: who is believed, and how often."""

import base64
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from app import payments
from app.core.settings import PaymentSettings
from app.payments.rules import Sealer
from tests.payments import builders
from tests.payments.builders import paid_notice, refund_notice, sealer, tell


@pytest.fixture
async def payment(db, settings, now):
    async with db.write() as session:
        return await builders.opened(session, settings, now)


async def state(db, payment_id):
    """Everything a refused notification must leave as it was."""
    async with db.read() as session:
        rows = await session.execute(text("SELECT count(*) FROM payments_notification"))
        events = await session.execute(
            text("SELECT name, count(*) FROM core_event WHERE subject = :id GROUP BY name"), {"id": payment_id}
        )
        return await payments.get(session, payment_id), rows.scalar_one(), dict(map(tuple, events))


async def refunds_of(db, payment_id):
    async with db.read() as session:
        rows = await session.execute(
            text("SELECT number, amount_fen, status FROM payments_refund WHERE payment_id = :id"),
            {"id": payment_id},
        )
        return [tuple(row) for row in rows]


async def test_a_genuine_notification_captures_once(client, db, now, payment):
    body = paid_notice(payment.id, payment.amount_fen)
    assert (await tell(client, body, now)).status_code == 204
    after = await state(db, payment.id)
    assert after[0].status == "captured"
    assert after[0].provider_transaction == f"SBX{payment.id.hex}"
    assert after[1:] == (1, {"payments.captured": 1})

    again = await tell(client, body, now)
    assert (again.status_code, again.content) == (204, b"")
    assert await state(db, payment.id) == after

    other_id = paid_notice(payment.id, payment.amount_fen, notification_id="EV-again")
    assert (await tell(client, other_id, now)).status_code == 204
    assert await state(db, payment.id) == (after[0], 2, {"payments.captured": 1})


def forged_by_another_key(body, at):
    other = Sealer(Ed25519PrivateKey.generate(), sealer().secret)
    return body, other.sign(body, at) | {"Sandbox-Serial": sealer().serial}


def with_a_changed_byte(body, at):
    return body.replace(b"EV-1", b"EV-2"), sealer().sign(body, at)


def with_another_serial(body, at):
    return body, sealer().sign(body, at) | {"Sandbox-Serial": "PUB_KEY_ID_SANDBOX_0000000000000000"}


def with_a_moved_timestamp(body, at):
    signed = sealer().sign(body, at - timedelta(hours=1))
    return body, signed | {"Sandbox-Timestamp": str(int(at.timestamp()))}


def with_another_nonce(body, at):
    return body, sealer().sign(body, at) | {"Sandbox-Nonce": "0" * 32}


def as_a_probe(body, at):
    return body, sealer().sign(body, at) | {"Sandbox-Signature": "WECHATPAY/SIGNTEST/" + "A" * 60}


def with_words_for_a_timestamp(body, at):
    return body, sealer().sign(body, at) | {"Sandbox-Timestamp": "yesterday"}


def without(header):
    def unsigned(body, at):
        return body, {name: value for name, value in sealer().sign(body, at).items() if name != header}

    unsigned.__name__ = f"without_{header}"
    return unsigned


def too_old(body, at):
    return body, sealer().sign(body, at - timedelta(seconds=300))


def too_new(body, at):
    return body, sealer().sign(body, at + timedelta(seconds=300))


@pytest.mark.parametrize(
    ("trick", "status", "code"),
    [
        (forged_by_another_key, 401, "invalid_signature"),
        (with_a_changed_byte, 401, "invalid_signature"),
        (with_another_serial, 401, "invalid_signature"),
        (with_a_moved_timestamp, 401, "invalid_signature"),
        (with_another_nonce, 401, "invalid_signature"),
        (as_a_probe, 401, "invalid_signature"),
        (with_words_for_a_timestamp, 401, "invalid_signature"),
        (without("Sandbox-Timestamp"), 401, "invalid_signature"),
        (without("Sandbox-Nonce"), 401, "invalid_signature"),
        (without("Sandbox-Signature"), 401, "invalid_signature"),
        (without("Sandbox-Serial"), 401, "invalid_signature"),
        (too_old, 400, "stale_notification"),
        (too_new, 400, "stale_notification"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_what_is_not_signed_just_now_is_not_believed(client, db, now, payment, trick, status, code):
    before = await state(db, payment.id)
    body, headers = trick(paid_notice(payment.id, payment.amount_fen), now)
    answer = await client.post("/v1/notifications/sandbox", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await state(db, payment.id) == before


async def test_a_second_inside_the_window_is_fresh(client, db, now, payment):
    answer = await tell(client, paid_notice(payment.id, payment.amount_fen), now - timedelta(seconds=299))
    assert answer.status_code == 204


def spoilt(body):
    """Signed as it is, but the ciphertext was changed before."""
    changed = json.loads(body)
    sealed = bytearray(base64.b64decode(changed["resource"]["ciphertext"]))
    sealed[0] ^= 1
    changed["resource"]["ciphertext"] = base64.b64encode(sealed).decode()
    return json.dumps(changed).encode()


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (lambda p: paid_notice(p.id, p.amount_fen - 1), 409, "amount_mismatch"),
        (lambda p: paid_notice(p.id, p.amount_fen, currency="USD"), 409, "amount_mismatch"),
        (lambda _: paid_notice(uuid4(), 100), 404, "not_found"),
        (lambda _: refund_notice("RF20261120000000000001", 100), 404, "not_found"),
        (lambda p: spoilt(paid_notice(p.id, p.amount_fen)), 422, "invalid_input"),
        (lambda p: paid_notice(p.id, p.amount_fen, notification_id="\0"), 422, "invalid_input"),
        (lambda p: paid_notice(p.id, p.amount_fen, transaction="x" * 65), 422, "invalid_input"),
        (lambda p: paid_notice(p.id, 10**30), 422, "invalid_input"),
        (lambda _: b"\xff\xfe", 422, "invalid_input"),
        (lambda _: b"", 422, "invalid_input"),
        (lambda _: b"[]", 422, "invalid_input"),
    ],
    ids=[
        "other_amount",
        "other_currency",
        "unknown_payment",
        "unknown_refund",
        "spoilt",
        "nul",
        "long",
        "huge",
        "not_utf8",
        "empty",
        "list",
    ],
)
async def test_genuine_but_wrong_is_refused_and_may_come_again(client, db, now, payment, content, status, code):
    before = await state(db, payment.id)
    answer = await tell(client, content(payment), now)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await state(db, payment.id) == before
    # It was not remembered: the same id with the right figures is heard.
    assert (await tell(client, paid_notice(payment.id, payment.amount_fen), now)).status_code == 204


@pytest.mark.parametrize("provider", ["wechat_native", "nobody", "SANDBOX"])
async def test_an_unknown_provider_is_not_found(client, now, payment, provider):
    body = paid_notice(payment.id, payment.amount_fen)
    answer = await client.post(f"/v1/notifications/{provider}", content=body, headers=sealer().sign(body, now))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_one_provider_cannot_speak_for_another(client, db, settings, now):
    async with db.write() as session:
        payment = await builders.captured(session, settings, now)
        asked = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=300, reference=uuid4(), reason="取消", now=now
        )
        pending = await builders.opened(session, settings, now)
        await session.execute(text("UPDATE payments_payment SET provider = 'bank_transfer'"))
    before = await state(db, pending.id)
    assert (await tell(client, paid_notice(pending.id, pending.amount_fen), now)).status_code == 404
    assert (await tell(client, refund_notice(asked.number, 300), now)).status_code == 404
    assert (await client.post(f"/v1/sandbox/payments/{pending.id}/pay")).status_code == 404
    assert await state(db, pending.id) == before
    assert await refunds_of(db, payment.id) == [(asked.number, 300, "requested")]


async def test_without_the_sandbox_nothing_of_it_exists(api, client, db, settings, now, payment):
    before = await state(db, payment.id)
    api.state.edge.settings = settings.model_copy(update={"payments": PaymentSettings(sandbox=False)})
    assert (await tell(client, paid_notice(payment.id, payment.amount_fen), now)).status_code == 404
    assert (await client.post(f"/v1/sandbox/payments/{payment.id}/pay")).status_code == 404
    assert await state(db, payment.id) == before


async def test_a_refund_told_before_its_payment_is_heard_when_repeated(client, db, now, payment):
    refund = refund_notice("RF1", 300)
    assert (await tell(client, refund, now)).status_code == 404
    assert (await tell(client, paid_notice(payment.id, payment.amount_fen), now)).status_code == 204
    async with db.write() as session:
        asked = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=300, reference=uuid4(), reason="取消", now=now
        )
    refund = refund_notice(asked.number, 300)
    assert (await tell(client, refund, now)).status_code == 204
    assert (await tell(client, refund, now)).status_code == 204
    assert await refunds_of(db, payment.id) == [(asked.number, 300, "succeeded")]
    _, _, events = await state(db, payment.id)
    assert events == {"payments.captured": 1, "payments.refund_settled": 1}


async def test_a_refund_of_another_amount_is_refused(client, db, settings, now):
    async with db.write() as session:
        payment = await builders.captured(session, settings, now)
        asked = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=300, reference=uuid4(), reason="取消", now=now
        )
    before = await state(db, payment.id)
    answer = await tell(client, refund_notice(asked.number, 301), now)
    assert (answer.status_code, answer.json()["code"]) == (409, "amount_mismatch")
    assert await state(db, payment.id) == before
    assert await refunds_of(db, payment.id) == [(asked.number, 300, "requested")]


async def test_a_refund_that_failed_may_succeed_after_all_unless_its_money_went_another_way(client, db, settings, now):
    async with db.write() as session:
        payment = await builders.captured(session, settings, now, 1000)
        asked = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=1000, reference=uuid4(), reason="取消", now=now
        )
    failed = refund_notice(asked.number, 1000, event="REFUND.ABNORMAL")
    assert (await tell(client, failed, now)).status_code == 204
    after, _, events = await state(db, payment.id)
    assert after.refunded_fen == 0
    assert events == {"payments.captured": 1, "payments.refund_failed": 1}
    async with db.write() as session:
        other = await payments.request_refund(
            session, payment_id=payment.id, amount_fen=1, reference=uuid4(), reason="取消", now=now
        )
    changed_its_mind = refund_notice(asked.number, 1000, notification_id="EV-3")
    assert (await tell(client, changed_its_mind, now)).json()["code"] == "refund_exceeds_payment"
    assert (await state(db, payment.id))[0].refunded_fen == 1
    failed = refund_notice(other.number, 1, notification_id="EV-4", event="REFUND.CLOSED")
    assert (await tell(client, failed, now)).status_code == 204
    assert (await tell(client, changed_its_mind, now)).status_code == 204
    assert (await state(db, payment.id))[0].refunded_fen == 1000


AMOUNT = 1000
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("paid"), st.integers(0, 2)),
        st.tuples(st.just("paid_wrong"), st.integers(0, 2)),
        st.tuples(st.just("forged"), st.just(0)),
        st.tuples(st.just("close"), st.just(0)),
        st.tuples(st.just("ask"), st.sampled_from([1, 333, 500, 999, 1000])),
        st.tuples(st.just("refunded"), st.integers(0, 3)),
        st.tuples(st.just("failed"), st.integers(0, 3)),
    ),
    max_size=14,
)


@given(steps=STEPS)
@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
async def test_in_whatever_order_the_world_speaks_the_books_agree(client, db, settings, now, steps):
    async with db.write() as session:
        payment = await builders.opened(session, settings, now, AMOUNT)
    mark = payment.id.hex[-12:]
    status, refunds, failures = "pending", [], 0  # the model: [number, amount, status]

    for step, n in [*steps, ("paid", 0)]:
        if step == "paid":
            body = paid_notice(payment.id, AMOUNT, notification_id=f"P{n}-{mark}")
            assert (await tell(client, body, now)).status_code == 204
            status = "captured"
        elif step == "paid_wrong":
            body = paid_notice(payment.id, AMOUNT + 1, notification_id=f"W{n}-{mark}")
            assert (await tell(client, body, now)).status_code == 409
        elif step == "forged":
            body = paid_notice(payment.id, AMOUNT, notification_id=f"F-{mark}")
            assert (await tell(client, body, now, nonce="0")).status_code == 401
        elif step == "close":
            async with db.write() as session:
                assert await payments.close(session, payment.reference, now=now) == (status == "pending")
            status = "closed" if status == "pending" else status
        elif step == "ask":
            left = AMOUNT - sum(amount for _, amount, state_ in refunds if state_ != "failed")
            wanted = {"payment_id": payment.id, "amount_fen": n, "reference": uuid4(), "reason": "取消", "now": now}
            if status == "captured" and n <= left:
                async with db.write() as session:
                    asked = await payments.request_refund(session, **wanted)
                refunds.append([asked.number, n, "requested"])
            else:
                with pytest.raises((payments.PaymentNotCaptured, payments.RefundExceedsPayment)):
                    async with db.write() as session:
                        await payments.request_refund(session, **wanted)
        else:
            after = "succeeded" if step == "refunded" else "failed"
            event = "REFUND.SUCCESS" if step == "refunded" else "REFUND.CLOSED"
            known = n < len(refunds)
            number, amount = refunds[n][:2] if known else (f"RF{n}-{mark}", 1)
            body = refund_notice(number, amount, notification_id=f"{step}{n}-{mark}", event=event)
            answer = await tell(client, body, now)
            if not known:
                assert answer.status_code == 404
            elif refunds[n][2] in ("requested", after):
                assert answer.status_code == 204
                failures += (refunds[n][2], after) == ("requested", "failed")
                refunds[n][2] = after
            elif refunds[n][2] == "failed":
                left = AMOUNT - sum(amount for _, amount, state_ in refunds if state_ != "failed")
                assert answer.status_code == (204 if amount <= left else 409)
                refunds[n][2] = after if amount <= left else "failed"
            else:
                assert answer.status_code == 409

        seen, _, events = await state(db, payment.id)
        assert seen.status == status
        assert seen.refunded_fen == sum(amount for _, amount, state_ in refunds if state_ != "failed")
        assert sorted(map(list, await refunds_of(db, payment.id))) == sorted(refunds)
        assert events.get("payments.captured", 0) == (status == "captured")
        assert events.get("payments.refund_settled", 0) == [r[2] for r in refunds].count("succeeded")
        assert events.get("payments.refund_failed", 0) == failures
