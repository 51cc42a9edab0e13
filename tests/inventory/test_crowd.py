"""Many at once, with real commits: what is locked is decided on the present, and nobody waits in a ring."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app import inventory
from app.core.errors import DomainError
from tests.inventory.builders import bring, broken, count, figures, open_shop


async def attempt(work) -> str:
    try:
        await work
    except DomainError as refusal:
        return refusal.code
    return "done"


async def take(db, now, wanted, reference: UUID | None = None, dwell: float = 0.0) -> None:
    async with db.write() as session:
        await inventory.reserve(session, reference or uuid4(), wanted, by=None, now=now)
        await asyncio.sleep(dwell)


async def test_sixty_four_buyers_share_twenty_pieces(fresh_db, now):
    async with fresh_db.write() as session:
        await open_shop(session, now, "A1", stock=20)
    outcome = Counter(await asyncio.gather(*(attempt(take(fresh_db, now, {"A1": 1})) for _ in range(64))))
    assert outcome == {"done": 20, "out_of_stock": 44}
    async with fresh_db.read() as session:
        assert await figures(session, "A1") == (20, 20)
        assert await session.scalar(text("SELECT count(*) FROM inventory_reservation")) == 20
        assert await broken(session) == []
        ran_out = "SELECT count(*) FROM core_event WHERE name = 'inventory.stock_ran_out'"
        assert await session.scalar(text(ran_out)) == 1


async def test_who_waits_for_a_lock_decides_on_what_the_other_left(fresh_db, now):
    """The waiter's snapshot still shows two pieces; one is gone when it gets the lock."""
    async with fresh_db.write() as session:
        shop = await open_shop(session, now, "A1", stock=3)
    first = asyncio.create_task(attempt(take(fresh_db, now, {"A1": 2}, dwell=0.4)))
    await asyncio.sleep(0.15)
    assert await attempt(take(fresh_db, now, {"A1": 2})) == "out_of_stock"
    assert await first == "done"

    async with fresh_db.write() as session:
        await inventory.reserve(session, held := uuid4(), {"A1": 1}, by=None, now=now)

    async def give_back() -> None:
        async with fresh_db.write() as session:
            await inventory.release(session, [held], now=now)
            await asyncio.sleep(0.4)

    async def bring_more() -> None:
        async with fresh_db.write() as session:
            await bring(session, shop, now, "A1", "L1", 5, date(2027, 1, 1))
            await asyncio.sleep(0.4)

    for other, wanted in ((give_back, 1), (bring_more, 4)):
        going = asyncio.create_task(other())
        await asyncio.sleep(0.15)
        assert await attempt(take(fresh_db, now, {"A1": wanted})) == "done"
        await going
    async with fresh_db.read() as session:
        assert await figures(session, "A1") == (8, 7)
        assert await broken(session) == []


async def test_a_release_waits_for_what_is_added_to_its_reservation(fresh_db, now):
    async with fresh_db.write() as session:
        await open_shop(session, now, "A1", stock=9)
    order = uuid4()
    await take(fresh_db, now, {"A1": 2}, order)
    adding = asyncio.create_task(take(fresh_db, now, {"A1": 3}, order, dwell=0.4))
    await asyncio.sleep(0.15)
    async with fresh_db.write() as session:
        await inventory.release(session, [order], now=now)
    await adding
    async with fresh_db.read() as session:
        assert await figures(session, "A1") == (9, 0)
        assert await broken(session) == []


async def test_carts_in_opposite_order_do_not_wait_for_each_other_for_ever(fresh_db, now):
    skus = [f"M{i}" for i in range(8)]
    async with fresh_db.write() as session:
        await open_shop(session, now, *skus, stock=40)
    carts = [dict.fromkeys(skus if i % 2 else reversed(skus), 1) for i in range(64)]
    outcome = Counter(await asyncio.gather(*(attempt(take(fresh_db, now, cart)) for cart in carts)))
    assert outcome == {"done": 40, "out_of_stock": 24}
    async with fresh_db.read() as session:
        assert [await figures(session, sku) for sku in skus] == [(40, 40)] * 8
        assert await broken(session) == []


