"""A supplier's morning on a phone: what has to leave the house, the number of its parcel, stock in three taps."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from app.core.clock import local_day, utc_now
from tests.browser.conftest import PASSWORD, Site, Watched
from tests.browser.test_purchase import photo
from tests.identity.builders import quick_hash
from tests.pages.office import some_households

pytestmark = pytest.mark.browser

_PASSWORD = text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-s01'")


async def _open(site: Site) -> str:
    """The supplier can sign in, and somebody has paid for two packs of tea: the number of their order."""
    async with site.shop.db.write() as session:
        await session.execute(_PASSWORD, {"hash": quick_hash(PASSWORD)})
    order = await site.shop.pay(await site.shop.order({"GT04": 2}))
    return str(order["number"])


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_a_morning(watched: Watched):
    page, site = watched.page, watched.site
    number = site.meanwhile(_open(site))
    watched.go("/supplier")
    page.get_by_label("手机号或用户名").fill("shop-s01")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    job = page.get_by_role("link", name=re.compile(number))
    expect(job).to_contain_text("138******34")
    watched.look("jobs")
    job.click()
    page.get_by_role("link", name="显示完整收件信息").click()
    expect(page.get_by_role("main")).to_contain_text("花园路88号3单元502室")
    page.get_by_role("button", name="减少一件").click()
    page.get_by_label("快递公司").select_option(label="中通快递")
    page.get_by_label("运单号").fill("7800 1234 5678")
    watched.look("parcel")
    page.get_by_role("button", name="确认发货").click()
    expect(page.get_by_role("main")).to_contain_text("还要发 1 件")
    page.get_by_label("运单号").fill("780012345679")
    page.get_by_role("button", name="确认发货").click()
    expect(page.get_by_role("status")).to_contain_text(f"订单 {number} 已全部发出")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="库存").click()
    watched.look("stock")
    shown = page.get_by_role("link", name=re.compile("GT04"))
    before = int(shown.locator("strong").inner_text())
    shown.click()
    page.get_by_role("button", name="增加一件").first.click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status")).to_contain_text("GT04 的库存已保存")
    expect(shown.locator("strong")).to_have_text(str(before + 1))
    watched.look("counted")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="更多").click()
    watched.look("more")
    page.get_by_role("main").get_by_role("link", name="证照").click()
    page.get_by_role("link", name="拍照上传证照").click()
    watched.look("certificate")
    taken = {"name": "licence.png", "mimeType": "image/png", "buffer": photo()}
    page.get_by_label("拍一张照片").set_input_files([taken])
    expect(page.get_by_role("img", name="licence.png")).to_be_visible()
    page.get_by_label("证照种类").select_option(label="营业执照")
    page.get_by_label("证照编号").fill("93433125MA4FAKE14C")
    page.get_by_label("有效期自").fill("2024-03-01")
    page.get_by_role("button", name="提交核验").click()
    expect(page.get_by_role("main")).to_contain_text("营业执照核验中")
    watched.look("handed in")
    assert watched.bytes_without_pictures < 150_000


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_a_light_parcel_and_days_off(watched: Watched):
    page, site = watched.page, watched.site
    number = site.meanwhile(_open(site))
    watched.go("/supplier")
    page.get_by_label("手机号或用户名").fill("shop-s01")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.get_by_role("link", name=re.compile(number)).click()
    page.get_by_role("button", name="减少一件").click()
    page.get_by_label("快递公司").select_option(label="中通快递")
    page.get_by_label("运单号").fill("780012345680")
    page.get_by_role("button", name="确认发货").click()
    page.get_by_text("有包裹分量不足？登记实重").click()
    page.get_by_label("每件实际净重").fill("94")
    watched.handy("light")
    page.get_by_role("button", name="登记实重").click()
    expect(page.get_by_role("main")).to_contain_text("1 件每件净重 94 克（约定 100 克）")
    watched.look("weighed")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="更多").click()
    page.get_by_role("main").get_by_role("link", name="放假").click()
    first = local_day(utc_now()) + timedelta(days=3)
    page.get_by_label("从哪天").fill(first.isoformat())
    page.get_by_label("到哪天").fill((first + timedelta(days=2)).isoformat())
    page.get_by_label("原因").select_option(label="盘点")
    page.get_by_label("给买家的话").fill("年终盘点，恢复后按付款先后发货")
    page.get_by_role("button", name="公告放假").click()
    expect(page.get_by_role("status")).to_contain_text("已保存")
    watched.handy("days off")
    watched.go("/products/golden-tea")
    expect(page.get_by_role("main")).to_contain_text("起发货")
    watched.look("product with days off")
    watched.go("/supplier/closures")
    page.get_by_role("button", name="撤回").click()
    expect(page.get_by_role("main")).to_contain_text("目前没有安排放假")


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_what_was_paid_to_households(watched: Watched):
    """A payment and a contract are sent from a phone and wait for the office, in both languages."""
    page, site = watched.page, watched.site
    site.meanwhile(_open_register(site))
    watched.go("/supplier/more")
    page.get_by_label("手机号或用户名").fill("shop-s01")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.get_by_role("link", name="付给农户").click()
    watched.handy("households")
    page.get_by_text("录入一笔付款").click()
    watched.handy("a payment")
    form = page.locator("form[action='/supplier/households/payments']")
    form.get_by_label("农户编号").fill("H-433125116-0001")
    form.get_by_label("联结方式").select_option(label="务工")
    form.get_by_label("金额（元）").fill("180")
    form.get_by_role("button", name="提交审批").click()
    expect(page.get_by_role("status")).to_contain_text("等待帮扶办公室审批")
    expect(page.get_by_role("main")).to_contain_text("¥180.00")
    page.get_by_text("用表格录入收益").click()
    watched.handy("a sheet")
    page.goto(f"{site.url}/supplier/households?lang=en")
    page.get_by_text("Enter a contract").click()
    watched.handy("in english")


async def _open_register(site: Site) -> None:
    """The supplier can sign in, and some households are registered."""
    shop = site.shop
    async with shop.db.write() as session:
        await session.execute(_PASSWORD, {"hash": quick_hash(PASSWORD)})
    await some_households(shop)
