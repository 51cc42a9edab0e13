"""What people do with their account on pages: codes instead of a password, a new password or phone, addresses."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text

from app.core.events import Wiring
from app.core.outbox import run_couriers
from app.core.settings import SmsSettings
from app.identity import connect, sign_in_of
from app.identity.gateways import FakeSender
from app.main import create_app
from tests.identity.builders import quick_hash
from tests.pages.conftest import PASSWORD
from tests.pages.visitor import Visitor
from tests.shop import Shop

PHONE, OTHER = "13905310001", "13905310002"


@pytest.fixture
def phone(shop: Shop):
    """What arrives on anybody's phone; the shop sends codes from now on."""
    settings = shop.settings.model_copy(
        update={
            "sms": SmsSettings(url="https://sms.test", secret="a-secret-of-sixteen"),
            "identity": shop.settings.identity.model_copy(update={"require_phone_code": False}),
        }
    )
    shop.app = create_app(settings, database=shop.db, clock=shop.clock)
    sender, shop.db.wiring = FakeSender(), Wiring()
    connect(shop.db.wiring, settings, sender=sender)

    async def newest_code() -> str:
        while await run_couriers(shop.db, shop.clock(), limit=10):
            pass
        return list(sender.sent.values())[-1].code

    return newest_code


async def _register(visitor: Visitor, **more: str) -> None:
    await visitor.see("/register")
    await visitor.send("/register", phone=PHONE, name="李霞", password=PASSWORD, **more)
    assert visitor.path == "/"


async def test_a_code_signs_in_without_a_password(shop: Shop, phone):
    visitor = Visitor(shop.app)
    await _register(visitor)
    shop.clock.advance(minutes=2)
    other = Visitor(shop.app)
    await other.see("/sign-in?next=/orders")
    assert "用短信验证码登录" in other.text
    await other.see("/sign-in/code?next=/orders")
    assert "11 位手机号" in await other.send("/sign-in/code", 422, phone="139", step="send")
    assert f"验证码已发往 {PHONE}" in await other.send("/sign-in/code", phone=PHONE, step="send")
    assert "6 位验证码" in await other.send("/sign-in/code", 422, code="12", step="enter")
    assert "验证码" in await other.send("/sign-in/code", 401, code="000000", step="enter")
    assert other.fields("/sign-in/code")["phone"] == PHONE
    await other.send("/sign-in/code", code=await phone(), step="enter")
    assert other.path == "/orders"


async def test_a_phone_is_proved_at_registering_where_that_is_demanded(shop: Shop, phone):
    demanding = shop.settings.model_copy(
        update={
            "sms": SmsSettings(url="https://sms.test", secret="a-secret-of-sixteen"),
        }
    )
    visitor = Visitor(create_app(demanding, database=shop.db, clock=shop.clock))
    await visitor.see("/register")
    await visitor.send("/register", 422, phone=PHONE, name="李霞", password=PASSWORD)
    assert "验证码已发送" in await visitor.send("/register", phone=PHONE, name="李霞", step="send")
    assert visitor.fields("/register")["name"] == "李霞"
    await visitor.send("/register", 422, password=PASSWORD, code="000000")
    assert await shop.scalar("SELECT count(*) FROM identity_account WHERE phone_index IS NOT NULL") == 0
    await visitor.send("/register", password=PASSWORD, code=await phone())
    assert visitor.path == "/"
    assert "139******01" in await visitor.see("/account/security")


async def test_a_forgotten_password_is_chosen_anew(shop: Shop, phone):
    visitor = Visitor(shop.app)
    await _register(visitor)
    shop.clock.advance(minutes=2)
    other = Visitor(shop.app)
    await other.see("/password-reset?next=/account")
    await other.send("/password-reset", phone=PHONE, step="send")
    await other.send("/password-reset", 422, code=await phone(), password="short", step="enter")
    await other.send("/password-reset", code=await phone(), password="quite-another-one", step="enter")
    assert other.path == "/account"
    again = Visitor(shop.app)
    await again.see("/sign-in")
    await again.send("/sign-in", 401, username=PHONE, password=PASSWORD)
    await again.send("/sign-in", username=PHONE, password="quite-another-one")


