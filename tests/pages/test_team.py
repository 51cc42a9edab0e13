"""People, agents and keys of a supplier in a browser; and an agent who enters stock."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from tests.identity.builders import quick_hash
from tests.pages.conftest import PASSWORD
from tests.pages.visitor import Visitor
from tests.shop import Shop
from tests.suppliers.test_team import PHONE, invited, join, register

TEAM, KEYS = "/supplier/team", "/supplier/keys"


async def enter(shop: Shop, phone: str) -> Visitor:
    """Somebody with a phone signs in in a browser of their own."""
    async with shop.db.write() as session:
        await session.execute(
            text("UPDATE identity_account SET password_hash = :hash WHERE id = :id"),
            {"hash": quick_hash(PASSWORD), "id": shop.accounts[phone].id},
        )
    made = Visitor(shop.app)
    await made.see("/sign-in")
    await made.send("/sign-in", username=phone, password=PASSWORD)
    return made


def code_on(page: Visitor) -> str:
    found = re.search(r"[0-9a-f]{20}(?=<)", page.answer.text)
    assert found
    return found[0]


async def test_somebody_is_invited_joins_is_made_owner_and_is_let_go(shop: Shop, seller: Visitor):
    await register(shop, PHONE)
    await seller.see(TEAM)
    said = await seller.send(f"{TEAM}/invitations", phone=PHONE, role="staff")
    code = code_on(seller)
    assert "139******02" in said
    assert code not in (await seller.see(TEAM) and seller.answer.text), "it is shown once"
    other = await enter(shop, PHONE)
    await other.see("/agencies")
    (action,) = (form["action"] for form in other.page.forms if "accept" in form["action"])
    await other.send(action, 422, code="0" * 20)
    await other.send(action, code=code)
    assert other.path == "/supplier"
    assert "只有管理员可以更改" in await other.see(TEAM)
    assert f"{TEAM}/invitations" not in [form["action"] for form in other.page.forms]
    theirs = f"{TEAM}/members/{shop.accounts[PHONE].id}"
    await seller.see(TEAM)
    await seller.post(theirs, {**seller.fields(theirs), "step": "owner"})
    await other.see(TEAM)
    mine = f"{TEAM}/members/{shop.accounts['S01'].id}"
    assert "step" not in other.fields(mine)
    await seller.post(theirs, {**seller.fields(theirs), "step": "remove"})
    await other.see(TEAM)
    assert (
        await shop.scalar(
            "SELECT count(*) FROM identity_grant WHERE role = 'supplier' AND scope_id = :id",
            id=shop.accounts["S01"].supplier_id,
        )
        == 1
    )


async def test_the_last_owner_stays(shop: Shop, seller: Visitor):
    mine = f"{TEAM}/members/{shop.accounts['S01'].id}"
    await seller.see(TEAM)
    for step in ("remove", "staff"):
        assert "唯一的管理员" in await seller.post(mine, {**seller.fields(mine), "step": step}, 409)


async def test_staff_leave_and_are_at_home_elsewhere(shop: Shop, seller: Visitor):
    await join(shop, PHONE)
    other = await enter(shop, PHONE)
    await other.see(TEAM)
    mine = f"{TEAM}/members/{shop.accounts[PHONE].id}"
    await other.post(mine, {**other.fields(mine), "step": "remove"})
    assert other.path == "/account"
    await other.see("/supplier", 403)


async def test_an_invitation_is_withdrawn(shop: Shop, seller: Visitor):
    invitation = await invited(shop, PHONE)
    await seller.see(TEAM)
    await seller.send(f"{TEAM}/invitations/{invitation['id']}/withdraw")
    assert "139******02" not in seller.text
    for phone, said in (("12", "手机号"), (PHONE, "")):
        assert said in await seller.send(f"{TEAM}/invitations", 200 if phone == PHONE else 422, phone=phone)
    assert "已有待接受的邀请" in await seller.send(f"{TEAM}/invitations", 409, phone=PHONE)


async def test_an_agent_enters_stock_under_its_own_name_until_it_is_let_go(shop: Shop, seller: Visitor):
    await join(shop, PHONE, "agent")
    supplier_id = shop.accounts["S01"].supplier_id
    here = f"/agencies/{supplier_id}/stock"
    agent = await enter(shop, PHONE)
    assert "吕洞茗源" in await agent.see("/agencies")
    said = await agent.see(here)
    assert "您正在代录" in said
    assert "GT04" in said
    await agent.see(f"{here}/GT04")
    (name,) = (name for name in agent.fields(f"{here}/GT04") if name.startswith("count:"))
    form = {**agent.fields(f"{here}/GT04"), name: "66"}
    await agent.post(f"{here}/GT04", form)
    assert agent.path == f"{here}?saved=GT04"
    assert await shop.stock("GT04") == (66, 0)
    assert "盘点 代录" in await seller.see("/supplier/stock/GT04/movements")
    assert "录入人 向梅" in seller.text
    assert "录入人 向梅" in await agent.see(f"{here}/GT04/movements")
    theirs = f"/agencies/{shop.accounts['S08'].supplier_id}/stock"
    for path in (theirs, f"{theirs}/NO02", f"{here}/NO02", f"{here}/NO02/movements", f"{theirs}/NO02/movements"):
        await agent.see(path, 404)
    await agent.see(f"{here}/GT04")
    form = {**agent.fields(f"{here}/GT04"), name: "55"}
    await seller.see(TEAM)
    await seller.send(f"{TEAM}/agents/{shop.accounts[PHONE].id}/remove")
    await agent.post(f"{here}/GT04", form, 404)
    await agent.see(here, 404)
    assert await shop.stock("GT04") == (66, 0)


async def test_an_agent_accepts_and_leaves(shop: Shop, seller: Visitor):
    await register(shop, PHONE)
    invitation = await invited(shop, PHONE, "agent")
    agent = await enter(shop, PHONE)
    await agent.see("/agencies")
    await agent.send(f"/agencies/invitations/{invitation['id']}/accept", code=invitation["code"])
    supplier_id = shop.accounts["S01"].supplier_id
    assert agent.path == f"/agencies/{supplier_id}/stock"
    await agent.see("/supplier", 403)
    await agent.see("/agencies")
    await agent.send(f"/agencies/{supplier_id}/leave")
    assert "目前没有" in agent.text


async def test_a_key_is_shown_once_does_what_it_may_and_is_revoked(shop: Shop, seller: Visitor):
    await seller.see(KEYS)
    form = {**seller.fields(KEYS), "name": "打单软件", "may": "some", "scope": ["inventory:read", "orders:read"]}
    said = await seller.post(KEYS, form)
    assert "只显示这一次" in said
    assert seller.answer.headers["cache-control"] == "no-store"
    found = re.search(r">(bj_[0-9a-f_]+)<", seller.answer.text)
    assert found
    bearer = {"Authorization": f"Bearer {found[1]}"}
    for path, status in (("inventory", 200), ("orders", 200), ("settlements", 403)):
        answer = await shop.call(None, "GET", f"/v1/supplier/{path}", key=None, **bearer)
        assert answer.status_code == status, path
    said = await seller.see(KEYS)
    assert found[1] not in seller.answer.text
    assert "库存 查看 · 订单 查看" in said
    (revoke,) = (form["action"] for form in seller.page.forms if form["action"].endswith("/revoke"))
    await seller.send(revoke)
    assert "已撤销的密钥（1）" in seller.text
    assert (await shop.call(None, "GET", "/v1/supplier/inventory", key=None, **bearer)).status_code == 401


@pytest.mark.parametrize(("fields", "said"), [({"name": ""}, "请填写用途"), ({"scope": []}, "请至少勾选一项")])
async def test_a_key_that_says_too_little_is_not_made(shop: Shop, seller: Visitor, fields: dict, said: str):
    await seller.see(KEYS)
    form = {**seller.fields(KEYS), "name": "打单软件", "may": "some", "scope": ["orders:read"], **fields}
    assert said in await seller.post(KEYS, form, 422)
    assert await shop.scalar("SELECT count(*) FROM identity_api_key WHERE name = '打单软件'") == 0


async def test_staff_make_no_keys_and_others_revoke_none(shop: Shop, seller: Visitor):
    await join(shop, PHONE)
    staff = await enter(shop, PHONE)
    assert "只有管理员可以更改" in await staff.see(KEYS)
    await staff.see(TEAM)
    token = staff.fields(f"{TEAM}/members/{shop.accounts[PHONE].id}")["form_token"]
    form = {"form_token": token, "name": "x", "may": "all"}
    await staff.post(KEYS, form, 403)
    body = {"name": "theirs"}
    theirs = (await shop.call("S08", "POST", "/v1/supplier/api-keys", body, key=None)).json()["id"]
    await seller.see(KEYS)
    await seller.post(f"{KEYS}/{theirs}/revoke", {"form_token": seller.fields(KEYS)["form_token"]}, 404)
    assert await shop.scalar("SELECT revoked_at FROM identity_api_key WHERE name = 'theirs'") is None


async def test_team_and_keys_speak_english(shop: Shop, seller: Visitor):
    await join(shop, PHONE, "agent")
    agent = await enter(shop, PHONE)
    for page, paths in (
        (seller, (TEAM, KEYS, "/supplier/stock/GT04", "/supplier/stock/GT04/movements")),
        (agent, ("/agencies", f"/agencies/{shop.accounts['S01'].supplier_id}/stock")),
    ):
        for path in paths:
            await page.see(f"{path}?lang=en")
            assert page.foreign == [], path
