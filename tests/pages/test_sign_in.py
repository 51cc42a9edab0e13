from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.settings import IdentitySettings
from app.identity import continue_sign_in
from tests.pages.conftest import PASSWORD
from tests.pages.visitor import Visitor
from tests.shop import Shop


async def test_a_new_buyer_registers_and_is_signed_in_where_they_were_going(shop: Shop, visitor: Visitor):
    await visitor.see("/orders")
    assert visitor.path == "/sign-in?next=/orders"
    await visitor.see("/register?next=/orders")
    refused = await visitor.send("/register", 422, phone="139", name="李霞", password="short")
    assert "请填写 11 位手机号" in refused
    assert "密码为 8 至 128 个字符" in refused
    assert visitor.fields("/register")["name"] == "李霞"
    await visitor.send("/register", phone="13905310001", name="李霞", password=PASSWORD)
    assert visitor.path == "/orders"
    assert "李霞" in await visitor.see("/account")
    again = Visitor(shop.app)
    await again.see("/register")
    assert "已注册" in await again.send("/register", 409, phone="13905310001", name="别人", password=PASSWORD)


async def test_the_cookies_are_for_the_browser_alone(buyer: Visitor, shop: Shop):
    secure = Visitor(shop.app)
    answer = await secure.http.get("https://market.test/")
    assert "Secure" in answer.headers["set-cookie"]
    answer = await Visitor(shop.app).http.get("/")
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
    assert {"bj_access", "bj_refresh", "bj_visit"} <= set(buyer.http.cookies)


async def test_a_wrong_password_is_said_in_the_language_of_the_page(buyer: Visitor, shop: Shop):
    other = Visitor(shop.app)
    await other.see("/sign-in?lang=en")
    said = await other.send("/sign-in", 401, username="shop-buyer", password="wrong")
    assert "not right" in said
    assert other.fields("/sign-in")["username"] == "shop-buyer"
    assert "wrong" not in other.answer.text


async def test_a_sign_in_goes_on_when_the_access_token_is_over(buyer: Visitor, shop: Shop):
    before = buyer.http.cookies["bj_refresh"]
    shop.clock.advance(minutes=11)
    await buyer.see("/orders")
    assert buyer.path == "/orders"
    after = buyer.http.cookies["bj_refresh"]
    assert after != before
    # A second request that left with the old cookies gets the same sign-in, and later nobody does.
    for minutes, where in ((0, "/orders"), (5, "/sign-in?next=/orders")):
        shop.clock.advance(minutes=minutes)
        late = Visitor(shop.app)
        late.http.cookies.set("bj_refresh", before)
        await late.see("/orders")
        assert late.path == where
    shop.clock.advance(minutes=11)
    await buyer.see("/orders")
    assert buyer.path == "/sign-in?next=/orders", "a token used long after its exchange ends the sign-in"


async def test_without_leeway_a_spent_token_ends_the_sign_in_at_once(buyer: Visitor, shop: Shop):
    token, settings = buyer.http.cookies["bj_refresh"], IdentitySettings()
    now = shop.clock()
    async with shop.db.write() as session:
        first = await continue_sign_in(session, token, settings, now)
        assert first is not None
        kept = await continue_sign_in(session, token, settings, now, leeway=timedelta(seconds=30))
        assert kept is not None
        assert kept.refresh_token == first.refresh_token
        assert await continue_sign_in(session, token, settings, now) is None
        assert await continue_sign_in(session, first.refresh_token, settings, now) is None


async def test_signing_out_ends_it_at_the_service_too(buyer: Visitor, shop: Shop):
    token = buyer.http.cookies["bj_refresh"]
    await buyer.see("/account")
    await buyer.send("/sign-out")
    assert "bj_refresh" not in buyer.http.cookies
    await buyer.see("/orders")
    assert buyer.path.startswith("/sign-in")
    async with shop.db.write() as session:
        assert await continue_sign_in(session, token, IdentitySettings(), shop.clock()) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_that_another_site_sends_changes_nothing(buyer: Visitor, headers: dict[str, str]):
    await buyer.see("/account")
    fields = buyer.fields("/sign-out")
    assert "未作任何更改" in await buyer.post("/sign-out", fields, 403, **headers)
    await buyer.see("/account")
    assert buyer.path == "/account"


async def test_a_form_of_another_visit_changes_nothing(buyer: Visitor, shop: Shop):
    stranger = Visitor(shop.app)
    await stranger.see("/sign-in")
    token = stranger.fields("/sign-in")["form_token"]
    for fields in ({"next": "/"}, {"next": "/", "form_token": token}, {"form_token": "é"}):
        await buyer.post("/sign-out", fields, 403)
    await buyer.see("/account")
    assert buyer.path == "/account"


async def test_a_sign_in_leads_to_no_other_site(shop: Shop, buyer: Visitor):
    other = Visitor(shop.app)
    await other.see("/sign-in?next=//evil.test/")
    await other.send("/sign-in", username="shop-buyer", password=PASSWORD, next="https://evil.test/")
    assert other.path == "/"
    assert other.answer.url.host == "market.test"
