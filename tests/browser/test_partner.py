"""A supermarket's buyer on a phone and at a desk: orders by the case, follows the truck, takes the goods in."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from app import wholesale
from tests.browser.conftest import SIZES, Site, Watched
from tests.browser.test_desk import sign_in
from tests.market import Market, open_market

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def market(site: Site) -> Market:
    return site.meanwhile(open_market(site.shop))


async def _send(site: Site, po_id: UUID, cases: dict[int, int]) -> None:
    """The suppliers of the lines send so many cases."""
    for who in ("S01", "S08"):
        async with site.shop.db.write() as session:
            order = await wholesale.view(session, po_id)
            mine = [line for line in order.lines if line.supplier_id == site.shop.accounts[who].supplier_id]
            if mine:
                load = wholesale.Load(
                    lines=tuple(wholesale.LoadLine(line_no=one.line_no, cases=cases[one.line_no]) for one in mine)
                )
                await wholesale.dispatch(
                    session,
                    po_id,
                    load,
                    supplier_id=site.shop.accounts[who].supplier_id,
                    by=site.shop.actor(who),
                    now=site.shop.clock(),
                )


@pytest.mark.usefixtures("market")
def test_a_buyer_orders_by_the_case_and_takes_the_goods_in(watched: Watched):
    page, site = watched.page, watched.site
    phone = page.viewport_size == SIZES["phone"]
    sign_in(page, site, "shop-p01", "/partner")
    watched.handy("price list")
    tea, oranges = page.locator("[name='cases:GT04']"), page.locator("[name='cases:NO02']")
    tea.fill("1")
    oranges.fill("1")
    page.get_by_role("button", name="核对金额").click()
    expect(page.get_by_role("main")).to_contain_text("NO02 至少订 2 箱")
    watched.handy("below the minimum")
    oranges.fill("2")
    page.get_by_label("订单号").fill(f"P-{phone:d}")
    page.get_by_role("button", name="核对金额").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("核对订单")
    expect(page.get_by_role("main")).to_contain_text("¥1,120.00")
    watched.handy("review")
    page.get_by_role("button", name="确认下单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已确认")
    watched.handy("order")
    found = re.search(r"/partner/orders/([0-9a-f-]{36})$", page.url)
    assert found
    site.meanwhile(_send(site, UUID(found[1]), {1: 1, 2: 2}))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("已发货")
    page.get_by_role("link", name="验收", exact=True).click()
    watched.handy("receive")
    page.get_by_label("验收单号").fill(f"YS-{phone:d}")
    page.locator("[name='rejected:1']").fill("1")
    page.get_by_role("button", name="登记验收").click()
    expect(page.get_by_role("main")).to_contain_text("请选择拒收原因")
    page.get_by_label("拒收原因").first.select_option("PKG")
    page.get_by_role("button", name="登记验收").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"验收单 YS-{phone:d}")
    # Chromium notes each answer that refuses: the minimum and the reason that was missing, and nothing else.
    assert len(watched.troubles) == 2, watched.troubles
    assert all("422" in said for said in watched.troubles)
    watched.troubles.clear()
    watched.handy("receipt")
    for path in ("/partner?lang=en", page.url.removeprefix(site.url), "/partner/orders", f"/partner/orders/{found[1]}"):
        page.goto(f"{site.url}{path}")
        watched.handy(path)
    page.goto(f"{site.url}/partner/sheets")
    watched.handy("sheets")
    page.get_by_label("Sheet of orders").set_input_files(
        [
            {
                "name": "orders.csv",
                "mimeType": "text/csv",
                "buffer": "订单号,收货地,到货日期,平台货号,订货数量（箱）\nX1,0012,2020-01-01,GT04,1\n".encode(),
            }
        ]
    )
    page.get_by_role("button", name="Check only").click()
    expect(page.get_by_role("status")).to_contain_text("only a check")
    expect(page.get_by_role("main")).to_contain_text("Not taken")
    watched.handy("a sheet with an order for the past")


@pytest.mark.usefixtures("market")
def test_an_order_is_placed_and_given_up_without_any_script(browser: Browser, site: Site):
    context = browser.new_context(viewport=SIZES["phone"], locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site, "shop-p01", "/partner")
    page.locator("[name='cases:GT04']").fill("2")
    page.get_by_role("button", name="核对金额").click()
    page.get_by_role("button", name="返回修改").click()
    expect(page.locator("[name='cases:GT04']")).to_have_value("2")
    page.get_by_role("button", name="核对金额").click()
    page.get_by_role("button", name="确认下单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已确认")
    page.get_by_text("取消订单", exact=True).click()
    page.get_by_role("button", name="确认取消").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已取消")
    context.close()


async def _state(market: Market) -> None:
    """Goods come, the month is over and is stated; once."""
    shop = market.shop
    partner_id, by, now = market.partner_id(), shop.actor("P01"), shop.clock()
    async with shop.db.write() as session:
        if await wholesale.statements(session, partner_id=partner_id, limit=1):
            return
        placed = await wholesale.place(session, market.asked({"GT04": 1}), partner_id=partner_id, by=by, now=now)
        po_id = placed.order.id
        counted = wholesale.Counted(
            receipt_no="YS-S", lines=(wholesale.CountedLine(line_no=1, delivered_units=10),), received_at=None
        )
        await wholesale.receive(session, po_id, counted, partner_id=partner_id, by=by, now=now)
        later = (market.today.replace(day=28) + timedelta(days=4)).replace(day=5) - market.today
        assert await wholesale.issue_statements(session, now=now + later) == 1


async def _decide(market: Market) -> None:
    """The marketplace takes the partner's word for whatever is disputed."""
    async with market.shop.db.write() as session:
        (found,) = await wholesale.statements(session, partner_id=market.partner_id(), limit=1)
        for one in (await wholesale.statement(session, found.id)).disputes:
            await wholesale.decide_dispute(
                session, one.id, accept=True, answer="已核对", by=market.shop.actor("operator"), now=market.shop.clock()
            )


def test_a_statement_is_disputed_and_then_agreed_to(watched: Watched, market: Market):
    page, site = watched.page, watched.site
    site.meanwhile(_state(market))
    sign_in(page, site, "shop-p01", "/partner/statements")
    watched.handy("statements")
    page.get_by_role("main").locator(".doors a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("待确认")
    watched.handy("statement")
    if page.viewport_size == SIZES["phone"]:
        page.get_by_role("group").locator("summary").click()
        page.get_by_label("哪一行").select_option(index=1)
        page.get_by_label("贵方认可的件数").fill("5")
        page.get_by_label("说明").fill("实收 5 件")
        watched.handy("dispute")
        page.get_by_role("button", name="提出争议").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("有争议")
        site.meanwhile(_decide(market))
        page.goto(f"{page.url}?lang=en")
        expect(page.get_by_role("heading", level=1)).to_have_text("Awaiting your answer")
        watched.handy("the statement anew")
    else:
        with page.expect_download() as taken:
            page.get_by_role("main").locator("a[href$='.xlsx']").click()
        assert taken.value.path().read_bytes()[:2] == b"PK"
        page.get_by_role("button", name="确认对账单").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("已确认")
        watched.handy("confirmed")
