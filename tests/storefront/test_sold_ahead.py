"""A harvest that is sold ahead, as buyers see it: what it adds, when it is the season, and where it is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from app import inventory
from app.core.outbox import deliver_all
from app.identity import SYSTEM
from app.storefront.schemas import ProductPageOut
from app.wiring import CHORES
from app.worker import do_chore

PATH = "/v1/store/products"
SLUG = "navel-orange-75"
FOLLOW = next(chore for chore in CHORES if chore.name == "storefront.follow_presales")
NOWHERE = {"presale": False, "in_stock": False}


@pytest.fixture
def plan(now):
    return inventory.Plan(
        opens_at=now,
        closes_at=now + timedelta(days=5),
        harvest_from=date(2026, 11, 25),
        harvest_to=date(2027, 1, 10),
        ship_by=date(2026, 12, 1),
        expected_yield=10,
        factor_pct=80,
    )


@pytest.fixture
def orchard(client, county, db, now):
    return Orchard(client, county, db, now)


class Orchard:
    """The oranges of one product, in two sizes: NO01 and NO02."""

    def __init__(self, client, county, db, now):
        self.client, self.county, self.db, self.now = client, county, db, now

    async def count(self, **pieces):
        updates = [inventory.Update(sku, "set", quantity) for sku, quantity in pieces.items()]
        async with self.db.write() as session:
            await inventory.apply_updates(session, self.county.suppliers["S08"], updates, by=SYSTEM, now=self.now)
        await deliver_all(self.db, self.now)

    async def sell_ahead(self, plan, sku="NO01"):
        by = self.county.staff("S08")
        async with self.db.write() as session:
            made = await inventory.open_presale(session, sku, plan, by=by, max_factor_pct=80, now=self.now)
        await deliver_all(self.db, self.now)
        return made

    async def buy(self, quantity, sku="NO01"):
        reference = uuid4()
        async with self.db.write() as session:
            await inventory.reserve(session, reference, {sku: quantity}, by=None, now=self.now, ahead=True)
        await deliver_all(self.db, self.now)
        return reference

    async def page(self):
        body = (await self.client.get(f"{PATH}/{SLUG}")).json()
        assert ProductPageOut.model_validate(body).model_dump(mode="json") == body
        listed = (await self.client.get(PATH, params={"q": "NO01"})).json()["items"][0]
        assert {name: body[name] for name in listed} == listed, "the list and the page say the same"
        return body

    async def seen(self):
        """Season, in stock, and for both sizes what can be ordered and what of it ahead."""
        body = await self.page()
        sizes = [(one["available"], one["presale"] and one["presale"]["available"]) for one in body["variants"]]
        return body["season"], body["in_stock"], *sizes

    async def found(self):
        """Whether the product is found as sold ahead and as in stock; facets count as the filters find."""
        answer = {}
        for name in ("presale", "in_stock"):
            for value in ("true", "false"):
                params = {name: value, "category": "orange-box", "facets": "true"}
                body = (await self.client.get(PATH, params=params)).json()
                if body["items"]:
                    assert name not in answer
                    answer[name] = value == "true"
                seasons = {one["season"]: one["count"] for one in body["facets"]["season"]}
                assert seasons == ({body["items"][0]["season"]: 1} if body["items"] else seasons)
        return answer


async def test_nothing_there_and_a_harvest_sold_ahead_is_presale_until_the_last_piece(orchard, plan):
    await orchard.count(NO01=0, NO02=0)
    assert await orchard.seen() == ("in_season", False, (0, None), (0, None))
    await orchard.sell_ahead(plan)
    variant = (await orchard.page())["variants"][0]
    assert variant["presale"] == {
        "available": 8,
        "ship_by": "2026-12-01",
        "harvest_from": "2026-11-25",
        "harvest_to": "2027-01-10",
    }
    assert await orchard.seen() == ("presale", False, (8, 8), (0, None))
    assert await orchard.found() == {"presale": True, "in_stock": False}
    await orchard.buy(3)
    last = await orchard.buy(5)
    assert await orchard.seen() == ("in_season", False, (0, None), (0, None))
    assert await orchard.found() == NOWHERE
    async with orchard.db.write() as session:
        await inventory.release_pieces(session, last, {"NO01": 1}, now=orchard.now)
    await deliver_all(orchard.db, orchard.now)
    assert await orchard.seen() == ("presale", False, (1, 1), (0, None))
    assert (await orchard.found())["presale"]
    await orchard.buy(1)
    assert await orchard.found() == NOWHERE
    async with orchard.db.write() as session:
        await inventory.release(session, [last], now=orchard.now)
    await deliver_all(orchard.db, orchard.now)
    assert await orchard.seen() == ("presale", False, (4, 4), (0, None))
    assert (await orchard.found())["presale"]


async def test_what_is_there_is_sold_first_and_counts_with_what_comes(orchard, plan):
    await orchard.count(NO01=2, NO02=0)
    await orchard.sell_ahead(plan)
    assert await orchard.seen() == ("in_season", True, (10, 8), (0, None))
    assert await orchard.found() == {"presale": False, "in_stock": True}
    first = await orchard.buy(2)
    assert await orchard.seen() == ("presale", False, (8, 8), (0, None))
    assert await orchard.found() == {"presale": True, "in_stock": False}
    # The whole cap is sold; what the first buyer gives back goes to who waits, and makes room in the harvest.
    await orchard.buy(8)
    assert await orchard.found() == NOWHERE
    async with orchard.db.write() as session:
        await inventory.release(session, [first], now=orchard.now)
    await deliver_all(orchard.db, orchard.now)
    assert await orchard.seen() == ("presale", False, (2, 2), (0, None))
    assert (await orchard.found())["presale"]
    # The other size comes in: the product is there.
    await orchard.count(NO02=4)
    assert await orchard.seen() == ("in_season", True, (2, 2), (4, None))
    assert await orchard.found() == {"presale": False, "in_stock": True}


async def test_the_clock_opens_and_closes_it(orchard, plan, clock):
    await orchard.count(NO01=0, NO02=0)
    opens = orchard.now + timedelta(days=1)
    await orchard.sell_ahead(replace(plan, opens_at=opens))
    assert (await orchard.seen())[0] == "in_season"
    assert await do_chore(orchard.db, FOLLOW, orchard.now) == 0
    for at, season in ((opens, "presale"), (plan.closes_at, "in_season")):
        clock.at = at
        assert (await orchard.seen())[0] == season, "a figure never lags"
        assert await do_chore(orchard.db, FOLLOW, at) == 1
        assert await orchard.found() == {"presale": season == "presale", "in_stock": False}
        assert await do_chore(orchard.db, FOLLOW, at) == 0


async def test_settled_or_planned_anew_it_is_found_accordingly(orchard, plan):
    await orchard.count(NO01=0, NO02=0)
    made = await orchard.sell_ahead(plan)
    by = orchard.county.staff("S08")
    later = replace(plan, opens_at=orchard.now + timedelta(hours=1))
    for version, changed, season in ((1, later, "in_season"), (2, plan, "presale")):
        async with orchard.db.write() as session:
            await inventory.change_presale(
                session, made.id, changed, version=version, by=by, max_factor_pct=80, now=orchard.now
            )
        await deliver_all(orchard.db, orchard.now)
        assert (await orchard.seen())[0] == season
        assert (await orchard.found())["presale"] == (season == "presale")
    async with orchard.db.write() as session:
        await inventory.settle_presale(session, made.id, supplier_id=None, now=orchard.now)
    await deliver_all(orchard.db, orchard.now)
    assert await orchard.seen() == ("in_season", False, (0, None), (0, None))
    assert await orchard.found() == NOWHERE
