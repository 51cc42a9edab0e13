"""Those who sign in and do not buy: everybody is led to what they may see, and finds the way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from sqlalchemy import text

from app.pages import guards, rules
from app.pages.routes import router
from tests.identity.builders import quick_hash
from tests.pages.conftest import PASSWORD
from tests.pages.visitor import Visitor
from tests.shop import Shop

HOMES = {"operator": "/account", "officer": "/office", "P01": "/partner", "S01": "/supplier"}
ROLES = {"operator": "平台运营", "officer": "帮扶干部", "P01": "合作商超", "S01": "供应商"}


async def _signs_in(visitor: Visitor, shop: Shop, who: str, following: str = "/") -> None:
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = :name"),
            {"hash": quick_hash(PASSWORD), "name": f"shop-{who.lower()}"},
        )
    await visitor.see(f"/sign-in?next={following}")
    await visitor.send("/sign-in", username=f"shop-{who.lower()}", password=PASSWORD)


@pytest.mark.parametrize("who", list(HOMES))
async def test_everybody_begins_at_home_and_finds_the_way_out(shop: Shop, visitor: Visitor, who: str):
    await _signs_in(visitor, shop, who, "/orders")
    assert visitor.path == HOMES[who], "who may not see orders is not led to them"
    await visitor.see("/sign-in")
    assert visitor.path == HOMES[who]
    for path in (HOMES[who], "/", "/account", "/products", "/trace", "/account/security"):
        await visitor.see(path)
        visitor.fields("/sign-out")
    for path in ("/orders", "/checkout", "/account/addresses"):
        said = await visitor.see(path, 403)
        assert f"您现在以{ROLES[who]}身份登录。 这个页面给买家使用。" in said
        assert f'href="{HOMES[who]}"' in visitor.answer.text
    await visitor.see("/sign-in?next=/orders")
    visitor.fields("/sign-in")
    await visitor.see("/orders", 403)
    await visitor.send("/sign-out")
    assert visitor.path == "/sign-in"
    await visitor.see("/account")
    assert visitor.path == "/sign-in?next=/account"


async def test_the_office_is_told_where_it_works(shop: Shop, visitor: Visitor):
    await _signs_in(visitor, shop, "operator")
    assert "您以平台运营身份登录" in visitor.text
    assert 'href="/docs"' in visitor.answer.text
    assert 'href="/orders"' not in visitor.answer.text
    assert "an operator of the marketplace" in await visitor.see("/orders?lang=en", 403)
    assert visitor.foreign == []
    await visitor.see("/account")
    assert visitor.foreign == []


async def test_a_buyer_is_not_led_to_the_supplier_and_may_come_as_somebody_else(buyer: Visitor, shop: Shop):
    said = await buyer.see("/supplier", 403)
    assert "您现在以买家身份登录。 这个页面给供应商使用。" in said
    await buyer.see("/sign-in?next=/supplier")
    await buyer.send("/sign-in", username="shop-buyer", password=PASSWORD)
    assert buyer.path == "/"


def _guards(of: Dependant) -> Iterator[Any]:
    yield of.call
    for one in of.dependencies:
        yield from _guards(one)


_GUARDED = {
    "buyer": guards._customer,
    "supplier": guards._seller,
    "partner": guards._purchaser,
    "office": guards._official,
}


def test_whom_a_page_is_for_is_what_its_guard_says():
    seen = set()
    for route in router.routes:
        if "GET" in route.methods:
            calls = set(_guards(route.dependant))
            whom = next((whom for whom, guard in _GUARDED.items() if guard in calls), None)
            assert rules.audience(route.path) == whom, route.path
            seen.add(whom)
    assert seen == {*_GUARDED, None}
