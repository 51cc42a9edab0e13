"""What every test may ask for: a real PostgreSQL, the time, a signed-in client, and builders that use the front doors.

One embedded server serves the run. Each xdist worker has a database of its own, cloned from a template; a test runs
inside one transaction that is rolled back (``db``, ``session``, ``client``). Those that ask for ``shop`` do so in a
second database of the worker's, in which the shop was opened once. Tests of concurrency and of commits ask for
``fresh_db`` or ``fresh_shop``: a clone of their own, with real commits, dropped afterwards.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import hypothesis
import psycopg
import pytest
import structlog
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.internal.constants_ast import Constants
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from app.core import migrations, sealing
from app.core.db import Database
from app.core.postgres import EmbeddedPostgres
from app.core.settings import LimitSettings, PoolSettings, Settings

if TYPE_CHECKING:
    from tests.shop import Shop

TEMPLATE = "market_template"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""When every test begins: the twentieth of November, at noon in Shanghai."""
_QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "autovacuum": "off",  # its worker would hold a database that is to be dropped
    "max_connections": "200",
}
_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 3 << 30
_server = pytest.StashKey[EmbeddedPostgres]()
_folder = pytest.StashKey[Path]()


hypothesis.settings.register_profile("house", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("house")

# Hypothesis would read every string of the program as one to try: sifting them took a third of the search through the
# contract, and a change of any text anywhere changed all examples that are meant to repeat themselves.
HypothesisProvider._local_constants = Constants()


def scratch(prefix: str) -> Path:
    """A new directory for a cluster, in memory where there is plenty: a database is then cloned ten times as fast."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if roomy else None))


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until everything is imported: all of that stays
    # A failure is told by pytest; drawing a traceback with every local variable takes the better part of a minute.
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.help:
        return
    folder = config.stash[_folder] = scratch("market-test-")
    server = EmbeddedPostgres(folder, options=_QUICK)
    config.stash[_server] = server
    url = make_url(server.start())
    config.option.market_server = url.render_as_string(hide_password=False)
    make_database(url, TEMPLATE)
    build_schema(url.set(database=TEMPLATE))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 10, 20)
    gc.enable()


def pytest_configure_node(node) -> None:
    gc.enable()  # here nothing is collected: that is done by the workers
    node.workerinput["market_server"] = node.config.option.market_server


def pytest_unconfigure(config: pytest.Config) -> None:
    if (server := config.stash.get(_server, None)) is not None:
        server.stop()
        shutil.rmtree(config.stash[_folder], ignore_errors=True)


def make_database(server: URL, name: str, template: str | None = None) -> None:
    copied = f'TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" {copied}'))
    engine.dispose()


def drop_database(server: URL, name: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


@contextmanager
def clone(server: URL, prefix: str, template: str = TEMPLATE) -> Iterator[URL]:
    """A copy of ``template``, dropped at the end. Nobody may be connected to what is copied."""
    name = f"{prefix}_{uuid4().hex[:12]}"
    make_database(server, name, template)
    try:
        yield server.set(database=name)
    finally:
        drop_database(server, name)


def connect(url: URL, settings: Settings, pool: PoolSettings | None = None) -> Database:
    """The database as the service has it: with real connections and commits."""
    from app.wiring import build

    return Database(url.render_as_string(hide_password=False), pool or PoolSettings(), build(settings))


def build_schema(url: URL) -> None:
    """The tables as an installation gets them: by the migrations."""
    migrations.upgrade(url.render_as_string(hide_password=False))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def keys() -> sealing.Keys:
    made = sealing.Keys.generate()
    sealing.install(made)
    return made


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> URL:
    config = request.config
    found = getattr(config, "workerinput", {}).get("market_server") or config.option.market_server
    return make_url(found)


@pytest.fixture(scope="session")
def database_url(server_url: URL) -> Iterator[URL]:
    from tests.auditor import install

    with clone(server_url, "market") as url:
        install(url)
        yield url


@pytest.fixture(scope="session")
async def engine(database_url: URL, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(database_url)
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
async def shop_template(
    server_url: URL, settings: Settings, keys: sealing.Keys, anyio_backend: str
) -> AsyncIterator[tuple[str, Shop]]:
    """The name of a database in which the shop was opened, to be cloned, and the shop."""
    from tests.auditor import install
    from tests.shop import open_shop

    with clone(server_url, "shop") as url:
        install(url)
        database = connect(url, settings)
        made = await open_shop(database, settings, Clock(NOON))
        await database.dispose()
        yield str(url.database), made


@pytest.fixture(scope="session")
async def shop_engine(server_url: URL, shop_template: tuple[str, Shop]) -> AsyncIterator[AsyncEngine]:
    with clone(server_url, "market", shop_template[0]) as url:
        made = create_async_engine(url)
        yield made
        await made.dispose()


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> AsyncEngine:
    """The worker's database that the test plays in: the one with the shop if it asks for the shop."""
    return request.getfixturevalue("shop_engine" if "shop" in request.fixturenames else "engine")


@pytest.fixture
async def connection(stage: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with stage.connect() as made:
        outer = await made.begin()
        yield made
        await outer.rollback()


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(
        data_dir=Path("/nonexistent"), demo=False, database_url=None, limits=LimitSettings(enabled=False), port=8000
    )


@pytest.fixture
async def db(connection: AsyncConnection, settings: Settings) -> Database:
    """The database inside a transaction that is rolled back after the test."""
    from app.wiring import build

    return Database.within(connection, build(settings))


@pytest.fixture
async def session(connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    """A session in the test's transaction; facts emitted on it stay in its ``info``."""
    async with AsyncSession(
        connection, expire_on_commit=False, autoflush=False, join_transaction_mode="create_savepoint"
    ) as made:
        yield made


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, server_url: URL) -> Iterator[URL]:
    template = request.getfixturevalue("shop_template")[0] if "fresh_shop" in request.fixturenames else TEMPLATE
    with clone(server_url, "fresh", template) as url:
        yield url


@pytest.fixture
async def fresh_db(fresh_url: URL, settings: Settings) -> AsyncIterator[Database]:
    """A database of its own with real connections and real commits."""
    made = connect(fresh_url, settings, PoolSettings(size=16, overflow=16))
    yield made
    await made.dispose()


class Clock:
    """The time of a test; it moves when told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def now(clock: Clock) -> datetime:
    return clock.at


@pytest.fixture
async def api(db: Database, settings: Settings, clock: Clock):
    """The application, on the test's transaction and clock."""
    from app.main import create_app

    return create_app(settings, database=db, clock=clock)


@pytest.fixture
async def client(api) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody in particular, speaking HTTP to the application."""
    transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as made:
        yield made


@pytest.fixture
def shop(db: Database, settings: Settings, clock: Clock, shop_template: tuple[str, Shop]) -> Shop:
    """A small shop with people, goods, prices and stock, in the test's transaction."""
    return enter(shop_template[1], db, settings, clock)


@pytest.fixture
def fresh_shop(fresh_db: Database, settings: Settings, clock: Clock, shop_template: tuple[str, Shop]) -> Shop:
    """The same with real connections and commits."""
    return enter(shop_template[1], fresh_db, settings, clock)


def enter(shop: Shop, db: Database, settings: Settings, clock: Clock) -> Shop:
    """The shop as it is in another database that was cloned from its own."""
    from app.main import create_app

    app = create_app(settings, database=db, clock=clock)
    accounts, products = dict(shop.accounts), dict(shop.products)
    return replace(shop, app=app, db=db, settings=settings, clock=clock, accounts=accounts, products=products)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every SQL statement that the driver is given while the test runs; clear it before the act to be counted."""
    seen: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def note(cursor, query, *arguments, **options):
        statement = str(query)
        if not statement.upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO")):
            seen.append(statement)
        return await execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", note)
    return seen
