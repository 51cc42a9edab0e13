"""Days on which a supplier ships nothing: who announces them, what is refused, what stays as it was."""

from __future__ import annotations

import asyncio
from datetime import date
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import suppliers
from app.core.errors import InvalidInput
from app.suppliers.rules.closures import Closure, ClosureFrozen, ClosureReason, shortened
from tests.shop import Shop

PATH = "/v1/supplier/closures"
BODY = {"from_on": "2026-12-01", "to_on": "2026-12-05", "reason": "stocktaking", "note": "年终盘点"}


async def announce(shop: Shop, who: str = "S01", **change):
    return await shop.call(who, "POST", PATH, {**BODY, **change}, key=None)


async def standing(shop: Shop) -> list[tuple]:
    return await shop.rows("SELECT from_on, to_on, withdrawn_at IS NULL, version FROM suppliers_closure ORDER BY id")


async def test_a_closure_is_announced_shortened_and_withdrawn_while_it_is_ahead(shop: Shop):
    made = await announce(shop)
    assert made.status_code == 201, made.text
    assert made.json() == {**BODY, "id": made.json()["id"], "withdrawn": False}
    path = f"{PATH}/{made.json()['id']}"
    assert (await shop.call("S01", "PATCH", path, {"to_on": "2026-12-04"}, key=None)).status_code == 428
    tag = (await shop.call("S01", "GET", path, key=None)).headers["etag"]
    shorter = await shop.call(
        "S01", "PATCH", path, {"from_on": "2026-12-02", "to_on": "2026-12-04"}, key=None, **{"If-Match": tag}
    )
    assert (shorter.json()["from_on"], shorter.json()["to_on"]) == ("2026-12-02", "2026-12-04")
    stale = await shop.call("S01", "PATCH", path, {"to_on": "2026-12-03"}, key=None, **{"If-Match": tag})
    assert stale.status_code == 412
    for _ in range(2):
        assert (await shop.call("S01", "DELETE", path, key=None)).status_code == 204
    shop.clock.advance(seconds=1)
    assert (await announce(shop)).status_code == 201, "the days are free again"
    listed = (await shop.call("S01", "GET", PATH, key=None)).json()["items"]
    assert [(one["from_on"], one["withdrawn"]) for one in listed] == [("2026-12-01", False), ("2026-12-02", True)]
    seen = await shop.call("operator", "GET", f"/v1/operator/suppliers/{shop.actor('S01').supplier_id}/closures")
    assert seen.json()["items"] == listed
    page = (await shop.call("S01", "GET", f"{PATH}?limit=1", key=None)).json()
    rest = (await shop.call("S01", "GET", f"{PATH}?limit=1&cursor={page['next_cursor']}", key=None)).json()
    assert page["items"] + rest["items"] == listed
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"from_on": "2026-11-19"}, 422, "in_the_past"),
        ({"from_on": "2028-01-01", "to_on": "2028-01-02"}, 422, "too_far_ahead"),
        ({"to_on": "2026-11-30"}, 422, "ends_before_it_begins"),
        ({"to_on": "2027-01-30"}, 422, "too_long"),
        ({"reason": "no_mood"}, 422, "invalid_input"),
        ({"note": "字" * 101}, 422, "invalid_input"),
        ({"surprise": 1}, 422, "invalid_input"),
        ({"from_on": "2026-12-08", "to_on": "2026-12-10"}, 409, "closures_overlap"),
        ({"from_on": "2026-12-20", "to_on": "2026-12-30"}, 409, "closures_overlap"),
        ({"from_on": "2026-12-01", "to_on": "2026-12-31"}, 409, "closures_overlap"),
    ],
)
async def test_what_cannot_be_announced_changes_nothing(shop: Shop, change, status, code):
    assert (await announce(shop, from_on="2026-12-10", to_on="2026-12-20")).status_code == 201
    before = await standing(shop)
    refused = await announce(shop, **change)
    assert refused.status_code == status, refused.text
    assert code in (refused.json()["code"], *(fault["code"] for fault in refused.json().get("errors", [])))
    assert await standing(shop) == before


async def test_beside_one_another_and_of_two_suppliers_they_do_not_overlap(shop: Shop):
    assert (await announce(shop)).status_code == 201
    for day in ("2026-12-06", "2026-11-30"):
        assert (await announce(shop, from_on=day, to_on=day)).status_code == 201
    assert (await announce(shop, "S08")).status_code == 201


