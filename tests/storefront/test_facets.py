"""What a facet counts is what choosing its value would show."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from app.storefront import Wish, facets, find
from app.storefront.rules import Sort
from app.storefront.rules.words import parse

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
WISHES = [
    {},
    {"query": parse("茶")},
    {"category": "golden-tea"},
    {"category": "golden-tea", "in_stock": True},
    {"query": parse("一级"), "supplier": "S02", "max_price_fen": 15_000},
    {"category": "navel-orange", "township": "比耳镇", "presale": True},
    {"category": "no-such-thing"},
]
OWN = {
    "category": ("category",),
    "supplier": ("supplier",),
    "township": ("township",),
    "price": ("min_price_fen", "max_price_fen"),
    "in_stock": ("in_stock",),
}


def chosen(facet, value):
    match facet:
        case "category":
            return {"category": value["slug"]}
        case "supplier":
            return {"supplier": value["code"]}
        case "township":
            return {"township": value["code"]}
        case "price":
            return {"min_price_fen": value["min_price_fen"], "max_price_fen": value["max_price_fen"]}
        case _:
            return {"in_stock": value["in_stock"]}


@pytest.mark.parametrize("wish", WISHES, ids=str)
async def test_counts_are_what_is_found(db, county, wish):
    async def shown(**filters):
        found = await find(session, Wish(**filters), sort=Sort.PRICE, limit=100, after=None, now=NOW)
        return json.loads(found.items)

    async with db.read() as session:
        counted = await facets(session, Wish(**wish), now=NOW)
        for facet, own in OWN.items():
            rest = {name: value for name, value in wish.items() if name not in own}
            values = counted[facet]
            if facet == "category":
                values = values + [child for root in values for child in root["children"]]
            for value in values:
                assert value["count"] == len(await shown(**rest, **chosen(facet, value))), (facet, value)
            if facet != "category":
                assert sum(value["count"] for value in values) == len(await shown(**rest)), facet
        seasons = [item["season"] for item in await shown(**{k: v for k, v in wish.items() if k != "presale"})]
        assert {value["season"]: value["count"] for value in counted["season"]} == {
            season: seasons.count(season) for season in set(seasons)
        }


async def test_a_list_with_facets_costs_two_statements(shop, statements):
    statements.clear()
    answer = await shop.call(None, "GET", "/v1/store/products?facets=true&q=%E9%BB%84%E9%87%91%E8%8C%B6", key=None)
    assert len(statements) == 2, "\n".join(statements)
    body = answer.json()
    assert body["facets"]["category"][0]["slug"] == "golden-tea"
    assert body["facets"]["category"][0]["count"] == len(body["items"])
