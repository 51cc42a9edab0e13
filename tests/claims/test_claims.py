"""A claim from the buyer's word to its end, over HTTP: who may do what, and what it does to money, stock and order."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import fulfilment, inventory
from app.claims import on_shipments_delivered
from app.core.money import yuan
from app.fulfilment import TrackingEvent, TrackingState
from tests.claims.builders import answer, clock_moves, complain, delivered, look, opened, photo, refused
from tests.orders.test_crowd import BODY, waiting
from tests.orders.test_discounts import voucher

PARCEL = {"carrier": "SF", "tracking_number": "SF1234567890123"}


@pytest.fixture
async def oranges(shop):
    """Two boxes of oranges, just signed for."""
    return await delivered(shop, {"NO02": 2})


@pytest.fixture
async def tea(shop):
    """Two bags of tea, just signed for."""
    return await delivered(shop, {"GT04": 2})


async def sound(shop):
    """The auditor finds nothing."""
    assert await shop.breaks() == []


async def carrier_says(shop, state):
    """The carrier of ``PARCEL`` has something to say about it now."""
    event = TrackingEvent(shop.clock(), state, "快件消息")
    async with shop.db.write() as session:
        await fulfilment.record(
            session, fulfilment.Report(PARCEL["carrier"], PARCEL["tracking_number"], (event,)), now=shop.clock()
        )
    await shop.settle()


async def paid_with(shop, order, payment_id, paid_at):
    """Write into the order's row what paid it."""
    async with shop.db.write() as session:
        await session.execute(
            text(
                "UPDATE orders_order SET payment_id = CAST(:payment AS uuid), paid_at = CAST(:at AS timestamptz)"
                " WHERE id = :id"
            ),
            {"payment": payment_id, "at": paid_at, "id": order["id"]},
        )


async def part(shop):
    (row,) = await shop.rows("SELECT status, open_claims FROM orders_supplier_order")
    return row


