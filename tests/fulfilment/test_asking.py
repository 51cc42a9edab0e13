"""Asking about parcels: seldom, with no transaction open, and whatever the far end answers."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app import fulfilment
from app.core.events import CourierCall
from app.core.settings import Settings, TrackingSettings
from app.fulfilment.couriers import asking, follow
from app.fulfilment.gateways import FakeTracker, Kuaidi100, NotAnswered
from app.fulfilment.rules import Question, phone_hint, query_signature, read_kuaidi100
from app.wiring import build, rounds
from tests.fulfilment.builders import result, said

ZTO = Question("ZTO", "78001234567890", "1234")


async def dispatch(db, now, number="78001234567890", carrier="ZTO", phone="13800001234"):
    async with db.write() as session:
        return await fulfilment.dispatch(
            session,
            reference=uuid4(),
            supplier_id=uuid4(),
            carrier=carrier,
            tracking_number=number,
            lines=[fulfilment.ShipmentLine(line_reference=uuid4(), sku="GT04", quantity=1)],
            phone=phone,
            now=now,
        )


@pytest.fixture
def tracker() -> FakeTracker:
    return FakeTracker()


@pytest.fixture
def ask(db, settings, clock, tracker):
    """A round of questions at the test's time."""
    one_round = asking(tracker, settings.tracking)
    return lambda: one_round(db, clock())


class TestRound:
    async def test_silent_parcels_are_asked_about_and_their_news_is_kept(self, db, clock, tracker, ask):
        parcel = await dispatch(db, clock())
        clock.advance(hours=5, minutes=59)
        assert await ask() == 0
        clock.advance(minutes=1)
        tracker.known[parcel.tracking_number] = read_kuaidi100(
            result(parcel.tracking_number, said(clock(), "301", "签收人：本人"), state="3")
        )
        assert await ask() == 1
        async with db.read() as session:
            found = await fulfilment.track(session, parcel.id)
        assert (found.shipment.delivered_at, found.shipment.state) == (clock(), "signed")
        clock.advance(days=1)
        assert await ask() == 0

    async def test_no_number_is_asked_about_twice_within_half_an_hour(self, db, clock, tracker, ask):
        await dispatch(db, clock())
        clock.advance(hours=6)
        tracker.failing = 1
        for minute in range(91):
            assert await ask() == (minute % 30 == 0)
            clock.advance(minutes=1)
        assert tracker.failing == 0

    async def test_two_parcels_under_one_number_are_one_question(self, db, clock, ask):
        await dispatch(db, clock())
        clock.advance(hours=6)
        assert await ask() == 1
        await dispatch(db, clock() - timedelta(hours=6))
        clock.advance(minutes=29)
        assert await ask() == 0
        clock.advance(minutes=1)
        assert await ask() == 1

    async def test_what_never_arrives_is_given_up(self, db, clock, ask):
        await dispatch(db, clock())
        clock.advance(days=45)
        assert await ask() == 1
        clock.advance(days=1)
        assert await ask() == 0

    async def test_many_are_asked_about_in_turn(self, db, clock, tracker, ask):
        for place in range(11):
            await dispatch(db, clock(), number=f"780000000000{place:02d}")
        clock.advance(hours=6)
        assert [await ask(), await ask(), await ask()] == [8, 3, 0]
        assert len(tracker.asked) == 11


async def test_two_workers_at_once_ask_once(fresh_db, settings, clock):
    for place in range(8):
        await dispatch(fresh_db, clock(), number=f"780000000000{place:02d}")
    clock.advance(hours=6)
    tracker = FakeTracker()
    one_round = asking(tracker, settings.tracking)
    asked = await asyncio.gather(*(one_round(fresh_db, clock()) for _ in range(4)))
    assert sum(asked) == len(tracker.asked) == 8


