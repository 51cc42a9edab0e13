"""The front page of the demo as a person's browser shows it, with nothing from anywhere else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from tests.launcher.processes import Installation, command

pytestmark = pytest.mark.browser

DEMO = {"DEMO": "true", "DEMO_PASSWORD": "for-the-browser", "PROCESSES": "1"}


@pytest.fixture
def site(data_dir: Path, install: Callable[..., Installation]) -> Installation:
    for arguments in (["migrate"], ["demo", "--orders", "20"]):
        done = command(data_dir, *arguments, **DEMO)
        assert done.returncode == 0, done.stderr
    return install(**DEMO).wait_until_up()


@pytest.fixture
def page() -> Iterator[Page]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "these tests need Debian's chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_page(locale="zh-CN")
        browser.close()


def is_complaint(message: ConsoleMessage) -> bool:
    """Browsers ask for an icon of their own accord."""
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


def test_the_front_page_and_its_pictures(site: Installation, page: Page) -> None:
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    here = f"http://127.0.0.1:{site.port}"

    page.goto(f"{here}/")
    assert "保靖" in page.inner_text("body")
    pictures = page.locator("img")
    assert pictures.count() > 0
    for number in range(pictures.count()):
        picture = pictures.nth(number)
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete", arg=picture.element_handle())
        assert picture.evaluate("image => image.naturalWidth") > 0, picture.get_attribute("src")
    page.goto(f"{here}/?lang=en")
    assert "Baojing" in page.inner_text("body")

    assert complaints == []
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} == {
        f"127.0.0.1:{site.port}"
    }