class TestMoney:
    async def test_bad_fruit_is_paid_by_the_piece_and_taken_off_the_ledger_to_the_fen(self, shop, oranges):
        claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(3, 25), note="箱底三个烂果")
        assert (claim["status"], claim["refund_fen"], claim["liable"]) == ("supplier_review", 599, None)
        assert await part(shop) == ("delivered", 1)
        claim = await answer(shop, "S08", claim, "accept")
        assert (claim["status"], claim["liable"]) == ("agreed", "supplier")
        await shop.settle()
        claim = await look(shop, claim)
        assert (claim["status"], claim["refund_fen"]) == ("refunded", 599)
        assert [(step["status"], step["party"]) for step in claim["history"]] == [
            ("supplier_review", "buyer"),
            ("agreed", "supplier"),
            ("refunded", "system"),
        ]
        assert await part(shop) == ("delivered", 0)
        await clock_moves(shop, days=7)
        assert await part(shop) == ("completed", 0)
        entries = await shop.rows("SELECT kind, quantity, amount_fen FROM assistance_entry")
        assert entries == [("sale", 2, 9_980 - 599)]
        await sound(shop)

    async def test_after_completion_the_ledger_is_reversed_to_the_fen(self, shop):
        tea = await shop.complete({"GT04": 2})
        claim = await opened(shop, tea, "wrong", 1)
        await answer(shop, "S01", claim, "accept")
        await shop.settle()
        entries = await shop.rows("SELECT kind, quantity, amount_fen FROM assistance_entry ORDER BY amount_fen DESC")
        assert entries == [("sale", 2, 25_600), ("refund", -1, -12_800)]
        settled = await shop.rows(
            "SELECT payload->>'outcome', payload->>'liable', payload->>'refund_fen' FROM core_event"
            " WHERE name = 'claims.settled'"
        )
        assert settled == [("refunded", "supplier", "12800")]
        await sound(shop)

    async def test_everything_bad_brings_the_freight_back_too_and_once(self, shop, oranges):
        claim = await opened(shop, oranges, "bad_fruit", 2, pieces=(20, 50))
        assert claim["refund_fen"] == oranges["total_fen"]
        assert claim["freight_fen"] == oranges["freight_fen"] > 0
        await answer(shop, "S08", claim, "accept")
        await shop.settle()
        assert (await look(shop, claim))["status"] == "refunded"
        assert await shop.rows("SELECT amount_fen, freight_fen FROM orders_refund") == [
            (oranges["total_fen"], oranges["freight_fen"])
        ]
        again = await complain(shop, oranges, "bad_fruit", 1, pieces=(1, 25))
        assert (again.status_code, again.json()["code"]) == (409, "claims_too_much")
        await clock_moves(shop, days=7)
        assert await shop.scalar("SELECT coalesce(sum(amount_fen), 0) FROM assistance_entry") == 0
        await sound(shop)

    async def test_a_silent_supplier_has_agreed_after_48_hours(self, shop, oranges):
        claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(3, 25))
        await clock_moves(shop, hours=47, minutes=59)
        assert (await look(shop, claim))["status"] == "supplier_review"
        await clock_moves(shop, minutes=1)
        claim = await look(shop, claim)
        assert (claim["status"], claim["liable"], claim["history"][1]["party"]) == ("refunded", "supplier", "system")
        await sound(shop)

    async def test_nothing_left_to_agree_to_goes_to_people_and_does_not_hold_up_others(self, shop, oranges):
        claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(3, 25))
        body = {"lines": [{"line_id": oranges["lines"][0]["id"], "amount_fen": 9_980}], "reason": "全退"}
        path = f"/v1/operator/orders/{oranges['id']}/refunds"
        assert (await shop.call("operator", "POST", path, body)).status_code == 201
        said = await shop.call("S08", "POST", f"/v1/supplier/claims/{claim['id']}/accept")
        assert (said.status_code, said.json()["code"]) == (409, "claims_too_much")
        left = f"运费剩余可退 {yuan(oranges['freight_fen'])} 元"
        assert all(words in said.json()["detail"] for words in ("剩余可退 0.00 元", left, "平台裁定"))
        await clock_moves(shop, hours=48)
        assert (await look(shop, claim))["status"] == "arbitration"

    async def test_a_claim_that_fails_does_not_hold_back_the_next(self, shop, oranges, tea):
        stuck = await opened(shop, oranges, "bad_fruit", 1, pieces=(3, 25))
        shop.clock.advance(minutes=1)
        other = await opened(shop, tea, "wrong", 1)
        payment = (await shop.rows("SELECT payment_id, paid_at FROM orders_order WHERE id = :id", id=oranges["id"]))[0]
        await paid_with(shop, oranges, None, None)
        await clock_moves(shop, hours=49)
        assert (await look(shop, stuck))["status"] == "supplier_review"
        assert (await look(shop, other))["status"] == "refunded"
        await paid_with(shop, oranges, *payment)
        await clock_moves(shop, hours=1)
        assert (await look(shop, stuck))["status"] == "refunded"
        await sound(shop)

    async def test_while_a_claim_is_open_nobody_confirms(self, shop, oranges):
        claim = await opened(shop, oranges, "other")
        assert claim["status"] == "arbitration"
        confirmed = await shop.call("buyer", "POST", f"/v1/store/orders/{oranges['id']}/confirm-receipt")
        assert (confirmed.status_code, confirmed.json()["code"]) == (409, "claim_is_open")
        await clock_moves(shop, days=8)
        assert await part(shop) == ("delivered", 1)
        await answer(shop, "buyer", claim, "withdraw")
        await clock_moves(shop, minutes=1)
        assert await part(shop) == ("completed", 0)
        await sound(shop)

    async def test_other_suppliers_goods_are_confirmed_meanwhile(self, shop):
        order = await delivered(shop, {"NO02": 1, "GT04": 1})
        await opened(shop, order, "wrong")
        confirmed = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
        statuses = [found["status"] for found in confirmed.json()["supplier_orders"]]
        assert (confirmed.status_code, sorted(statuses)) == (200, ["completed", "delivered"])


