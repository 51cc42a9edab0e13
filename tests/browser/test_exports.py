"""An officer takes the ledger home: by keyboard alone, and with no reload, on a phone and a desk, in both languages."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app import reports
from tests.browser.conftest import Site, Watched
from tests.browser.test_office import _enter, _furnish

pytestmark = pytest.mark.browser


async def _made(site: Site) -> None:
    while await reports.work_on_exports(site.shop.db, site.shop.clock()):
        pass


async def _cleared(site: Site) -> None:
    """What another size of screen has left."""
    account_id = site.shop.accounts["officer"].id
    async with site.shop.db.write() as session:
        for one in await reports.page_of_exports(session, account_id, before=None, limit=50):
            await reports.cancel_export(session, one.id, by=account_id)


def test_the_ledger_is_taken_home_by_keyboard(watched: Watched):
    page, site = watched.page, watched.site
    site.meanwhile(_furnish(site))
    site.meanwhile(_cleared(site))
    _enter(watched, "/office/ledger?year=2026")
    page.locator(".export summary").focus()
    page.keyboard.press("Enter")
    watched.handy("control")
    page.keyboard.press("Tab")
    expect(page.get_by_label("格式")).to_be_focused()
    page.get_by_label("格式").press_sequentially("CSV")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="开始导出")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/exports")
    expect(page.get_by_role("main")).to_contain_text("排队中")
    watched.handy("waiting")
    page.evaluate("window.unloaded = false")
    drop = page.get_by_role("button", name="取消")
    drop.focus()
    site.meanwhile(_made(site))
    file = page.get_by_role("link", name="下载")
    expect(file).to_be_visible()
    expect(page.locator("[role=status][data-said]")).to_have_text("导出已有结果。")
    assert page.evaluate("window.unloaded") is False, "the page was not loaded anew"
    expect(page.get_by_role("button", name="删除")).to_be_focused()
    watched.handy("ready")
    with page.expect_download() as coming:
        file.press("Enter")
    content = Path(coming.value.path()).read_bytes()
    assert coming.value.suggested_filename == "ledger-2026-01-01-2026-12-31.csv"
    expect(page.get_by_role("main")).to_contain_text(hashlib.sha256(content).hexdigest())
    page.goto(f"{site.url}/office?year=2026&lang=en")
    page.locator(".export summary").click()
    page.get_by_label("Report").select_option(label="Order lines by day of payment")
    watched.handy("control in english")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/office/exports")
    watched.handy("waiting in english")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("main")).not_to_contain_text("Order lines")
    watched.handy("in english")
