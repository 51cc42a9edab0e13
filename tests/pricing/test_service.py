"""Prices with their history, freight templates, and quotes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import pricing
from app.core.errors import DomainError, InvalidInput, NotFound
from app.identity import SYSTEM, Role
from tests.identity.builders import account, bearer, token
from tests.inventory.builders import open_shop

HISTORY = "SELECT price_fen, valid_from, valid_to FROM pricing_price WHERE sku = :sku ORDER BY valid_from, valid_to"


async def history(session, sku):
    return [tuple(row) for row in await session.execute(text(HISTORY), {"sku": sku})]


def told(session):
    return [fact for fact in session.info.pop("pending_facts", []) if isinstance(fact, pricing.PriceChanged)]


async def test_a_new_price_closes_the_one_before(session, now):
    await open_shop(session, now, "A1")
    later = now + timedelta(hours=1)
    await pricing.set_price(session, "A1", 500, by=SYSTEM, now=now)
    price = await pricing.set_price(session, "A1", 700, by=SYSTEM, now=later)
    assert (price.price_fen, price.valid_from) == (700, later)
    assert await history(session, "A1") == [(500, now, later), (700, later, None)]
    assert [(fact.sku, fact.price_fen, fact.at) for fact in told(session)] == [("A1", 500, now), ("A1", 700, later)]
    assert await pricing.current_prices(session, ["A1", "NO"]) == {"A1": price}


async def test_the_same_price_again_changes_nothing(session, now):
    await open_shop(session, now, "A1")
    await pricing.set_price(session, "A1", 500, by=SYSTEM, now=now)
    told(session)
    again = await pricing.set_price(session, "A1", 500, by=SYSTEM, now=now + timedelta(hours=1))
    assert again.valid_from == now
    assert await history(session, "A1") == [(500, now, None)]
    assert told(session) == []


async def test_two_changes_in_one_instant_and_a_clock_set_back_keep_the_order(session, now):
    await open_shop(session, now, "A1")
    for price, at in ((500, now), (600, now), (700, now - timedelta(seconds=5))):
        await pricing.set_price(session, "A1", price, by=SYSTEM, now=at)
    assert sorted(await history(session, "A1")) == [(500, now, now), (600, now, now), (700, now, None)]


@pytest.mark.parametrize("price", [0, -1, 10_000_001])
async def test_a_price_out_of_bounds_is_refused(session, now, price):
    await open_shop(session, now, "A1")
    with pytest.raises(InvalidInput):
        await pricing.set_price(session, "A1", price, by=SYSTEM, now=now)
    assert await history(session, "A1") == []


async def test_what_is_not_in_the_catalogue_has_no_price(db, now):
    with pytest.raises(NotFound):
        async with db.write() as session:
            await pricing.set_price(session, "NO", 500, by=SYSTEM, now=now)


async def test_many_changes_at_once_leave_one_current_price(fresh_db, now):
    async with fresh_db.write() as session:
        await open_shop(session, now, "A1")

    async def change(price: int) -> str:
        try:
            async with fresh_db.write() as session:
                await pricing.set_price(session, "A1", price, by=SYSTEM, now=now)
        except DomainError as refused:
            return refused.code
        return "done"

    outcome = await asyncio.gather(*(change(100 + i) for i in range(12)))
    assert set(outcome) <= {"done", "price_changed_meanwhile"}
    assert "done" in outcome
    async with fresh_db.read() as session:
        rows = await history(session, "A1")
        assert len(rows) == outcome.count("done")
        assert [valid_to for _, _, valid_to in rows].count(None) == 1


@pytest.fixture
async def shops(session, now):
    orange = await open_shop(session, now, "NO01", "NO02", gross_g=2800)
    tea = await open_shop(session, now, "GT01", code="S92", gross_g=200)
    await pricing.plant_freight(session, now=now)
    for sku, price in (("NO01", 2990), ("NO02", 4990), ("GT01", 19800)):
        await pricing.set_price(session, sku, price, by=SYSTEM, now=now)
    return {"NO01": orange.supplier_id, "NO02": orange.supplier_id, "GT01": tea.supplier_id}


def cart(shops, *lines):
    weights = {"GT01": 200}
    return [pricing.Wanted(sku, shops[sku], weights.get(sku, 2800), quantity) for sku, quantity in lines]


async def test_a_quote_is_one_statement_and_one_parcel_for_each_supplier(session, shops, statements):
    statements.clear()
    quote = await pricing.quote(session, cart(shops, ("NO01", 1), ("GT01", 2), ("NO02", 1)), "370112")
    assert len(statements) == 1
    assert [(line.sku, line.unit_price_fen, line.amount_fen) for line in quote.lines] == [
        ("NO01", 2990, 2990),
        ("GT01", 19800, 39600),
        ("NO02", 4990, 4990),
    ]
    assert [(parcel.supplier_id, parcel.weight_g, parcel.freight_fen) for parcel in quote.parcels] == [
        (shops["NO01"], 5600, 600 + 5 * 200),
        (shops["GT01"], 400, 600),
    ]
    assert (quote.goods_fen, quote.discount_fen, quote.freight_fen, quote.total_fen) == (47580, 0, 2200, 49780)


@pytest.mark.parametrize(
    ("division", "fee"),
    [("370112", 600), ("430102", 500), ("110101", 800), ("540102", 1500), ("650102", 1500), ("370112001", 600)],
)
async def test_the_region_decides(session, shops, division, fee):
    quote = await pricing.quote(session, cart(shops, ("GT01", 1)), division)
    assert quote.freight_fen == fee


async def test_the_longest_prefix_wins(session, shops, now):
    await session.execute(
        text("""
        INSERT INTO pricing_freight_rule
        SELECT id, region, 1000, fee, 1000, 100, NULL, true
        FROM pricing_freight_template, (VALUES ('3701', 401), ('370112', 402)) AS v(region, fee)
        WHERE code = 'economy'
        """)
    )
    fees = {
        place: (await pricing.quote(session, cart(shops, ("GT01", 1)), place)).freight_fen
        for place in ("370112", "370102", "370202")
    }
    assert fees == {"370112": 402, "370102": 401, "370202": 600}


@pytest.mark.parametrize("division", ["710000", "810000", "820000"])
async def test_some_places_are_not_delivered_to(session, shops, division):
    with pytest.raises(pricing.NotDeliverable) as refused:
        await pricing.quote(session, cart(shops, ("GT01", 1), ("NO01", 1)), division)
    assert len(refused.value.faults) == 2


async def test_a_supplier_may_choose_how_it_sends(session, shops, now):
    await pricing.choose_freight(session, shops["NO01"], "sf", now=now)
    await pricing.choose_freight(session, shops["NO01"], "fresh", now=now)
    await pricing.choose_freight(session, shops["GT01"], "sf", now=now)
    assert (await pricing.quote(session, cart(shops, ("GT01", 1)), "370112")).freight_fen == 1800
    assert (await pricing.quote(session, cart(shops, ("GT01", 1)), "540102")).freight_fen == 2800
    for division in ("540102", "650102"):
        with pytest.raises(pricing.NotDeliverable) as refused:
            await pricing.quote(session, cart(shops, ("GT01", 1), ("NO01", 1)), division)
        assert [fault.pointer for fault in refused.value.faults] == ["/items/1/sku"]
    with pytest.raises(pricing.UnknownTemplate):
        await pricing.choose_freight(session, shops["GT01"], "drone", now=now)
    assert (await pricing.quote(session, cart(shops, ("GT01", 1)), "370112")).freight_fen == 1800


async def test_planting_twice_changes_nothing_and_without_planting_nothing_is_sent(session, now, shops):
    count = text("SELECT (SELECT count(*) FROM pricing_freight_template), (SELECT count(*) FROM pricing_freight_rule)")
    before = (await session.execute(count)).one()
    await pricing.plant_freight(session, now=now)
    assert (await session.execute(count)).one() == before
    await session.execute(text("DELETE FROM pricing_freight_rule"))
    with pytest.raises(pricing.NotDeliverable):
        await pricing.quote(session, cart(shops, ("GT01", 1)), "370112")


async def test_what_has_no_price_is_not_on_sale(session, shops):
    wanted = [*cart(shops, ("GT01", 1)), pricing.Wanted("NEW", shops["GT01"], 100, 1)]
    with pytest.raises(pricing.NotOnSale) as refused:
        await pricing.quote(session, wanted, "370112")
    assert [fault.pointer for fault in refused.value.faults] == ["/items/1/sku"]


@pytest.fixture
async def people(db, now):
    async with db.write() as session:
        await open_shop(session, now, "A1")
        made = {}
        for role in (Role.OPERATOR, Role.SUPPLIER, Role.BUYER, Role.OFFICER):
            who = await account(session, now, role, username=role.value, scope_id=None)
            made[role.value] = bearer(token(who, now))
    return made


async def test_an_operator_sets_a_price(client, people, session, now):
    answer = await client.put("/v1/operator/skus/A1/price", json={"price_fen": 12800}, headers=people["operator"])
    assert answer.status_code == 200
    assert answer.json()["price_fen"] == 12800
    assert await history(session, "A1") == [(12800, now, None)]
    unknown = await client.put("/v1/operator/skus/NO/price", json={"price_fen": 1}, headers=people["operator"])
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", ["supplier", "buyer", "officer", None])
async def test_nobody_else_sets_a_price(client, people, session, role):
    headers = people[role] if role else {}
    answer = await client.put("/v1/operator/skus/A1/price", json={"price_fen": 1}, headers=headers)
    assert answer.status_code == (403 if role else 401)
    assert await history(session, "A1") == []


@pytest.mark.parametrize("price", [0, -5, 10_000_001, 1.5, "12", None, True, 10**30])
async def test_a_price_that_is_none_is_refused(client, people, session, price):
    answer = await client.put("/v1/operator/skus/A1/price", json={"price_fen": price}, headers=people["operator"])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert await history(session, "A1") == []
