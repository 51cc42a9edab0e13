"""Messages are written, signed and sent; a receiver that fails, times out or is gone gets them, or we know why not."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from app import assistance
from app.core.events import Wiring
from app.core.outbox import deliver_all, run_couriers
from app.webhooks import send_message
from app.webhooks.events import MessageDue
from app.webhooks.gateways import FakeSender, HttpSender, NotReached

URL = "https://erp.invalid/hooks"  # a name that no resolver may know (RFC 2606)
ATTEMPTS = 4


class Post:
    """A shop whose messages go to a far end that we play."""

    def __init__(self, shop, sender) -> None:
        self.shop, self.sender = shop, sender

    async def subscribe(self, who="S01", events=(), url=URL):
        path = f"/v1/{'supplier' if who.startswith('S') else 'operator'}/webhooks"
        answer = await self.shop.call(who, "POST", path, {"url": url, "events": list(events)}, key=None)
        assert answer.status_code == 201, answer.text
        return path, answer.json()

    async def run(self, rounds=1, first=1):
        """Handlers and couriers; each round later by more than the ladder of retries asks for so early."""
        usual = self.shop.db.wiring
        wiring = Wiring()
        for listener in usual.listeners.values():
            if listener.courier is None:
                on = wiring.on_many if listener.many else wiring.on
                on(listener.fact, listener.handler, name=listener.name)
        wiring.courier(MessageDue, send_message(self.sender, attempts=ATTEMPTS), name="webhooks.send_message")
        self.shop.db.wiring = wiring
        try:
            for number in range(rounds):
                now = self.shop.clock() + (number + first) * timedelta(hours=1)
                while await deliver_all(self.shop.db, now) + await run_couriers(
                    self.shop.db, now, lane="webhooks", limit=1
                ):
                    pass
        finally:
            self.shop.db.wiring = usual

    async def messages(self, path, endpoint, who="S01"):
        answer = await self.shop.call(who, "GET", f"{path}/{endpoint['id']}/messages", key=None)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def heard(self):
        return [json.loads(body) for _, _, body in self.sender.received]


@pytest.fixture
async def post(shop):
    return Post(shop, FakeSender())


async def sale(shop, items):
    return await shop.ship(await shop.pay(await shop.order(items)), deliver=False)


async def test_a_sale_is_told_to_those_it_concerns_in_order_and_without_persons(post):
    shop = post.shop
    await post.subscribe("S01")
    await post.subscribe("operator", ["order.paid"])
    order = await sale(shop, {"GT04": 2, "NO02": 1})
    await post.run()
    told = post.heard()
    assert sorted(message["type"] for message in told) == ["order.paid", "shipment.created", "supplier_order.to_ship"]
    (part,) = (part for part in order["supplier_orders"] if part["amount_fen"] > 20_000)
    (to_ship,) = (message for message in told if message["type"] == "supplier_order.to_ship")
    assert to_ship["object_id"] == to_ship["data"]["supplier_order_id"] == part["id"]
    assert [line["sku"] for line in to_ship["data"]["lines"]] == ["GT04"]
    assert to_ship["sequence"] == 1
    everything = b" ".join(body for _, _, body in post.sender.received).decode()
    assert not any(personal in everything for personal in ("王晓梅", "13800001234", "花园路"))


async def test_every_message_is_signed_and_a_rotated_secret_overlaps(post, clock):
    clock.at = datetime.now(UTC)  # the receiver's library looks at its own clock
    path, endpoint = await post.subscribe()
    answer = await post.shop.call("S01", "POST", f"{path}/{endpoint['id']}/rotate-secret", key=None)
    fresh = answer.json()["secret"]
    assert fresh != endpoint["secret"]
    await post.shop.call("S01", "POST", f"{path}/{endpoint['id']}/ping", key=None)
    await post.run(first=0)
    ((_, headers, body),) = post.sender.received
    for secret in (endpoint["secret"], fresh):
        assert Webhook(secret).verify(body, dict(headers))["type"] == "ping"
    clock.advance(hours=25)
    await post.shop.call("S01", "POST", f"{path}/{endpoint['id']}/ping", key=None)
    await post.run()
    assert len(post.sender.received[-1][1]["webhook-signature"].split()) == 1


async def test_what_fails_is_tried_again_and_what_follows_waits_for_it(post):
    shop = post.shop
    path, endpoint = await post.subscribe(events=["refund.succeeded"])
    order = await sale(shop, {"GT04": 3})
    line = order["lines"][0]["id"]
    for amount in (100, 200, 300):
        body = {"lines": [{"line_id": line, "amount_fen": amount}], "reason": "压损补偿"}
        answer = await shop.call("operator", "POST", f"/v1/operator/orders/{order['id']}/refunds", body)
        assert answer.status_code == 201, answer.text
        await shop.settle()
        shop.clock.advance(milliseconds=10)
    # The real sender has tried the first one in vain by now, because its host does not exist.
    post.sender.answers = [500, NotReached("timeout")]
    await post.run(rounds=ATTEMPTS)
    assert [message["sequence"] for message in post.heard()] == [1, 1, 2, 3]
    kept = await post.messages(path, endpoint)
    assert [(message["sequence"], message["attempts"]) for message in kept] == [(3, 1), (2, 1), (1, 4)]
    assert {message["status"] for message in kept} == {"delivered"}


async def test_an_endpoint_that_never_answers_is_given_up_disabled_and_can_come_back(post):
    path, endpoint = await post.subscribe()
    await post.shop.call("S01", "POST", f"{path}/{endpoint['id']}/ping", key=None)
    post.sender.answers = [NotReached("timeout")] * ATTEMPTS
    await post.run(rounds=ATTEMPTS + 1)
    (message,) = await post.messages(path, endpoint)
    assert (message["status"], message["attempts"], message["last_error"]) == ("failed", ATTEMPTS, "timeout")
    (listed,) = (await post.shop.call("S01", "GET", path, key=None)).json()["items"]
    assert listed["disabled_reason"] == "unreachable"
    parked = await post.shop.scalar("SELECT count(*) FROM core_delivery WHERE lane = 'webhooks'")
    assert parked == 0  # somebody else's dead system is no alarm of ours

    answer = await post.shop.call("S01", "PATCH", f"{path}/{endpoint['id']}", {"enabled": True}, key=None)
    assert answer.json()["disabled_at"] is None
    again = f"{path}/{endpoint['id']}/messages/{message['id']}/redeliver"
    assert (await post.shop.call("S01", "POST", again, key=None)).status_code == 204
    assert (await post.shop.call("S01", "POST", again, key=None)).json()["code"] == "not_yet_sent"
    await post.run()
    (message,) = await post.messages(path, endpoint)
    assert (message["status"], message["attempts"]) == ("delivered", ATTEMPTS + 1)
    (told,) = post.heard()
    assert told["type"] == "ping"


async def test_an_endpoint_that_says_gone_is_disabled_at_once(post):
    path, endpoint = await post.subscribe()
    await post.shop.call("S01", "POST", f"{path}/{endpoint['id']}/ping", key=None)
    post.sender.answers = [410]
    await post.run(rounds=2)
    (message,) = await post.messages(path, endpoint)
    assert (message["status"], message["attempts"], message["last_status"]) == ("failed", 1, 410)
    (listed,) = (await post.shop.call("S01", "GET", path, key=None)).json()["items"]
    assert listed["disabled_reason"] == "gone"


async def test_low_stock_and_a_sold_out_sku_are_told_to_their_supplier_alone(post):
    await post.subscribe("S01", ["inventory.low"])
    await sale(post.shop, {"NO04": 3})
    update = {"updates": [{"sku": "GT04", "mode": "set", "quantity": 2}]}
    assert (await post.shop.call("S01", "POST", "/v1/supplier/inventory/updates", update)).status_code == 200
    await post.run()
    assert [message["data"] for message in post.heard()] == [{"sku": "GT04", "available": 2}]


async def test_anothers_endpoint_does_not_exist(post):
    path, endpoint = await post.subscribe("S01")
    mine = f"{path}/{endpoint['id']}"
    for method, where, body in (
        ("PATCH", mine, {"enabled": False}),
        ("DELETE", mine, None),
        ("POST", f"{mine}/rotate-secret", None),
        ("POST", f"{mine}/ping", None),
        ("GET", f"{mine}/messages", None),
        ("POST", f"{mine}/messages/{endpoint['id']}/redeliver", None),
    ):
        answer = await post.shop.call("S08", method, where, body, key=None)
        assert answer.status_code == 404, (method, where)
    (listed,) = (await post.shop.call("S01", "GET", path, key=None)).json()["items"]
    assert listed["disabled_at"] is None
    assert (await post.shop.call("S08", "GET", path, key=None)).json()["items"] == []


async def test_an_unsafe_url_and_an_eleventh_endpoint_are_refused(post):
    answer = await post.shop.call("S01", "POST", "/v1/supplier/webhooks", {"url": "https://10.0.0.1/x"}, key=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "unsafe_url")
    for number in range(10):
        await post.subscribe(url=f"{URL}/{number}")
    answer = await post.shop.call("S01", "POST", "/v1/supplier/webhooks", {"url": URL}, key=None)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_endpoints")


async def test_a_deleted_endpoint_is_told_nothing_and_its_waiting_messages_end(post):
    path, endpoint = await post.subscribe()
    await post.shop.call("S01", "POST", f"{path}/{endpoint['id']}/ping", key=None)
    assert (await post.shop.call("S01", "DELETE", f"{path}/{endpoint['id']}", key=None)).status_code == 204
    await sale(post.shop, {"GT04": 1})
    await post.run()
    assert post.heard() == []
    assert await post.shop.rows("SELECT status FROM webhooks_message") == [("failed",)]


async def test_old_messages_are_forgotten_but_the_count_goes_on(post, db):
    from app.webhooks import forget_old

    path, endpoint = await post.subscribe()
    ping = f"{path}/{endpoint['id']}/ping"
    for _ in range(3):
        await post.shop.call("S01", "POST", ping, key=None)
    await post.run()
    async with db.write() as session:
        assert await forget_old(session, now=post.shop.clock() + timedelta(days=31)) == 2
    await post.shop.call("S01", "POST", ping, key=None)
    assert await post.shop.rows("SELECT sequence, status FROM webhooks_message ORDER BY sequence") == [
        (3, "delivered"),
        (4, "pending"),
    ]


async def test_a_supplier_hears_that_its_part_alone_was_cancelled(post):
    shop = post.shop
    await post.subscribe("S01", ["order.cancelled"])
    await post.subscribe("S08", ["order.cancelled"], url=f"{URL}/s08")
    order = await shop.pay(await shop.order({"GT04": 2, "NO02": 1}))
    (part,) = (part for part in order["supplier_orders"] if part["amount_fen"] > 20_000)
    body = {"reason": "不想要了", "supplier_order_id": part["id"]}
    answer = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", body)
    assert answer.status_code == 200, answer.text
    await post.run()
    ((url, _, _),) = post.sender.received
    (told,) = post.heard()
    assert url == URL
    assert told["object_id"] == part["id"]
    assert [line["quantity"] for line in told["data"]["lines"]] == [2]
    assert "不想要了" not in json.dumps(told, ensure_ascii=False)


class Receiver:
    """A web server of somebody else's on the loopback, with its own moods."""

    def __init__(self, moods) -> None:
        self.moods, self.requests = list(moods), []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.splitlines()[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        mood = self.moods.pop(0) if self.moods else "204 No Content"
        self.requests.append((headers, body))
        if mood != "hang up":
            writer.write(f"HTTP/1.1 {mood}\r\nContent-Length: 0\r\nLocation: /elsewhere\r\n\r\n".encode())
            await writer.drain()
        writer.close()


async def test_a_real_receiver_that_fails_hangs_up_and_redirects_gets_every_message(post):
    async with Receiver(["500 Oops", "hang up", "302 Found"]) as receiver, httpx.AsyncClient() as http:
        post.sender = HttpSender(http, private=True)
        path, endpoint = await post.subscribe()
        async with post.shop.db.write() as session:
            await session.execute(text("UPDATE webhooks_endpoint SET url = :url"), {"url": receiver.url})
        for _ in range(2):
            await post.shop.call("S01", "POST", f"{path}/{endpoint['id']}/ping", key=None)
            post.shop.clock.advance(seconds=1)
        await post.run(rounds=ATTEMPTS)
        kept = await post.messages(path, endpoint)
        assert [(message["sequence"], message["status"]) for message in kept] == [(2, "delivered"), (1, "delivered")]
        assert [json.loads(body)["sequence"] for _, body in receiver.requests] == [1, 1, 1, 1, 2]
        assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 2


async def test_the_sender_looks_before_it_leaps():
    sender = HttpSender()
    for url, why in (
        ("https://localhost.localdomain.invalid/x", "unknown_host"),
        ("http://example.com/", "unsafe_url"),
        ("https://127.0.0.1/", "unsafe_url"),
    ):
        with pytest.raises(NotReached, match=why):
            await sender.post(url, {}, b"")


async def test_a_name_that_leads_inside_is_refused(monkeypatch):
    async def inside(*_, **__):
        return [(2, 1, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
    with pytest.raises(NotReached, match="private_address"):
        await HttpSender().post("https://rebound.example.com/", {}, b"")


async def test_the_marketplace_hears_that_a_goal_is_reached(post):
    shop = post.shop
    path, endpoint = await post.subscribe("operator", ["goal.reached"])
    goal = {"code": "G1", "name": "在鲁净销售额", "year": 2026, "metric": "orders", "target": 1}
    assert (await shop.call("officer", "POST", "/v1/office/goals", goal, key=None)).status_code == 201
    await shop.complete({"GT04": 1})
    await shop.settle()
    async with shop.db.write() as session:
        assert await assistance.notice_reached(session, now=shop.clock()) == 1
    await post.run()
    (told,) = post.heard()
    assert told["type"] == "goal.reached"
    assert told["data"]["code"] == "G1"
    assert (told["data"]["target"], told["data"]["actual"], told["data"]["metric"]) == (1, 1, "orders")
    assert len(await post.messages(path, endpoint, "operator")) == 1
