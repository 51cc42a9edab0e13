"""Promising, giving back and shipping."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import inventory
from tests.inventory.builders import bring, broken, figures, open_shop


def told(session) -> list[tuple[str, str]]:
    return [(type(fact).__name__, fact.sku) for fact in session.info.pop("pending_facts", [])]


async def test_reserving_takes_all_in_one_statement(session, now, statements):
    await open_shop(session, now, "A1", "B2", stock=20)
    told(session)
    statements.clear()
    left = await inventory.reserve(session, uuid4(), {"B2": 20, "A1": 5}, by=None, now=now)
    assert len(statements) == 1
    assert left == {"B2": inventory.Taken(0), "A1": inventory.Taken(15)}
    assert await figures(session, "A1") == (20, 5)
    assert await figures(session, "B2") == (20, 20)
    assert told(session) == [("StockRanOut", "B2")]
    assert await broken(session) == []


async def test_short_and_unknown_goods_are_all_named_and_nothing_is_taken(session, now):
    await open_shop(session, now, "A1", "B2", "C3", stock=3)
    told(session)
    with pytest.raises(inventory.OutOfStock) as refused:
        await inventory.reserve(session, uuid4(), {"B2": 4, "A1": 1, "NO": 1, "C3": 9}, by=None, now=now)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/items/0", "out_of_stock"),
        ("/items/2", "out_of_stock"),
        ("/items/3", "out_of_stock"),
    ]
    assert "B2、NO、C3" in refused.value.sentence("zh")
    assert [await figures(session, sku) for sku in ("A1", "B2", "C3")] == [(3, 0)] * 3
    assert told(session) == []
    assert await broken(session) == []


async def test_nothing_and_less_than_nothing_cannot_be_reserved(session, now):
    await open_shop(session, now, "A1", stock=3)
    for quantity in (0, -2):
        with pytest.raises(ValueError, match="at least one"):
            await inventory.reserve(session, uuid4(), {"A1": quantity}, by=None, now=now)
    assert await figures(session, "A1") == (3, 0)


async def test_release_gives_back_once_however_often_it_is_called(session, now, statements):
    await open_shop(session, now, "A1", "B2", stock=20)
    mine, other = uuid4(), uuid4()
    await inventory.reserve(session, mine, {"A1": 20, "B2": 4}, by=None, now=now)
    await inventory.reserve(session, other, {"B2": 6}, by=None, now=now)
    told(session)
    statements.clear()
    await inventory.release(session, [mine], now=now)
    assert len(statements) == 1
    assert told(session) == [("StockReturned", "A1")]
    await inventory.release(session, [mine, uuid4()], now=now)
    await inventory.release(session, [], now=now)
    assert told(session) == []
    assert await figures(session, "A1") == (20, 0)
    assert await figures(session, "B2") == (20, 6)
    assert await broken(session) == []


async def test_many_references_are_released_together(session, now, statements):
    await open_shop(session, now, "A1", "B2", stock=100)
    references = [uuid4() for _ in range(10)]
    for reference in references:
        await inventory.reserve(session, reference, {"A1": 2, "B2": 3}, by=None, now=now)
    statements.clear()
    await inventory.release(session, references, now=now)
    assert len(statements) == 1
    assert await figures(session, "A1") == (100, 0)
    assert await figures(session, "B2") == (100, 0)
    assert await session.scalar(text("SELECT count(*) FROM inventory_movement WHERE kind = 'released'")) == 20
    assert await broken(session) == []


async def test_goods_that_expire_first_go_first_and_loose_ones_last(session, now):
    shop = await open_shop(session, now, "A1", stock=4)
    await bring(session, shop, now, "A1", "LATE", 5, date(2027, 3, 1))
    await bring(session, shop, now, "A1", "SOON", 3, date(2026, 12, 1))
    order, shipment = uuid4(), uuid4()
    await inventory.reserve(session, order, {"A1": 12}, by=None, now=now)
    told(session)
    picked = await inventory.ship(session, order, [("A1", 4, None)], shipment_id=shipment, now=now)
    assert picked == [inventory.Picked("A1", "SOON", 3), inventory.Picked("A1", "LATE", 1)]
    assert await figures(session, "A1") == (8, 8)
    picked = await inventory.ship(session, order, [("A1", 6, None)], shipment_id=shipment, now=now)
    assert picked == [inventory.Picked("A1", "LATE", 4), inventory.Picked("A1", None, 2)]
    assert await figures(session, "A1") == (2, 2)
    assert told(session) == []
    assert await session.scalar(text("SELECT quantity FROM inventory_reservation")) == 2
    await inventory.ship(session, order, [("A1", 2, None)], shipment_id=shipment, now=now)
    assert await session.scalar(text("SELECT count(*) FROM inventory_reservation")) == 0
    sent = await session.execute(
        text("SELECT sum(on_hand_delta), sum(reserved_delta) FROM inventory_movement WHERE reference = :shipment"),
        {"shipment": shipment},
    )
    assert sent.one() == (-12, -12)
    assert await broken(session) == []


async def test_a_named_lot_is_taken_whatever_expires_first(session, now):
    shop = await open_shop(session, now, "A1")
    await bring(session, shop, now, "A1", "LATE", 5, date(2027, 3, 1))
    await bring(session, shop, now, "A1", "SOON", 3, date(2026, 12, 1))
    order = uuid4()
    await inventory.reserve(session, order, {"A1": 8}, by=None, now=now)
    lines = [("A1", 3, None), ("A1", 2, "SOON"), ("A1", 1, "LATE")]
    picked = await inventory.ship(session, order, lines, shipment_id=uuid4(), now=now)
    assert picked == [
        inventory.Picked("A1", "SOON", 1),
        inventory.Picked("A1", "LATE", 2),
        inventory.Picked("A1", "SOON", 2),
        inventory.Picked("A1", "LATE", 1),
    ]
    assert await broken(session) == []


@pytest.mark.parametrize(
    ("lines", "refusal", "pointer"),
    [
        ([("A1", 5, None)], inventory.NotReserved, "/lines/0/quantity"),
        ([("A1", 3, None), ("A1", 2, None)], inventory.NotReserved, "/lines/1/quantity"),
        ([("B2", 1, None)], inventory.NotReserved, "/lines/0/quantity"),
        ([("ZZ", 1, None)], inventory.NotReserved, "/lines/0/quantity"),
        ([("A1", 1, None), ("A1", 1, "NONE")], inventory.LotShort, "/lines/1/lot_code"),
        ([("A1", 3, "SMALL")], inventory.LotShort, "/lines/0/lot_code"),
    ],
)
async def test_what_is_not_there_is_not_shipped(session, now, lines, refusal, pointer):
    shop = await open_shop(session, now, "A1", "B2", stock=10)
    await bring(session, shop, now, "A1", "SMALL", 2, date(2027, 3, 1))
    order = uuid4()
    await inventory.reserve(session, order, {"A1": 4}, by=None, now=now)
    with pytest.raises(refusal) as refused:
        await inventory.ship(session, order, lines, shipment_id=uuid4(), now=now)
    assert refused.value.faults[0].pointer == pointer
    assert await figures(session, "A1") == (12, 4)
    assert await broken(session) == []


async def test_few_left_and_back_again_are_told(session, now):
    await open_shop(session, now, "A1", stock=inventory.LOW_STOCK + 2)
    told(session)
    await inventory.reserve(session, uuid4(), {"A1": 1}, by=None, now=now)
    assert told(session) == []
    await inventory.reserve(session, uuid4(), {"A1": 1}, by=None, now=now)
    assert told(session) == [("StockLow", "A1")]
    order = uuid4()
    await inventory.reserve(session, order, {"A1": inventory.LOW_STOCK}, by=None, now=now)
    assert told(session) == [("StockRanOut", "A1")]
    await inventory.release(session, [order], now=now)
    assert told(session) == [("StockReturned", "A1")]


@pytest.mark.parametrize("change", ["UPDATE inventory_movement SET reason = 'x'", "DELETE FROM inventory_movement"])
async def test_the_ledger_cannot_be_rewritten(session, now, change):
    await open_shop(session, now, "A1", stock=1)
    with pytest.raises(Exception, match="append-only"):
        await session.execute(text(change))


async def test_what_is_promised_is_changed_up_and_down_at_once(session, now):
    await open_shop(session, now, "A1", "B2", "C3", stock=10)
    mine = uuid4()
    await inventory.reserve(session, mine, {"A1": 6, "B2": 4}, by=None, now=now)
    await inventory.rebook(session, mine, {"B2": 7, "C3": 2, "A1": 0}, by=None, now=now)
    assert [(await figures(session, sku))[1] for sku in ("A1", "B2", "C3")] == [0, 7, 2]
    await inventory.rebook(session, mine, {"B2": 7, "C3": 2}, by=None, now=now)
    assert await broken(session) == []
    with pytest.raises(inventory.OutOfStock) as refused:
        await inventory.rebook(session, mine, {"A1": 1, "B2": 2, "C3": 11, "NO": 1}, by=None, now=now)
    assert [fault.pointer for fault in refused.value.faults] == ["/items/2", "/items/3"]
    assert [(await figures(session, sku))[1] for sku in ("A1", "B2", "C3")] == [0, 7, 2]
    assert await broken(session) == []
