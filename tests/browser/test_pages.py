"""What people see, looked at by a real browser: the front page and the documentation, on a phone and on a desk.

Everything must come from this installation itself: a request to any other address fails the test.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pydantic import SecretStr

from app import catalogue, storefront
from app.core.db import Database
from app.core.settings import PoolSettings
from app.demo.pictures import draw
from app.main import create_app
from app.wiring import build
from tests.conftest import TEMPLATE, Clock, drop_database, make_database
from tests.shop import open_shop

pytestmark = pytest.mark.browser

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
SHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture(scope="module")
def site(server_url, settings, keys) -> Iterator[str]:
    """A shop with pictures, served by uvicorn over loopback."""
    name = f"browser_{uuid4().hex[:12]}"
    make_database(server_url, name, TEMPLATE)
    url = server_url.set(database=name).render_as_string(hide_password=False)

    async def furnish() -> None:
        database = Database(url, PoolSettings(), build(settings))
        clock = Clock(datetime.now(UTC))
        shop = await open_shop(database, settings, clock)
        async with database.write() as session:
            for root in ("golden-tea", "navel-orange"):
                picture = draw(root, root, {}).encode()
                digest = await catalogue.store_image(session, picture, "image/svg+xml", now=clock())
                await _hang(session, digest, root)
            await storefront.rebuild(session)
        assert shop.products
        await database.dispose()

    asyncio.run(furnish())
    served = settings.model_copy(update={"database_url": SecretStr(url)})
    server = uvicorn.Server(uvicorn.Config(create_app(served), port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)
    drop_database(server_url, name)


async def _hang(session, digest: str, root: str) -> None:
    """Give every product of a line its picture."""
    from sqlalchemy import text

    await session.execute(
        text(
            "UPDATE catalogue_product p SET image_id = i.id FROM catalogue_image i, catalogue_category c"
            " WHERE i.digest = :digest AND c.slug = p.category_slug AND c.root_slug = :root"
        ),
        {"digest": digest, "root": root},
    )


@pytest.fixture(scope="module")
def browser(site: str) -> Iterator[Browser]:  # the site is furnished before the browser's own event loop runs
    chromium = shutil.which("chromium")
    assert chromium, "Debian's chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield made
        made.close()


@pytest.fixture(params=list(SIZES))
def page(request, browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZES[request.param], locale="zh-CN")
    made = context.new_page()
    strangers: list[str] = []
    troubles: list[str] = []
    made.on("request", lambda sent: strangers.append(sent.url) if not sent.url.startswith((site, "data:")) else None)
    made.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    made.on("pageerror", lambda error: troubles.append(str(error)))
    yield made
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        made.screenshot(path=Path(SHOTS) / f"{request.node.name}.png", full_page=True)
    context.close()
    assert strangers == []
    assert troubles == []


def test_the_front_page_shows_the_goods(page: Page, site: str):
    page.goto(site)
    expect(page.get_by_role("heading", level=1)).to_contain_text("保靖好物")
    expect(page.locator(".goods li")).to_have_count(4)
    expect(page.locator(".goods")).to_contain_text("¥39.90")
    page.wait_for_load_state("networkidle")
    broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)")
    assert broken == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"


def test_the_front_page_speaks_english_when_asked(page: Page, site: str):
    page.goto(site)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("What people buy")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("大家在买")


def test_the_documentation_comes_from_this_installation(page: Page, site: str):
    page.goto(f"{site}/docs")
    expect(page.locator("#operations-orders-place_order")).to_be_visible(timeout=30_000)
    page.locator("#operations-orders-place_order button.opblock-summary-control").click()
    expect(page.locator("#operations-orders-place_order")).to_contain_text("Idempotency-Key")
