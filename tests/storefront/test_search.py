"""What a buyer types, and what comes first."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from app import storefront
from app.storefront.queries import Wish, listing
from app.storefront.rules import Sort
from app.storefront.rules.words import parse

TEA = "golden-tea-1-yuqian"

# typed → slugs, the first ones in their order when several are named
QUERIES = [
    ("茯砖", ["fu-brick-hand"]),
    ("砖", ["fu-brick-hand", "black-brick"]),
    ("黑砖", ["black-brick"]),
    ("脐橙", ["navel-orange-75", "navel-orange-late"]),
    ("脐橙 礼盒", ["navel-orange-late"]),
    ("橙", ["navel-orange-75", "navel-orange-late"]),
    ("红茶", ["golden-black-tea"]),
    ("黄金茶168号", ["golden-tea-168"]),
    ("168", ["golden-tea-168"]),
    ("明前", ["golden-tea-1-bud", "golden-tea-168"]),
    ("雨前二级", [TEA]),
    ("１号 雨前", [TEA]),
    ("冷榨", ["camellia-oil-cold"]),
    ("油茶籽油", ["camellia-oil", "camellia-oil-cold"]),
    ("两茶一油", ["gift-two-teas"]),
    ("75-80mm", ["navel-orange-75"]),
    ("1.8L", ["camellia-oil"]),
    ("500ML", ["camellia-oil"]),
    ("5kg", ["navel-orange-75"]),
    # made or grown there
    ("比耳镇", ["navel-orange-75", "navel-orange-late"]),
    ("酉水金芽", ["golden-tea-168", "golden-black-tea"]),
    ("枫香村 红茶", ["golden-black-tea"]),
    # pinyin, whole, unfinished, with spaces, mixed
    ("qicheng", ["navel-orange-75", "navel-orange-late"]),
    ("qichen", ["navel-orange-75", "navel-orange-late"]),
    ("qich", ["navel-orange-75", "navel-orange-late"]),
    ("QiCheng", ["navel-orange-75", "navel-orange-late"]),
    ("fuzhuan", ["fu-brick-hand"]),
    ("fu zhuan", ["fu-brick-hand"]),
    ("hongcha", ["golden-black-tea"]),
    ("huangjincha168", ["golden-tea-168"]),
    ("黄金cha 雨前", [TEA]),
    ("lengzha", ["camellia-oil-cold"]),
    # initials
    ("fzc", ["fu-brick-hand"]),
    ("hzc", ["black-brick"]),
    ("hjhc", ["golden-black-tea"]),
    # codes
    ("GT04", [TEA]),
    ("gt04", [TEA]),
    ("gt0", ["golden-tea-1-bud", TEA, "golden-tea-168"]),
    ("2004330000400", [TEA]),
    ("20043300031", ["navel-orange-late"]),
    # nothing of the kind
    ("榴莲", []),
    ("liulian", []),
    ("橙脐", []),
    ("茶金黄", []),
    ("zz99", []),
    ("！", []),
]


# An unfinished syllable may be meant, so that these find more, but later: zhuan is also the beginning of zhuang.
GUESSED = {"fu zhuan": {"gift-two-teas"}}


async def test_what_is_typed_finds_what_is_meant(client, county):
    wrong = {}
    for typed, slugs in QUERIES:
        answer = await client.get("/v1/store/products", params={"q": typed})
        assert answer.status_code == 200, answer.text
        found = [item["slug"] for item in answer.json()["items"]]
        first, later = set(found[: len(slugs)]), set(found[len(slugs) :])
        if first != set(slugs) or later - GUESSED.get(typed, set()):
            wrong[typed] = found
    assert wrong == {}


async def test_a_name_comes_before_an_origin(client, county, db):
    """A village called like the tea: the tea that is named so comes first, although the other sells better."""
    async with db.write() as session:
        await session.execute(text("UPDATE catalogue_product SET village = '红茶村' WHERE slug = 'fu-brick-hand'"))
        await storefront.rebuild(session)
        await session.execute(
            text("UPDATE storefront_shelf SET sales = 99 WHERE product_id = :id"),
            {"id": county.products["fu-brick-hand"]},
        )
    answer = await client.get("/v1/store/products", params={"q": "红茶"})
    assert [item["slug"] for item in answer.json()["items"]] == ["golden-black-tea", "fu-brick-hand"]
    pages = []
    cursor = None
    while cursor is not None or not pages:
        params = {"q": "红茶", "limit": 1} | ({"cursor": cursor} if cursor else {})
        body = (await client.get("/v1/store/products", params=params)).json()
        pages += [item["slug"] for item in body["items"]]
        cursor = body["next_cursor"]
    assert pages == ["golden-black-tea", "fu-brick-hand"]


async def test_what_sells_best_comes_first_among_equals(client, county, db):
    for best in ("navel-orange-late", "navel-orange-75"):
        async with db.write() as session:
            await session.execute(
                text("UPDATE storefront_shelf SET sales = CASE WHEN product_id = :id THEN 9 ELSE 3 END"),
                {"id": county.products[best]},
            )
        answer = await client.get("/v1/store/products", params={"q": "脐橙"})
        assert answer.json()["items"][0]["slug"] == best


@pytest.mark.parametrize("typed", ["茶\x00", "a\x07b", "茶" * 101])
async def test_control_characters_and_novels_are_refused(client, county, typed):
    answer = await client.get("/v1/store/products", params={"q": typed})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == "query"


@pytest.mark.parametrize("shown", [200, 12, 1, 0])
async def test_the_ways_to_search_find_the_same(db, county, monkeypatch, now, shown):
    """Walking along the shelf, sorting the few and asking the index are three ways to one answer."""

    async def slugs(sort):
        async with db.read() as session:
            found = await listing.find(session, Wish(query=parse("茶")), sort=sort, limit=24, after=None, now=now)
        return [item["slug"] for item in json.loads(found.items)]

    expected = {sort: await slugs(sort) for sort in Sort}
    assert len(expected[Sort.PRICE]) >= 5
    listing._list_statement.cache_clear()
    monkeypatch.setattr(listing, "NEAR", shown)
    for few in (500, 2, 0):
        monkeypatch.setattr(listing, "FEW", few)
        listing._list_statement.cache_clear()
        assert {sort: await slugs(sort) for sort in Sort} == expected
    listing._list_statement.cache_clear()
