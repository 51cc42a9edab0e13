"""The journal behind real orders: what buyers, suppliers and the marketplace did, by the use cases that they have."""

from __future__ import annotations

from app.wiring import CHORES
from app.worker import do_chore
from tests.claims.builders import answer, clock_moves, delivered, look, opened
from tests.orders.test_discounts import voucher

CHORE = {chore.name: chore for chore in CHORES}
LABEL = {"carrier": "SF", "tracking_number": "SF1234567890123"}


async def post(shop):
    return await do_chore(shop.db, CHORE["settlement.post_journal"], shop.clock())


async def decided(shop, claim, **decision):
    await answer(shop, "S08", claim, "contest", {"reason": "发货时完好"})
    body = {"reason": "外箱破损，签收时已注明", **decision}
    return await answer(shop, "operator", claim, "decision", body)


async def sums(shop, kind):
    columns = "clearing_fen, payable_fen, platform_fen, district_fen, carrier_fen"
    (row,) = await shop.rows(
        f"SELECT {', '.join(f'coalesce(sum({name}), 0)' for name in columns.split(', '))} FROM settlement_posting"
        " WHERE kind = :kind",
        kind=kind,
    )
    return tuple(int(fen) for fen in row)


async def test_an_order_of_two_suppliers_is_owed_to_both(shop, books):
    order = await shop.complete({"GT04": 2, "NO02": 1})
    await post(shop)
    collected, owed, *_ = await sums(shop, "sale")
    assert collected == order["total_fen"]
    of_suppliers = [(await books.owed(shop.clock(), who)).total_fen for who in ("S01", "S08")]
    assert sum(of_suppliers) == -owed
    assert min(of_suppliers) > 0
    assert await shop.breaks() == []


async def test_what_a_carrier_spoilt_is_not_the_suppliers_loss(shop):
    oranges = await delivered(shop, {"NO02": 2})
    claim = await opened(shop, oranges, "bad_fruit", 1, pieces=(10, 25))
    claim = await decided(shop, claim, outcome="refund", liable="carrier")
    await shop.settle()
    claim = await look(shop, claim)
    assert claim["status"] == "refunded"
    await clock_moves(shop, days=8)
    await post(shop)
    assert await sums(shop, "refund") == (-claim["refund_fen"], 0, 0, 0, claim["refund_fen"])
    assert await shop.breaks() == []


async def test_what_is_sent_again_for_a_carrier_is_owed_again(shop):
    oranges = await delivered(shop, {"NO02": 2})
    claim = await opened(shop, oranges, "wrong", 1)
    await decided(shop, claim, outcome="reship", liable="carrier")
    await answer(shop, "S08", claim, "shipments", LABEL)
    parcel = await shop.scalar("SELECT id FROM fulfilment_shipment WHERE reference = :id", id=claim["id"])
    sent = await shop.call("S08", "POST", f"/v1/supplier/shipments/{parcel}/delivered", key=None)
    assert sent.status_code == 200, sent.text
    await shop.settle()
    await clock_moves(shop, days=8)
    await post(shop)
    again = 4_741  # half of what two left: 9,980 less 499, half a fen up
    assert await sums(shop, "reshipment") == (0, -again, 0, 0, again)
    assert await shop.breaks() == []


async def test_a_districts_voucher_is_owed_by_the_district_as_far_as_its_budget_paid(shop):
    budget, _ = await voucher(shop, 10_000)
    order = await shop.complete({"GT04": 2})
    line = {"line_id": order["lines"][0]["id"], "amount_fen": 3_333, "quantity": 0}
    path = f"/v1/operator/orders/{order['id']}/refunds"
    assert (await shop.call("operator", "POST", path, {"lines": [line], "reason": "破损"})).status_code == 201
    await shop.settle()
    await post(shop)
    used = await shop.scalar("SELECT used_fen FROM pricing_budget WHERE id = :id", id=budget)
    assert 0 < used < 2_000
    assert (await sums(shop, "sale"))[3] + (await sums(shop, "refund"))[3] == used
    assert await shop.breaks() == []


async def test_an_order_that_was_cancelled_is_owed_to_nobody(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    assert (await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel", {})).status_code == 200
    await shop.settle()
    assert await post(shop) == 0
    assert await shop.breaks() == []
