"""A corner of an application that knows no business: enough to see what the edge promises."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import DomainError
from app.core.events import Fact
from app.core.ids import new_id
from app.core.settings import Settings
from app.core.web import Edge, Limits, Once
from app.core.web.middleware import Surroundings
from app.core.web.problems import install_handlers

KEPT = text("INSERT INTO core_installation (name, value) VALUES (:name, :value)")


class Happened(Fact):
    """Something happened to ``what``."""

    name = "testing.happened"
    what: UUID
    number: int = 0

    @property
    def subject(self) -> UUID:
        return self.what


class OutOfIt(DomainError):
    status = 409
    code = "out_of_it"
    zh = "没有了。"
    en = "There is none left."


class Thing(BaseModel):
    name: str
    size: int = 1


@dataclass
class Corner:
    """What the one route does next, and how often it did."""

    app: FastAPI
    db: Database
    calls: list[str] = field(default_factory=list)
    fails_with: Exception | None = None
    waits: float = 0.0

    async def names(self) -> list[str]:
        async with self.db.read() as session:
            return list((await session.execute(text("SELECT name FROM core_installation ORDER BY name"))).scalars())

    async def kept_keys(self) -> int:
        async with self.db.read() as session:
            return (await session.execute(text("SELECT count(*) FROM core_idempotency"))).scalar_one()

    async def post(self, name: str = "a", *, key: str | None = "k1", who: str = "w1", **body: object) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        headers = {"Who": who} | ({"Idempotency-Key": key} if key is not None else {})
        async with httpx.AsyncClient(transport=transport, base_url="http://corner.test") as client:
            return await client.post("/things", json={"name": name, **body}, headers=headers)


async def _caller(request: Request) -> str:
    request.state.caller = f"account:{request.headers['who']}"
    return request.state.caller


@pytest.fixture
def corner(fresh_db: Database, settings: Settings, clock) -> Corner:
    app = FastAPI()
    app.state.edge = Edge(settings, fresh_db, Limits(fresh_db, settings.limits), clock)
    made = Corner(app, fresh_db)

    @app.post("/things", status_code=201)
    async def keep(body: Thing, by: Annotated[str, Depends(_caller)], once: Once) -> Response:
        async def work(session: AsyncSession) -> Thing:
            made.calls.append(body.name)
            await session.execute(KEPT, {"name": body.name, "value": by})
            await asyncio.sleep(made.waits)
            if made.fails_with is not None:
                raise made.fails_with
            return body

        return await once.run(201, work, headers={"Location": f"/things/{body.name}"})

    install_handlers(app)
    app.add_middleware(Surroundings, limits=settings.limits)
    return made


@pytest.fixture
def what(now: datetime) -> UUID:
    """The id of something."""
    return new_id(now)
