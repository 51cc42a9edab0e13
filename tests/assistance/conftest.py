"""An application of the office alone, and an officer who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app import assistance, catalogue, files, reports, suppliers
from app.core.db import Database
from app.core.settings import Settings
from app.core.web import Edge, Limits
from app.core.web.problems import install_handlers
from app.identity import Role
from tests.identity.builders import account, bearer, token


def office(db: Database, settings: Settings, clock) -> FastAPI:
    app = FastAPI(routes=[*assistance.router.routes, *reports.router.routes, *files.router.routes])
    install_handlers(app)
    app.state.edge = Edge(settings, db, Limits(db, settings.limits), clock)
    return app


@pytest.fixture
async def client(db: Database, settings: Settings, clock) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=office(db, settings, clock), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as made:
        yield made


@pytest.fixture
async def officer(client: httpx.AsyncClient, db: Database, now) -> httpx.AsyncClient:
    """The client, signed in as an assistance officer."""
    async with db.write() as session:
        who = await account(session, now, Role.OFFICER, username="officer", name="扶贫办")
    client.headers.update(bearer(token(who, now)))
    return client


@pytest.fixture
async def county(db: Database, now) -> None:
    """Townships and categories, which filters are checked against."""
    async with db.write() as session:
        await suppliers.plant_townships(session)
        await catalogue.plant_categories(session)
