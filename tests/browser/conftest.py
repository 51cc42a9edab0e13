"""A shop with pictures on loopback, Debian's chromium, and an eye on everything a page must not do."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pydantic import SecretStr
from sqlalchemy import text

from app import catalogue, storefront
from app.core.db import Database
from app.core.settings import PoolSettings
from app.demo.pictures import draw
from app.main import create_app
from app.wiring import build
from tests.conftest import Clock, clone
from tests.identity.builders import quick_hash
from tests.shop import Shop, open_shop

T = TypeVar("T")

PASSWORD = "a-good-password"
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
_SHOTS = os.environ.get("SCREENSHOTS")
_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shifted += entry.value;
})).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Site:
    """The shop as served, and what its staff and its worker do meanwhile."""

    url: str
    shop: Shop
    database_url: str

    def meanwhile(self, work: Coroutine[Any, Any, T]) -> T:
        """Let somebody else do something, with connections of their own."""

        async def met() -> T:
            self.shop.db = Database(self.database_url, PoolSettings(), build(self.shop.settings))
            self.shop.app = create_app(self.shop.settings, database=self.shop.db)
            try:
                return await work
            finally:
                await self.shop.db.dispose()

        return apart(met())


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread of its own, because the browser's event loop runs in this one."""
    made: list[T] = []
    thread = threading.Thread(target=lambda: made.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return made[0]


@pytest.fixture(scope="session")
def furnished(server_url, settings, keys) -> Iterator[tuple[str, Shop]]:
    """The name of a database with a shop to be looked at, to be cloned for each file, and the shop."""
    with clone(server_url, "furnished") as url:
        address = url.render_as_string(hide_password=False)

        async def furnish() -> Shop:
            database = Database(address, PoolSettings(), build(settings))
            shop = await open_shop(database, settings, Clock(datetime.now(UTC)))
            async with database.write() as session:
                for root in ("golden-tea", "navel-orange"):
                    picture = draw(root, root, {}).encode()
                    digest = await catalogue.store_image(session, picture, "image/svg+xml", now=shop.clock())
                    await session.execute(_HANG, {"digest": digest, "root": root})
                await session.execute(_PASSWORD, {"hash": quick_hash(PASSWORD)})
                await storefront.rebuild(session)
            await database.dispose()
            return shop

        yield str(url.database), apart(furnish())


@pytest.fixture(scope="module")
def site(server_url, settings, furnished: tuple[str, Shop]) -> Iterator[Site]:
    template, shop = furnished
    with clone(server_url, "browser", template) as database:
        url = database.render_as_string(hide_password=False)
        served = settings.model_copy(update={"database_url": SecretStr(url)})
        server = uvicorn.Server(uvicorn.Config(create_app(served), port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        accounts, products = dict(shop.accounts), dict(shop.products)
        own = replace(shop, clock=lambda: datetime.now(UTC), accounts=accounts, products=products)
        yield Site(f"http://127.0.0.1:{port}", own, url)
        server.should_exit = True
        thread.join(timeout=10)


_HANG = text(
    "UPDATE catalogue_product p SET image_id = i.id FROM catalogue_image i, catalogue_category c"
    " WHERE i.digest = :digest AND c.slug = p.category_slug AND c.root_slug = :root"
)
_PASSWORD = text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-buyer'")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """No longer than for a file: its own event loop runs in this thread, where other tests need theirs."""
    chromium = shutil.which("chromium")
    assert chromium, "Debian's chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield made
        made.close()


@dataclass
class Watched:
    """A page that is looked at: what it loaded, what the console said, how far its parts jumped."""

    page: Page
    site: Site
    name: str
    troubles: list[str] = field(default_factory=list)
    loaded: dict[str, int] = field(default_factory=dict)
    asked: set[Any] = field(default_factory=set)
    """What was asked for and has not come yet."""
    shots: int = 0

    def watch(self, context: BrowserContext) -> None:
        """Note everything from now on. The policy's violations are errors on the console."""
        self.page.on("request", self._asked)
        self.page.on("requestfinished", self._came)
        self.page.on("requestfailed", self._came)
        self.page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        network = context.new_cdp_session(self.page)
        network.send("Network.enable")
        kinds: dict[str, str] = {}
        network.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
        network.on(
            "Network.loadingFinished",
            lambda event: self.loaded.update(
                {event["requestId"] + kinds.get(event["requestId"], ""): int(event["encodedDataLength"])}
            ),
        )
        self.page.add_init_script(_SHIFTS)

    def _asked(self, request: Any) -> None:
        self.asked.add(request)
        if not request.url.startswith((self.site.url, "data:", "blob:")):
            self.troubles.append(f"asked {request.url}")

    def _came(self, request: Any) -> None:
        self.asked.discard(request)

    @property
    def bytes_without_pictures(self) -> int:
        return sum(size for name, size in self.loaded.items() if not name.endswith("Image"))

    def go(self, path: str) -> None:
        self.page.goto(f"{self.site.url}{path}")
        self.look(path)

    def settle(self) -> None:
        """Wait until all that was asked for has come and is painted, and a moment more brings nothing new.

        Playwright's own "networkidle" waits for half a second of silence, at every look.
        """
        self.page.wait_for_load_state("load")
        for _ in range(_PATIENCE):
            self.page.evaluate(_PAINTED)
            if not self.asked:
                self.page.evaluate(_PAINTED)
                if not self.asked:
                    return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"never came: {[request.url for request in self.asked]}")

    def open(self, url: str) -> None:
        """Go there. A document that a busy machine sends in two pieces may move its foot once: then once more.

        What jumps by itself does so each time, and ``look`` sees it.
        """
        for _ in range(2):
            self.page.goto(url)
            self.settle()
            if self.page.evaluate("window.shifted") < _STILL:
                return

    def look(self, what: str) -> None:
        """Whatever is on the screen now stands still, fits the screen and is worth a picture."""
        self.settle()
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what} scrolls sideways"
        if self.page.evaluate("window.shifted !== undefined"):
            assert self.page.evaluate("window.shifted") < _STILL, f"{what} jumps"
        if _SHOTS:
            self.shots += 1
            Path(_SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(_SHOTS) / f"{self.name}-{self.shots:02}.png", full_page=True)

    def handy(self, what: str) -> None:
        """The same for a page of people at work outdoors: fingers find everything, and the sun leaves it readable."""
        self.look(what)
        assert self.page.evaluate(FAINT) == [], what
        if self.page.viewport_size == SIZES["phone"]:
            assert self.page.evaluate(_SMALL) == [], what


_PATIENCE = 500
_STILL = 0.02
_PAINTED = """
(async () => {
  await document.fonts.ready;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame(); await frame();
  await new Promise((done) => setTimeout(done, 30));
})()
"""

FAINT = """
(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== "none" || e.matches(".hero")) return null;
      const [r, g, b, a = 1] = numbers(style.backgroundColor);
      if (a > 0.7) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest(".away, .skip, [aria-hidden], script")) continue;
    const style = getComputedStyle(element), ground = behind(element);
    if (!ground) continue;
    const [high, low] = [light(numbers(style.color)), light(ground)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if ((high + 0.05) / (low + 0.05) < (large ? 3 : 4.5)) faint.push(walk.currentNode.textContent.trim().slice(0, 20));
  }
  return [...new Set(faint)];
})()
"""
"""WCAG AA: 4.5 to 1 for text, 3 to 1 for large text, measured on what the browser painted it with."""

_SMALL = """
[...document.querySelectorAll(":is(main, .tabs, .supply .top) :is(a, button, input, select, textarea, summary)")]
  .filter((e) => e.type !== "hidden" && e.checkVisibility() && !e.closest(".away, .skip, p:not(.ways):not(.turn)"))
  .map((e) => [(e.closest("label, .stepper") || e).getBoundingClientRect(), e])
  .filter(([box]) => box.width && (box.height < 43.5 || box.width < 43.5))
  .map(([box, e]) => `${(e.textContent || e.name).trim().slice(0, 20)} ${box.width | 0}×${box.height | 0}`)
"""
"""What a finger would miss: less than 44 pixels high or wide. A tick and its words are one target."""


@pytest.fixture(params=list(SIZES))
def watched(request, browser: Browser, site: Site) -> Iterator[Watched]:
    context = browser.new_context(viewport=SIZES[request.param], locale="zh-CN", reduced_motion="reduce")
    made = Watched(context.new_page(), site, request.node.name.replace("/", "-"))
    made.watch(context)
    yield made
    context.close()
    assert made.troubles == []
