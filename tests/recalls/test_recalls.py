"""A lot is called back: nobody buys or gets it any more, and whoever paid for it gets the money once it is decided."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from tests.claims.builders import answer, opened
from tests.inventory.builders import broken
from tests.orders.test_crowd import waiting
from tests.shop import ADDRESS

LOTS = "/v1/operator/lots"
DRAFTS = "/v1/operator/recall-refunds"


async def lot_of(shop, code: str = "GT14-A") -> str:
    return str(await shop.scalar("SELECT id FROM inventory_lot WHERE code = :code", code=code))


async def recall(shop, lot_id: str) -> dict:
    answer = await shop.call("operator", "POST", f"{LOTS}/{lot_id}/recall", {"reason": "农残抽检不合格"})
    assert answer.status_code == 200, answer.text
    await shop.settle()
    return answer.json()


async def drafts(shop, **query) -> list[dict]:
    path = DRAFTS + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    answer = await shop.call("operator", "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def decide(shop, draft: dict, decision: str = "confirm"):
    answer = await shop.call("operator", "POST", f"{DRAFTS}/{draft['id']}/{decision}")
    await shop.settle()
    return answer


async def more(shop, code: str, quantity: int) -> None:
    lot = {"sku": "GT14", "code": code, "best_before": "2028-01-01", "quantity": quantity}
    assert (await shop.call("S01", "POST", "/v1/supplier/lots", lot)).status_code == 201


async def send(shop, order: dict):
    body = {
        "carrier": "ZTO",
        "tracking_number": "780000000001",
        "lines": [{"line_id": line["id"], "quantity": line["quantity"]} for line in order["lines"]],
    }
    return await shop.call("S01", "POST", f"/v1/supplier/orders/{order['supplier_orders'][0]['id']}/shipments", body)


async def test_a_recall_from_the_shelf_to_the_ledger(shop):
    received = await shop.complete({"GT14": 2})
    await more(shop, "GT14-B", 3)
    first = await shop.pay(await shop.order({"GT14": 3}))
    shop.clock.advance(seconds=1)
    last = await shop.order({"GT14": 4})
    lot_id = await lot_of(shop)
    done = await recall(shop, lot_id)
    assert (done["frozen"], done["held"], done["lot"]["on_hand"]) == (94, 4, 4)
    assert await shop.stock("GT14") == (7, 7)
    body = {"items": [{"sku": "GT14", "quantity": 1}], "address": ADDRESS}
    refused = await shop.call("stranger", "POST", "/v1/store/orders", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "out_of_stock")
    assert await recall(shop, lot_id) == done | {"frozen": 0}

    sent = await send(shop, first)
    assert sent.status_code == 201, sent.text
    assert sent.json()["allocation"] == [
        {
            "sku": "GT14",
            "lot_code": "GT14-B",
            "quantity": 3,
            "best_before": "2028-01-01",
            "why": "earliest_expiry",
            "passed_over": [{"lot_code": "GT14-A", "reason": "recalled"}],
        }
    ]

    found = sorted(await drafts(shop, lot_id=lot_id, status="draft"), key=lambda one: not one["sent"])
    assert [(one["order_number"], one["sent"], one["quantity"], one["amount_fen"]) for one in found] == [
        (received["number"], True, 2, 2 * 3_990),
        (last["number"], False, 4, 4 * 3_990),
    ]
    assert (found[0]["recipient"], found[0]["phone"]) == ("王**", "138******34")

    confirmed = await decide(shop, found[0])
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed")
    assert (await decide(shop, found[0])).status_code == 200
    entries = (await shop.call("officer", "GET", "/v1/office/ledger?from=2026-11-01&to=2026-12-31")).json()["items"]
    mine = [(one["kind"], one["quantity"], one["amount_fen"]) for one in entries if one["lot_code"] == "GT14-A"]
    assert sorted(mine) == [("refund", -2, -2 * 3_990), ("sale", 2, 2 * 3_990)]

    assert (await decide(shop, found[1])).status_code == 200
    assert (await shop.look(last))["status"] == "cancelled"
    assert await shop.stock("GT14") == (0, 0)
    assert await drafts(shop, lot_id=lot_id, status="draft") == []
    other = await decide(shop, found[1], "dismiss")
    assert (other.status_code, other.json()["code"]) == (409, "draft_decided")
    async with shop.db.read() as session:
        assert await broken(session) == []


async def test_a_paid_order_that_cannot_be_served_is_paid_back_when_somebody_says_so(shop):
    order = await shop.pay(await shop.order({"GT14": 3}))
    await recall(shop, await lot_of(shop))
    stopped = await send(shop, order)
    assert (stopped.status_code, stopped.json()["code"]) == (409, "lot_short")
    [draft] = await drafts(shop, status="draft")
    assert (draft["sent"], draft["quantity"], (await shop.look(order))["status"]) == (False, 3, "paid")
    await decide(shop, draft)
    assert (await shop.look(order))["status"] == "refunded"
    assert await shop.stock("GT14") == (0, 0)


async def test_a_draft_that_is_dismissed_moves_nothing(shop):
    order = await shop.pay(await shop.order({"GT14": 3}))
    await recall(shop, await lot_of(shop))
    await more(shop, "GT14-B", 5)
    assert await shop.stock("GT14") == (5, 3)
    [draft] = await drafts(shop, status="draft")
    assert (await decide(shop, draft, "dismiss")).json()["status"] == "dismissed"
    assert (await decide(shop, draft, "dismiss")).json()["status"] == "dismissed"
    assert (await decide(shop, draft)).status_code == 409
    assert (await send(shop, order)).status_code == 201
    assert await shop.stock("GT14") == (2, 0)


async def test_what_was_paid_back_before_is_not_paid_back_again(shop):
    order = await shop.complete({"GT14": 2})
    line = order["lines"][0]
    body = {"lines": [{"line_id": line["id"], "amount_fen": 3_990, "quantity": 1}], "reason": "one was crushed"}
    assert (await shop.call("operator", "POST", f"/v1/operator/orders/{order['id']}/refunds", body)).status_code == 201
    await shop.settle()
    await recall(shop, await lot_of(shop))
    [draft] = await drafts(shop, status="draft")
    assert (draft["quantity"], draft["amount_fen"]) == (1, 3_990)
    await decide(shop, draft)
    back = await shop.scalar("SELECT refunded_fen FROM orders_line WHERE id = :id", id=line["id"])
    assert back == 2 * 3_990


async def test_everybody_is_told_by_the_code_on_the_pack_and_nobody_is_named(shop):
    await shop.complete({"GT14": 2})
    code = await shop.scalar("SELECT trace_code FROM inventory_lot WHERE code = 'GT14-A'")
    story = (await shop.call(None, "GET", f"/v1/store/trace/{code}")).json()
    assert (story["recalled_on"], story["certified"]) == (None, False)
    drawn = await shop.call(None, "GET", f"/v1/store/trace/{code.lower()}/qr.svg")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert b"<svg" in drawn.content
    assert (await shop.call(None, "GET", "/v1/store/trace/NOSUCHCODE/qr.svg")).status_code == 404
    lot_id = await lot_of(shop)
    await recall(shop, lot_id)
    story = (await shop.call(None, "GET", f"/v1/store/trace/{code}")).json()
    assert story["recalled_on"] == "2026-11-20"
    page = (await shop.call(None, "GET", f"/trace/{code}")).text
    assert "召回" in page
    for told in (str(story), page):
        assert "王晓梅" not in told
        assert "13800001234" not in told
    assert (await shop.call(None, "GET", "/v1/store/products/golden-tea-bags")).json()["lots"] == []
    [who] = (await shop.call("operator", "GET", f"{LOTS}/{lot_id}/recipients")).json()["items"]
    assert (who["recipient"], who["phone"], who["division_code"], who["quantity"]) == (
        "王**",
        "138******34",
        "370112",
        2,
    )
    [lot] = (await shop.call("operator", "GET", f"{LOTS}?trace_code={code}&recalled=true&sku=GT14")).json()["items"]
    assert lot["id"] == lot_id


async def test_who_may_call_back_and_decide(shop):
    lot_id = await lot_of(shop)
    body = {"reason": "自查发现问题"}
    for who, path, status in (
        ("S08", f"/v1/supplier/lots/{lot_id}/recall", 404),
        ("buyer", f"/v1/supplier/lots/{lot_id}/recall", 403),
        ("S01", f"{LOTS}/{lot_id}/recall", 403),
        ("operator", f"{LOTS}/{shop.products['GT14']}/recall", 404),
    ):
        assert (await shop.call(who, "POST", path, body)).status_code == status
    assert await shop.stock("GT14") == (100, 0)
    assert (await shop.call("S01", "POST", f"/v1/supplier/lots/{lot_id}/recall", body)).status_code == 200
    assert await shop.stock("GT14") == (0, 0)
    for path in (DRAFTS, LOTS, f"{LOTS}/{lot_id}/recipients"):
        assert (await shop.call("S01", "GET", path)).status_code == 403
        assert (await shop.call("operator", "GET", path)).status_code == 200
    for decision in ("confirm", "dismiss"):
        assert (await shop.call("S01", "POST", f"{DRAFTS}/{lot_id}/{decision}")).status_code == 403
        assert (await shop.call("operator", "POST", f"{DRAFTS}/{lot_id}/{decision}")).status_code == 404


async def reship(shop, order: dict, lot: str | None = None) -> dict:
    """A claim on one piece that is made good in goods; of ``lot`` they are sent, else they are held."""
    claim = await opened(shop, order, "wrong", 1, remedy="reship")
    claim = await answer(shop, "S01", claim, "accept")
    if lot is not None:
        lots = [{"line_id": order["lines"][0]["id"], "lot_code": lot}]
        parcel = {"carrier": "ZTO", "tracking_number": "78000000099999", "lots": lots}
        claim = await answer(shop, "S01", claim, "shipments", parcel)
    return claim


async def test_whoever_got_the_lot_for_a_claim_is_found_and_whoever_sent_it_back_is_not(shop):
    order = await shop.ship(await shop.pay(await shop.order({"GT14": 2})))
    await more(shop, "GT14-B", 5)
    await reship(shop, order, "GT14-B")
    back = await answer(shop, "S01", await opened(shop, order, "no_reason", 1), "accept")
    await answer(shop, "buyer", back, "send-back", {"carrier": "ZTO", "tracking_number": "78000000088888"})
    lot_id = await lot_of(shop, "GT14-B")
    await recall(shop, lot_id)
    [draft] = await drafts(shop, lot_id=lot_id)
    assert (draft["order_number"], draft["sent"], draft["quantity"]) == (order["number"], True, 1)
    [who] = (await shop.call("operator", "GET", f"{LOTS}/{lot_id}/recipients")).json()["items"]
    assert (who["order_number"], who["recipient"], who["phone"], who["quantity"]) == (
        order["number"],
        "王**",
        "138******34",
        1,
    )
    found = (await shop.call("operator", "GET", f"{LOTS}/{await lot_of(shop)}/recipients")).json()["items"]
    assert [one["quantity"] for one in found] == [2], "a parcel that came back has no recipient"


async def test_two_lots_are_called_back_and_each_order_goes_without_what_it_holds_once(shop):
    first = await shop.pay(await shop.order({"GT14": 50}))
    shop.clock.advance(seconds=1)
    second = await shop.pay(await shop.order({"GT14": 50}))
    await more(shop, "GT14-B", 30)
    shop.clock.advance(seconds=1)
    last = await shop.pay(await shop.order({"GT14": 30}))
    newer, older = await lot_of(shop, "GT14-B"), await lot_of(shop)
    assert (await recall(shop, newer))["held"] == 30
    assert {one["order_number"]: one["quantity"] for one in await drafts(shop)} == {last["number"]: 30}
    assert (await recall(shop, older))["held"] == 100
    found = {one["order_number"]: one["quantity"] for one in await drafts(shop, lot_id=older)}
    assert found == {second["number"]: 50, first["number"]: 50}


async def test_what_is_held_for_a_claim_is_not_charged_to_an_order(shop):
    received = await shop.ship(await shop.pay(await shop.order({"GT14": 2})))
    shop.clock.advance(seconds=1)
    await shop.pay(await shop.order({"GT14": 5}))
    shop.clock.advance(seconds=1)
    await reship(shop, received)
    await more(shop, "GT14-B", 5)
    lot_id = await lot_of(shop)
    shop.clock.advance(seconds=1)
    await shop.pay(await shop.order({"GT14": 1}))
    done = await recall(shop, lot_id)
    assert done["held"] == 2
    found = [one for one in await drafts(shop, lot_id=lot_id) if not one["sent"]]
    assert [one["quantity"] for one in found] == [1], "the other piece is the claim's"


async def test_an_order_that_is_paid_while_somebody_confirms_loses_only_what_cannot_be_sent(fresh_shop):
    shop = fresh_shop
    order = await shop.order({"GT14": 3, "GT04": 1})
    await recall(shop, await lot_of(shop))
    [draft] = await drafts(shop, status="draft")
    path = f"/v1/store/orders/{order['id']}/payments"
    started = (await shop.call("buyer", "POST", path, {"provider": "sandbox"})).json()
    await shop.call(None, "POST", f"/v1/sandbox/payments/{started['id']}/pay", key=None)
    async with shop.db.write() as session:
        await session.execute(text("SELECT 1 FROM orders_order FOR UPDATE"))
        paying = asyncio.create_task(shop.settle())
        await waiting(shop, 1)
        confirmed = asyncio.create_task(shop.call("operator", "POST", f"{DRAFTS}/{draft['id']}/confirm"))
        await waiting(shop, 2)
    await paying
    assert (await confirmed).status_code == 200
    await shop.settle()
    now = await shop.look(order)
    assert {line["sku"]: line["cancelled_quantity"] for line in now["lines"]} == {"GT14": 3, "GT04": 0}
    assert now["status"] == "paid"
    assert await shop.rows("SELECT amount_fen FROM orders_refund") == [(3 * 3_990,)]


async def test_a_lot_that_went_to_ten_thousand_is_called_back(shop, statements):
    """More rows than one statement has room for parameters, 65,535 of them; no address is opened."""
    many = 10_000
    order = await shop.ship(await shop.pay(await shop.order({"GT14": 1})))
    async with shop.db.write() as session:
        await session.execute(
            text("""
            WITH clone AS (SELECT n, md5(n || 'order')::uuid AS bought, md5(n || 'line')::uuid AS line
                           FROM generate_series(2, :many) n),
            orders AS (INSERT INTO orders_order SELECT (jsonb_populate_record(
                o, jsonb_build_object('id', bought, 'number', o.number || n))).* FROM clone, orders_order o),
            lines AS (INSERT INTO orders_line SELECT (jsonb_populate_record(
                l, jsonb_build_object('id', line, 'order_id', bought, 'position', n))).* FROM clone, orders_line l)
            INSERT INTO fulfilment_shipment_line SELECT (jsonb_populate_record(
                s, jsonb_build_object('line_reference', line, 'position', n))).* FROM clone, fulfilment_shipment_line s
            """),
            {"many": many},
        )
    statements.clear()
    await recall(shop, await lot_of(shop))
    assert len(statements) < 60
    assert await shop.scalar("SELECT count(*) FROM recalls_draft WHERE sent AND quantity = 1") == many
    assert [one["order_number"][: len(order["number"])] for one in await drafts(shop, limit=1)] == [order["number"]]


async def notices(shop, order: dict, who: str = "buyer") -> list[dict]:
    answer = await shop.call(who, "GET", f"/v1/store/orders/{order['id']}/recalls")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_buyers_are_told_and_the_supplier_sees_how_far_it_got(shop):
    received, other = await shop.complete({"GT14": 2}), await shop.complete({"GT04": 1})
    waiting_order = await shop.pay(await shop.order({"GT14": 3}))
    assert await notices(shop, received) == []
    lot_id = await lot_of(shop)
    own = f"/v1/supplier/lots/{lot_id}/recall"
    before = (await shop.call("S01", "GET", own)).json()
    assert (before["recalled_at"], before["sent_pieces"], before["parcels"]) == (None, 2, 1)
    await recall(shop, lot_id)

    [told] = await notices(shop, received)
    assert (told["sku"], told["lot_code"], told["sent"], told["quantity"]) == ("GT14", "GT14-A", True, 2)
    assert told["status"] == "draft"
    assert told["line_id"] == received["lines"][0]["id"]
    [short] = await notices(shop, waiting_order)
    assert (short["sent"], short["quantity"]) == (False, 3)
    assert await notices(shop, other) == []
    seen = (await shop.call("S01", "GET", own)).json()
    assert seen["recalled_at"] is not None
    assert (seen["left"], seen["refunds"]) == (3, {"draft": 2, "confirmed": 0, "dismissed": 0})

    by_line = {draft["line_id"]: draft for draft in await drafts(shop, lot_id=lot_id)}
    assert (await decide(shop, by_line[told["line_id"]])).status_code == 200
    assert (await decide(shop, by_line[short["line_id"]], "dismiss")).status_code == 200
    assert [one["status"] for one in await notices(shop, received)] == ["confirmed"]
    assert await notices(shop, waiting_order) == [], "what is served after all is nothing to worry about"
    counts = (await shop.call("S01", "GET", own)).json()["refunds"]
    assert counts == {"draft": 0, "confirmed": 1, "dismissed": 1}


async def test_what_was_recalled_is_told_to_nobody_else(shop):
    received = await shop.complete({"GT14": 2})
    lot_id = await lot_of(shop)
    await recall(shop, lot_id)
    own, theirs = f"/v1/supplier/lots/{lot_id}/recall", f"/v1/store/orders/{received['id']}/recalls"
    for who, path, status in (("S08", own, 404), ("buyer", own, 403), ("S01", theirs, 403), (None, theirs, 401)):
        assert (await shop.call(who, "GET", path)).status_code == status, (who, path)
