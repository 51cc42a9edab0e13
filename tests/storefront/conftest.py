"""The county, on sale."""

from __future__ import annotations

import pytest

from app.core.outbox import deliver_all
from app.core.settings import CacheSettings, Settings
from tests.storefront import builders


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """No page is kept for later: these tests look at what is built."""
    return settings.model_copy(update={"cache": CacheSettings(seconds=0)})


@pytest.fixture
async def county(db, now):
    """Every product of the county on the shelf, put there by the facts that were told."""
    async with db.write() as session:
        made = await builders.settle(session, now)
    await deliver_all(db, now)
    return made
