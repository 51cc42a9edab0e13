"""An application of stock and prices alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app import inventory, pricing
from app.core.db import Database
from app.core.settings import Settings
from app.core.web import Edge, Limits
from app.core.web.problems import install_handlers


@pytest.fixture
async def client(db: Database, settings: Settings, clock) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(routes=[*inventory.router.routes, *pricing.router.routes])
    install_handlers(app)
    app.state.edge = Edge(settings, db, Limits(db, settings.limits), clock)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as made:
        yield made