async def test_parcels_are_followed_from_the_moment_they_leave(db, clock, settings, tracker):
    parcel = await dispatch(db, clock())
    tracking = settings.tracking.model_copy(update={"callback_base_url": "https://shop.example"})
    call = CourierCall(uuid4(), 1, clock(), db)
    fact = fulfilment.ShipmentDispatched(
        shipment_id=parcel.id,
        reference=parcel.reference,
        supplier_id=parcel.supplier_id,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        at=clock(),
    )
    for _ in range(2):
        await follow(tracker, tracking)(call, fact)
    url = "https://shop.example/v1/notifications/carriers/kuaidi100"
    assert tracker.subscribed == {parcel.tracking_number: url}
    wired = build(settings.model_copy(update={"tracking": tracking})).listeners
    assert wired["fulfilment.follow"].courier is not None


async def test_of_a_phone_only_what_is_asked_for_is_kept_and_sealed(db, clock):
    await dispatch(db, clock())
    await dispatch(db, clock(), number="YT1234567890123", carrier="YTO")
    async with db.read() as session:
        rows = (await session.execute(text("SELECT carrier, phone_sealed FROM fulfilment_shipment"))).all()
    sealed = {row.carrier: row.phone_sealed for row in rows}
    assert sealed["YTO"] is None
    assert b"1234" not in bytes(sealed["ZTO"])
    assert [phone_hint("SF", phone) for phone in ("13800001234", "0531-88886666", "12", None)] == [
        "1234",
        "6666",
        None,
        None,
    ]


def test_without_credentials_nobody_is_asked(settings):
    others = len(rounds(Settings(tracking=TrackingSettings())))
    assert "fulfilment.follow" not in build(Settings(tracking=TrackingSettings())).listeners
    assert len(rounds(settings)) == others + 1


class TestKuaidi100:
    """The adapter against a far end that checks what it is sent."""

    @staticmethod
    def service(answer, status=200):
        seen = []

        def far_end(request: httpx.Request) -> httpx.Response:
            form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
            seen.append((request.url.path, form, json.loads(form["param"])))
            return (
                httpx.Response(status, json=answer) if not isinstance(answer, str) else httpx.Response(200, text=answer)
            )

        http = httpx.AsyncClient(transport=httpx.MockTransport(far_end))
        return Kuaidi100("C0FFEE", "key", "https://poll.example", http), seen

    async def test_a_question_is_signed_and_its_answer_read(self, clock):
        tracker, seen = self.service(result(ZTO.tracking_number, said(clock(), "501", "已入柜"), state="5"))
        report = await tracker.ask(ZTO, now=clock())
        assert [(event.state, event.text) for event in report.events] == [("to_locker", "已入柜")]
        ((path, form, param),) = seen
        assert path == "/poll/query.do"
        assert form["sign"] == query_signature(form["param"], "key", "C0FFEE")
        assert (param["com"], param["num"], param["phone"]) == ("zhongtong", "78001234567890", "1234")

    async def test_what_is_not_known_yet_is_nothing(self, clock):
        tracker, _ = self.service({"result": False, "returnCode": "500", "message": "查询无结果"})
        assert await tracker.ask(ZTO, now=clock()) is None

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            ({"result": False, "returnCode": "601"}, 200),
            ({"com": "zhongtong"}, 200),
            ([], 200),
            ("<html>", 200),
            ({}, 502),
        ],
    )
    async def test_any_other_answer_is_none(self, clock, answer, status):
        tracker, _ = self.service(answer, status)
        with pytest.raises(NotAnswered):
            await tracker.ask(ZTO, now=clock())

    @pytest.mark.parametrize("code", ["200", "501"])
    async def test_a_subscription_names_the_way_back(self, code):
        tracker, seen = self.service({"result": code == "200", "returnCode": code})
        await tracker.subscribe(ZTO, callback_url="https://shop.example/cb", salt="s")
        ((path, form, param),) = seen
        assert (path, form["schema"], param["company"], param["number"]) == (
            "/poll",
            "json",
            "zhongtong",
            "78001234567890",
        )
        assert (param["parameters"]["callbackurl"], param["parameters"]["salt"]) == ("https://shop.example/cb", "s")

    async def test_a_subscription_that_is_refused_is_tried_again(self):
        tracker, _ = self.service({"result": False, "returnCode": "700"})
        with pytest.raises(NotAnswered):
            await tracker.subscribe(ZTO, callback_url="https://shop.example/cb", salt="s")
