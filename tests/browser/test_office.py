"""An officer's look at the year: on a desk and on a phone, in both languages, on paper, and down to the order."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from app import assistance
from tests.browser.conftest import FAINT, PASSWORD, SIZES, Site, Watched
from tests.identity.builders import quick_hash
from tests.pages.office import a_year, some_households

pytestmark = pytest.mark.browser

_PASSWORD = text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-officer'")
_DRAWN = """
[...document.querySelectorAll("[data-chart] canvas")].map((canvas) => {
  const { width, height } = canvas, pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const seen = new Set();
  for (let at = 0; at < pixels.length; at += 4) seen.add(pixels[at] << 16 | pixels[at + 1] << 8 | pixels[at + 2]);
  return seen.size;
})
"""


async def _furnish(site: Site) -> str:
    """A year with an order that was really placed, shipped and received: its number."""
    shop = site.shop
    async with shop.db.write() as session:
        await session.execute(_PASSWORD, {"hash": quick_hash(PASSWORD)})
        known = (await session.execute(text("SELECT count(*) FROM assistance_goal"))).scalar_one()
    if not known:
        await a_year(shop.db, shop.actor("officer"), shop.clock())
    order = await shop.complete({"NO02": 2})
    await shop.settle()
    while await assistance.fold_ledger(shop.db, shop.clock()):
        pass
    return str(order["number"])


def _enter(watched: Watched, path: str) -> None:
    page = watched.page
    watched.go(path)
    page.get_by_label("手机号或用户名").fill("shop-officer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_url("**/office**")


def test_a_look_at_the_year(watched: Watched):
    page, site = watched.page, watched.site
    number = site.meanwhile(_furnish(site))
    _enter(watched, "/office?year=2026")
    watched.handy("desk")
    assert min(page.evaluate(_DRAWN)) > 5, "charts are drawn"
    page.get_by_text("查看数字表").click()
    expect(page.locator("#t-months")).to_contain_text("4,000.00")
    # A filter applies as it is chosen, stands in the address and survives a reload.
    if page.locator(".filters summary").is_visible():
        page.locator(".filters summary").click()
    page.get_by_label("品类").first.select_option(label="脐橙")
    page.wait_for_url("**category=navel-orange**")
    page.reload()
    expect(page.locator(".said")).to_contain_text("脐橙")
    watched.look("filtered")
    shown = page.locator(".tile.main [data-fen]").get_attribute("data-fen")
    page.locator(".tile.main a").click()
    expect(page.locator("[data-fen]")).to_have_attribute("data-fen", str(shown))
    watched.handy("entries")
    page.get_by_role("link", name=number).first.click()
    expect(page.get_by_role("main")).to_contain_text("不显示买家")
    watched.handy("order")
    page.goto(f"{site.url}/office/exceptions")
    watched.handy("exceptions")
    page.goto(f"{site.url}/office?year=2026&lang=en")
    expect(page.get_by_role("main")).to_contain_text(re.compile("On schedule|Ahead|Behind"))
    watched.handy("in english")


def test_the_register_of_households(watched: Watched):
    """By pseudonym, on a desk and a phone, in both languages, on paper, and from a figure to what made it."""
    page, site = watched.page, watched.site
    household = site.meanwhile(_register(site))
    _enter(watched, "/office?year=2026")
    page.get_by_role("link", name="查看农户台账").click()
    page.wait_for_url("**/office/households**")
    watched.handy("register")
    main = page.get_by_role("main")
    expect(main).to_contain_text("黄金村")
    expect(main).not_to_contain_text("H-433125116")
    if page.locator(".filters summary").first.is_visible():
        page.locator(".filters summary").first.click()
    page.get_by_label("联结方式").first.select_option(label="订单收购")
    page.wait_for_url("**kind=PURCHASE**")
    page.goto(f"{site.url}/office/households/{household}?year=2026")
    watched.handy("household")
    page.get_by_role("link", name="台账分录").first.click()
    page.wait_for_url("**/office/ledger?*supplier=*")
    page.go_back()
    page.get_by_label("查看原因").fill("信访核实")
    page.get_by_role("button", name="显示编号").click()
    expect(main).to_contain_text("H-433125116-")
    page.goto(f"{site.url}/office/households/lists")
    watched.handy("lists")
    for path in ("/office/households", f"/office/households/{household}", "/office/households/lists"):
        page.goto(f"{site.url}{path}?year=2026&lang=en")
        watched.handy(f"{path} in english")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    if page.viewport_size == SIZES["desk"]:
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 718, "height": 1000})
        page.evaluate("window.shifted = 0")
        assert page.evaluate(FAINT) == []
        expect(page.locator(".tabs")).to_be_hidden()
        watched.look("on paper")


async def _register(site: Site) -> str:
    """A year, and households that were paid in it; one of them."""
    await _furnish(site)
    shop = site.shop
    async with shop.db.read() as session:
        known = (await session.execute(text("SELECT id FROM assistance_household ORDER BY id LIMIT 1"))).scalar()
    return str(known or (await some_households(shop))[0])


@pytest.mark.parametrize("watched", ["desk"], indirect=True)
def test_it_prints_and_reads_without_colour(watched: Watched):
    page, site = watched.page, watched.site
    site.meanwhile(_furnish(site))
    _enter(watched, "/office?year=2026")
    watched.settle()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    page.evaluate("window.shifted = 0")  # paper is another width
    assert page.evaluate(FAINT) == []
    expect(page.locator("#t-months")).to_be_visible()
    expect(page.locator(".tabs")).to_be_hidden()
    watched.look("on paper")
    made = page.pdf(format="A4", prefer_css_page_size=True)
    assert made.startswith(b"%PDF")
    if shots := os.environ.get("SCREENSHOTS"):
        (Path(shots) / "office.pdf").write_bytes(made)


@pytest.mark.parametrize("watched", ["desk"], indirect=True)
def test_keys_reach_everything_and_charts_have_names(watched: Watched):
    page, site = watched.page, watched.site
    site.meanwhile(_furnish(site))
    _enter(watched, "/office?year=2026")
    for chart in page.locator("[data-chart]").all():
        assert chart.get_attribute("role") == "img"
        assert chart.get_attribute("aria-label")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('main a, main button, main select, main table, main [role=region]')]"
        ".filter((e) => e.checkVisibility() && !e.textContent.trim() && !e.ariaLabel).length"
    )
    assert unnamed == 0
    for wide in page.locator(".wide").all():
        assert wide.get_attribute("tabindex") == "0"
