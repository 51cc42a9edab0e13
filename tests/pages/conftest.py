from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from tests.identity.builders import quick_hash
from tests.pages.visitor import Visitor
from tests.shop import Shop

PASSWORD = "a-good-password"


@pytest.fixture
async def visitor(shop: Shop) -> AsyncIterator[Visitor]:
    made = Visitor(shop.app)
    yield made
    await made.http.aclose()


@pytest.fixture
async def buyer(shop: Shop, visitor: Visitor) -> Visitor:
    """The shop's buyer, signed in."""
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-buyer'"),
            {"hash": quick_hash(PASSWORD)},
        )
    await visitor.see("/sign-in")
    await visitor.send("/sign-in", username="shop-buyer", password=PASSWORD)
    return visitor


@pytest.fixture
async def seller(shop: Shop, visitor: Visitor) -> Visitor:
    """Somebody of the tea co-operative, signed in."""
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-s01'"),
            {"hash": quick_hash(PASSWORD)},
        )
    await visitor.see("/supplier")
    assert visitor.path == "/sign-in?next=/supplier"
    await visitor.send("/sign-in", username="shop-s01", password=PASSWORD)
    assert visitor.path == "/supplier"
    return visitor
