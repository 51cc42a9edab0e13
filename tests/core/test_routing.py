"""The shortlist takes each request where the whole list of routes would, and refuses what it would."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from app.core.web.routing import Shortlist
from app.main import _ROUTES

_WORDS = sorted({word for route in _ROUTES for word in route.path.split("/") if "{" not in word})


def fitting(routes, path):
    """Those of ``routes`` that take ``path`` by some method, in their order: all that the router decides by."""
    return [route for route in routes if route.path_regex.match(path)]


@pytest.fixture(scope="module")
def shortlist():
    return Shortlist(FastAPI(routes=_ROUTES, redirect_slashes=False).router)


def shortened(shortlist, path):
    words = tuple(word if word in shortlist._known else None for word in path.split("/"))
    return shortlist._among(words).routes


@pytest.mark.parametrize("filling", ["01a21acd-6c80-7d2e-b64b-352b5a8fa896", "GT04", "goals", "a.b", "保靖"])
def test_every_route_is_found_whatever_stands_for_its_parameters(shortlist, filling):
    for route in _ROUTES:
        path = re.sub(r"\{[^}]+\}", filling, route.path)
        assert route in fitting(_ROUTES, path)
        assert fitting(shortened(shortlist, path), path) == fitting(_ROUTES, path)


@given(st.lists(st.sampled_from([*_WORDS, "x", "", "01a21acd", "{id}", "%2F"]), max_size=8))
@settings(max_examples=300, deadline=None)
def test_no_path_is_taken_otherwise(shortlist, words):
    path = "/" + "/".join(words)
    assert fitting(shortened(shortlist, path), path) == fitting(_ROUTES, path)


def test_it_tries_a_few_of_hundreds(shortlist):
    lengths = [len(shortened(shortlist, route.path)) for route in _ROUTES]
    assert max(lengths) <= 12
    assert sum(lengths) / len(lengths) < 3


async def test_shapes_that_somebody_made_up_are_not_remembered_for_ever(monkeypatch):
    monkeypatch.setattr("app.core.web.routing._MOST_SHAPES", 3)
    app = FastAPI()

    @app.get("/{one}/two")
    async def two(one: str, request: Request) -> PlainTextResponse:
        assert request.scope["router"] is app.router
        return PlainTextResponse(one)

    app.router.middleware_stack = short = Shortlist(app.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://market.test") as client:
        for length in range(1, 8):
            assert (await client.get("/x" * length)).status_code == 404
        assert len(short._found) <= 3
        assert (await client.get("/hello/two")).text == "hello"
        refused = await client.post("/hello/two")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
