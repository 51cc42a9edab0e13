"""Who works for a supplier: invited by phone, owners and staff, and an owner always stays."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app import identity
from app.identity import Role
from app.suppliers import forget_invitations
from tests.identity.builders import quick_hash
from tests.shop import Shop

MEMBERS, INVITATIONS = "/v1/supplier/members", "/v1/supplier/invitations"
_LAST = text("""
SELECT m.by_account, s.supplier_id FROM inventory_movement m JOIN inventory_stock s USING (sku)
WHERE m.sku = :sku ORDER BY m.id DESC LIMIT 1
""")
PHONE, OTHER = "13907430002", "13907430003"


async def register(shop: Shop, phone: str, *, proven: bool = True) -> str:
    """Somebody new, known by their phone."""
    async with shop.db.write() as session:
        shop.accounts[phone] = await identity.register_buyer(
            session, phone=phone, password_hash=quick_hash(), name="向梅", phone_proven=proven, now=shop.clock()
        )
    return phone


async def refresh(shop: Shop, who: str) -> None:
    """As their next token says."""
    async with shop.db.read() as session:
        found = await identity.account(session, shop.accounts[who].id)
    assert found is not None
    shop.accounts[who] = found


async def invited(shop: Shop, phone: str, role: str = "staff", by: str = "S01") -> dict:
    answer = await shop.call(by, "POST", INVITATIONS, {"phone": phone, "role": role}, key=None)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def accept(shop: Shop, who: str, invitation: dict, code: str | None = None):
    path = f"/v1/store/supplier-invitations/{invitation['id']}/accept"
    return await shop.call(who, "POST", path, {"code": code or invitation["code"]}, key=None)


async def join(shop: Shop, phone: str, role: str = "staff", by: str = "S01") -> str:
    await register(shop, phone)
    assert (await accept(shop, phone, await invited(shop, phone, role, by))).status_code == 200
    await refresh(shop, phone)
    return phone


async def members(shop: Shop, who: str = "S01") -> dict[str, str]:
    listed = (await shop.call(who, "GET", MEMBERS, key=None)).json()["items"]
    return {one["account_id"]: one["role"] for one in listed}


def of(shop: Shop, who: str) -> str:
    return f"{MEMBERS}/{shop.accounts[who].id}"


async def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_somebody_invited_works_for_the_supplier_and_manages_nobody(shop: Shop):
    await register(shop, PHONE)
    invitation = await invited(shop, PHONE)
    assert (invitation["phone"], invitation["role"]) == ("139******02", "staff")
    [waiting] = (await shop.call(PHONE, "GET", "/v1/store/supplier-invitations", key=None)).json()["items"]
    assert waiting["id"] == invitation["id"]
    assert "code" not in waiting
    [sent] = (await shop.call("S01", "GET", INVITATIONS, key=None)).json()["items"]
    assert sent == waiting

    assert (await shop.call(PHONE, "GET", "/v1/supplier/inventory", key=None)).status_code == 403
    accepted = await accept(shop, PHONE, invitation)
    assert (accepted.status_code, accepted.json()["code"]) == (200, "S01")
    await refresh(shop, PHONE)
    assert (await shop.call(PHONE, "GET", "/v1/supplier/inventory", key=None)).status_code == 200
    owner, mine = str(shop.accounts["S01"].id), str(shop.accounts[PHONE].id)
    assert await members(shop, PHONE) == {owner: "owner", mine: "staff"}
    assert mine not in await members(shop, "S08")

    for method, path, body in [
        ("POST", INVITATIONS, {"phone": OTHER}),
        ("DELETE", f"{INVITATIONS}/{invitation['id']}", None),
        ("PUT", of(shop, PHONE), {"role": "owner"}),
        ("DELETE", of(shop, "S01"), None),
        ("POST", "/v1/supplier/api-keys", {"name": "ERP"}),
        ("DELETE", f"/v1/supplier/api-keys/{invitation['id']}", None),
    ]:
        assert await code_of(await shop.call(PHONE, method, path, body, key=None)) == (403, "owners_only"), path
    assert await code_of(await accept(shop, PHONE, invitation)) == (422, "invitation_not_valid")


async def test_an_invitation_wants_its_phone_its_code_and_its_time(shop: Shop):
    await register(shop, PHONE)
    await register(shop, OTHER)
    await register(shop, "13907430004", proven=False)
    invitation, unproven = await invited(shop, PHONE), await invited(shop, "13907430004")
    again = await shop.call("S01", "POST", INVITATIONS, {"phone": PHONE}, key=None)
    assert await code_of(again) == (409, "already_invited")
    refusal = (422, "invitation_not_valid")
    assert await code_of(await accept(shop, OTHER, invitation)) == refusal
    assert await code_of(await accept(shop, PHONE, invitation, "0" * 20)) == refusal
    assert await code_of(await accept(shop, "13907430004", unproven)) == refusal
    assert (await shop.call("13907430004", "GET", "/v1/store/supplier-invitations", key=None)).json()["items"] == []

    elsewhere = await shop.call("S08", "DELETE", f"{INVITATIONS}/{invitation['id']}", key=None)
    assert elsewhere.status_code == 404
    assert (await shop.call("S01", "DELETE", f"{INVITATIONS}/{invitation['id']}", key=None)).status_code == 204
    assert await code_of(await accept(shop, PHONE, invitation)) == refusal

    late = await invited(shop, PHONE)
    shop.clock.advance(days=14)
    assert await code_of(await accept(shop, PHONE, late)) == refusal
    async with shop.db.write() as session:
        assert await forget_invitations(session, shop.clock()) == 2
    assert len(await members(shop)) == 1


async def test_an_account_works_for_one_supplier(shop: Shop):
    await join(shop, PHONE)
    other = await invited(shop, PHONE, by="S08")
    assert await code_of(await accept(shop, PHONE, other)) == (409, "already_staff")
    assert (await shop.call(PHONE, "DELETE", of(shop, PHONE), key=None)).status_code == 204
    assert (await accept(shop, PHONE, other)).status_code == 200
    await refresh(shop, PHONE)
    assert shop.accounts[PHONE].supplier_id == shop.accounts["S08"].supplier_id


async def test_the_last_owner_stays(shop: Shop):
    await join(shop, PHONE)
    last = (409, "last_owner")
    assert await code_of(await shop.call("S01", "DELETE", of(shop, "S01"), key=None)) == last
    assert await code_of(await shop.call("S01", "PUT", of(shop, "S01"), {"role": "staff"}, key=None)) == last

    assert (await shop.call("S01", "PUT", of(shop, PHONE), {"role": "owner"}, key=None)).status_code == 204
    assert (await shop.call(PHONE, "PUT", of(shop, "S01"), {"role": "staff"}, key=None)).status_code == 204
    assert await code_of(await shop.call(PHONE, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)) == last
    assert (await shop.call(PHONE, "DELETE", of(shop, "S01"), key=None)).status_code == 204
    assert list((await members(shop, PHONE)).values()) == ["owner"]
    await refresh(shop, "S01")
    assert shop.accounts["S01"].roles == frozenset()
    for method, body in (("PUT", {"role": "owner"}), ("DELETE", None)):
        gone = await shop.call(PHONE, method, of(shop, "S01"), body, key=None)
        assert gone.status_code == 404


async def test_staff_may_close_their_account(shop: Shop):
    await join(shop, PHONE)
    assert (await shop.call(PHONE, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)).status_code == 204
    assert len(await members(shop)) == 1


def counting(quantity: int, sku: str = "GT04") -> dict:
    return {"updates": [{"sku": sku, "mode": "set", "quantity": quantity}]}


def entry(shop: Shop, supplier: str) -> str:
    return f"/v1/store/agencies/{shop.accounts[supplier].supplier_id}/inventory-updates"


async def test_an_agent_enters_stock_for_those_who_took_it(shop: Shop):
    await join(shop, PHONE, "agent")
    assert shop.accounts[PHONE].supplier_id is None
    [agency] = (await shop.call(PHONE, "GET", "/v1/store/agencies", key=None)).json()["items"]
    assert agency["supplier_id"] == str(shop.accounts["S01"].supplier_id)
    [agent] = (await shop.call("S01", "GET", "/v1/supplier/agents", key=None)).json()["items"]
    assert (agent["account_id"], agent["name"]) == (str(shop.accounts[PHONE].id), "向梅")
    assert agent["account_id"] not in await members(shop)
    assert await code_of(await accept(shop, PHONE, await invited(shop, PHONE, "agent"))) == (409, "already_staff")

    done = await shop.call(PHONE, "POST", entry(shop, "S01"), counting(77))
    assert (done.status_code, done.json()["results"][0]["on_hand"]) == (200, 77)
    async with shop.db.read() as session:
        who, whose = (await session.execute(_LAST, {"sku": "GT04"})).one()
    assert (who, whose) == (shop.accounts[PHONE].id, shop.accounts["S01"].supplier_id)

    theirs = await shop.call(PHONE, "POST", entry(shop, "S08"), counting(1, "NO02"))
    assert theirs.status_code == 404
    foreign = await shop.call(PHONE, "POST", entry(shop, "S01"), counting(1, "NO02"))
    assert foreign.status_code == 422
    assert (await shop.call(PHONE, "GET", "/v1/supplier/inventory", key=None)).status_code == 403

    assert (await shop.call("S08", "DELETE", f"/v1/supplier/agents/{agent['account_id']}", key=None)).status_code == 404
    assert (await shop.call("S01", "DELETE", f"/v1/supplier/agents/{agent['account_id']}", key=None)).status_code == 204
    assert (await shop.call(PHONE, "POST", entry(shop, "S01"), counting(78))).status_code == 404


async def test_an_agent_of_two_leaves_one_and_then_closes_the_account(shop: Shop):
    await join(shop, PHONE, "agent")
    assert (await accept(shop, PHONE, await invited(shop, PHONE, "agent", "S08"))).status_code == 200
    leave = f"/v1/store/agencies/{shop.accounts['S01'].supplier_id}"
    assert (await shop.call(PHONE, "DELETE", leave, key=None)).status_code == 204
    assert (await shop.call(PHONE, "DELETE", leave, key=None)).status_code == 404
    assert (await shop.call("S01", "GET", "/v1/supplier/agents", key=None)).json()["items"] == []
    assert (await shop.call(PHONE, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)).status_code == 204
    assert (await shop.call("S08", "GET", "/v1/supplier/agents", key=None)).json()["items"] == []


async def test_nobody_is_made_an_agent_by_changing_their_role(shop: Shop):
    await join(shop, PHONE)
    refused = await shop.call("S01", "PUT", of(shop, PHONE), {"role": "agent"}, key=None)
    assert refused.status_code == 422
    assert (await members(shop))[str(shop.accounts[PHONE].id)] == "staff"


async def test_a_key_brings_nobody_in(shop: Shop):
    key = (await shop.call("S01", "POST", "/v1/supplier/api-keys", {"name": "ERP"}, key=None)).json()["key"]
    bearer = {"Authorization": f"Bearer {key}"}
    for method, path, body in [
        ("POST", INVITATIONS, {"phone": PHONE}),
        ("PUT", of(shop, "S01"), {"role": "staff"}),
        ("DELETE", of(shop, "S01"), None),
    ]:
        refused = await shop.call(None, method, path, body, key=None, **bearer)
        assert refused.status_code == 403, path
    assert len(await members(shop)) == 1


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
async def test_two_owners_who_remove_each_other_leave_one(fresh_shop: Shop, method: str):
    shop = fresh_shop
    await join(shop, PHONE, "owner")
    body = {"role": "staff"} if method == "PUT" else None
    answers = await asyncio.gather(
        shop.call("S01", method, of(shop, PHONE), body, key=None),
        shop.call(PHONE, method, of(shop, "S01"), body, key=None),
    )
    assert sorted(answer.status_code for answer in answers) == [204, 403]
    supplier_id = shop.accounts["S01"].supplier_id
    assert supplier_id is not None
    async with shop.db.read() as session:
        assert len(await identity.owners(session, Role.SUPPLIER, supplier_id)) == 1


async def test_one_code_lets_one_in_however_often_it_is_sent(fresh_shop: Shop):
    shop = fresh_shop
    await register(shop, PHONE)
    invitation = await invited(shop, PHONE)
    answers = await asyncio.gather(*(accept(shop, PHONE, invitation) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert len(await members(shop)) == 2
