"""What carriers say: in any order, again and again, signed or not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.fulfilment.rules import (
    CARRIERS,
    KUAIDI100,
    TrackingEvent,
    TrackingState,
    credible,
    discreet,
    kuaidi100_state,
    push_signature,
    query_signature,
    read_kuaidi100,
    read_push,
    standing,
)
from app.wiring import CHORES
from app.worker import do_chore
from tests.fulfilment.builders import push, result, said

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CHORE = {chore.name: chore for chore in CHORES}
S = TrackingState


def event(hours, state, text="…"):
    return TrackingEvent(NOON + timedelta(hours=hours), state, text)


class TestRules:
    @pytest.mark.parametrize(
        ("code", "state"),
        [
            ("0", S.IN_TRANSIT),
            ("1", S.PICKED_UP),
            ("2", S.PROBLEM),
            ("3", S.SIGNED),
            ("4", S.RETURNED),
            ("5", S.OUT_FOR_DELIVERY),
            ("6", S.RETURNING),
            ("7", S.IN_TRANSIT),
            ("8", S.IN_TRANSIT),
            ("10", S.IN_TRANSIT),
            ("13", S.IN_TRANSIT),
            ("14", S.REFUSED),
            ("301", S.SIGNED),
            ("304", S.TO_LOCKER),
            ("501", S.TO_LOCKER),
            ("102", S.CREATED),
            ("103", S.PICKED_UP),
            ("1002", S.IN_TRANSIT),
            ("", S.IN_TRANSIT),
            ("?", S.IN_TRANSIT),
        ],
    )
    def test_every_code_means_one_of_our_states(self, code, state):
        assert kuaidi100_state(code) is state

    def test_every_state_of_ours_is_reached_from_a_carriers(self):
        assert set(KUAIDI100.values()) == set(TrackingState)
        assert len({carrier.kuaidi100 for carrier in CARRIERS.values()}) == len(CARRIERS)

    def test_the_order_of_hearing_does_not_matter(self):
        history = [event(0, S.PICKED_UP), event(5, S.IN_TRANSIT), event(9, S.TO_LOCKER), event(30, S.SIGNED, "本人")]
        for heard in permutations(history):
            assert standing(heard) == standing(history)
        found = standing(history)
        assert (found.state, found.text, found.signed_at) == (S.SIGNED, "本人", NOON + timedelta(hours=30))

    def test_a_locker_is_not_the_buyers_hand(self):
        assert standing([event(0, S.PICKED_UP), event(9, S.TO_LOCKER)]).signed_at is None

    @pytest.mark.parametrize("turned", [S.REFUSED, S.RETURNING, S.RETURNED])
    def test_who_signs_after_it_turned_back_is_the_sender(self, turned):
        found = standing([event(0, S.PICKED_UP), event(9, turned), event(30, S.SIGNED)])
        assert found.signed_at is None

    @given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(TrackingState)), min_size=1))
    def test_a_parcel_stands_at_what_was_said_last(self, heard):
        found = standing([event(hours, state) for hours, state in heard])
        assert found.at == NOON + timedelta(hours=max(hours for hours, _ in heard))
        assert (found.trouble is None) == (found.state not in {S.PROBLEM, S.REFUSED, S.RETURNING, S.RETURNED})
        if found.signed_at is not None:
            assert (int((found.signed_at - NOON).total_seconds()) // 3600, S.SIGNED) in heard

    def test_nothing_said_is_no_standing(self):
        assert standing([]) is None

    def test_what_cannot_be_about_this_parcel_is_left_out(self):
        history = [event(-24 * 8, S.SIGNED), event(-24, S.PICKED_UP), event(1, S.IN_TRANSIT), event(24, S.SIGNED)]
        assert credible(history, dispatched_at=NOON, now=NOON + timedelta(hours=2)) == history[1:3]

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("[济南市] 快递员 张三丰，电话 13812345678 正在派件", "[济南市] 快递员 张**，电话 138******78 正在派件"),
            ("已签收，签收人：李霞", "已签收，签收人：李**"),
            ("已签收，签收人：本人", "已签收，签收人：本人"),
            ("签收人是【丰巢智能柜】", "签收人是【丰巢智能柜】"),
            ("投诉电话：0531-88886666", "投诉电话：053******66"),
            ("单号 78001234567890 已到达", "单号 78001234567890 已到达"),
        ],
    )
    def test_people_are_masked(self, text, kept):
        assert discreet(text) == kept

    def test_signatures(self):
        """Computed with md5sum over the texts joined."""
        assert push_signature('{"a":1}', "salt") == "B218F90555A22945EC35A666B2C7B040"
        assert query_signature("p", "k", "c") == "F03D9E418EE2C11B40BEA3923C12A51D"

    def test_a_report_is_read(self):
        report = read_kuaidi100(
            {
                "com": "shunfeng",
                "nu": "SF1234567890123",
                "state": "3",
                "data": [
                    {"ftime": "2026-11-22 10:31:07", "context": "签收人：李霞\n"},
                    {"ftime": "2026-11-22 08:00:00", "context": "派件", "statusCode": "501"},
                    {"ftime": "2026-11-21 08:00:00", "context": "到达"},
                ],
            }
        )
        assert (report.carrier, report.tracking_number) == ("SF", "SF1234567890123")
        assert [(one.at.isoformat(), one.state.value, one.text) for one in report.events] == [
            ("2026-11-22T10:31:07+08:00", "signed", "签收人：李** "),
            ("2026-11-22T08:00:00+08:00", "to_locker", "派件"),
            ("2026-11-21T08:00:00+08:00", "in_transit", "到达"),
        ]

    def test_a_carrier_that_we_do_not_know_is_none_of_ours(self):
        assert read_kuaidi100({"com": "ups", "nu": "1Z", "state": "0", "data": []}) is None

    @pytest.mark.parametrize(
        "param",
        [
            "",
            "[]",
            "{}",
            '{"lastResult": 1}',
            '{"lastResult": {"com": "jd", "data": []}}',
            '{"lastResult": {"com": "jd", "nu": "1", "state": "0", "data": [{"ftime": "gestern", "context": ""}]}}',
            '{"lastResult": {"com": ["jd"], "nu": "1"}}',
        ],
    )
    def test_what_cannot_be_read_is_refused(self, param):
        with pytest.raises(InvalidInput):
            read_push(param)


async def look(shop, order):
    """The order as its buyer sees it, the tea's parcel first."""
    found = await shop.look(order)
    tea = {part["id"] for part in found["supplier_orders"] if part["supplier_id"] == str(shop.actor("S01").supplier_id)}
    found["shipments"].sort(key=lambda parcel: parcel["supplier_order_id"] not in tea)
    return found


