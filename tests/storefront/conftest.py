"""The county, on sale."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.outbox import deliver_all
from app.core.sealing import Keys
from app.core.settings import CacheSettings, Settings
from tests.conftest import NOON, clone, connect
from tests.storefront import builders
from tests.storefront.builders import County


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """No page is kept for later: these tests look at what is built."""
    return settings.model_copy(update={"cache": CacheSettings(seconds=0)})


@pytest.fixture(scope="session")
async def open_county(
    server_url: URL, settings: Settings, keys: Keys, anyio_backend: str
) -> AsyncIterator[tuple[AsyncEngine, County]]:
    """A database in which the county's goods were put on the shelf, by the facts that were told, and the county."""
    with clone(server_url, "county") as url:
        db = connect(url, settings)
        async with db.write() as session:
            made = await builders.settle(session, NOON)
        await deliver_all(db, NOON)
        await db.dispose()
        engine = create_async_engine(url)
        yield engine, made
        await engine.dispose()


@pytest.fixture
def county(open_county: tuple[AsyncEngine, County]) -> County:
    """Every product of the county on the shelf."""
    _, made = open_county
    return replace(made, products=dict(made.products))


@pytest.fixture
def stage(request: pytest.FixtureRequest, stage: AsyncEngine) -> AsyncEngine:
    """The database with the county for a test that asks for it."""
    return request.getfixturevalue("open_county")[0] if "county" in request.fixturenames else stage
