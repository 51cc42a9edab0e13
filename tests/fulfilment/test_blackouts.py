"""The calendar of days on which carriers collect nothing: an operator keeps it, suppliers read it."""

from __future__ import annotations

import pytest

from tests.shop import Shop

PATH = "/v1/operator/blackouts"
ALL = {"from_on": "2026-12-01", "to_on": "2026-12-08"}


async def enter(shop: Shop, who: str | None = "operator", **change):
    return await shop.call(who, "POST", PATH, {**ALL, **change}, key=None)


async def kept(shop: Shop) -> list[tuple]:
    return await shop.rows("SELECT carrier, from_on, to_on FROM fulfilment_blackout ORDER BY id")


async def test_days_are_entered_read_by_suppliers_and_removed_before_they_come(shop: Shop):
    made = await enter(shop)
    assert made.status_code == 201, made.text
    shop.clock.advance(seconds=1)
    of_one = (await enter(shop, carrier="ZTO", to_on="2026-12-02")).json()
    listed = (await shop.call("S01", "GET", "/v1/supplier/blackouts", key=None)).json()["items"]
    assert listed == [of_one, made.json()]
    assert listed == (await shop.call("operator", "GET", PATH, key=None)).json()["items"]
    assert (await shop.call("operator", "DELETE", f"{PATH}/{of_one['id']}", key=None)).status_code == 204
    assert (await shop.call("operator", "DELETE", f"{PATH}/{of_one['id']}", key=None)).status_code == 404
    shop.clock.advance(days=11)
    begun = await shop.call("operator", "DELETE", f"{PATH}/{made.json()['id']}", key=None)
    assert begun.json()["code"] == "blackout_begun"
    assert len(await kept(shop)) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"from_on": "2026-11-19"}, 422, "in_the_past"),
        ({"to_on": "2026-11-30"}, 422, "ends_before_it_begins"),
        ({"to_on": "2026-12-31"}, 422, "too_long"),
        ({"carrier": "PIGEON"}, 422, "unknown_carrier"),
        ({"from_on": "2026-12-08", "to_on": "2026-12-09"}, 409, "blackout_known"),
        ({"carrier": "SF", "from_on": "2026-12-02", "to_on": "2026-12-02"}, 409, "blackout_known"),
    ],
)
async def test_what_cannot_be_entered_changes_nothing(shop: Shop, change, status, code):
    await enter(shop)
    await enter(shop, carrier="SF", to_on="2026-12-02")
    before = await kept(shop)
    refused = await enter(shop, **change)
    assert refused.status_code == status, refused.text
    assert code in (refused.json()["code"], *(fault["code"] for fault in refused.json().get("errors", [])))
    assert await kept(shop) == before


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("buyer", 403), ("S01", 403), ("officer", 403), ("P01", 403)])
async def test_only_operators_keep_the_calendar(shop: Shop, who, status):
    made = (await enter(shop)).json()
    before = await kept(shop)
    assert (await enter(shop, who, from_on="2026-12-20", to_on="2026-12-21")).status_code == status
    assert (await shop.call(who, "DELETE", f"{PATH}/{made['id']}", key=None)).status_code == status
    assert (await shop.call(who, "GET", PATH, key=None)).status_code == status
    assert await kept(shop) == before
