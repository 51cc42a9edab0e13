"""Net weights that are not as promised: what is owed, once, by whom it is said, and what it leaves as it was."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import orders
from app.orders import service
from app.orders.rules.weights import LotWeight, Weighed, WeighsTooMany, owed_fen, tolerance_g, too_far
from tests.orders.test_packing import lot
from tests.orders.test_sheet import send as send_sheet
from tests.shop import Shop

PRICE, LIMIT_BP = 4_990, 1_000
GRAMS = st.integers(min_value=1, max_value=60_000)


@pytest.mark.parametrize(
    ("net_g", "most"),
    [
        (40, Fraction("3.6")), (50, Fraction("4.5")), (51, Fraction("4.5")), (100, Fraction("4.5")),
        (101, Fraction("4.545")), (200, 9), (201, 9), (300, 9), (301, Fraction("9.03")), (500, 15), (501, 15),
        (1_000, 15), (1_001, Fraction("15.015")), (5_000, 75), (10_000, 150), (10_001, 150), (15_000, 150),
        (15_001, Fraction("150.01")), (50_000, 500),
    ],
)  # fmt: skip
def test_a_piece_may_lack_what_the_table_of_the_law_says(net_g, most):
    assert tolerance_g(net_g) == most // 1


@given(
    amount=st.integers(min_value=0, max_value=10**9),
    of=st.integers(min_value=1, max_value=500),
    promised=GRAMS,
    data=st.data(),
)
def test_what_is_owed_is_the_share_that_is_lacking_rounded_half_up(amount, of, promised, data):
    quantity = data.draw(st.integers(min_value=1, max_value=of))
    stated = data.draw(st.integers(min_value=1, max_value=2 * promised))
    owed = owed_fen(amount, of, quantity, promised, stated)
    lacking = promised - stated
    if lacking <= tolerance_g(promised):
        assert owed == 0
    else:
        exact = Fraction(amount * quantity * lacking, of * promised)
        assert owed == (exact + Fraction(1, 2)) // 1
        assert 0 <= owed <= amount
    if not too_far(promised, stated, limit_bp=LIMIT_BP):
        assert owed <= Fraction(amount * quantity, of) / 10 + 1


@given(promised=GRAMS, stated=GRAMS, limit=st.integers(min_value=0, max_value=5_000))
def test_only_what_lies_within_the_limit_is_corrected(promised, stated, limit):
    lacking = Fraction(promised - stated, promised)
    assert too_far(promised, stated, limit_bp=limit) == (
        lacking > Fraction(limit, 10_000) or Fraction(stated, promised) > Fraction(3, 2)
    )


def test_a_lot_is_short_when_all_its_pieces_together_lack_a_gram():
    assert LotWeight("A", "1", 2, 9_999, 10_000).short
    assert LotWeight("A", "1", 2, 9_999, 10_000).mean_g == 4_999
    assert not LotWeight("A", "1", 2, 10_000, 10_000).short


async def on_its_way(shop: Shop, **wanted: int) -> dict:
    return await shop.ship(await shop.pay(await shop.order(wanted or {"NO02": 3})), deliver=False)


async def weigh(shop: Shop, order: dict, *lines: tuple[int, int], who: str | None = "S08", sku: str = "NO02", **more):
    (line,) = [one for one in order["lines"] if one["sku"] == sku]
    body = {"lines": [{"line_id": line["id"], "quantity": n, "net_weight_g": g, **more} for n, g in lines]}
    return await shop.call(who, "POST", path_of(order, sku), body)


def path_of(order: dict, sku: str = "NO02") -> str:
    (line,) = [one for one in order["lines"] if one["sku"] == sku]
    (part,) = [one for one in order["supplier_orders"] if one["supplier_id"] == line["supplier_id"]]
    return f"/v1/supplier/orders/{part['id']}/weight-corrections"


async def books(shop: Shop) -> tuple:
    """Everything that a correction may touch, and the stock, which it may not."""
    return (
        await shop.rows("SELECT id, refund_fen FROM orders_weight_correction ORDER BY id"),
        await shop.rows("SELECT id, refunded_fen, refunded_quantity FROM orders_line ORDER BY id"),
        await shop.rows("SELECT id, refunded_fen, status FROM orders_supplier_order ORDER BY id"),
        await shop.rows("SELECT id, amount_fen FROM orders_refund ORDER BY id"),
        await shop.rows("SELECT id, amount_fen FROM payments_refund ORDER BY id"),
        await shop.rows("SELECT sku, on_hand, reserved FROM inventory_stock ORDER BY sku"),
    )


async def test_what_lacks_more_than_the_tolerance_is_paid_back_and_seen_by_all(shop: Shop):
    order = await on_its_way(shop)
    stock = await shop.stock("NO02")
    made = await weigh(shop, order, (1, 4_800), (1, 4_950))
    assert made.status_code == 201, made.text
    said = made.json()
    short, fine = said["corrections"]
    figures = [short[name] for name in ("promised_g", "stated_g", "tolerance_g", "refund_fen")]
    assert figures == [5_000, 4_800, 75, 200]
    assert (fine["refund_fen"], fine["refund_id"]) == (0, None), "50 g of 75 g that may be lacking"
    assert (said["refund"]["amount_fen"], short["refund_id"]) == (200, said["refund"]["id"])
    assert said["lots"] == [{"sku": "NO02", "lot_code": "NO02-A", "pieces": 2, "mean_g": 4_875, "short": True}]
    await shop.settle()
    seen = await shop.look(order)
    assert seen["weight_corrections"] == said["corrections"]
    assert [(one["status"], one["amount_fen"]) for one in seen["refunds"]] == [("succeeded", 200)]
    (line,) = seen["lines"]
    assert (line["refunded_fen"], line["quantity"], line["shipped_quantity"]) == (200, 3, 3)
    part = (await shop.call("S08", "GET", path_of(order).removesuffix("/weight-corrections"), key=None)).json()
    assert part["weight_corrections"] == said["corrections"]
    operators = await shop.call("operator", "GET", f"/v1/operator/orders/{order['id']}/weight-corrections", key=None)
    assert operators.json()["items"] == said["corrections"]
    facts = await shop.rows("SELECT payload->'lines' FROM core_event WHERE name = 'orders.lines_refunded'")
    assert facts == [([{"line_id": line["id"], "quantity": 0, "amount_fen": 200}],)]
    assert await shop.stock("NO02") == stock
    assert await shop.breaks() == []


async def test_assistance_and_settlement_follow_by_themselves(shop: Shop):
    order = await on_its_way(shop)
    assert (await weigh(shop, order, (3, 4_600))).status_code == 201
    await shop.settle()
    for parcel in (await shop.look(order))["shipments"]:
        await shop.call("S08", "POST", f"/v1/supplier/shipments/{parcel['id']}/delivered", key=None)
    await shop.settle()
    confirmed = await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    assert confirmed.status_code == 200, confirmed.text
    await shop.settle()
    assert await shop.breaks() == []
    owed = -(-2 * 3 * PRICE * 400 // 5_000) // 2  # 8 % of three boxes, half up
    assert owed == 1_198
    counted = await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry")
    assert counted == 3 * PRICE - owed
    back = await shop.scalar("SELECT sum(clearing_fen) FROM settlement_posting WHERE kind = 'refund'")
    assert back == -owed


async def test_the_same_request_again_is_the_first_answer_and_each_piece_is_weighed_once(shop: Shop):
    order = await on_its_way(shop)
    (line,) = order["lines"]
    body = {"lines": [{"line_id": line["id"], "quantity": 2, "net_weight_g": 4_700}]}
    first = await shop.call("S08", "POST", path_of(order), body, key="weighed-1")
    before = await books(shop)
    again = await shop.call("S08", "POST", path_of(order), body, key="weighed-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    refused = await weigh(shop, order, (2, 4_700))
    assert (refused.status_code, refused.json()["code"]) == (409, "weighs_too_many")
    assert await books(shop) == before
    assert (await weigh(shop, order, (1, 4_700))).status_code == 201
    assert await shop.breaks() == []


@pytest.mark.parametrize(
    ("lines", "more", "status", "code"),
    [
        ([(1, 4_499)], {}, 422, "too_far_from_promise"),
        ([(1, 7_501)], {}, 422, "too_far_from_promise"),
        ([(1, 4_800), (1, 100)], {}, 422, "too_far_from_promise"),
        ([(4, 4_800)], {}, 409, "weighs_too_many"),
        ([(2, 4_800), (2, 4_900)], {}, 409, "weighs_too_many"),
        ([(0, 4_800)], {}, 422, "invalid_input"),
        ([(1, 0)], {}, 422, "invalid_input"),
        ([], {}, 422, "invalid_input"),
        ([(1, 4_800)], {"surprise": 1}, 422, "invalid_input"),
        ([(1, 4_800)], {"lot_code": "NO-SUCH"}, 422, "lot_not_sent"),
        ([(1, 4_800)], {"line_id": "0193478a-2b00-7abc-8def-0123456789ab"}, 422, "unknown_line"),
    ],
)
async def test_what_cannot_be_corrected_changes_nothing(shop: Shop, lines, more, status, code):
    order = await on_its_way(shop)
    before = await books(shop)
    refused = await weigh(shop, order, *lines, **more)
    assert refused.status_code == status, refused.text
    assert code in (refused.json()["code"], *(fault["code"] for fault in refused.json()["errors"]))
    assert await books(shop) == before


async def test_a_tenth_is_corrected_and_the_refusal_of_more_says_what_to_do(shop: Shop):
    order = await on_its_way(shop)
    assert (await weigh(shop, order, (1, 4_500))).json()["refund"]["amount_fen"] == 499
    refused = (await weigh(shop, order, (1, 4_499))).json()
    assert refused["errors"][0]["pointer"] == "/lines/0/net_weight_g"
    assert "取消相应件数退款，或补发" in refused["detail"]


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("buyer", 403), ("operator", 403), ("P01", 403), ("S01", 404)]
)
async def test_only_who_sent_it_says_what_it_weighs(shop: Shop, who, status):
    order = await on_its_way(shop)
    before = await books(shop)
    assert (await weigh(shop, order, (1, 4_800), who=who)).status_code == status
    if who != "operator":
        path = f"/v1/operator/orders/{order['id']}/weight-corrections"
        assert (await shop.call(who, "GET", path, key=None)).status_code == (401 if who is None else 403)
    assert await books(shop) == before


async def test_only_between_shipping_and_delivery(shop: Shop):
    paid = await shop.pay(await shop.order({"NO02": 2}))
    assert (await weigh(shop, paid, (1, 4_800))).json()["code"] == "weighs_too_many", "nothing has left the house"
    (part,), (line,) = paid["supplier_orders"], paid["lines"]
    body = {"carrier": "ZTO", "tracking_number": "78001234567890", "lines": [{"line_id": line["id"], "quantity": 1}]}
    assert (await shop.call("S08", "POST", f"/v1/supplier/orders/{part['id']}/shipments", body)).status_code == 201
    assert (await weigh(shop, paid, (1, 4_800))).json()["refund"]["amount_fen"] == 200, "of what has left"
    rest = {"lines": [{"line_id": line["id"], "quantity": 1}], "reason": "霜冻减产"}
    gone = await shop.call("S08", "POST", f"/v1/supplier/orders/{part['id']}/cancellations", rest)
    assert gone.status_code == 201, gone.text
    await shop.settle()
    assert (await shop.look(paid))["lines"][0]["refunded_fen"] == PRICE + 200
    arrived = await shop.ship(await shop.pay(await shop.order({"NO02": 1})))
    before = await books(shop)
    late = await weigh(shop, arrived, (1, 4_800))
    assert (late.status_code, late.json()["code"]) == (409, "weighed_too_late")
    assert await books(shop) == before
    assert await shop.breaks() == []


async def test_goods_that_are_counted_are_not_weighed(shop: Shop):
    order = await on_its_way(shop, GT14=1, GT04=1)
    refused = await weigh(shop, order, (1, 48), who="S01", sku="GT14")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_sold_by_weight")
    assert (await weigh(shop, order, (1, 94), who="S01", sku="GT04")).json()["refund"]["amount_fen"] == 768


async def test_no_more_goes_back_than_is_left_of_the_line(shop: Shop):
    order = await on_its_way(shop)
    (line,) = order["lines"]
    body = {"lines": [{"line_id": line["id"], "amount_fen": 3 * PRICE - 150}], "reason": "x"}
    assert (await shop.call("operator", "POST", f"/v1/operator/orders/{order['id']}/refunds", body)).status_code == 201
    made = (await weigh(shop, order, (1, 4_800), (1, 4_800))).json()
    assert [one["refund_fen"] for one in made["corrections"]] == [150, 0]
    assert (await weigh(shop, order, (1, 4_800))).json()["refund"] is None
    await shop.settle()
    assert (await shop.look(order))["lines"][0]["refunded_fen"] == 3 * PRICE
    assert await shop.breaks() == []


async def test_of_several_lots_the_one_that_is_named_counts_and_short_ones_are_told(shop: Shop):
    await lot(shop, "GT04", "EARLY", 200, 3)
    order = await on_its_way(shop, GT04=5)
    said = (await weigh(shop, order, (1, 97), who="S01", sku="GT04")).json()
    assert (said["corrections"][0]["lot_code"], said["lots"]) == (None, [])
    named = (await weigh(shop, order, (1, 97), who="S01", sku="GT04", lot_code="EARLY")).json()
    assert [(one["lot_code"], one["mean_g"], one["short"]) for one in named["lots"]] == [("EARLY", 97, True)]
    other = (await weigh(shop, order, (1, 103), who="S01", sku="GT04", lot_code="GT04-A")).json()
    assert [(one["lot_code"], one["mean_g"], one["short"]) for one in other["lots"]] == [("GT04-A", 103, False)]
    path = "/v1/supplier/short-lots"
    listed = (await shop.call("S01", "GET", path, key=None)).json()
    assert listed == {"items": named["lots"], "next_cursor": None}
    assert (await shop.call("S08", "GET", path, key=None)).json()["items"] == []
    evened = (await weigh(shop, order, (1, 104), who="S01", sku="GT04", lot_code="EARLY")).json()
    assert not evened["lots"][0]["short"]
    assert (await shop.call("S01", "GET", path, key=None)).json()["items"] == []


async def test_a_sheet_may_say_what_pieces_weigh(shop: Shop):
    one, two = [await shop.pay(await shop.order({"NO02": 2})) for _ in range(2)]
    answer = await send_sheet(
        shop,
        f"{one['number']},ZTO,78001234567890,NO02,2,4800",
        f"{two['number']},ZTO,78001234567891,NO02,,4000",
        f"{two['number']},ZTO,78001234567892,,,4900",
        who="S08",
        header="订单号,快递公司,运单号,货号,数量,每件净重(克)",
    )
    codes = {(row["order_number"], row["status"], row["code"]) for row in answer["rows"]}
    assert codes == {
        (one["number"], "shipped", None),
        (two["number"], "rejected", "too_far_from_promise"),
        (two["number"], "rejected", "sku_missing"),
    }
    await shop.settle()
    assert (await shop.look(one))["lines"][0]["refunded_fen"] == 399
    assert (await shop.look(two))["lines"][0]["shipped_quantity"] == 0, "nothing of that parcel was sent"
    repeated = await send_sheet(
        shop,
        f"{one['number']},ZTO,78001234567890,NO02,2,4800",
        who="S08",
        header="订单号,快递公司,运单号,货号,数量,实重",
    )
    assert repeated["repeated"] == 1
    assert (await shop.look(one))["lines"][0]["refunded_fen"] == 399
    assert await shop.breaks() == []


async def test_of_two_corrections_at_once_every_piece_is_weighed_once(fresh_shop: Shop):
    shop = fresh_shop
    order = await on_its_way(shop)
    (part,), (line,) = order["supplier_orders"], order["lines"]
    by = shop.actor("S08")

    async def correct(pieces: int):
        async with shop.db.write() as session:
            return await service.weigh(
                session,
                UUID(part["id"]),
                [Weighed(UUID(line["id"]), pieces, 4_800)],
                supplier_id=by.supplier_id,
                by=by,
                limit_bp=LIMIT_BP,
                now=shop.clock(),
            )

    results = await asyncio.gather(correct(2), correct(2), correct(2), return_exceptions=True)
    assert sum(isinstance(result, WeighsTooMany) for result in results) == 2
    await shop.settle()
    assert (await shop.look(order))["lines"][0]["refunded_fen"] == 399
    assert await shop.breaks() == []


async def test_a_correction_and_a_refund_at_once_never_give_back_more_than_was_paid(fresh_shop: Shop):
    shop = fresh_shop
    order = await on_its_way(shop)
    (part,), (line,) = order["supplier_orders"], order["lines"]
    by = shop.actor("S08")

    async def correct():
        async with shop.db.write() as session:
            await service.weigh(
                session,
                UUID(part["id"]),
                [Weighed(UUID(line["id"]), 3, 4_500)],
                supplier_id=by.supplier_id,
                by=by,
                limit_bp=LIMIT_BP,
                now=shop.clock(),
            )

    async def refund():
        async with shop.db.write() as session:
            back = [orders.RefundLine(UUID(line["id"]), 3 * PRICE - 500)]
            await orders.refund_lines(
                session, UUID(order["id"]), back, by=shop.actor("operator"), reason="x", now=shop.clock()
            )

    results = await asyncio.gather(correct(), refund(), return_exceptions=True)
    await shop.settle()
    given = (await shop.look(order))["lines"][0]["refunded_fen"]
    if any(isinstance(result, orders.RefundExceedsLine) for result in results):
        assert given == 1_497, "the correction came first, and the refund asked for more than was left"
    else:
        assert results == [None, None]
        assert given == 3 * PRICE, "the correction came second and gave what was left"
    assert await shop.breaks() == []
