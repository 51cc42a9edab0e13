"""One shop that has lived, in a database of its own; every test breaks it inside a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.settings import PoolSettings, Settings
from app.wiring import build
from tests.audit.builders import lived
from tests.conftest import TEMPLATE, drop_database, make_database

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
async def shop(server_url: URL, settings: Settings, anyio_backend: str) -> AsyncIterator[Database]:
    name = f"audit_{uuid4().hex[:12]}"
    make_database(server_url, name, TEMPLATE)
    url = server_url.set(database=name).render_as_string(hide_password=False)
    database = Database(url, PoolSettings(size=2), build(settings))
    await lived(database, settings, NOW)
    yield database
    await database.dispose()
    drop_database(server_url, name)


@pytest.fixture
async def books(shop: Database) -> AsyncIterator[AsyncSession]:
    """The shop's books, to be spoilt: nothing is kept."""
    async with shop.engine.connect() as connection, AsyncSession(connection) as session:
        yield session
        await session.rollback()