async def test_where_no_code_can_be_sent_none_is_offered(shop: Shop, visitor: Visitor):
    for path in ("/sign-in", "/register"):
        assert "验证码" not in await visitor.see(path)
    await visitor.see("/sign-in/code")
    await visitor.send("/sign-in/code", 409, phone=PHONE, step="send")


async def test_a_new_password_ends_every_other_sign_in(shop: Shop, buyer: Visitor):
    other = Visitor(shop.app)
    await other.see("/sign-in")
    await other.send("/sign-in", username="shop-buyer", password=PASSWORD)
    said = await buyer.see("/account/security")
    assert said.count("登录 ") >= 2
    assert "本机" in said
    await buyer.send("/account/password", 401, old_password="wrong", password="quite-another-one")
    await buyer.send("/account/password", 422, old_password=PASSWORD, password="short")
    said = await buyer.send("/account/password", old_password=PASSWORD, password="quite-another-one")
    assert "密码已修改" in said
    shop.clock.advance(minutes=11)
    await other.see("/account")
    assert other.path == "/sign-in?next=/account"
    await buyer.see("/account")
    assert buyer.path == "/account"


async def test_a_phone_is_changed_with_a_code_sent_to_it(shop: Shop, phone):
    visitor = Visitor(shop.app)
    await _register(visitor)
    assert "还没有验证过手机号" in await visitor.see("/account/security")
    await visitor.send("/account/phone", 422, phone="139", step="send")
    assert "验证码已发送" in await visitor.send("/account/phone", phone=OTHER, step="send")
    await visitor.send("/account/phone", 422, code="000000", step="enter")
    assert visitor.fields("/account/phone")["phone"] == OTHER
    said = await visitor.send("/account/phone", code=await phone(), step="enter")
    assert "手机号已更换" in said
    assert "139******02" in said
    shop.clock.advance(minutes=2)
    await visitor.send("/account/phone", 409, phone=OTHER, step="send")


async def test_a_sign_in_elsewhere_is_ended(shop: Shop, buyer: Visitor):
    other = Visitor(shop.app)
    await other.see("/sign-in")
    await other.send("/sign-in", username="shop-buyer", password=PASSWORD)
    await other.see("/account/security")
    ends = [form["action"] for form in other.page.forms if form["action"].endswith("/end")]
    assert len(ends) == 2
    form = other.fields(ends[0])
    await other.post(f"/account/sign-ins/{uuid4()}/end", form, 404)
    await other.see("/account/security")
    mine = f"/account/sign-ins/{sign_in_of(other.http.cookies['bj_refresh'])}/end"
    (theirs,) = set(ends) - {mine}
    await other.send(theirs)
    assert other.path == "/account/security"
    await other.send(mine)
    assert other.path == "/"
    shop.clock.advance(minutes=11)
    await buyer.see("/account")
    assert buyer.path == "/sign-in?next=/account"


async def test_an_account_is_closed_by_who_means_it(shop: Shop, visitor: Visitor):
    await _register(visitor)
    await visitor.see("/account/close")
    await visitor.send("/account/close", 422)
    assert "账号已注销" in await visitor.send("/account/close", sure="1")
    await visitor.see("/account")
    assert visitor.path == "/sign-in?next=/account"
    await visitor.send("/sign-in", 401, username=PHONE, password=PASSWORD)


async def test_who_waits_for_goods_stays(shop: Shop, buyer: Visitor):
    await shop.pay(await shop.order({"GT04": 1}))
    await buyer.see("/account/close")
    await buyer.send("/account/close", 409, sure="1")
    await buyer.see("/account")
    assert buyer.path == "/account"


_ADDRESS = {"recipient": "李霞", "phone": PHONE, "division_code": "370102", "detail": "泉城路 1 号"}


