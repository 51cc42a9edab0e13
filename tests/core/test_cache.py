"""Pages that thousands read are built once, are never old, and never fill the memory."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from app.core.settings import CacheSettings
from app.core.web.cache import PageCache


class Builder:
    """An application that counts how often it is asked to build a page."""

    def __init__(self) -> None:
        self.built = 0
        self.status = 200
        self.waits = 0.0
        self.size = 10
        self.breaks = False

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.built += 1
        number = self.built
        await asyncio.sleep(self.waits)
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"n", str(number).encode())]})
        if self.breaks:
            raise ConnectionError
        page = str(number).encode().ljust(self.size)
        await send({"type": "http.response.body", "body": page[:3], "more_body": True})
        await send({"type": "http.response.body", "body": page[3:], "more_body": False})


class Time:
    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def builder() -> Builder:
    return Builder()


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr("app.core.web.cache.time", made)
    return made


def cached(builder: Builder, **settings: Any) -> PageCache:
    return PageCache(builder, prefixes=("/pages",), settings=CacheSettings(seconds=1.0, **settings))


async def read(app: PageCache, path: str = "/pages/1", method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://cache.test") as client:
        return await client.request(method, path)


async def test_a_young_page_is_not_built_again(builder: Builder, passing: Time):
    app = cached(builder)
    first = await read(app)
    passing.at += 0.9
    again = await read(app)
    assert (again.content, again.headers) == (first.content, first.headers)
    assert builder.built == 1


async def test_an_old_page_is(builder: Builder, passing: Time):
    app = cached(builder)
    await read(app)
    passing.at += 1.01
    assert (await read(app)).text.strip() == "2"


async def test_age_counts_from_when_the_building_began(builder: Builder, passing: Time):
    """A page shows what was true before it was built; that is the time that may not be too long ago."""
    app = cached(builder)
    inner = builder.__call__

    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        passing.at += 0.8
        await inner(scope, receive, send)

    app._app = slowly
    await read(app)
    passing.at += 0.3
    assert (await read(app)).text.strip() == "2"


async def test_queries_are_different_pages(builder: Builder, passing: Time):
    app = cached(builder)
    assert (await read(app, "/pages?q=1")).content != (await read(app, "/pages?q=2")).content
    assert builder.built == 2


async def test_a_crowd_has_a_page_built_once(builder: Builder, passing: Time):
    app = cached(builder)
    builder.waits = 0.05
    answers = await asyncio.gather(*(read(app) for _ in range(20)))
    assert {answer.text.strip() for answer in answers} == {"1"}
    assert builder.built == 1


async def test_while_one_rebuilds_the_others_are_given_the_old_page(builder: Builder, passing: Time):
    app = cached(builder)
    await read(app)
    passing.at += 1.5
    builder.waits = 0.1
    rebuilding = asyncio.create_task(read(app))
    await asyncio.sleep(0.01)
    assert (await read(app)).text.strip() == "1"
    assert (await rebuilding).text.strip() == "2"


async def test_nobody_is_given_a_page_twice_as_old(builder: Builder, passing: Time):
    app = cached(builder)
    await read(app)
    passing.at += 2.01
    builder.waits = 0.05
    answers = await asyncio.gather(*(read(app) for _ in range(5)))
    assert {answer.text.strip() for answer in answers} == {"2"}
    assert builder.built == 2


@pytest.mark.parametrize("status", [304, 404, 422, 500, 503])
async def test_only_a_success_is_kept(builder: Builder, passing: Time, status: int):
    app = cached(builder)
    builder.status = status
    await read(app)
    await read(app)
    assert builder.built == 2


@pytest.mark.parametrize(("path", "method"), [("/orders", "GET"), ("/pages/1", "POST"), ("/pages/1", "HEAD")])
async def test_nothing_else_is_kept(builder: Builder, passing: Time, path: str, method: str):
    app = cached(builder)
    await read(app, path, method)
    await read(app, path, method)
    assert builder.built == 2


async def test_half_a_page_is_not_kept(builder: Builder, passing: Time):
    app = cached(builder)
    builder.breaks = True
    await read(app)
    builder.breaks = False
    assert (await read(app)).text.strip() == "2"


async def test_whoever_waited_for_a_failure_builds_for_himself(builder: Builder, passing: Time):
    app = cached(builder)
    builder.waits, builder.status = 0.02, 503
    answers = await asyncio.gather(*(read(app) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {503}
    assert app._building == {}


async def test_memory_is_bounded(builder: Builder, passing: Time):
    app = cached(builder, entries=5)
    for number in range(50):
        await read(app, f"/pages/{number}")
    assert len(app._pages) == 5
    builder.size = 400
    app = cached(builder, bytes=1000)
    for number in range(50):
        await read(app, f"/pages/{number}")
    assert sum(page.size for page in app._pages.values()) == app._bytes == 800