class TestDispute:
    async def test_the_marketplace_decides_with_figures_of_its_own(self, shop, oranges):
        claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(10, 25))
        claim = await answer(shop, "S08", claim, "contest", {"reason": "照片不是本单的"})
        assert (claim["status"], claim["history"][1]["reason"]) == ("disputed", "照片不是本单的")
        await clock_moves(shop, days=30)
        assert (await look(shop, claim))["status"] == "disputed"
        line = oranges["lines"][0]["id"]
        decision = {
            "outcome": "refund",
            "liable": "carrier",
            "reason": "外箱破损，签收时已注明",
            "lines": [{"line_id": line, "amount_fen": 1_234}],
            "freight_fen": 100,
        }
        for figures in ({"lines": [{"line_id": line, "amount_fen": 9_981}]}, {"freight_fen": 10**6}):
            assert await refused(shop, "operator", claim, "decision", decision | figures) == (409, "claims_too_much")
        claim = await answer(shop, "operator", claim, "decision", decision)
        assert (claim["status"], claim["liable"], claim["refund_fen"]) == ("agreed", "carrier", 1_334)
        await shop.settle()
        assert (await look(shop, claim))["status"] == "refunded"
        assert await shop.rows("SELECT amount_fen, freight_fen FROM orders_refund") == [(1_334, 100)]
        await sound(shop)

    async def test_the_freight_may_be_granted_alone(self, shop, oranges):
        claim = await opened(shop, oranges, "other", 1, note="送货上门收了两次运费")
        decision = {"outcome": "refund", "liable": "carrier", "reason": "退运费", "lines": [], "freight_fen": 500}
        await answer(shop, "operator", claim, "decision", decision)
        await shop.settle()
        claim = await look(shop, claim)
        assert (claim["status"], claim["refund_fen"], claim["freight_fen"]) == ("refunded", 500, 500)
        assert await shop.rows("SELECT amount_fen, freight_fen FROM orders_refund") == [(500, 500)]
        assert (await shop.look(oranges))["lines"][0]["refunded_fen"] == 0
        await clock_moves(shop, days=8)
        assert await part(shop) == ("completed", 0)
        await sound(shop)

    async def test_a_claim_that_is_rejected_lets_the_order_go_on(self, shop, oranges):
        claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(3, 25))
        await answer(shop, "S08", claim, "contest", {"reason": "擦伤不算坏果"})
        rejected = {"outcome": "reject", "liable": "buyer", "reason": "擦伤、青斑不计"}
        claim = await answer(shop, "operator", claim, "decision", rejected)
        assert (claim["status"], claim["history"][-1]["party"]) == ("rejected", "operator")
        assert await part(shop) == ("delivered", 0)
        assert await refused(shop, "operator", claim, "decision", rejected) == (409, "step_not_allowed")
        await sound(shop)

    async def test_a_lost_parcel_is_claimed_before_it_arrives(self, shop):
        order = await shop.ship(await shop.pay(await shop.order({"GT04": 2})), deliver=False)
        early = await complain(shop, order, "wrong")
        assert (early.status_code, early.json()["code"]) == (409, "not_delivered")
        claim = await opened(shop, order, "other", 2, note="包裹丢了")
        amounts = {"lines": [{"line_id": order["lines"][0]["id"], "amount_fen": 25_600, "quantity": 2}]}
        decision = {"outcome": "refund", "liable": "carrier", "reason": "丢件", **amounts}
        await answer(shop, "operator", claim, "decision", decision)
        await shop.settle()
        assert (await look(shop, claim))["status"] == "refunded"
        await sound(shop)