@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 401), ("buyer", 403), ("operator", 403), ("officer", 403), ("P01", 403), ("S08", 404)],
)
async def test_only_the_suppliers_own_people_touch_its_closures(shop: Shop, who, status):
    made = (await announce(shop)).json()
    before = await standing(shop)
    path = f"{PATH}/{made['id']}"
    if who != "S08":
        assert (await shop.call(who, "POST", PATH, {**BODY, "from_on": "2026-12-05"}, key=None)).status_code == status
    assert (await shop.call(who, "GET", path, key=None)).status_code == status
    assert (await shop.call(who, "DELETE", path, key=None)).status_code == status
    change = await shop.call(who, "PATCH", path, {"to_on": "2026-12-02"}, key=None, **{"If-Match": '"1"'})
    assert change.status_code == status
    assert await standing(shop) == before
    assert (await shop.call("S08", "GET", PATH, key=None)).json()["items"] == []


async def test_days_that_have_begun_are_frozen(shop: Shop):
    made = (await announce(shop)).json()
    path, tag = f"{PATH}/{made['id']}", {"If-Match": '"1"'}
    shop.clock.advance(days=12)  # 2026-12-02, the second day
    before = await standing(shop)
    assert (await shop.call("S01", "DELETE", path, key=None)).json()["code"] == "closure_frozen"
    for change in ({"to_on": "2026-12-01"}, {"from_on": "2026-12-02"}):
        assert (await shop.call("S01", "PATCH", path, change, key=None, **tag)).json()["code"] == "closure_frozen"
    longer = await shop.call("S01", "PATCH", path, {"to_on": "2026-12-06"}, key=None, **tag)
    assert longer.json()["errors"][0]["code"] == "not_shorter"
    assert await standing(shop) == before
    ended = await shop.call("S01", "PATCH", path, {"to_on": "2026-12-02"}, key=None, **tag)
    assert ended.json()["to_on"] == "2026-12-02"
    shop.clock.advance(days=1)
    over = await shop.call("S01", "PATCH", path, {"to_on": "2026-12-02"}, key=None, **{"If-Match": '"2"'})
    assert over.json()["code"] == "closure_frozen"


@pytest.mark.parametrize("today", [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 3), date(2026, 12, 6)])
def test_a_closure_only_loses_days_that_have_not_begun(today: date):
    """Exhaustive over every span near by: what is allowed keeps each day that has begun and adds none."""
    days = [date(2026, 11, 28 + n) if n < 3 else date(2026, 12, n - 2) for n in range(12)]
    known = Closure(uuid4(), uuid4(), date(2026, 12, 1), date(2026, 12, 5), ClosureReason.OTHER)
    old = {day for day in days if known.from_on <= day <= known.to_on}
    allowed = 0
    for from_on in days:
        for to_on in days:
            new = {day for day in days if from_on <= day <= to_on}
            begun = {day for day in old if day <= today}
            fine = bool(new) and new <= old and begun <= new and known.to_on >= today
            try:
                shortened(known, from_on, to_on, today=today)
            except (ClosureFrozen, InvalidInput):
                assert not fine, (from_on, to_on)
            else:
                assert fine, (from_on, to_on)
                allowed += 1
    assert allowed == {date(2026, 11, 30): 15, date(2026, 12, 1): 5, date(2026, 12, 3): 3, date(2026, 12, 6): 0}[today]


async def test_of_two_announcements_at_once_one_stands(fresh_shop: Shop):
    shop, by = fresh_shop, fresh_shop.actor("S01")

    async def one(days: tuple[int, int]):
        async with shop.db.write() as session:
            await session.execute(text("SELECT 1"))
            await suppliers.announce_closure(
                session,
                date(2026, 12, days[0]),
                date(2026, 12, days[1]),
                ClosureReason.HARVEST,
                None,
                by=by,
                now=shop.clock(),
            )

    results = await asyncio.gather(*(one(days) for days in ((1, 5), (5, 9), (3, 4))), return_exceptions=True)
    assert sum(isinstance(result, suppliers.ClosuresOverlap) for result in results) >= 1
    spans = await shop.rows("SELECT from_on, to_on FROM suppliers_closure ORDER BY from_on")
    assert spans
    assert all(before[1] < after[0] for before, after in pairwise(spans))
