"""How orders end: expiry, cancellation, late and double money, refunds, confirmation by the clock."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app import orders, payments
from app.core.ids import new_id
from app.wiring import CHORES
from app.worker import do_chore

CHORE = {chore.name: chore for chore in CHORES}


async def test_an_unpaid_order_expires_and_gives_its_stock_back(shop):
    order = await shop.order({"NO04": 3})
    assert await shop.stock("NO04") == (3, 3)
    shop.clock.advance(minutes=29)
    assert await do_chore(shop.db, CHORE["orders.expire"], shop.clock()) == 0
    shop.clock.advance(minutes=1)
    assert await do_chore(shop.db, CHORE["orders.expire"], shop.clock()) == 1
    assert (await shop.look(order))["status"] == "expired"
    assert await shop.stock("NO04") == (3, 0)
    assert await do_chore(shop.db, CHORE["orders.expire"], shop.clock()) == 0
    await shop.order({"NO04": 3})


async def test_nobody_pays_an_order_whose_time_is_over(shop):
    order = await shop.order({"GT04": 1})
    shop.clock.advance(minutes=30)
    answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/payments", {"provider": "sandbox"})
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_payable")
    assert "expired" in answer.json()["detail"]


@pytest.mark.parametrize("ending", ["expired", "cancelled"])
async def test_late_money_goes_straight_back(shop, ending):
    order = await shop.order({"GT04": 1})
    started = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/payments", {"provider": "sandbox"})
    if ending == "expired":
        shop.clock.advance(minutes=31)
        await do_chore(shop.db, CHORE["orders.expire"], shop.clock())
    else:
        await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
    async with shop.db.write() as session:
        await payments.capture(
            session,
            payment_id=started.json()["id"],
            provider_transaction="LATE-1",
            amount_fen=order["total_fen"],
            now=shop.clock(),
        )
    await shop.settle()
    seen = await shop.look(order)
    assert seen["status"] == ending
    assert [(back["amount_fen"], back["status"]) for back in seen["refunds"]] == [(order["total_fen"], "succeeded")]
    assert await shop.rows("SELECT amount_fen, status FROM payments_refund") == [(order["total_fen"], "succeeded")]
    assert await shop.stock("GT04") == (100, 0)


async def test_a_second_payment_of_a_paid_order_goes_back_and_the_first_stays(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    async with shop.db.write() as session:
        again = await payments.request(
            session,
            provider="sandbox",
            reference=order["id"],
            payer_id=shop.accounts["buyer"].id,
            amount_fen=order["total_fen"],
            description="again",
            settings=shop.settings,
            now=shop.clock(),
        )
        await payments.capture(
            session,
            payment_id=again.id,
            provider_transaction="TWICE-1",
            amount_fen=order["total_fen"],
            now=shop.clock(),
        )
    await shop.settle()
    assert (await shop.look(order))["status"] == "paid"
    assert await shop.rows("SELECT payment_id, status FROM payments_refund") == [(again.id, "succeeded")]


async def test_cancelling_before_payment_gives_the_stock_back(shop):
    order = await shop.order({"GT04": 2, "NO02": 1})
    answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", {"reason": "改主意了"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert await shop.stock("GT04") == (100, 0)
    assert await shop.scalar("SELECT count(*) FROM payments_refund") == 0
    again = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "step_not_allowed")


async def test_cancelling_a_paid_order_sends_every_fen_back(shop):
    order = await shop.pay(await shop.order({"GT04": 2, "NO02": 1}))
    answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
    assert answer.json()["status"] == "cancelled"
    await shop.settle()
    assert (await shop.look(order))["status"] == "refunded"
    assert (
        await shop.scalar("SELECT sum(amount_fen) FROM payments_refund WHERE status = 'succeeded'")
        == (order["total_fen"])
    )
    assert await shop.scalar("SELECT count(*) FROM assistance_entry") == 0
    assert await shop.stock("GT04") == (100, 0)


async def test_the_operator_cancels_for_the_buyer(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    answer = await shop.call("operator", "POST", f"/v1/operator/orders/{order['id']}/cancel", {"reason": "缺货"})
    assert (answer.status_code, answer.json()["items"][0]["amount_fen"]) == (200, order["total_fen"])
    await shop.settle()
    assert (await shop.look(order))["status"] == "refunded"
    for who, status in (("buyer", 403), ("S01", 403), (None, 401)):
        refused = await shop.call(who, "POST", f"/v1/operator/orders/{order['id']}/cancel")
        assert refused.status_code == status


async def test_a_shipped_order_is_not_cancelled(shop):
    order = await shop.ship(await shop.pay(await shop.order({"GT04": 1})), deliver=False)
    answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_shipped")
    assert (await shop.look(order))["status"] == "shipped"


async def test_a_delivery_confirms_itself_after_seven_days(shop):
    order = await shop.ship(await shop.pay(await shop.order({"GT04": 1})))
    shop.clock.advance(days=6, hours=23)
    assert await do_chore(shop.db, CHORE["orders.confirm"], shop.clock()) == 0
    shop.clock.advance(hours=1)
    assert await do_chore(shop.db, CHORE["orders.confirm"], shop.clock()) == 1
    await shop.settle()
    assert (await shop.look(order))["status"] == "completed"
    assert await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry") == 12_800


async def test_nothing_is_confirmed_before_it_left(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    assert (answer.status_code, answer.json()["code"]) == (409, "step_not_allowed")


async def test_a_delivery_reported_twice_counts_once(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    order = await shop.ship(order)
    parcel = order["shipments"][0]
    shop.clock.advance(days=1)
    again = await shop.call("S01", "POST", f"/v1/supplier/shipments/{parcel['id']}/delivered", key=None)
    assert again.json()["delivered_at"] == parcel["delivered_at"]
    stranger = await shop.call("S08", "POST", f"/v1/supplier/shipments/{parcel['id']}/delivered", key=None)
    assert stranger.status_code == 404


class TestRefundOfLines:
    async def give(self, shop, order, amount, quantity=0, who="operator"):
        body = {
            "lines": [{"line_id": order["lines"][0]["id"], "amount_fen": amount, "quantity": quantity}],
            "reason": "十个坏两个",
        }
        return await shop.call(who, "POST", f"/v1/operator/orders/{order['id']}/refunds", body)

    async def test_after_completion_it_reverses_what_was_counted(self, shop):
        order = await shop.complete({"NO02": 2})
        assert await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry") == 9_980
        shop.clock.advance(days=3)
        answer = await self.give(shop, order, 998)
        assert (answer.status_code, answer.json()["items"][0]["status"]) == (201, "requested")
        await shop.settle()
        entries = await shop.rows("SELECT kind, amount_fen FROM assistance_entry ORDER BY id")
        assert entries == [("sale", 9_980), ("refund", -998)]
        assert (await shop.look(order))["status"] == "completed"
        listed = await shop.call("operator", "GET", f"/v1/operator/orders/{order['id']}/refunds")
        assert listed.json()["items"][0]["status"] == "settled"

    async def test_before_completion_only_the_rest_counts(self, shop):
        order = await shop.ship(await shop.pay(await shop.order({"NO02": 2})))
        await self.give(shop, order, 4_990, quantity=1)
        await shop.settle()
        await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
        await shop.settle()
        entries = await shop.rows("SELECT kind, quantity, amount_fen FROM assistance_entry")
        assert entries == [("sale", 1, 4_990)]

    async def test_together_refunds_never_exceed_the_line(self, shop):
        order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
        assert (await self.give(shop, order, 4_000)).status_code == 201
        for amount, quantity in ((991, 0), (100, 2)):
            answer = await self.give(shop, order, amount, quantity)
            assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_line")
        assert (await self.give(shop, order, 990, 1)).status_code == 201
        assert await shop.scalar("SELECT refunded_fen FROM orders_line") == 4_990

    async def test_a_line_named_twice_is_one(self, shop):
        order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
        line = {"line_id": order["lines"][0]["id"], "amount_fen": 2_000}
        path = f"/v1/operator/orders/{order['id']}/refunds"
        body = {"lines": [line, line | {"quantity": 1}], "reason": "两次"}
        answer = await shop.call("operator", "POST", path, body)
        assert (answer.status_code, [refund["amount_fen"] for refund in answer.json()["items"]]) == (201, [4_000])
        assert await shop.rows("SELECT quantity, amount_fen FROM orders_refund_line") == [(1, 4_000)]
        assert (await shop.call("operator", "POST", path, body)).json()["code"] == "refund_exceeds_line"

    async def test_what_has_not_left_is_cancelled_not_refunded(self, shop):
        order = await shop.pay(await shop.order({"NO02": 1}))
        assert (await self.give(shop, order, 100)).json()["code"] == "not_refundable"

    @pytest.mark.parametrize(("who", "status"), [("buyer", 403), ("S08", 403), ("officer", 403), (None, 401)])
    async def test_only_the_operator_decides(self, shop, who, status):
        order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
        assert (await self.give(shop, order, 100, who=who)).status_code == status
        assert await shop.scalar("SELECT count(*) FROM orders_refund") == 0

    async def test_another_orders_line_is_unknown(self, shop):
        order = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
        other = await shop.order({"GT04": 1})
        answer = await self.give(shop, {"id": order["id"], "lines": other["lines"]}, 100)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_line")


async def test_a_refund_nobody_asked_for_is_not_ours(shop):
    async with shop.db.write() as session:
        fact = payments.RefundSettled(
            refund_id=new_id(shop.clock()),
            payment_id=new_id(shop.clock()),
            reference=new_id(shop.clock()),
            amount_fen=1,
            at=shop.clock(),
        )
        await orders.on_refund_settled(session, fact, shop.clock())
        assert (await session.execute(text("SELECT count(*) FROM orders_refund"))).scalar() == 0