class TestSendingAgain:
    async def test_goods_go_again_from_stock_and_the_claim_ends_when_they_arrive(self, shop, tea):
        claim = await opened(shop, tea, "wrong", 1, remedy="reship")
        claim = await answer(shop, "S01", claim, "accept")
        assert claim["status"] == "reshipping"
        assert await shop.stock("GT04") == (98, 1)
        seen = (await shop.call("S01", "GET", f"/v1/supplier/claims/{claim['id']}")).json()
        assert seen["address"]["detail"] == "花园路88号3单元502室"
        await sound(shop)
        parcel = {"carrier": "ZTO", "tracking_number": "78000000099999"}
        claim = await answer(shop, "S01", claim, "shipments", parcel)
        assert await shop.stock("GT04") == (97, 0)
        assert (claim["status"], claim["shipments"][0]["reference"]) == ("reshipping", claim["id"])
        assert (await shop.call("S01", "GET", f"/v1/supplier/claims/{claim['id']}")).json()["address"] is None
        assert await refused(shop, "S01", claim, "shipments", parcel) == (409, "not_reserved")
        kinds = await shop.rows("SELECT kind FROM inventory_movement WHERE sku = 'GT04' ORDER BY id DESC LIMIT 2")
        assert kinds == [("shipped",), ("reserved",)]
        await sound(shop)
        parcel = claim["shipments"][0]["id"]
        where = f"/v1/store/claims/{claim['id']}/shipments/{parcel}/tracking"
        assert (await shop.call("buyer", "GET", where)).status_code == 200
        assert (await shop.call("stranger", "GET", where)).status_code == 404
        first = tea["shipments"][0]["id"]
        assert (await shop.call("buyer", "GET", where.replace(parcel, first))).status_code == 404
        path = f"/v1/supplier/shipments/{parcel}/delivered"
        assert (await shop.call("S01", "POST", path, key=None)).status_code == 200
        await shop.settle()
        assert (await look(shop, claim))["status"] == "reshipped"
        again = await complain(shop, tea, "wrong", 2)
        assert (again.status_code, again.json()["code"]) == (409, "claims_too_much"), "one of two was made good"
        replaced = await opened(shop, tea, "other", 2)
        await answer(shop, "buyer", replaced, "withdraw")
        assert await part(shop) == ("delivered", 0)
        assert (await shop.look(tea))["lines"][0]["shipped_quantity"] == 2
        await sound(shop)

    async def test_without_stock_the_money_goes_back_instead(self, shop):
        order = await delivered(shop, {"NO04": 3})
        claim = await opened(shop, order, "wrong", 1, remedy="reship")
        assert await refused(shop, "S08", claim, "accept") == (409, "out_of_stock")
        assert (await look(shop, claim))["status"] == "supplier_review"
        claim = await answer(shop, "S08", claim, "accept", {"remedy": "refund"})
        assert (claim["status"], claim["remedy"]) == ("agreed", "refund")
        other = await opened(shop, order, "wrong", 1, remedy="reship")
        await clock_moves(shop, hours=48)
        assert (await look(shop, other))["status"] == "refunded"
        await sound(shop)

    async def test_a_supplier_who_sends_nothing_is_looked_after(self, shop, tea):
        claim = await opened(shop, tea, "wrong", 1, remedy="reship")
        await answer(shop, "S01", claim, "accept")
        await clock_moves(shop, days=7)
        assert (await look(shop, claim))["status"] == "arbitration"
        assert await shop.stock("GT04") == (98, 0)
        again = {"outcome": "reship", "liable": "supplier", "reason": "请尽快补发"}
        assert (await answer(shop, "operator", claim, "decision", again))["status"] == "reshipping"
        assert await shop.stock("GT04") == (98, 1)
        await sound(shop)