async def test_a_release_shared_by_many_gives_back_once(fresh_db, now):
    async with fresh_db.write() as session:
        await open_shop(session, now, "A1", "B2", stock=50)
    references = [uuid4() for _ in range(10)]
    for reference in references:
        await take(fresh_db, now, {"A1": 2, "B2": 3}, reference)

    async def give_back(some) -> None:
        async with fresh_db.write() as session:
            await inventory.release(session, some, now=now)

    shuffled = [random.Random(i).sample(references, 6) for i in range(16)]
    assert set(await asyncio.gather(*(attempt(give_back(some)) for some in [*shuffled, references]))) == {"done"}
    async with fresh_db.read() as session:
        assert await figures(session, "A1") == (50, 0)
        assert await figures(session, "B2") == (50, 0)
        assert await broken(session) == []


async def test_cancelling_and_shipping_at_once_ends_in_one_of_the_two(fresh_db, now):
    async with fresh_db.write() as session:
        shop = await open_shop(session, now, "A1", stock=5)
        await bring(session, shop, now, "A1", "L1", 25, date(2027, 1, 1))
    orders = [uuid4() for _ in range(30)]
    for order in orders:
        await take(fresh_db, now, {"A1": 1}, order)

    async def send(order: UUID) -> None:
        async with fresh_db.write() as session:
            await inventory.ship(session, order, [("A1", 1, None)], shipment_id=uuid4(), now=now)

    async def give_back(order: UUID) -> None:
        async with fresh_db.write() as session:
            await inventory.release(session, [order], now=now)

    acts = [act(order) for order in orders for act in (send, give_back)]
    random.Random(7).shuffle(acts)
    outcome = Counter(await asyncio.gather(*(attempt(act) for act in acts)))
    assert set(outcome) <= {"done", "not_reserved"}
    sent = 30 - outcome["not_reserved"]
    async with fresh_db.read() as session:
        assert await figures(session, "A1") == (30 - sent, 0)
        assert await broken(session) == []


async def test_counts_and_sales_at_once_keep_every_promise(fresh_db, now):
    skus = [f"M{i}" for i in range(6)]
    async with fresh_db.write() as session:
        shop = await open_shop(session, now, *skus, stock=30)

    async def recount(seed: int) -> None:
        chosen = random.Random(seed)
        async with fresh_db.write() as session:
            await count(session, shop, now, {sku: chosen.randrange(5, 60) for sku in chosen.sample(skus, 4)})

    async def sell(seed: int) -> None:
        chosen = random.Random(seed)
        order = uuid4()
        await take(fresh_db, now, dict.fromkeys(chosen.sample(skus, 3), 2), order)
        if seed % 3 == 0:
            async with fresh_db.write() as session:
                await inventory.release(session, [order], now=now)

    work = [attempt(recount(i) if i % 4 == 0 else sell(i)) for i in range(64)]
    outcome = Counter(await asyncio.gather(*work))
    assert set(outcome) <= {"done", "out_of_stock", "updates_rejected"}
    assert outcome["done"] > 20
    async with fresh_db.read() as session:
        assert await broken(session) == []


@pytest.mark.parametrize("same", [True, False])
async def test_a_lot_code_is_given_once(fresh_db, now, same):
    async with fresh_db.write() as session:
        shop = await open_shop(session, now, "A1")

    async def arrive(i: int) -> None:
        async with fresh_db.write() as session:
            await bring(session, shop, now, "A1", "L" if same else f"L{i}", 3, date(2027, 1, 1))

    outcome = Counter(await asyncio.gather(*(attempt(arrive(i)) for i in range(8))))
    assert outcome == ({"done": 1, "lot_exists": 7} if same else {"done": 8})
    async with fresh_db.read() as session:
        assert await figures(session, "A1") == (3 if same else 24, 0)
        assert await broken(session) == []
