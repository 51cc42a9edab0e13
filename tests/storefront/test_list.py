"""The list: what it says, how it is filtered, and that its order holds while pages are turned."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from app import catalogue, inventory, orders, pricing, storefront, suppliers
from app.core.outbox import deliver_all
from app.identity import SYSTEM
from app.storefront import queries
from app.storefront.queries import Wish
from app.storefront.rules import Sort
from app.storefront.schemas import ProductOut
from tests.storefront import builders

PATH = "/v1/store/products"


async def slugs(client, **params) -> list[str]:
    answer = await client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return [item["slug"] for item in answer.json()["items"]]


async def pages(client, **params) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        answer = await client.get(PATH, params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += [item["slug"] for item in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            return found
        assert len(body["items"]) == params["limit"]


async def test_an_item_says_all_that_the_contract_promises(client, county):
    answer = await client.get(PATH, params={"q": "gt05"})
    assert answer.headers["cache-control"] == "no-cache"
    item = answer.json()["items"][0]
    assert item == {
        "id": str(county.products["golden-tea-1-yuqian"]),
        "slug": "golden-tea-1-yuqian",
        "name": "保靖黄金茶1号 雨前二级",
        "category": "golden-tea",
        "category_path": ["golden-tea", "green-tea"],
        "supplier": {
            "id": str(county.suppliers["S01"]),
            "code": "S01",
            "name": "保靖县吕洞茗源茶叶专业合作社",
        },
        "origin": {"township": "吕洞山镇", "village": "黄金村", "township_code": "433125116"},
        "image_url": None,
        "rating": None,
        "price_from_fen": 12_800,
        "in_stock": True,
        "season": "off_season",
        "variants": [
            {
                "sku": sku,
                "name": size,
                "price_fen": price_fen,
                "available": available,
                "net_content": size,
                "was_price_fen": None,
                "unit": "100g",
                "unit_price_fen": price_fen // 5,  # each holds 500 g here
                "presale": None,
            }
            for sku, size, price_fen, available in (("GT04", "100g 袋", 12_800, 90), ("GT05", "250g 袋", 28_800, 30))
        ],
    }
    assert ProductOut.model_validate(item).model_dump(mode="json") == item


async def test_a_list_is_one_statement(client, county, statements):
    for params in ({}, {"category": "golden-tea", "sort": "price"}, {"q": "茶"}, {"q": "qich", "sort": "-price"}):
        statements.clear()
        assert await slugs(client, **params)
        assert len(statements) == 1, statements


BY_PRICE = [
    "navel-orange-75",
    "camellia-oil-cold",
    "camellia-oil",
    "navel-orange-late",
    "black-brick",
    "golden-tea-1-yuqian",
    "golden-black-tea",
    "fu-brick-hand",
    "golden-tea-1-bud",
    "golden-tea-168",
    "gift-two-teas",
]
NEWEST = [row[0] for row in builders.PRODUCTS]


ORDERS = [("price", BY_PRICE), ("-price", BY_PRICE[::-1]), ("newest", NEWEST), ("relevance", NEWEST)]


@pytest.mark.parametrize(("sort", "expected"), ORDERS)
async def test_every_order_is_kept_over_pages(client, county, sort, expected):
    for limit in (1, 3, 4, 100):
        assert await pages(client, sort=sort, limit=limit) == expected


async def test_pages_stay_put_while_products_come(client, county, db, now):
    first = (await client.get(PATH, params={"sort": "newest", "limit": 4})).json()
    async with db.write() as session:
        changes = {"slug": "just-arrived", "name": "新到的黑砖茶"}
        product = builders.described("black-brick", county.suppliers["S04"], **changes)
        sku = catalogue.NewSku(
            sku="NEW1",
            name="一块",
            net_content="1kg",
            net_weight_g=1000,
            gross_weight_g=1100,
            shelf_life_days=3650,
            tax_rate_bp=1300,
        )
        card = await catalogue.create_product(session, replace(product, skus=[sku]), by=SYSTEM, now=now)
        await pricing.set_price(session, "NEW1", 100, by=SYSTEM, now=now)
        await catalogue.publish(session, card.id, by=SYSTEM, now=now + timedelta(seconds=1))
    await deliver_all(db, now)
    assert (await slugs(client, sort="newest"))[0] == "just-arrived"
    rest = await client.get(PATH, params={"sort": "newest", "limit": 100, "cursor": first["next_cursor"]})
    assert [item["slug"] for item in first["items"] + rest.json()["items"]] == NEWEST


FILTERS = [
    ({"category": "golden-tea"}, {"golden-tea-1-bud", "golden-tea-1-yuqian", "golden-tea-168", "golden-black-tea"}),
    ({"category": "black-tea"}, {"golden-black-tea"}),
    ({"category": "gift-set"}, {"gift-two-teas"}),
    ({"category": "no-such"}, set()),
    ({"supplier": "S07"}, {"camellia-oil", "camellia-oil-cold"}),
    ({"supplier": "S99"}, set()),
    ({"supplier": "00000000-0000-7000-8000-000000000000"}, set()),
    ({"township": "433125111"}, {"navel-orange-75", "navel-orange-late"}),
    ({"township": "比耳镇"}, {"navel-orange-75", "navel-orange-late"}),
    ({"township": "历城"}, set()),
    ({"in_stock": "false"}, {"black-brick"}),
    ({"in_stock": "true", "category": "dark-tea"}, {"fu-brick-hand"}),
    ({"presale": "true"}, set()),
    ({"presale": "false", "category": "navel-orange"}, {"navel-orange-75", "navel-orange-late"}),
    ({"min_price_fen": "16800", "max_price_fen": "19800"}, {"fu-brick-hand", "golden-tea-1-bud"}),
    ({"max_price_fen": "2990"}, {"navel-orange-75"}),
    ({"min_price_fen": "1000000000000"}, set()),
    ({"q": "茶", "category": "dark-tea", "in_stock": "true"}, {"fu-brick-hand"}),
    ({"unknown": "x", "max_price_fen": "2990"}, {"navel-orange-75"}),
]


@pytest.mark.parametrize("sort", ["newest", "price", "sales"])
async def test_filters(client, county, sort):
    for params, expected in FILTERS:
        assert (params, set(await slugs(client, sort=sort, **params))) == (params, expected)


async def test_a_supplier_is_also_found_by_its_id(client, county):
    found = await slugs(client, supplier=str(county.suppliers["S07"]))
    assert set(found) == {"camellia-oil", "camellia-oil-cold"}


NONSENSE = [
    {"sort": "best"},
    {"limit": "0"},
    {"limit": "101"},
    {"min_price_fen": "-1"},
    {"max_price_fen": "10000000000000000000000"},
    {"in_stock": "maybe"},
    {"cursor": "nonsense"},
    {"category": "a\x00b"},
    {"supplier": "\x01"},
]


async def test_what_makes_no_sense_is_refused(client, county):
    for params in NONSENSE:
        assert (params, (await client.get(PATH, params=params)).status_code) == (params, 422)


async def test_a_cursor_belongs_to_its_order(client, county):
    cursor = (await client.get(PATH, params={"sort": "price", "limit": 1})).json()["next_cursor"]
    assert (await client.get(PATH, params={"sort": "sales", "cursor": cursor})).json()["code"] == "invalid_cursor"
    assert (await client.get(PATH, params={"sort": "price", "cursor": cursor[:-2]})).json()["code"] == "invalid_cursor"


async def test_figures_are_as_young_as_the_page(client, county, db, now):
    """Price, stock and publication show before the shelf has heard of them."""
    async with db.write() as session:
        await pricing.set_price(session, "DT01", 15_900, by=SYSTEM, now=now + timedelta(seconds=1))
        await inventory.apply_updates(
            session, county.suppliers["S04"], [inventory.Update("DT01", "set", 7)], by=SYSTEM, now=now
        )
        await catalogue.withdraw(session, county.products["black-brick"], by=SYSTEM, now=now)
    body = (await client.get(PATH, params={"category": "dark-tea"})).json()
    assert [item["slug"] for item in body["items"]] == ["fu-brick-hand"]
    variant = body["items"][0]["variants"][0]
    assert (body["items"][0]["price_from_fen"], variant["price_fen"], variant["available"]) == (15_900, 15_900, 7)


async def test_the_shelf_follows_a_price(client, county, db, now):
    async with db.write() as session:
        await pricing.set_price(session, "GB01", 100, by=SYSTEM, now=now + timedelta(seconds=1))
    assert (await slugs(client, sort="price"))[-1] == "gift-two-teas"
    await deliver_all(db, now + timedelta(seconds=2))
    assert (await slugs(client, sort="price"))[0] == "gift-two-teas"


async def test_the_shelf_follows_stock(client, county, db, now):
    async with db.write() as session:
        for sku, quantity in (("DT03", 5), ("GB01", 0), ("GT04", 0)):
            owner = {"DT03": "S04", "GB01": "S11", "GT04": "S01"}[sku]
            await inventory.apply_updates(
                session, county.suppliers[owner], [inventory.Update(sku, "set", quantity)], by=SYSTEM, now=now
            )
    await deliver_all(db, now)
    # The tea has another size left.
    assert await slugs(client, in_stock="false") == ["gift-two-teas"]


@pytest.mark.parametrize("ending", ["withdrawn", "suspended"])
async def test_what_is_off_sale_leaves_the_shelf_and_comes_back(client, county, db, now, ending):
    async with db.write() as session:
        if ending == "withdrawn":
            await catalogue.withdraw(session, county.products["gift-two-teas"], by=SYSTEM, now=now)
        else:
            await suppliers.suspend(session, county.suppliers["S11"], by=SYSTEM, now=now)
    assert "gift-two-teas" not in await slugs(client)
    await deliver_all(db, now)
    async with db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM storefront_shelf")) == len(builders.PRODUCTS) - 1
    async with db.write() as session:
        if ending == "withdrawn":
            await catalogue.publish(session, county.products["gift-two-teas"], by=SYSTEM, now=now)
        else:
            await suppliers.approve(session, county.suppliers["S11"], by=SYSTEM, now=now)
    await deliver_all(db, now)
    assert "gift-two-teas" in await slugs(client)


async def test_what_sells_best(client, county, db, now):
    lines = [
        orders.SoldLine(sku="GB01", product_id=county.products["gift-two-teas"], quantity=3),
        orders.SoldLine(sku="NO01", product_id=county.products["navel-orange-75"], quantity=2),
        orders.SoldLine(sku="NO02", product_id=county.products["navel-orange-75"], quantity=4),
    ]
    fact = orders.OrderPaid(order_id=county.products["gift-two-teas"], lines=lines, at=now)
    async with db.write() as session:
        await storefront.on_orders_paid(session, [fact], now)
    assert (await slugs(client, sort="sales"))[:2] == ["navel-orange-75", "gift-two-teas"]


async def test_a_rebuilt_shelf_is_the_one_that_news_made(county, db):
    shelf = text("SELECT to_jsonb(s) FROM storefront_shelf s ORDER BY product_id")
    async with db.write() as session:
        before = list(await session.scalars(shelf))
        await session.execute(text("UPDATE storefront_shelf SET words = '', price_from_fen = 1, words_version = 0"))
        await session.execute(
            text("DELETE FROM storefront_shelf WHERE product_id = :id"), {"id": county.products["gift-two-teas"]}
        )
        assert await storefront.rebuild(session) == len(builders.PRODUCTS)
        assert list(await session.scalars(shelf)) == before


def at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


async def test_the_season_of_the_list_is_the_rule_of_the_catalogue(db, county, now):
    """The same rule is written in SQL for lists: every day of a leap year, for every product."""
    windows = {slug: season for slug, _, _, _, season, *_ in builders.PRODUCTS}
    async with db.read() as session:
        for day in (date(2027, 9, 1) + timedelta(days=n) for n in range(0, 366, 5)):
            found = await queries.find(session, Wish(), sort=Sort.PRICE, limit=100, after=None, now=at_noon(day))
            items = json.loads(found.items)
            assert len(items) == len(windows)
            for item in items:
                opens, closes = windows[item["slug"]] or (None, None)
                expected = catalogue.season_on(day, opens, closes)
                assert (day, item["slug"], item["season"]) == (day, item["slug"], expected.value)
