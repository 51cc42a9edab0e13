"""The whole purchase in a real browser, on a phone and on a desk, and as far as an order without any script."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, SIZES, Site, Watched

pytestmark = pytest.mark.browser


def _sign_in(page: Page) -> None:
    page.get_by_label("手机号或用户名").fill("shop-buyer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()


def _fill_in(page: Page) -> None:
    page.get_by_label("收货人").fill("王晓梅")
    page.get_by_label("手机号").fill("13800001234")
    page.get_by_label("详细地址").fill("花园路88号3单元502室")


def test_from_the_search_to_the_goods_at_the_door(watched: Watched):
    page, site = watched.page, watched.site
    watched.go("/")
    page.get_by_role("searchbox").fill("qicheng")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products?q=qicheng")
    watched.look("results")
    page.get_by_role("link", name=re.compile("酉水脐橙 一等")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("酉水脐橙 一等")
    watched.look("product")
    page.get_by_role("button", name="增加一件").click()
    page.get_by_role("button", name="加入购物车").click()
    expect(page.get_by_role("main")).to_contain_text("¥99.80")
    watched.look("cart")
    page.get_by_role("button", name=re.compile("减少一件")).click()
    expect(page.get_by_role("main")).to_contain_text("¥49.90")
    page.get_by_role("link", name="去结算").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    watched.look("sign-in")
    _sign_in(page)
    expect(page.get_by_role("heading", name="确认订单")).to_be_visible()
    watched.look("checkout")
    _fill_in(page)
    page.get_by_label("省份").select_option("65")
    expect(page.get_by_role("button", name="提交订单")).to_be_disabled()
    page.get_by_label("省份").select_option("37")
    expect(page.get_by_role("button", name="提交订单")).to_be_enabled()
    page.get_by_label("区县").select_option("370112")
    expect(page.get_by_label("收货人")).to_have_value("王晓梅")
    page.get_by_label(re.compile("鲜活易腐")).check()
    watched.settle()
    page.get_by_role("button", name="提交订单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("待付款")
    watched.look("order")
    order = page.url.removeprefix(site.url)
    page.get_by_role("button", name="去付款").click()
    expect(page.get_by_role("img", name="付款二维码")).to_be_visible()
    watched.look("payment")
    page.get_by_role("button", name="在沙箱中付款").click()
    site.meanwhile(site.shop.settle())
    expect(page.get_by_role("heading", name="付款成功")).to_be_visible(timeout=15_000)
    watched.look("paid")
    page.get_by_role("link", name="查看订单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("待发货")
    site.meanwhile(_send(site, order.rpartition("/")[2]))
    watched.go(order)
    expect(page.get_by_role("main")).to_contain_text("中通快递")
    page.get_by_role("button", name="确认收货").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已完成")
    watched.look("completed")
    page.get_by_role("link", name="申请售后").click()
    page.get_by_label("坏/少几个").fill("3")
    page.get_by_label("共几个").fill("20")
    taken = {"name": "orange.png", "mimeType": "image/png", "buffer": photo()}
    page.get_by_label("照片").set_input_files([taken])
    expect(page.get_by_role("img", name="orange.png")).to_be_visible()
    watched.look("claim")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("供应商处理中")
    watched.look("claimed")


def photo() -> bytes:
    to = io.BytesIO()
    Image.new("RGB", (320, 240), "#f08c1a").save(to, "PNG")
    return to.getvalue()


async def _send(site: Site, order_id: str) -> None:
    await site.shop.ship(await site.shop.look({"id": order_id}))


def test_an_order_is_placed_without_any_script(browser: Browser, site: Site):
    context = browser.new_context(viewport=SIZES["phone"], locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/products?q=huangjincha")
    page.get_by_role("link", name=re.compile("袋泡")).click()
    page.get_by_role("button", name="加入购物车").click()
    page.get_by_role("button", name=re.compile("增加一件")).click()
    expect(page.get_by_role("main")).to_contain_text("¥79.80")
    page.get_by_role("link", name="去结算").click()
    _sign_in(page)
    _fill_in(page)
    page.get_by_label("区县").select_option("370102")
    page.get_by_role("button", name="更新运费").last.click()
    expect(page.get_by_label("收货人")).to_have_value("王晓梅")
    expect(page.get_by_label("区县")).to_have_value("370102")
    page.get_by_role("button", name="提交订单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("待付款")
    page.get_by_role("button", name="取消订单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已取消")
    context.close()
