"""A buyer's account on a phone: an address with another province, and back at the checkout it is filled in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, Watched

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("watched", ["phone"], indirect=True)
def test_an_address_is_kept_and_used(watched: Watched):
    page = watched.page
    watched.go("/account")
    page.get_by_label("手机号或用户名").fill("shop-buyer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    watched.look("account")
    page.get_by_role("link", name=re.compile("收货地址")).click()
    page.get_by_role("link", name="新增地址").click()
    page.get_by_label("收货人").fill("李霞")
    page.get_by_label("手机号").fill("13905310001")
    page.get_by_label("省份").select_option(label="湖南省")
    page.get_by_label("区县").select_option(label="保靖县")
    page.get_by_label("详细地址").fill("建设路 1 号")
    watched.look("address")
    page.get_by_role("button", name="保存").last.click()
    expect(page.get_by_role("main")).to_contain_text("保靖县建设路 1 号")
    watched.look("book")
    watched.go("/checkout?sku=GT04&quantity=1")
    expect(page.get_by_label("详细地址")).to_have_value("建设路 1 号")
    expect(page.get_by_label("区县")).to_have_value("433125")
    watched.go("/account/security")
    watched.go("/organisations/new")
