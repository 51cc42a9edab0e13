"""How often somebody may call: one allowance however many processes serve."""

from __future__ import annotations

import asyncio
import time

import httpx

from app.core.db import Database
from app.core.errors import RateLimited
from app.core.settings import LimitSettings, Settings
from app.core.web.limits import FREE, LEASE, Limits

SLOW = LimitSettings(
    caller_per_second=0.01, caller_burst=30, anonymous_writes_per_second=0.01, anonymous_writes_burst=20
)


async def spend(limits: Limits, subject: str, most: int) -> int:
    """How many calls pass before the first that does not."""
    for passed in range(most):
        try:
            await limits.caller(subject)
        except RateLimited as refusal:
            return passed if refusal.retry_after else -1
    return most


async def test_a_burst_and_then_no_more(fresh_db: Database):
    begun = time.monotonic()
    passed = await spend(Limits(fresh_db, SLOW), "account:1", 200)
    windows = 1 + int(time.monotonic() - begun)
    assert SLOW.caller_burst <= passed <= SLOW.caller_burst + FREE * windows


async def test_two_processes_share_one_allowance(fresh_db: Database):
    one, two = Limits(fresh_db, SLOW), Limits(fresh_db, SLOW)
    begun = time.monotonic()
    first = await spend(one, "account:1", 200)
    second = await spend(two, "account:1", 200)
    windows = 2 + int(time.monotonic() - begun)
    assert second <= FREE * windows, "the second process has its free calls and nothing else"
    assert first + second <= SLOW.caller_burst + FREE * windows


async def test_drawing_at_once_gives_no_more(fresh_db: Database):
    many = [Limits(fresh_db, SLOW) for _ in range(8)]
    passed = await asyncio.gather(*(spend(limits, "account:1", 100) for limits in many))
    assert sum(passed) <= SLOW.caller_burst + LEASE + FREE * len(many) * 3


async def test_callers_do_not_disturb_one_another(fresh_db: Database):
    limits = Limits(fresh_db, SLOW)
    await spend(limits, "account:1", 200)
    assert await spend(limits, "account:2", 30) == 30


async def test_an_allowance_comes_back(fresh_db: Database):
    quick = LimitSettings(caller_per_second=50, caller_burst=20)
    limits = Limits(fresh_db, quick)
    assert await spend(limits, "account:1", 2000) < 2000
    await asyncio.sleep(0.5)
    assert await spend(limits, "account:1", 20) >= 10


async def test_switched_off_it_counts_nothing(fresh_db: Database):
    limits = Limits(fresh_db, LimitSettings(enabled=False, caller_per_second=0.001, caller_burst=1))
    assert await spend(limits, "account:1", 100) == 100


async def test_over_http(fresh_db: Database, settings: Settings, clock, monkeypatch):
    """Anonymous writes are limited, and told how long to wait; reading the catalogue is not."""
    monkeypatch.setattr("app.core.web.limits.FREE", 0)
    from app.main import create_app

    app = create_app(settings.model_copy(update={"limits": SLOW}), database=fresh_db, clock=clock)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://limits.test") as client:
        body = {"items": [{"sku": "GT04", "quantity": 1}], "address": {"division_code": "370112"}}
        answers = [await client.post("/v1/store/quotes", json=body) for _ in range(30)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused == answers[20:]
        assert refused[0].json()["code"] == "rate_limited"
        assert int(refused[0].headers["retry-after"]) >= 1
        reads = [(await client.get("/v1/store/categories")).status_code for _ in range(50)]
        assert set(reads) == {200}


async def test_forgotten_callers_do_not_fill_the_memory(fresh_db: Database, monkeypatch):
    monkeypatch.setattr("app.core.web.limits._REMEMBERED", 20)
    limits = Limits(fresh_db, SLOW)
    for number in range(21):
        await limits.caller(f"account:{number}")
    limits._left = {who: (left, 0.0) for who, (left, _) in limits._left.items()}
    await limits.caller("account:new")
    assert set(limits._left) == {"account:new"}