async def test_addresses_are_kept_changed_and_taken_out(shop: Shop, buyer: Visitor):
    assert "还没有保存的地址" in await buyer.see("/account/addresses")
    await buyer.see("/account/addresses/new")
    said = await buyer.send("/account/addresses/new", 422, **_ADDRESS | {"detail": "不知道", "phone": "1"}, step="save")
    assert "请写到门牌" in said
    assert "请填写手机号" in said
    await buyer.send("/account/addresses/new", **_ADDRESS, label="家", step="save")
    assert buyer.path == "/account/addresses"
    assert "山东省济南市历下区泉城路 1 号" in buyer.text
    await buyer.see("/account/addresses/new")
    await buyer.send("/account/addresses/new", **_ADDRESS | {"detail": "泉城路 2 号"}, label="公司", step="save")
    (second,) = [form["action"] for form in buyer.page.forms if str(form["action"]).endswith("/usual")]
    assert buyer.text.index("1 号") < buyer.text.index("2 号"), "the first one is the usual one and stands first"
    await buyer.send(second)
    assert buyer.text.index("2 号") < buyer.text.index("1 号")
    page = second.removesuffix("/usual")
    await buyer.see(page)
    assert buyer.fields(page)["label"] == "公司"
    await buyer.send(page, detail="泉城路 3 号", step="save")
    assert "3 号" in buyer.text
    await buyer.see("/checkout?sku=GT04&quantity=1")
    assert buyer.fields("/checkout")["detail"] == "泉城路 3 号"
    (first,) = [one["id"] for one in await _listed(shop) if one["detail"] == "泉城路 1 号"]
    await buyer.send("/checkout", kept=first, note="请轻放")
    assert buyer.fields("/checkout")["detail"] == "泉城路 1 号"
    assert buyer.fields("/checkout")["note"] == "请轻放"
    await buyer.see("/account/addresses")
    await buyer.send(f"{page}/remove")
    assert "3 号" not in buyer.text
    await buyer.see(page, 404)


async def _listed(shop: Shop) -> list[dict]:
    return (await shop.call("buyer", "GET", "/v1/store/addresses", key=None)).json()["items"]


async def test_another_province_lists_its_counties_without_a_script(buyer: Visitor):
    await buyer.see("/account/addresses/new")
    await buyer.send("/account/addresses/new", province="43", recipient="李霞", step="look")
    fields = buyer.fields("/account/addresses/new")
    assert fields["recipient"] == "李霞"
    assert fields["province"] == "43"
    assert fields["division_code"].startswith("43")


async def test_nobody_sees_or_changes_another_buyers_address(shop: Shop, buyer: Visitor):
    body = {**_ADDRESS}
    kept = (await shop.call("stranger", "POST", "/v1/store/addresses", body, key=None)).json()
    page = f"/account/addresses/{kept['id']}"
    await buyer.see(page, 404)
    await buyer.see("/account/addresses/new")
    form = {**buyer.fields("/account/addresses/new"), **_ADDRESS, "detail": "别处 9 号", "step": "save"}
    for path in (page, f"{page}/usual", f"{page}/remove"):
        await buyer.post(path, form, 404)
    listed = (await shop.call("stranger", "GET", "/v1/store/addresses", key=None)).json()["items"]
    assert [one["detail"] for one in listed] == [_ADDRESS["detail"]]


async def test_a_supplier_changes_their_password_too(shop: Shop, visitor: Visitor):
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE username = 'shop-s01'"),
            {"hash": quick_hash(PASSWORD)},
        )
    await visitor.see("/sign-in")
    await visitor.send("/sign-in", username="shop-s01", password=PASSWORD)
    assert visitor.path == "/supplier"
    assert "待发货" in await visitor.see("/account")
    await visitor.see("/account/security")
    await visitor.send("/account/password", old_password=PASSWORD, password="quite-another-one")
    await visitor.see("/account/addresses", 403)
    assert "换个账号登录" in visitor.text


async def test_the_account_speaks_english(buyer: Visitor):
    for path in (
        "/account?lang=en",
        "/account/security",
        "/account/addresses",
        "/account/addresses/new",
        "/account/close",
        "/sign-in/code",
        "/password-reset",
        "/register",
    ):
        await buyer.see(path)
        assert buyer.foreign == [], path
