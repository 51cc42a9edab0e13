"""What people see, looked at by a real browser: the front page and the documentation, on a phone and on a desk.

Everything must come from this installation itself: a request to any other address fails the test.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import FAINT, Site, Watched

pytestmark = pytest.mark.browser

MOST_BYTES = 150_000


def test_the_front_page_shows_the_goods_and_is_light(watched: Watched):
    page = watched.page
    watched.go("/")
    assert 0 < watched.bytes_without_pictures < MOST_BYTES
    expect(page.get_by_role("banner")).to_contain_text("保靖好物")
    expect(page.locator(".goods li")).to_have_count(4)
    expect(page.get_by_role("main")).to_contain_text("¥39.90")
    for picture in page.locator("main img").all():
        picture.scroll_into_view_if_needed()
    watched.settle()
    broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)")
    assert broken == []


def test_the_front_page_speaks_english_when_asked(watched: Watched):
    page = watched.page
    watched.go("/")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="What people buy")).to_be_visible()
    watched.look("in English")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", name="大家在买")).to_be_visible()


def test_the_keyboard_goes_through_a_page_in_the_order_of_reading(watched: Watched):
    page = watched.page
    watched.go("/products/golden-tea")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(() => { const e = document.activeElement; const ring = getComputedStyle(e).outlineStyle;"
                " const held = e.closest('.search, .stepper');"
                " return [(e.className || e.name || e.textContent).trim().slice(0, 20),"
                " ring !== 'none' || (held && getComputedStyle(held).outlineStyle !== 'none')]; })()"
            )
        )
        if reached[-1][0] == "from":
            break
    names = [name for name, _ in reached]
    assert names[0] == "skip"
    order = [names.index(name) for name in ("skip", "brand", "q", "size", "quantity", "button quiet", "from")]
    assert order == sorted(order)
    assert [name for name, ring in reached if not ring] == []


@pytest.mark.parametrize("watched", ["desk"], indirect=True)
def test_the_documentation_comes_from_this_installation(watched: Watched):
    page = watched.page
    page.goto(f"{watched.site.url}/docs")
    page.locator("#operations-tag-orders").click(timeout=30_000)
    page.locator("#operations-orders-place_order button.opblock-summary-control").click()
    expect(page.locator("#operations-orders-place_order")).to_contain_text("Idempotency-Key")


def test_text_can_be_read(browser: Browser, site: Site):
    """WCAG AA: 4.5 to 1 for text, 3 to 1 for large text, measured on what the browser painted it with."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    for path in ("/", "/products", "/products/orange-5kg", "/sign-in", "/trace"):
        page.goto(f"{site.url}{path}")
        assert page.evaluate(FAINT) == [], path
    context.close()
