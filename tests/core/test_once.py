"""Exactly once for each key, whatever happens in between."""

from __future__ import annotations

import asyncio

import pytest

from app.core.errors import Unavailable
from app.core.settings import PoolSettings
from app.core.web import Edge, Limits
from tests.conftest import connect
from tests.core.conftest import Corner, OutOfIt


async def test_the_first_answer_comes_again_to_the_byte(corner: Corner):
    first = await corner.post(size=3)
    again = await corner.post(size=3)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"] == "/things/a"
    assert first.headers["content-type"] == again.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert corner.calls == ["a"]


async def test_another_body_under_the_same_key(corner: Corner):
    await corner.post(size=1)
    answer = await corner.post(size=2)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert corner.calls == ["a"]
    assert (await corner.post(size=1)).status_code == 201


async def test_a_key_belongs_to_its_caller(corner: Corner):
    await corner.post("a", who="w1")
    other = await corner.post("b", who="w2")
    assert (other.status_code, "idempotent-replayed" in other.headers) == (201, False)
    assert await corner.names() == ["a", "b"]


@pytest.mark.parametrize("key", [None, "", " ", "two words", "k" * 256])
async def test_no_key_no_effect(corner: Corner, key: str | None):
    answer = await corner.post(key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert (await corner.names(), await corner.kept_keys()) == ([], 0)


async def test_a_key_of_255_characters_is_one(corner: Corner):
    assert (await corner.post(key="k" * 255)).status_code == 201


async def test_a_refusal_is_an_answer_and_stays_one(corner: Corner):
    corner.fails_with = OutOfIt()
    first = await corner.post()
    corner.fails_with = None
    again = await corner.post()
    assert (first.status_code, first.json()["code"]) == (409, "out_of_it")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotent-replayed"] == "true"
    assert (await corner.names(), corner.calls) == ([], ["a"])


@pytest.mark.parametrize(("trouble", "status"), [(Unavailable(), 503), (RuntimeError("a defect"), 500)])
async def test_an_answer_of_5xx_is_not_kept(corner: Corner, trouble: Exception, status: int):
    corner.fails_with = trouble
    assert (await corner.post()).status_code == status
    assert (await corner.names(), await corner.kept_keys()) == ([], 0)
    corner.fails_with = None
    answer = await corner.post()
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
    assert await corner.names() == ["a"]


async def test_a_body_that_is_refused_before_the_work_leaves_the_key_free(corner: Corner):
    assert (await corner.post(size="big")).status_code == 422
    assert (await corner.post(size=1)).status_code == 201


async def test_many_at_once_under_one_key_have_one_effect(corner: Corner):
    corner.waits = 0.1
    answers = await asyncio.gather(*(corner.post() for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert (corner.calls, await corner.names()) == (["a"], ["a"])


async def test_many_refusals_at_once_are_one_answer(corner: Corner):
    corner.waits, corner.fails_with = 0.05, OutOfIt()
    answers = await asyncio.gather(*(corner.post() for _ in range(6)))
    assert {answer.status_code for answer in answers} == {409}
    assert len({answer.content for answer in answers}) == 1
    assert (await corner.names(), await corner.kept_keys()) == ([], 1)


async def test_who_cannot_wait_any_longer_is_told_so(corner: Corner, fresh_url, settings, clock):
    """The second call waits for the first as long as the lock timeout says."""
    impatient = connect(fresh_url, settings, PoolSettings(lock_timeout_ms=300))
    corner.app.state.edge = Edge(settings, impatient, Limits(impatient, settings.limits), clock)
    corner.waits = 1.5
    first = asyncio.create_task(corner.post())
    await asyncio.sleep(0.3)
    second = await corner.post()
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_flight")
    assert int(second.headers["retry-after"]) >= 1
    assert not first.done()
    assert (await first).status_code == 201
    assert (await corner.post()).content == (await first).content
    await impatient.dispose()
