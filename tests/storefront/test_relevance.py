"""The written list of what shoppers type (relevance.tsv), asked of the demo county's 36 SKUs; and what is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.outbox import deliver_all
from app.demo.county import plant
from app.storefront.rules.typos import mend, nearby

LIST = [
    line.split("\t")
    for line in Path(__file__).with_name("relevance.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.fixture
async def demo(db, now):
    async with db.write() as session:
        await plant(session, password_hash="-", first=now.date(), now=now)
    await deliver_all(db, now)


async def test_what_shoppers_type_finds_what_they_mean(client, demo):
    assert len(LIST) >= 40
    wrong = {}
    for typed, first, *corrected in LIST:
        body = (await client.get("/v1/store/products", params={"q": typed})).json()
        slugs = [item["slug"] for item in body["items"]]
        good = not slugs if first == "-" else slugs and slugs[0] in first.split()
        if not good or [body[name] for name in ("corrected",) if name in body] != corrected:
            wrong[typed] = (slugs[:3], body.get("corrected"))
    assert wrong == {}


async def test_a_mended_search_goes_on_where_it_stopped(client, demo):
    params = {"q": "黄金荼", "limit": 4}
    seen: list[str] = []
    while True:
        body = (await client.get("/v1/store/products", params=params)).json()
        assert body["corrected"] == "黄金茶"
        seen += [item["slug"] for item in body["items"]]
        if body["next_cursor"] is None:
            break
        params["cursor"] = body["next_cursor"]
    exact = (await client.get("/v1/store/products", params={"q": "黄金茶", "limit": 100})).json()
    assert seen == [item["slug"] for item in exact["items"]]


async def test_filters_that_leave_nothing_are_no_typo(client, demo):
    body = (await client.get("/v1/store/products", params={"q": "脐橙", "category": "golden-tea"})).json()
    assert body == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("黄金荼", "黄金茶"),
        ("黄金查", "黄金茶"),
        ("黄金荼168号", "黄金茶168号"),
        ("油荼籽油", "油茶籽油"),
        ("hangjincha", "黄金茶"),
        ("huangjingcha", "黄金茶"),
        ("huangjinchaa", "黄金茶"),
        ("黄金茶", None),
        ("橙脐", None),
        ("liulian", None),
        ("hjc", None),
        ("", None),
    ],
)
def test_one_slip_is_mended(typed, meant):
    names = ["黄金红茶 一级", "保靖黄金茶1号", "黄金茶168号 明前", "压榨油茶籽油", "酉水脐橙"]
    assert mend(typed, names) == meant
    assert meant is None or nearby(typed)


def test_what_is_too_long_is_not_guessed_at():
    assert nearby("荼" * 41) is None
