"""Counts that say when they were taken, differences, and batches of both."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import inventory
from app.identity import SYSTEM
from app.inventory import Update
from tests.inventory.builders import bring, broken, figures, open_shop


async def apply(session, shop, at, *rows, partial=False):
    return await inventory.apply_updates(session, shop.supplier_id, rows, by=shop.staff, now=at, partial=partial)


async def sell(session, sku, quantity, at):
    """Reserve and ship."""
    order = uuid4()
    await inventory.reserve(session, order, {sku: quantity}, by=None, now=at)
    await inventory.ship(session, order, [(sku, quantity, None)], shipment_id=uuid4(), now=at)


async def test_a_count_adds_what_moved_since_it_was_taken(session, now):
    shop = await open_shop(session, now - timedelta(hours=9), "A1", stock=100)
    await sell(session, "A1", 10, now - timedelta(hours=5))
    await sell(session, "A1", 3, now - timedelta(hours=1))
    [result] = await apply(session, shop, now, Update("A1", "set", 85, as_of=now - timedelta(hours=2)))
    assert (result.status, result.on_hand, result.available) == ("applied", 82, 82)
    assert await figures(session, "A1") == (82, 0)
    assert await broken(session) == []


async def test_goods_on_order_but_not_sent_do_not_change_a_count(session, now):
    shop = await open_shop(session, now - timedelta(hours=9), "A1", stock=100)
    await inventory.reserve(session, uuid4(), {"A1": 7}, by=None, now=now - timedelta(hours=1))
    [result] = await apply(session, shop, now, Update("A1", "set", 90, as_of=now - timedelta(hours=2)))
    assert (result.on_hand, result.available) == (90, 83)


async def test_a_second_count_from_before_the_first_was_booked_does_not_correct_twice(session, now):
    shop = await open_shop(session, now - timedelta(hours=9), "A1", stock=100)
    early, late = now - timedelta(hours=3), now - timedelta(hours=2)
    await apply(session, shop, now - timedelta(hours=1), Update("A1", "set", 90, as_of=early))
    [result] = await apply(session, shop, now, Update("A1", "set", 90, as_of=late))
    assert result.on_hand == 90


async def test_an_older_count_does_not_undo_a_newer_one(session, now):
    shop = await open_shop(session, now - timedelta(hours=9), "A1", stock=100)
    await apply(session, shop, now - timedelta(hours=1), Update("A1", "set", 100, as_of=now - timedelta(hours=2)))
    row = Update("A1", "set", 40, as_of=now - timedelta(hours=3))
    with pytest.raises(inventory.UpdatesRejected) as refused:
        await apply(session, shop, now, row)
    assert refused.value.faults[0].code == "newer_count"
    assert await figures(session, "A1") == (100, 0)


async def test_a_lot_is_counted_by_itself(session, now):
    then = now - timedelta(hours=9)
    shop = await open_shop(session, then, "A1", stock=10)
    await bring(session, shop, then, "A1", "L1", 20, date(2027, 1, 1))
    await bring(session, shop, then, "A1", "L2", 30, date(2027, 2, 1))
    await sell(session, "A1", 4, now - timedelta(hours=1))
    [result] = await apply(session, shop, now, Update("A1", "set", 15, "L1", as_of=now - timedelta(hours=2)))
    assert result.on_hand == 60 - 4 - 5
    lots = (await inventory.lots_of(session, ["A1"]))["A1"]
    assert [(lot.code, lot.on_hand) for lot in lots] == [("L1", 11), ("L2", 30)]
    assert await broken(session) == []


async def test_missing_goods_are_taken_from_loose_stock_first_then_from_what_expires_first(session, now):
    shop = await open_shop(session, now, "A1", stock=5)
    await bring(session, shop, now, "A1", "LATE", 10, date(2027, 3, 1))
    await bring(session, shop, now, "A1", "SOON", 10, date(2027, 1, 1))
    await apply(session, shop, now, Update("A1", "adjust", -17, reason="霉变"))
    lots = (await inventory.lots_of(session, ["A1"]))["A1"]
    assert [(lot.code, lot.on_hand) for lot in lots] == [("SOON", 0), ("LATE", 8)]
    assert await figures(session, "A1") == (8, 0)
    assert await broken(session) == []
    reasons = "SELECT count(*) FROM inventory_movement WHERE reason = '霉变'"
    assert await session.scalar(text(reasons)) == 3


async def test_the_same_number_again_is_applied_and_moves_nothing(session, now):
    shop = await open_shop(session, now, "A1", stock=5)
    before = await session.scalar(text("SELECT count(*) FROM inventory_movement"))
    results = await apply(session, shop, now, Update("A1", "set", 5), Update("A1", "adjust", 0))
    assert [result.status for result in results] == ["applied", "applied"]
    assert await session.scalar(text("SELECT count(*) FROM inventory_movement")) == before


async def test_rows_are_applied_in_their_order(session, now):
    shop = await open_shop(session, now, "A1")
    rows = [Update("A1", "set", 7), Update("A1", "adjust", -3), Update("A1", "adjust", 10), Update("A1", "set", 2)]
    results = await apply(session, shop, now, *rows)
    assert [result.on_hand for result in results] == [7, 4, 14, 2]
    assert await figures(session, "A1") == (2, 0)
    assert await broken(session) == []


REFUSALS = [
    (Update("NO", "set", 1), "unknown_sku"),
    (Update("THEIRS", "set", 1), "unknown_sku"),
    (Update("A1", "set", 1, "L9"), "unknown_lot"),
    (Update("A1", "set", 3), "below_reserved"),
    (Update("A1", "adjust", -7), "below_reserved"),
    (Update("A1", "adjust", -11), "below_zero"),
    (Update("A1", "set", -1), "below_zero"),
    (Update("A1", "adjust", -3, "L1"), "below_zero"),
]


@pytest.mark.parametrize(("row", "code"), REFUSALS)
@pytest.mark.parametrize("partial", [False, True])
async def test_a_row_that_cannot_be_is_refused_and_the_rest_depends(session, now, row, code, partial):
    shop = await open_shop(session, now, "A1", "B2", stock=8)
    await open_shop(session, now, "THEIRS", code="S92", stock=1)
    await bring(session, shop, now, "A1", "L1", 2, date(2027, 1, 1))
    await inventory.reserve(session, uuid4(), {"A1": 4}, by=None, now=now)
    rows = [Update("B2", "set", 50), row, Update("B2", "adjust", 1)]
    if partial:
        results = await apply(session, shop, now, *rows, partial=True)
        assert [(result.index, result.status, result.code) for result in results] == [
            (0, "applied", None),
            (1, "rejected", code),
            (2, "applied", None),
        ]
        assert await figures(session, "B2") == (51, 0)
    else:
        with pytest.raises(inventory.UpdatesRejected) as refused:
            await apply(session, shop, now, *rows)
        assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/updates/1", code)]
        assert await figures(session, "B2") == (8, 0)
    assert await figures(session, "A1") == (10, 4)
    assert await figures(session, "THEIRS") == (1, 0)
    assert await broken(session) == []


async def test_spring_tea_grows_by_lots_alone(session, now):
    """What is named after its harvest is proven lot by lot; goods without such a name need no lot."""
    shop = await open_shop(session, now, "A1", "A2", stock=10)
    await session.execute(text("""UPDATE catalogue_product SET attributes = '{"pick_season": "夏茶"}'"""))
    await apply(session, shop, now, Update("A1", "adjust", 2))
    await bring(session, shop, now, "A1", "L", 5, date(2027, 4, 1))
    await session.execute(text("""UPDATE catalogue_product SET attributes = '{"pick_season": "明前"}'"""))
    for row in (Update("A1", "adjust", 1), Update("A1", "set", 18)):
        with pytest.raises(inventory.UpdatesRejected) as refused:
            await apply(session, shop, now, Update("A2", "adjust", -1), row)
        assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/updates/1", "lot_required")]
        results = await apply(session, shop, now, row, Update("A2", "adjust", 0), partial=True)
        assert [result.code for result in results] == ["lot_required", None]
    assert await figures(session, "A1") == (17, 0)
    # In a lot it may grow, and everything may shrink.
    rows = (Update("A1", "adjust", 3, lot_code="L"), Update("A1", "set", 9), Update("A2", "set", 10))
    assert [result.on_hand for result in await apply(session, shop, now, *rows)] == [20, 9, 10]
    assert await broken(session) == []


async def test_the_future_cannot_be_counted_but_clocks_may_differ_a_little(session, now):
    shop = await open_shop(session, now, "A1", stock=8)
    with pytest.raises(inventory.UpdatesRejected) as refused:
        await apply(session, shop, now, Update("A1", "set", 1, as_of=now + timedelta(minutes=5)))
    assert refused.value.faults[0].code == "as_of_in_future"
    [result] = await apply(session, shop, now, Update("A1", "set", 1, as_of=now + timedelta(seconds=20)))
    assert result.on_hand == 1
    assert await session.scalar(text("SELECT max(effective_at) FROM inventory_movement")) == now


async def test_what_was_counted_over_a_month_ago_is_a_date_mistyped(session, now):
    shop = await open_shop(session, now - timedelta(days=40), "A1", stock=5)
    with pytest.raises(inventory.UpdatesRejected) as refused:
        await apply(session, shop, now, Update("A1", "set", 560, as_of=now - timedelta(days=30, seconds=1)))
    assert refused.value.faults[0].code == "count_too_old"
    assert "30" in refused.value.faults[0].zh
    [happened] = await apply(session, shop, now, Update("A1", "adjust", 1, as_of=now - timedelta(days=31)))
    assert happened.on_hand == 6
    [counted] = await apply(session, shop, now, Update("A1", "set", 7, as_of=now - timedelta(days=30)))
    assert (counted.status, counted.on_hand) == ("applied", 7)


async def test_a_thousand_rows_take_as_many_statements_as_one(session, now, statements):
    skus = [f"M{i:03}" for i in range(250)]
    shop = await open_shop(session, now, *skus, stock=10)
    rows = [Update(sku, "set", 20 + i, as_of=now) for i in range(4) for sku in skus]
    statements.clear()
    results = await apply(session, shop, now, *rows)
    assert len(statements) == 5
    assert {result.status for result in results} == {"applied"}
    assert await figures(session, "M000") == (23, 0)
    assert await broken(session) == []


async def test_a_new_product_needs_no_opening_of_its_stock(session, now):
    shop = await open_shop(session, now, "A1", "B2", stock=None)
    other = await open_shop(session, now, "C3", code="S92", stock=None)
    with pytest.raises(inventory.UpdatesRejected):
        await apply(session, other, now, Update("A1", "set", 4))
    await apply(session, shop, now, Update("A1", "set", 4))
    lot = await bring(session, shop, now, "B2", "L1", 3, date(2027, 1, 1))
    assert lot.on_hand == 3
    assert await figures(session, "A1") == (4, 0)
    assert await figures(session, "B2") == (3, 0)


async def test_the_house_may_receive_for_a_supplier(session, now):
    await open_shop(session, now, "A1", stock=None)
    lot = await inventory.receive(
        session,
        sku="A1",
        code="L1",
        harvested_on=None,
        produced_on=None,
        best_before=date(2027, 1, 1),
        village=None,
        quantity=0,
        by=SYSTEM,
        now=now,
    )
    assert lot.on_hand == 0
    assert await broken(session) == []