@pytest.fixture
async def under_way(shop):
    """An order of two suppliers whose parcels are under way."""
    return await look(shop, await shop.ship(await shop.pay(await shop.order({"GT04": 1, "NO02": 1})), deliver=False))


def number_of(order, place=0):
    return order["shipments"][place]["tracking_number"]


async def track(shop, order, place=0, who="buyer"):
    parcel = order["shipments"][place]["id"]
    return await shop.call(who, "GET", f"/v1/store/orders/{order['id']}/shipments/{parcel}/tracking")


class TestPush:
    async def test_signing_delivers_like_the_suppliers_word_from_the_moment_of_signing(self, shop, under_way):
        shop.clock.advance(days=3)
        signed = [shop.clock() - timedelta(hours=20), shop.clock() - timedelta(hours=30)]
        for place in (0, 1):
            answer = await push(shop, result(number_of(under_way, place), said(signed[place], "301", "签收人：王晓梅")))
            assert (answer.status_code, answer.json()) == (
                200,
                {"result": True, "returnCode": "200", "message": "成功"},
            )
        await shop.settle()
        order = await shop.look(under_way)
        assert order["status"] == "delivered"
        assert {(p["state"], p["trouble"], p["news"]) for p in order["shipments"]} == {("signed", None, "签收人：王**")}
        due = await shop.rows(
            "SELECT s.delivered_at, p.delivered_at, p.due_at FROM orders_supplier_order p"
            " JOIN fulfilment_shipment s ON s.reference = p.id ORDER BY p.due_at DESC"
        )
        assert due == [(at, at, at + timedelta(days=7)) for at in signed]

    async def test_the_last_of_several_parcels_starts_the_clock_in_whatever_order_they_are_reported(self, shop):
        order = await shop.pay(await shop.order({"GT04": 2}))
        for number in ("78000000000001", "78000000000002"):
            body = {
                "carrier": "ZTO",
                "tracking_number": number,
                "lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}],
            }
            path = f"/v1/supplier/orders/{order['supplier_orders'][0]['id']}/shipments"
            assert (await shop.call("S01", "POST", path, body)).status_code == 201
        shop.clock.advance(days=4)
        last, first = shop.clock() - timedelta(days=1), shop.clock() - timedelta(days=2)
        await push(shop, result("78000000000002", said(last, "301")))
        await shop.settle()
        assert (await shop.look(order))["status"] == "shipped"
        await push(shop, result("78000000000001", said(first, "301")))
        await shop.settle()
        assert (await shop.look(order))["status"] == "delivered"
        assert await shop.scalar("SELECT due_at FROM orders_supplier_order") == last + timedelta(days=7)

    async def test_repeats_and_late_news_change_nothing(self, shop, under_way):
        shop.clock.advance(days=2)
        at, number = shop.clock(), number_of(under_way)
        history = [said(at - timedelta(hours=40), "1"), said(at - timedelta(hours=9), "5"), said(at, "301")]
        await push(shop, result(number, *history))
        before = (await track(shop, under_way)).json()
        for entries in (history, history[:1], history[1:2], history[:2]):
            assert (await push(shop, result(number, *entries))).status_code == 200
        assert (await track(shop, under_way)).json() == before
        assert [one["state"] for one in before["events"]] == ["signed", "out_for_delivery", "picked_up"]
        assert await shop.scalar("SELECT count(*) FROM core_event WHERE name = 'fulfilment.delivered'") == 1

    async def test_a_locker_does_not_deliver_and_its_pickup_does(self, shop, under_way):
        shop.clock.advance(days=2)
        at, number = shop.clock(), number_of(under_way)
        await push(shop, result(number, said(at - timedelta(hours=3), "501")))
        assert (await look(shop, under_way))["shipments"][0]["delivered_at"] is None
        await push(shop, result(number, said(at - timedelta(hours=3), "501"), said(at, "301")))
        assert (await track(shop, under_way)).json()["delivered_at"] == at.isoformat().replace("+00:00", "Z")

    async def test_what_the_supplier_reported_stands(self, shop, under_way):
        parcel = under_way["shipments"][0]
        reported = await shop.call("S01", "POST", f"/v1/supplier/shipments/{parcel['id']}/delivered", key=None)
        shop.clock.advance(days=1)
        await push(shop, result(number_of(under_way), said(shop.clock() - timedelta(days=2), "5")))
        await push(shop, result(number_of(under_way), said(shop.clock(), "301")))
        after = (await track(shop, under_way)).json()
        assert (after["delivered_at"], after["state"]) == (reported.json()["delivered_at"], "signed")

    @pytest.mark.parametrize("how", [{"salt": "guessed"}, {"tamper": " "}])
    async def test_only_the_service_itself_is_believed(self, shop, under_way, how):
        answer = await push(shop, result(number_of(under_way), said(shop.clock(), "301")), **how)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
        assert await shop.scalar("SELECT count(*) FROM fulfilment_tracking") == 0

    async def test_unknown_numbers_and_carriers_are_taken_note_of(self, shop):
        for news in (result("00000000000000", said(shop.clock(), "301")), result("1Z0000000000", com="ups")):
            answer = await push(shop, news)
            assert (answer.status_code, answer.json()["result"]) == (200, True)
        assert await shop.scalar("SELECT count(*) FROM fulfilment_tracking") == 0

    async def test_what_makes_no_sense_is_refused(self, shop):
        answer = await push(shop, 1)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert (await push(shop, result("78000000000001"), name="nobody")).status_code == 404
        async with shop.http(None) as http:
            assert (await http.post("/v1/notifications/carriers/kuaidi100")).status_code == 401


