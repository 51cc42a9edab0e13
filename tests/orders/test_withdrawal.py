"""Pieces that are never sent: the supplier's cancellation, one part of an order, and what it does to the rest."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app import payments
from app.orders.events import LinesCancelled, OrderCancelled
from app.orders.rules import worth
from app.payments.rules import RefundNotice
from app.payments.service import receive


@given(st.integers(0, 10**9), st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_pieces_that_go_one_after_another_are_worth_the_line(amount, steps):
    whole, gone, fen = sum(steps), 0, 0
    for pieces in steps:
        step = worth(amount, gone + pieces, whole) - worth(amount, gone, whole)
        assert abs(step - amount * pieces / whole) <= 1
        gone, fen = gone + pieces, fen + step
    assert fen == amount


def part_of(order, line=0):
    supplier_id = order["lines"][line]["supplier_id"]
    return next(part for part in order["supplier_orders"] if part["supplier_id"] == supplier_id)


async def withdraw(shop, order, pieces, *, line=0, who="S01", reason="霜冻减产"):
    part = part_of(order, line)
    body = {"lines": [{"line_id": order["lines"][line]["id"], "quantity": pieces}], "reason": reason}
    return await shop.call(who, "POST", f"/v1/supplier/orders/{part['id']}/cancellations", body)


async def send(shop, order, pieces, number, *, who="S01"):
    part, line = part_of(order), order["lines"][0]
    body = {"carrier": "ZTO", "tracking_number": number, "lines": [{"line_id": line["id"], "quantity": pieces}]}
    return await shop.call(who, "POST", f"/v1/supplier/orders/{part['id']}/shipments", body)


async def test_what_cannot_be_delivered_is_paid_back_and_the_rest_is_sent(shop):
    order = await shop.pay(await shop.order({"GT04": 3, "NO02": 1}))
    answer = await withdraw(shop, order, 1)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["status"], answer.json()["lines"][0]["cancelled_quantity"]) == ("paid", 1)
    assert await shop.stock("GT04") == (100, 2)
    await shop.settle()
    order = await shop.look(order)
    assert [(refund["amount_fen"], refund["status"]) for refund in order["refunds"]] == [(12_800, "succeeded")]
    assert (await send(shop, order, 3, "780000000001")).json()["code"] == "ships_too_much"
    sent = await send(shop, order, 2, "780000000002")
    part = part_of(await shop.look(order))
    assert (part["status"], part["refunded_fen"]) == ("shipped", 12_800)
    await shop.call("S01", "POST", f"/v1/supplier/shipments/{sent.json()['id']}/delivered", key=None)
    assert (await withdraw(shop, order, 1)).json()["code"] == "step_not_allowed"


async def test_the_last_pieces_cancelled_end_what_was_sent_and_delivered(shop):
    order = await shop.pay(await shop.order({"GT04": 3}))
    sent = await send(shop, order, 2, "780000000001")
    await shop.call("S01", "POST", f"/v1/supplier/shipments/{sent.json()['id']}/delivered", key=None)
    assert (await shop.look(order))["status"] == "paid"
    answer = await withdraw(shop, order, 1)
    assert answer.json()["status"] == "delivered"
    await shop.settle()
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    await shop.settle()
    counted = await shop.rows("SELECT kind, quantity, amount_fen FROM assistance_entry")
    assert counted == [("sale", 2, 25_600)]
    assert await shop.stock("GT04") == (98, 0)


async def test_when_nothing_is_left_the_freight_goes_back_too_once_all_money_arrived(shop):
    order = await shop.pay(await shop.order({"GT04": 2}))
    assert (await withdraw(shop, order, 1)).json()["status"] == "paid"
    assert (await withdraw(shop, order, 1)).json()["status"] == "cancelled"
    await shop.settle()
    order = await shop.look(order)
    assert order["status"] == "refunded"
    assert sum(refund["amount_fen"] for refund in order["refunds"]) == order["total_fen"]
    assert await shop.rows("SELECT name FROM core_event WHERE name LIKE 'orders.%cancelled' ORDER BY name") == [
        ("orders.cancelled",), ("orders.lines_cancelled",), ("orders.lines_cancelled",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "line", "pieces", "status", "code"),
    [
        ("S01", 0, 4, 409, "cancels_too_much"),
        ("S01", 0, 0, 422, "invalid_input"),
        ("S08", 0, 1, 404, "not_found"),
        ("buyer", 0, 1, 403, "not_permitted"),
    ],
)
async def test_a_cancellation_that_cannot_be_changes_nothing(shop, who, line, pieces, status, code):
    order = await shop.pay(await shop.order({"GT04": 3}))
    answer = await withdraw(shop, order, pieces, line=line, who=who)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await shop.stock("GT04") == (100, 3)
    assert await shop.scalar("SELECT count(*) FROM orders_refund") == 0


async def test_another_orders_line_is_unknown_to_a_cancellation(shop):
    order = await shop.pay(await shop.order({"GT04": 3}))
    other = await shop.pay(await shop.order({"GT04": 1}))
    answer = await withdraw(shop, {**order, "lines": other["lines"]}, 1)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_line")


class TestOnePart:
    async def cancel(self, shop, order, part, who="buyer"):
        audience = "store" if who == "buyer" else "operator"
        body = {"supplier_order_id": order["supplier_orders"][part]["id"]}
        return await shop.call(who, "POST", f"/v1/{audience}/orders/{order['id']}/cancel", body)

    @pytest.mark.parametrize("who", ["buyer", "operator"])
    async def test_one_part_is_cancelled_and_the_other_is_sent(self, shop, who):
        order = await shop.pay(await shop.order({"GT04": 1, "NO02": 1}))
        (tea,) = [n for n, part in enumerate(order["supplier_orders"]) if part["amount_fen"] == 12_800 + 600]
        assert (await self.cancel(shop, order, tea, who)).status_code == 200
        await shop.settle()
        order = await shop.look(order)
        assert order["status"] == "paid"
        assert order["supplier_orders"][tea]["status"] == "refunded"
        assert [refund["amount_fen"] for refund in order["refunds"]] == [13_400]
        assert (await self.cancel(shop, order, tea, who)).json()["code"] == "step_not_allowed"
        answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
        assert answer.status_code == 200
        await shop.settle()
        order = await shop.look(order)
        assert order["status"] == "refunded"
        assert sum(refund["amount_fen"] for refund in order["refunds"]) == order["total_fen"]

    async def test_an_unpaid_order_is_one_amount(self, shop):
        order = await shop.order({"GT04": 1, "NO02": 1})
        answer = await self.cancel(shop, order, 0)
        assert (answer.status_code, answer.json()["code"]) == (409, "order_not_paid")
        assert await shop.stock("GT04") == (100, 1)

    async def test_another_orders_part_does_not_exist(self, shop):
        order, other = await shop.order({"GT04": 1}), await shop.order({"GT04": 1})
        assert (await self.cancel(shop, {**other, "id": order["id"]}, 0)).status_code == 404


async def test_cancelling_and_shipping_at_once_leave_no_piece_twice(fresh_shop):
    shop = fresh_shop
    order = await shop.pay(await shop.order({"GT04": 9}))
    acts = [send(shop, order, 2, f"78000000000{n}") for n in range(4)]
    acts += [withdraw(shop, order, 2) for _ in range(4)]
    answers = await asyncio.gather(*acts)
    done = sum(answer.status_code == 201 for answer in answers)
    assert done == 4
    await shop.settle()
    ((shipped, cancelled, refunded),) = await shop.rows(
        "SELECT shipped_quantity, cancelled_quantity, refunded_fen FROM orders_line"
    )
    assert shipped + cancelled == 8
    assert refunded == 12_800 * cancelled
    assert await shop.stock("GT04") == (100 - shipped, 1)


class TestFailedRefund:
    async def failed(self, shop):
        """A cancelled order whose refund the provider could not pay."""
        order = await shop.pay(await shop.order({"GT04": 1}))
        await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
        async with shop.db.write() as session:
            refund = (await session.execute(text("SELECT number, amount_fen FROM payments_refund"))).one()
            notice = RefundNotice(
                payments.Provider.SANDBOX, "EV-X", refund.number, "R1", refund.amount_fen, "CNY", succeeded=False
            )
            await receive(session, notice, kind="REFUND.ABNORMAL", now=shop.clock())
        async with shop.db.write() as session:
            await session.execute(text("DELETE FROM core_delivery WHERE by_courier"))
        await shop.settle()
        found = (await shop.call("operator", "GET", "/v1/operator/refunds?status=failed", key=None)).json()["items"]
        assert [refund["paid_for"] for refund in found] == [order["id"]]
        assert (await shop.look(order))["refunds"][0]["status"] == "failed"
        assert await shop.scalar("SELECT status FROM orders_refund") == "failed"
        return order, found[0]["id"]

    async def test_it_is_asked_for_again_under_its_number(self, shop):
        order, refund = await self.failed(shop)
        answer = await shop.call("operator", "POST", f"/v1/operator/refunds/{refund}/retry")
        assert (answer.status_code, answer.json()["status"]) == (200, "requested")
        await shop.settle()
        assert (await shop.look(order))["status"] == "refunded"
        assert await shop.scalar("SELECT refunded_fen FROM payments_payment") == order["total_fen"]
        again = await shop.call("operator", "POST", f"/v1/operator/refunds/{refund}/retry")
        assert (again.status_code, again.json()["code"]) == (409, "refund_not_failed")

    async def test_it_is_paid_by_hand_once(self, shop):
        order, refund = await self.failed(shop)
        path = f"/v1/operator/refunds/{refund}/paid"
        answer = await shop.call("operator", "POST", path, {"receipt": "20261121-7"})
        assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
        assert (await shop.call("operator", "POST", path, {"receipt": "20261121-7"})).status_code == 200
        other = await shop.call("operator", "POST", path, {"receipt": "20261121-8"})
        assert (other.status_code, other.json()["code"]) == (409, "transaction_mismatch")
        await shop.settle()
        assert (await shop.look(order))["status"] == "refunded"
        assert await shop.scalar("SELECT paid_by FROM payments_refund") == shop.accounts["operator"].id

    async def test_what_the_provider_pays_is_not_paid_by_hand(self, shop):
        order = await shop.pay(await shop.order({"GT04": 1}))
        await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
        refund = await shop.scalar("SELECT id FROM payments_refund")
        for who, status in (("operator", 409), ("buyer", 403), (None, 401)):
            answer = await shop.call(who, "POST", f"/v1/operator/refunds/{refund}/paid", {"receipt": "1"})
            assert answer.status_code == status
        assert await shop.scalar("SELECT status FROM payments_refund") == "requested"


async def test_facts_hold_no_words_that_somebody_wrote(shop):
    words = "孩子住院，急用钱"
    order = await shop.pay(await shop.order({"GT04": 2}))
    assert (await withdraw(shop, order, 1, reason=words)).status_code == 201
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", {"reason": words})
    await shop.settle()
    assert [refund["status"] for refund in (await shop.look(order))["refunds"]] == ["succeeded", "succeeded"]
    assert await shop.scalar("SELECT count(*) FROM orders_refund WHERE reason = :words", words=words) == 2
    told = "SELECT count(*) FROM core_event WHERE strpos(payload::text, :words) > 0"
    assert await shop.scalar(told, words=words) == 0


def test_facts_that_were_stored_with_such_words_are_read():
    ids = {"order_id": str(UUID(int=1)), "supplier_order_id": str(UUID(int=2)), "at": "2026-11-20T08:00:00Z"}
    assert OrderCancelled.model_validate({**ids, "reason": "不想要了"}).subject == UUID(int=1)
    assert LinesCancelled.model_validate({**ids, "lines": [], "reason": "霜冻"}).subject == UUID(int=2)
