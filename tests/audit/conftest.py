"""One shop that has lived, in a database of its own; every test breaks it inside a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.settings import PoolSettings, Settings
from tests.audit.builders import lived
from tests.auditor import install
from tests.conftest import NOON as NOW
from tests.conftest import clone, connect


@pytest.fixture(scope="module")
async def shop(server_url: URL, settings: Settings, anyio_backend: str) -> AsyncIterator[Database]:
    with clone(server_url, "audit") as url:
        install(url)
        database = connect(url, settings, PoolSettings(size=2))
        await lived(database, settings, NOW)
        yield database
        await database.dispose()


@pytest.fixture
async def books(shop: Database) -> AsyncIterator[AsyncSession]:
    """The shop's books, to be spoilt: nothing is kept."""
    async with shop.engine.connect() as connection, AsyncSession(connection) as session:
        yield session
        await session.rollback()
