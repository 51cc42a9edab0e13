"""A demo that was lived through once, for tests that only look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import URL

from app import demo
from app.core.db import Database
from app.core.settings import Settings
from tests.conftest import clone, connect

UNTIL = date(2026, 11, 22)
PURCHASES = 140


@pytest.fixture(scope="session")
async def lived(server_url: URL, settings: Settings, keys, anyio_backend: str) -> AsyncIterator[Database]:
    """A tenth of the retail orders, but every purchase order of the supermarkets."""
    with clone(server_url, "demo") as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "_PURCHASES", PURCHASES * 10)
        database = connect(url, settings)
        await demo.load(
            database, settings, until=UNTIL, seed=1, password="only-for-tests", report=lambda *_: None, count=240
        )
        yield database
        await database.dispose()
