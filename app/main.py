"""The API process: builds the application out of the modules' routers. Imported by nobody but the program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import distribution
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from app import (
    assistance,
    buyers,
    catalogue,
    claims,
    files,
    fulfilment,
    identity,
    inventory,
    invoicing,
    orders,
    pages,
    partners,
    payments,
    pricing,
    recalls,
    reports,
    reviews,
    settlement,
    storefront,
    suppliers,
    webhooks,
    wholesale,
)
from app.core import logs, migrations, sealing
from app.core.clock import utc_now
from app.core.db import Database
from app.core.installation import recognise
from app.core.settings import Settings
from app.core.web import Edge, Limits
from app.core.web.cache import PageCache
from app.core.web.health import router as health
from app.core.web.middleware import Surroundings
from app.core.web.openapi import install_openapi
from app.core.web.problems import install_handlers
from app.core.web.routing import Shortlist
from app.core.web.strict import refuse_unknown_parameters
from app.wiring import build

_DESCRIPTION = """
保靖好物：把保靖县的黄金茶、黑茶、山茶油和脐橙带给山东买家，并能说清每一分钱的去向。

Money is whole fen, time is RFC 3339, business days are Asia/Shanghai, errors are `application/problem+json`
in Chinese or English by `Accept-Language`. Every POST that moves stock or money needs an `Idempotency-Key`.

An access token lasts ten minutes, and to its end even if the password is changed, the sign-in ended or its family
revoked meanwhile: renew it with the refresh token, and count on an ended sign-in to be powerless after ten minutes.
Query parameters that an operation of the office, operators, suppliers or partners does not know are refused.
"""
_TAGS = [
    {"name": "identity", "description": "Sign-in, tokens, API keys"},
    {"name": "storefront", "description": "What a buyer sees: lists, search, product pages"},
    {"name": "files", "description": "Photos and documents that people hand in"},
    {"name": "catalogue", "description": "Categories, products, pictures"},
    {"name": "carts", "description": "What guests and buyers mean to order"},
    {"name": "buyers", "description": "Address books, divisions, organisations that buy"},
    {"name": "orders", "description": "Quote, order, ship, deliver, confirm, refund"},
    {"name": "claims", "description": "Bad, short, wrong goods and returns: claim, answer, decide, make good"},
    {"name": "recalls", "description": "Who has goods of a recalled lot, and their refunds"},
    {"name": "payments", "description": "Notifications of providers; the sandbox"},
    {"name": "fulfilment", "description": "Parcels and what carriers say of them"},
    {"name": "inventory", "description": "Stock, lots, movements"},
    {"name": "pricing", "description": "Prices; price lists and codes of partners"},
    {"name": "promotions", "description": "Promotions, coupons and voucher budgets"},
    {"name": "suppliers", "description": "Admission of suppliers"},
    {"name": "partners", "description": "Supermarket partners: contracts, places, credit"},
    {"name": "wholesale", "description": "Purchase orders of supermarkets, from the order to the dock"},
    {"name": "assistance", "description": "Plans, goals, the ledger of counted sales"},
    {"name": "invoicing", "description": "Invoices, blue and red"},
    {"name": "settlement", "description": "What suppliers are owed, monthly statements, payouts, the platform's books"},
    {"name": "reviews", "description": "What those who received the goods say of them"},
    {"name": "reports", "description": "Reports of sales, goals, suppliers and supermarkets"},
    {"name": "webhooks", "description": "Messages to the systems of suppliers and partners"},
    {"name": "health", "description": "For those who run the service"},
]
_MODULES = (
    storefront,
    orders,
    identity,
    reports,
    assistance,
    buyers,
    catalogue,
    files,
    payments,
    claims,
    recalls,
    fulfilment,
    inventory,
    pricing,
    suppliers,
    partners,
    invoicing,
    reviews,
    settlement,
    webhooks,
    wholesale,
)
# The routes themselves, not their routers: an application that includes a router builds each of its routes anew when
# the first request comes, and tries them in two steps at every request.
_ROUTERS = (*(module.router for module in _MODULES), health, pages.router)
_ROUTES = [route for router in _ROUTERS for route in router.routes]
for _route in _ROUTES:
    refuse_unknown_parameters(_route)
_FIGURES = (settlement.figures, payments.figures)
_CACHED = ("/v1/store/products", "/v1/store/categories")
_SWAGGER = Path(str(distribution("fastapi-swagger").locate_file("fastapi_swagger"))) / "resources"


def create_app(
    settings: Settings, *, database: Database | None = None, clock: Callable[[], datetime] = utc_now
) -> FastAPI:
    """The application. Without ``database`` it opens the one of the settings when it starts, and closes it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logs.configure(settings.log_level)
        if settings.database_url is None:
            raise ValueError("the API needs a database")
        url = settings.database_url.get_secret_value()
        db = Database(url, settings.pool, build(settings), name="baojing-api")
        await recognise(db, sealing.keys())
        limits = Limits(db, settings.limits)
        app.state.edge = Edge(settings, db, limits, clock, revision=migrations.head(), figures=_FIGURES)
        try:
            yield
        finally:
            await db.dispose()

    app = FastAPI(
        title="Baojing Market 保靖好物",
        version="0.1.0",
        summary="An open-source marketplace that can prove what every yuan did",
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan if database is None else None,
        routes=_ROUTES,
    )
    if database is not None:
        app.state.edge = Edge(settings, database, Limits(database, settings.limits), clock, figures=_FIGURES)
    _serve_docs(app)
    install_handlers(app, nowhere=pages.nowhere)
    install_openapi(app)
    app.router.middleware_stack = Shortlist(app.router)
    app.add_middleware(PageCache, prefixes=_CACHED, settings=settings.cache)
    app.add_middleware(Surroundings, limits=settings.limits)
    return app


def _serve_docs(app: FastAPI) -> None:
    """Swagger UI from this installation itself: it must work where there is no internet."""
    app.mount("/docs/assets", StaticFiles(directory=_SWAGGER), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """The documentation people can try out."""
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Baojing Market API",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/docs/assets/favicon-32x32.png",
            # Two hundred operations at once are a wall; twenty subjects are a table of contents.
            swagger_ui_parameters={"docExpansion": "none", "defaultModelsExpandDepth": 0},
        )
