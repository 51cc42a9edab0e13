"""Which lot leaves the house: deterministic, explained, and never one that the buyer may not get."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from app import inventory
from app.inventory import Picked, Shelf, Unfit, Why, shelf_for
from app.inventory.rules.shelf import ANY
from tests.inventory.builders import bring, broken, figures, open_shop

TODAY = date(2026, 11, 20)


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


@pytest.mark.parametrize(
    ("shelf", "left", "life", "expected"),
    [
        (ANY, 0, 20, None),
        (ANY, -1, 20, Unfit.EXPIRED),
        (Shelf(min_days=7), 7, 20, None),
        (Shelf(min_days=7), 6, 20, Unfit.TOO_LITTLE_LIFE),
        (Shelf(min_share_pct=67), 134, 200, None),
        (Shelf(min_share_pct=67), 133, 200, Unfit.TOO_LITTLE_LIFE),
        (Shelf(min_share_pct=67), 1, None, None),
        (Shelf(by_vintage=True), 1, 3650, None),
        (Shelf(by_vintage=True), -1, 3650, Unfit.EXPIRED),
    ],
)
def test_what_a_buyer_may_expect(shelf, left, life, expected):
    made_on = None if life is None else days(left - life)
    asked = {"best_before": days(left), "made_on": made_on, "today": TODAY}
    assert shelf.unfit(**asked, recalled=False) is expected
    assert shelf.unfit(**asked, recalled=True) is Unfit.RECALLED


def test_every_kind_of_goods_has_its_own_and_supermarkets_want_two_thirds():
    assert shelf_for("navel-orange", "retail") == Shelf(min_days=7)
    assert shelf_for("navel-orange", "supermarket") == Shelf(min_days=7, min_share_pct=67)
    assert shelf_for("dark-tea", "retail") == shelf_for("dark-tea", "supermarket") == Shelf(by_vintage=True)
    assert shelf_for("golden-tea", "organisation").min_days == 90
    assert shelf_for("no-such-kind", "retail") == ANY


@pytest.fixture
async def shop(session, now):
    made = await open_shop(session, now - timedelta(hours=9), "A1")
    for code, left, quantity in (("L1", 3, 5), ("L2", 30, 4), ("L3", 30, 4), ("L4", 60, 9)):
        await bring(session, made, now - timedelta(hours=8), "A1", code, quantity, days(left))
    return made


async def send(session, now, quantity, code=None, shelf=None):
    order = uuid4()
    await inventory.reserve(session, order, {"A1": quantity}, by=None, now=now)
    shelves = {"A1": shelf} if shelf else None
    lines = [("A1", quantity, code)]
    return await inventory.ship(session, order, lines, shipment_id=uuid4(), now=now, shelves=shelves)


def told(picked: list[Picked]):
    return [(one.lot_code, one.quantity, one.why, one.passed_over) for one in picked]


async def test_the_earliest_expiry_that_suffices_goes_first_and_says_so(session, now, shop):
    passed = (("L1", Unfit.TOO_LITTLE_LIFE),)
    assert told(await send(session, now, 6, shelf=Shelf(min_days=7))) == [
        ("L2", 4, Why.EARLIEST_EXPIRY, passed),
        ("L3", 2, Why.EARLIEST_EXPIRY, passed),
    ]
    assert told(await send(session, now, 1)) == [("L1", 1, Why.EARLIEST_EXPIRY, ())]
    assert await broken(session) == []


async def test_what_has_too_little_life_is_sent_only_when_it_is_named(session, now, shop):
    with pytest.raises(inventory.LotShort) as refused:
        await send(session, now, 18, shelf=Shelf(min_days=7))
    assert "L1" in refused.value.faults[0].zh
    assert "L1" in refused.value.faults[0].en


async def test_who_names_a_lot_gets_it(session, now, shop):
    assert told(await send(session, now, 2, "L1", Shelf(min_days=7))) == [("L1", 2, Why.NAMED, ())]


async def test_who_was_promised_life_in_writing_gets_it_from_named_lots_too(session, now, shop):
    promised = Shelf(min_days=7, strict=True)
    with pytest.raises(inventory.LotTooOld) as refused:
        await send(session, now, 1, "L1", promised)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/lines/0/lot_code", "lot_too_old")]
    assert told(await send(session, now, 1, "L2", promised)) == [("L2", 1, Why.NAMED, ())]
    assert [lot for lot, *_ in told(await send(session, now, 4, shelf=promised))] == ["L2", "L3"]


async def test_pieces_of_no_lot_have_no_life_that_could_be_promised(session, now):
    made = await open_shop(session, now - timedelta(hours=9), "A1")
    await bring(session, made, now - timedelta(hours=8), "A1", "L1", 2, days(3))
    more = [inventory.Update("A1", "adjust", 5)]
    await inventory.apply_updates(session, made.supplier_id, more, by=made.staff, now=now)
    with pytest.raises(inventory.LotShort) as refused:
        await send(session, now, 3, shelf=Shelf(min_days=7, strict=True))
    assert "L1" in refused.value.faults[0].zh


async def test_dark_tea_goes_by_vintage(session, now):
    made = await open_shop(session, now - timedelta(hours=9), "A1", keeps_days=7_300)
    for code, made_on, best_before in (
        ("NEW", date(2026, 5, 1), date(2026, 12, 10)),
        ("OLD", date(2025, 7, 1), date(2026, 12, 20)),
    ):
        await inventory.receive(
            session, sku="A1", code=code, harvested_on=None, produced_on=made_on, best_before=best_before,
            village=None, quantity=3, by=made.staff, now=now,
        )  # fmt: skip
    by_vintage = await send(session, now, 4, shelf=Shelf(by_vintage=True))
    assert told(by_vintage) == [("OLD", 3, Why.OLDEST_VINTAGE, ()), ("NEW", 1, Why.OLDEST_VINTAGE, ())]


async def test_pieces_of_no_lot_go_last(session, now, shop):
    more = [inventory.Update("A1", "adjust", 5)]
    await inventory.apply_updates(session, shop.supplier_id, more, by=shop.staff, now=now)
    assert [one.lot_code for one in await send(session, now, 25)] == ["L1", "L2", "L3", "L4", None]


async def recall(session, shop, now, code):
    [lot] = [lot for lot in (await inventory.lots_of(session, ["A1"]))["A1"] if lot.code == code]
    return await inventory.recall(
        session, lot.id, supplier_id=shop.supplier_id, reason="抽检不合格", by=shop.staff, now=now
    )


async def test_of_a_recalled_lot_nothing_is_free_or_leaves_the_house(session, now, shop):
    done = await recall(session, shop, now, "L2")
    assert (done.frozen, done.held, done.lot.on_hand, done.lot.recalled_at) == (4, 0, 0, now)
    assert await figures(session, "A1") == (18, 0)
    again = await recall(session, shop, now, "L2")
    assert (again.frozen, again.held) == (0, 0)
    with pytest.raises(inventory.LotShort):
        await send(session, now, 1, "L2")
    assert await broken(session) == []


async def test_what_orders_hold_of_it_is_never_free_again(session, now, shop):
    """Whatever frees pieces of the SKU, the recalled ones leave the book first."""
    orders = [uuid4() for _ in range(4)]
    for order, quantity in zip(orders, (13, 3, 3, 3), strict=True):
        await inventory.reserve(session, order, {"A1": quantity}, by=None, now=now)
    done = await recall(session, shop, now, "L4")
    assert (done.frozen, done.held) == (0, 9)
    assert await figures(session, "A1") == (22, 22)
    with pytest.raises(inventory.LotCalledBack):
        await inventory.ship(session, orders[1], [("A1", 3, "L4")], shipment_id=uuid4(), now=now)
    await inventory.ship(session, orders[0], [("A1", 13, None)], shipment_id=uuid4(), now=now)
    with pytest.raises(inventory.LotShort):
        await inventory.ship(session, orders[1], [("A1", 3, None)], shipment_id=uuid4(), now=now)
    await inventory.release(session, [orders[3]], now=now)
    assert await figures(session, "A1") == (6, 6)
    await inventory.release_pieces(session, orders[2], {"A1": 2}, now=now)
    assert await figures(session, "A1") == (4, 4)
    await bring(session, shop, now, "A1", "L5", 3, days(90))
    assert await figures(session, "A1") == (4, 4)
    await inventory.apply_updates(
        session, shop.supplier_id, [inventory.Update("A1", "adjust", 4)], by=shop.staff, now=now
    )
    assert await figures(session, "A1") == (7, 4)
    lots = {lot.code: lot.on_hand for lot in (await inventory.lots_of(session, ["A1"]))["A1"]}
    assert (lots["L4"], lots["L5"]) == (0, 3)
    with pytest.raises(inventory.LotCalledBack):
        await inventory.take_back(session, uuid4(), [("A1", 1, "L4")], by=None, now=now)
    assert await broken(session) == []