class TestTrouble:
    @pytest.mark.parametrize(("code", "trouble"), [("2", "problem"), ("14", "refused"), ("6", "returning")])
    async def test_everybody_concerned_sees_it_until_it_is_over(self, shop, under_way, code, trouble):
        shop.clock.advance(days=2)
        at, number = shop.clock(), number_of(under_way)
        await push(shop, result(number, said(at, code)))
        assert [p["trouble"] for p in (await look(shop, under_way))["shipments"]] == [trouble, None]
        for who, path in (("S01", "/v1/supplier/shipments"), ("operator", "/v1/operator/shipments")):
            answer = await shop.call(who, "GET", f"{path}?in_trouble=true")
            assert [(p["tracking_number"], p["trouble"]) for p in answer.json()["items"]] == [(number, trouble)]
            one = await shop.call(who, "GET", f"{path}/{answer.json()['items'][0]['id']}/tracking")
            assert one.json()["events"][0]["state"] == answer.json()["items"][0]["state"]
        assert (await shop.call("S08", "GET", "/v1/supplier/shipments?in_trouble=true")).json()["items"] == []
        told = await shop.rows("SELECT payload->>'trouble' FROM core_event WHERE name = 'fulfilment.in_trouble'")
        assert told == [(trouble,)]
        await push(shop, result(number, said(at + timedelta(hours=1), "5")))
        assert (await shop.call("S01", "GET", "/v1/supplier/shipments?in_trouble=true")).json()["items"] == []

    async def test_a_parcel_of_which_nobody_has_heard_for_days(self, shop, under_way):
        shop.clock.advance(days=2)
        await push(shop, result(number_of(under_way), said(shop.clock(), "0")))
        shop.clock.advance(days=4)
        assert await do_chore(shop.db, CHORE["fulfilment.notice_silence"], shop.clock()) == 1
        assert await do_chore(shop.db, CHORE["fulfilment.notice_silence"], shop.clock()) == 0
        assert [p["trouble"] for p in (await look(shop, under_way))["shipments"]] == [None, "silent"]
        answer = await push(shop, result(number_of(under_way, 1), said(shop.clock(), "0")))
        assert answer.status_code == 200
        assert [p["trouble"] for p in (await look(shop, under_way))["shipments"]] == [None, None]

    @pytest.mark.parametrize(("carrier", "noticed"), [(None, 0), ("ZTO", 0), ("SF", 2)])
    @pytest.mark.usefixtures("under_way")
    async def test_a_carrier_that_stands_still_is_not_silent(self, shop, carrier, noticed):
        """The Spring Festival is no trouble; five days after it silence is."""
        body = {"carrier": carrier, "from_on": "2026-11-21", "to_on": "2026-11-28"}
        assert (await shop.call("operator", "POST", "/v1/operator/blackouts", body, key=None)).status_code == 201
        shop.clock.advance(days=12)
        assert await do_chore(shop.db, CHORE["fulfilment.notice_silence"], shop.clock()) == noticed
        shop.clock.advance(days=2)
        assert await do_chore(shop.db, CHORE["fulfilment.notice_silence"], shop.clock()) == 2 - noticed

    async def test_lists_are_paged_and_strangers_see_nothing(self, shop, under_way):
        pages = []
        path = "/v1/operator/shipments?limit=1"
        cursor = ""
        for _ in range(2):
            answer = (await shop.call("operator", "GET", path + cursor)).json()
            pages += [p["tracking_number"] for p in answer["items"]]
            cursor = f"&cursor={answer['next_cursor']}"
        assert sorted(pages) == sorted([number_of(under_way, 0), number_of(under_way, 1)])
        shop.clock.advance(minutes=1)
        last = await shop.ship(await shop.pay(await shop.order({"GT04": 1})), deliver=False)
        for who, desk in (("operator", "operator"), ("S01", "supplier")):
            newest = (await shop.call(who, "GET", f"/v1/{desk}/shipments?limit=1")).json()["items"]
            assert [parcel["tracking_number"] for parcel in newest] == [number_of(last)]
        assert answer["next_cursor"] is None
        assert (await track(shop, under_way, who="stranger")).status_code == 404
        other = await shop.order({"GT04": 1})
        assert (await track(shop, {"id": other["id"], "shipments": under_way["shipments"]})).status_code == 404
        parcel = under_way["shipments"][0]["id"]
        assert (await shop.call("S08", "GET", f"/v1/supplier/shipments/{parcel}/tracking")).status_code == 404
        assert (await shop.call("buyer", "GET", "/v1/operator/shipments")).status_code == 403


async def test_ten_notifications_at_once_deliver_once(fresh_shop):
    shop = fresh_shop
    order = await shop.ship(await shop.pay(await shop.order({"GT04": 1})), deliver=False)
    shop.clock.advance(days=2)
    histories = [
        [said(shop.clock() - timedelta(hours=hours), "0") for hours in range(1, n + 1)] + [said(shop.clock(), "301")]
        for n in range(10)
    ]
    answers = await asyncio.gather(*(push(shop, result(number_of(order), *history)) for history in histories))
    assert {answer.status_code for answer in answers} == {200}
    await shop.settle()
    assert (await shop.look(order))["status"] == "delivered"
    assert len((await track(shop, order)).json()["events"]) == 10
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE name = 'fulfilment.delivered'") == 1