class TestReturn:
    async def test_goods_come_back_into_their_lot_and_the_money_follows(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        assert (claim["remedy"], claim["refund_fen"]) == ("return", 12_800)
        assert await refused(shop, "S01", claim, "accept", {"remedy": "refund"}) == (422, "remedy_not_available")
        claim = await answer(shop, "S01", claim, "accept")
        assert (claim["status"], claim["liable"]) == ("agreed", "buyer")
        assert await shop.scalar("SELECT count(*) FROM orders_refund") == 0
        assert await refused(shop, "buyer", claim, "send-back", {**PARCEL, "carrier": "XX"}) == (
            422,
            "unknown_carrier",
        )
        claim = await answer(shop, "buyer", claim, "send-back", PARCEL)
        assert (claim["status"], claim["return_number"]) == ("returning", "SF1234567890123")
        claim = await answer(shop, "S01", claim, "received", {"sellable": True})
        assert (claim["status"], claim["sellable"]) == ("returned", True)
        assert await shop.stock("GT04") == (99, 0)
        moved = await shop.rows(
            "SELECT m.kind, m.on_hand_delta, l.code FROM inventory_movement m JOIN inventory_lot l ON l.id = m.lot_id"
            " WHERE m.reference = :id",
            id=claim["id"],
        )
        assert moved == [("returned", 1, "GT04-A")]
        await sound(shop)
        await clock_moves(shop, days=7)
        assert (await look(shop, claim))["status"] == "refunded"
        assert await shop.rows("SELECT amount_fen, freight_fen FROM orders_refund") == [(12_800, 0)]
        await sound(shop)

    async def test_the_parcel_is_followed_until_the_supplier_has_it_and_looks_at_the_goods(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        claim = await answer(shop, "buyer", claim, "send-back", PARCEL)
        parcel = claim["return_shipment"]
        assert (parcel["inbound"], parcel["state"], parcel["tracking_number"]) == (
            True,
            "created",
            PARCEL["tracking_number"],
        )
        assert claim["shipments"] == []
        shop.clock.advance(days=2)
        await carrier_says(shop, TrackingState.IN_TRANSIT)
        where = f"/v1/store/claims/{claim['id']}/shipments/{parcel['id']}/tracking"
        tracked = (await shop.call("buyer", "GET", where)).json()
        assert (tracked["state"], len(tracked["events"])) == ("in_transit", 1)
        assert (await shop.call("stranger", "GET", where)).status_code == 404
        assert (await look(shop, claim))["status"] == "returning"
        await carrier_says(shop, TrackingState.SIGNED)
        await carrier_says(shop, TrackingState.SIGNED)
        claim = await look(shop, claim)
        assert (claim["status"], claim["due_at"]) == ("inspecting", "2026-11-29T04:00:00Z")
        assert await refused(shop, "buyer", claim, "withdraw") == (409, "step_not_allowed")
        listed = (await shop.call("S01", "GET", "/v1/supplier/claims?status=inspecting", key=None)).json()["items"]
        assert [one["id"] for one in listed] == [claim["id"]]
        assert await shop.stock("GT04") == (98, 0)
        shop.clock.advance(days=1)
        due_at = claim["due_at"]
        claim = await answer(shop, "S01", claim, "received", {"sellable": True})
        assert (claim["status"], claim["due_at"]) == ("returned", due_at), "counted from when they had the goods"
        assert await shop.stock("GT04") == (99, 0)
        assert await shop.scalar("SELECT count(*) FROM core_event WHERE name = 'fulfilment.dispatched'") == 1
        await sound(shop)

    async def test_a_supplier_who_does_not_look_at_what_came_back_pays_for_it(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        await answer(shop, "buyer", claim, "send-back", PARCEL)
        await carrier_says(shop, TrackingState.SIGNED)
        await clock_moves(shop, days=6, hours=23)
        assert (await look(shop, claim))["status"] == "inspecting"
        await clock_moves(shop, hours=1)
        claim = await look(shop, claim)
        assert (claim["status"], claim["sellable"], claim["refund_fen"]) == ("refunded", False, 12_800)
        assert await shop.stock("GT04") == (98, 0)
        await sound(shop)

    async def test_what_the_supplier_received_before_the_carrier_said_so_is_not_looked_at_twice(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        claim = await answer(shop, "buyer", claim, "send-back", PARCEL)
        await answer(shop, "S01", claim, "received", {"sellable": True})
        await carrier_says(shop, TrackingState.SIGNED)
        claim = await look(shop, claim)
        assert (claim["status"], claim["return_shipment"]["state"]) == ("returned", "signed")
        assert await shop.stock("GT04") == (99, 0)

    async def test_goods_of_two_lots_go_back_into_both_and_into_neither_more_than_it_sent(self, shop):
        async with shop.db.write() as session:
            await inventory.receive(
                session,
                sku="GT04",
                code="GT04-B",
                harvested_on=None,
                produced_on=shop.clock().date(),
                best_before=shop.clock().date() + timedelta(days=90),
                village=None,
                quantity=1,
                by=shop.actor("S01"),
                now=shop.clock(),
            )
        order = await delivered(shop, {"GT04": 3})
        lots = "SELECT code, on_hand FROM inventory_lot WHERE sku = 'GT04' ORDER BY code"
        assert await shop.rows(lots) == [("GT04-A", 98), ("GT04-B", 0)]
        for quantity, after in ((2, [("GT04-A", 99), ("GT04-B", 1)]), (1, [("GT04-A", 100), ("GT04-B", 1)])):
            claim = await opened(shop, order, "no_reason", quantity)
            await answer(shop, "S01", claim, "accept")
            number = {**PARCEL, "tracking_number": f"SF123456789012{quantity}"}
            await answer(shop, "buyer", claim, "send-back", number)
            await answer(shop, "S01", claim, "received", {"sellable": True})
            assert await shop.rows(lots) == after
            await sound(shop)

    async def test_goods_sent_again_that_arrive_late_are_not_what_comes_back(self, shop, tea):
        claim = await opened(shop, tea, "wrong", 1, remedy="reship")
        await answer(shop, "S01", claim, "accept")
        again = {"carrier": "ZTO", "tracking_number": "78000000099999"}
        claim = await answer(shop, "S01", claim, "shipments", again)
        await clock_moves(shop, days=14)
        decision = {"outcome": "return", "liable": "supplier", "reason": "请寄回"}
        await answer(shop, "operator", claim, "decision", decision)
        await answer(shop, "buyer", claim, "send-back", PARCEL)
        path = f"/v1/supplier/shipments/{claim['shipments'][0]['id']}/delivered"
        assert (await shop.call("S01", "POST", path, key=None)).status_code == 200
        await shop.settle()
        assert (await look(shop, claim))["status"] == "returning"

    async def test_what_cannot_be_sold_again_stays_out_of_stock_and_may_be_contested(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        await answer(shop, "buyer", claim, "send-back", PARCEL)
        await answer(shop, "S01", claim, "received", {"sellable": False})
        assert await shop.stock("GT04") == (98, 0)
        claim = await answer(shop, "S01", claim, "contest", {"reason": "封口已拆"})
        assert claim["status"] == "disputed"
        halved = {"lines": [{"line_id": tea["lines"][0]["id"], "amount_fen": 6_400, "quantity": 1}]}
        decision = {"outcome": "refund", "liable": "buyer", "reason": "各担一半", **halved}
        await answer(shop, "operator", claim, "decision", decision)
        await shop.settle()
        assert (await look(shop, claim))["refund_fen"] == 6_400
        await sound(shop)

    async def test_what_came_back_is_not_taken_back_again(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        await answer(shop, "buyer", claim, "send-back", PARCEL)
        await answer(shop, "S01", claim, "received", {"sellable": True})
        await answer(shop, "S01", claim, "contest", {"reason": "少一袋"})
        decision = {"outcome": "return", "liable": "buyer", "reason": "请寄回"}
        assert await refused(shop, "operator", claim, "decision", decision) == (422, "remedy_not_available")
        await answer(shop, "operator", claim, "decision", {**decision, "outcome": "refund"})
        await shop.settle()
        assert (await look(shop, claim))["status"] == "refunded"
        assert await shop.stock("GT04") == (99, 0)
        await sound(shop)

    async def test_the_supplier_may_pay_before_the_week_is_over(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        await answer(shop, "buyer", claim, "send-back", PARCEL)
        await answer(shop, "S01", claim, "received", {"sellable": True})
        await answer(shop, "S01", claim, "accept")
        assert await refused(shop, "S01", claim, "accept") == (409, "step_not_allowed")
        assert await refused(shop, "S01", claim, "contest", {"reason": "后悔"}) == (409, "step_not_allowed")
        await shop.settle()
        assert (await look(shop, claim))["status"] == "refunded"
        await sound(shop)

    async def test_goods_that_are_never_sent_back_are_kept(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        await clock_moves(shop, days=7)
        assert (await look(shop, claim))["status"] == "closed"
        assert await part(shop) == ("completed", 0)
        await sound(shop)

    async def test_a_parcel_that_nobody_received_is_looked_into(self, shop, tea):
        claim = await opened(shop, tea, "no_reason", 1)
        await answer(shop, "S01", claim, "accept")
        await answer(shop, "buyer", claim, "send-back", PARCEL)
        await clock_moves(shop, days=14)
        assert (await look(shop, claim))["status"] == "arbitration"

    async def test_fresh_goods_do_not_go_back(self, shop, oranges):
        answer_ = await complain(shop, oranges, "no_reason")
        assert (answer_.status_code, answer_.json()["code"]) == (409, "not_returnable")
        assert await part(shop) == ("delivered", 0)


class TestWhoAndWhat:
    async def test_photos_stay_with_the_claim(self, shop, oranges):
        shown = await photo(shop)
        claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(3, 25), photos=[shown])
        assert [file["id"] for file in claim["photos"]] == [shown]
        assert [file["id"] for file in (await look(shop, claim, "S08"))["photos"]] == [shown]
        again = await complain(shop, oranges, "bad_fruit", 1, pieces=(3, 25), photos=[shown])
        assert (again.status_code, again.json()["code"]) == (422, "unknown_file")
        again = await complain(shop, oranges, "bad_fruit", 1, pieces=(3, 25), photos=[])
        assert (again.status_code, again.json()["code"]) == (422, "photos_required")

    async def test_an_order_without_claims_has_an_empty_list_and_anothers_none(self, shop, oranges):
        lists = {"buyer": "/v1/store/orders/{}/claims", "operator": "/v1/operator/orders/{}/refunds"}
        for who, path in lists.items():
            own = await shop.call(who, "GET", path.format(oranges["id"]), key=None)
            assert (own.status_code, own.json()["items"]) == (200, [])
            nowhere = await shop.call(who, "GET", path.format(uuid4()), key=None)
            assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
        answer = await shop.call("stranger", "GET", lists["buyer"].format(oranges["id"]), key=None)
        assert answer.status_code == 404

    async def test_others_claims_do_not_exist(self, shop, oranges):
        assert (await complain(shop, oranges, "other", who="stranger")).status_code == 404
        claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(3, 25))
        for who, verb, body in (
            ("stranger", "withdraw", None),
            ("S01", "accept", None),
            ("S01", "contest", {"reason": "不是我的"}),
            ("S01", "received", {"sellable": True}),
            ("S01", "shipments", PARCEL),
        ):
            assert await refused(shop, who, claim, verb, body) == (404, "not_found")
        for who, path in (
            ("stranger", f"/v1/store/claims/{claim['id']}"),
            ("S01", f"/v1/supplier/claims/{claim['id']}"),
        ):
            assert (await shop.call(who, "GET", path)).status_code == 404
        for who, path, ours in (
            ("buyer", "/v1/store/claims?status=supplier_review", 1),
            ("buyer", "/v1/store/claims?status=refunded", 0),
            ("buyer", f"/v1/store/orders/{oranges['id']}/claims", 1),
            ("S08", "/v1/supplier/claims", 1),
            ("S01", "/v1/supplier/claims", 0),
            ("operator", "/v1/operator/claims", 1),
        ):
            assert len((await shop.call(who, "GET", path)).json()["items"]) == ours, path
        assert (await look(shop, claim))["status"] == "supplier_review"

    async def test_a_list_is_paged_newest_first(self, shop, oranges):
        made = []
        for minutes in range(3):
            shop.clock.advance(minutes=minutes)
            made.append((await opened(shop, oranges, "other"))["id"])
            await answer(shop, "buyer", {"id": made[-1]}, "withdraw")
        first = (await shop.call("buyer", "GET", "/v1/store/claims?limit=2")).json()
        rest = (await shop.call("buyer", "GET", f"/v1/store/claims?limit=2&cursor={first['next_cursor']}")).json()
        assert [claim["id"] for claim in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None

    async def test_a_key_makes_one_claim(self, shop, oranges):
        wish = {"pieces": (3, 25), "photos": [await photo(shop)], "key": "bad-1"}
        once = await complain(shop, oranges, "bad_fruit", 1, **wish)
        again = await complain(shop, oranges, "bad_fruit", 1, **wish)
        assert (again.status_code, again.content) == (201, once.content)
        assert await shop.scalar("SELECT count(*) FROM claims_claim") == 1

    async def test_refusals_change_nothing(self, shop, oranges):
        late = shop.clock() + timedelta(hours=25)
        waiting = await shop.pay(await shop.order({"GT04": 1}))
        for order, kind, more, expected in (
            (oranges, "bad_fruit", {}, (422, "pieces_required")),
            (oranges, "wrong", {"quantity": 3}, (409, "claims_too_much")),
            (oranges, "other", {"remedy": "reship"}, (422, "remedy_not_available")),
            (waiting, "other", {}, (409, "not_refundable")),
            ({**oranges, "lines": waiting["lines"]}, "other", {}, (422, "unknown_line")),
        ):
            answered = await complain(shop, order, kind, more.pop("quantity", 1), **more)
            assert (answered.status_code, answered.json()["code"]) == expected
        shop.clock.at = late
        answered = await complain(shop, oranges, "bad_fruit", 1, pieces=(3, 25))
        assert (answered.status_code, answered.json()["code"]) == (409, "claim_too_late")
        assert await shop.scalar("SELECT count(*) FROM claims_claim") == 0
        assert await shop.scalar("SELECT sum(open_claims) FROM orders_supplier_order") == 0


async def test_claims_at_the_same_moment_never_come_to_more_than_was_paid(fresh_shop):
    shop = fresh_shop
    order = await delivered(shop, {"NO02": 3})
    answers = await asyncio.gather(*(complain(shop, order, "wrong", 1) for _ in range(6)))
    assert Counter(found.status_code for found in answers) == {201: 3, 409: 3}
    made = [found.json() for found in answers if found.status_code == 201]
    accepted = await asyncio.gather(
        *(shop.call("S08", "POST", f"/v1/supplier/claims/{claim['id']}/accept") for claim in made for _ in range(2)),
        shop.call(
            "operator",
            "POST",
            f"/v1/operator/orders/{order['id']}/refunds",
            {"lines": [{"line_id": order["lines"][0]["id"], "amount_fen": 9_000}], "reason": "同时退款"},
        ),
    )
    # Whoever waited too long for the others is told to come again.
    assert {found.status_code for found in accepted} <= {200, 201, 409, 503}
    await shop.settle()
    paid, refunded = (await shop.rows("SELECT amount_fen, refunded_fen FROM orders_line"))[0]
    assert refunded <= paid
    assert await shop.scalar("SELECT sum(amount_fen) FROM orders_refund_line") == refunded
    assert await shop.scalar("SELECT sum(amount_fen) FROM payments_refund WHERE status = 'succeeded'") == refunded
    assert await shop.scalar("SELECT refunded_fen FROM payments_payment") == refunded
    await sound(shop)


async def test_the_clock_and_the_supplier_at_once_pay_once(fresh_shop):
    shop = fresh_shop
    order = await delivered(shop, {"NO02": 1})
    claim = await opened(shop, order, "bad_fruit", 1, pieces=(3, 25))
    shop.clock.advance(hours=48)
    await asyncio.gather(
        clock_moves(shop), *(shop.call("S08", "POST", f"/v1/supplier/claims/{claim['id']}/accept") for _ in range(4))
    )
    await shop.settle()
    assert await shop.rows("SELECT amount_fen FROM orders_refund") == [(599,)]
    assert (await look(shop, claim))["status"] == "refunded"
    await sound(shop)


async def test_the_clock_pays_for_what_it_cannot_send_while_others_buy_with_the_same_vouchers(fresh_shop):
    shop = fresh_shop
    budget, _ = await voucher(shop, 10_000)
    order = await delivered(shop, {"NO04": 3})
    claim = await opened(shop, order, "wrong", 3, remedy="reship")
    shop.clock.advance(hours=48)
    buying = {**BODY, "items": [{"sku": "NO04", "quantity": 1}, {"sku": "GT04", "quantity": 1}]}
    async with shop.db.write() as session:
        await session.execute(text("SELECT 1 FROM inventory_stock WHERE sku = 'NO04' FOR UPDATE"))
        moving = asyncio.create_task(clock_moves(shop))
        await waiting(shop, 1)
        bought = asyncio.create_task(shop.call("stranger", "POST", "/v1/store/orders", buying))
        await waiting(shop, 2)
    await moving
    assert ((await bought).status_code, bought.result().json()["code"]) == (409, "out_of_stock")
    assert (await look(shop, claim))["status"] == "refunded"
    assert await shop.scalar("SELECT used_fen FROM pricing_budget WHERE id = :id", id=budget) == 0
    await sound(shop)


async def test_parcels_heard_of_together_lock_their_orders_in_the_order_of_ids(fresh_shop):
    """Whoever else locks several orders does so too: nobody waits for the other."""
    shop, facts, orders = fresh_shop, [], []
    for _ in range(2):
        shop.clock.advance(seconds=1)
        orders.append(await delivered(shop, {"GT04": 1}))
        claim = await opened(shop, orders[-1], "wrong", 1)
        supplier_id = orders[-1]["lines"][0]["supplier_id"]
        at = shop.clock()
        facts.append(
            fulfilment.ShipmentDelivered(shipment_id=uuid4(), reference=claim["id"], supplier_id=supplier_id, at=at)
        )

    async def hear() -> None:
        async with shop.db.write() as session:
            await on_shipments_delivered(session, facts[::-1], shop.clock())

    async with shop.db.write() as session:
        await session.execute(text("SELECT 1 FROM orders_order WHERE id = :id FOR UPDATE"), {"id": orders[0]["id"]})
        hearing = asyncio.create_task(hear())
        await waiting(shop, 1)
        async with shop.db.write() as other:
            later = text("SELECT 1 FROM orders_order WHERE id = :id FOR UPDATE NOWAIT")
            await other.execute(later, {"id": orders[1]["id"]})
    await hearing
