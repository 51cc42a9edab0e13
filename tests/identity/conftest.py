"""An application of this module alone, with one probe behind each guard and the limits switched on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from app.core.db import Database
from app.core.settings import Settings
from app.core.web import Edge, Limits
from app.core.web.problems import install_handlers
from app.identity import (
    Actor,
    Buyer,
    Officer,
    Operator,
    PartnerStaff,
    Public,
    SignedIn,
    SupplierStaff,
    router,
)


def _seen(request: Request, by: Actor) -> dict[str, str | None]:
    return {
        "account": str(by.account_id),
        "supplier": str(by.supplier_id) if by.supplier_id else None,
        "partner": str(by.partner_id) if by.partner_id else None,
        "name": by.name,
        "caller": request.state.caller,
    }


def probes() -> FastAPI:
    app = FastAPI(routes=router.routes)

    @app.get("/probe/buyer")
    async def buyer(by: Buyer, request: Request):
        return _seen(request, by)

    @app.get("/probe/supplier")
    async def supplier(by: SupplierStaff, request: Request):
        return _seen(request, by)

    @app.get("/probe/partner")
    async def partner(by: PartnerStaff, request: Request):
        return _seen(request, by)

    @app.get("/probe/officer")
    async def officer(by: Officer, request: Request):
        return _seen(request, by)

    @app.get("/probe/operator")
    async def operator(by: Operator, request: Request):
        return _seen(request, by)

    @app.get("/probe/anybody")
    async def signed_in(by: SignedIn, request: Request):
        return _seen(request, by)

    @app.get("/probe/public")
    async def read(_: Public):
        return "read"

    @app.post("/probe/public")
    async def write(_: Public):
        return "written"

    install_handlers(app)
    return app


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    limits = settings.limits.model_copy(update={"enabled": True, "anonymous_writes_burst": 100})
    return settings.model_copy(update={"limits": limits, "demo": True})


@pytest.fixture
def edge(db: Database, settings: Settings, clock) -> Edge:
    generous = settings.limits.model_copy(update={"enabled": False})
    return Edge(settings, db, Limits(db, generous), clock)


@pytest.fixture
async def client(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    app = probes()
    app.state.edge = edge
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as made:
        yield made


@pytest.fixture
def api_from(edge: Edge):
    """A client at another address."""

    def at(address: str) -> httpx.AsyncClient:
        app = probes()
        app.state.edge = edge
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url="http://market.test")

    return at
