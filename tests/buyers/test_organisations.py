"""Organisations: who may order for them, who manages them, and where they count as buyers."""

from __future__ import annotations

import asyncio

import pytest

from app import identity
from app.audit import check
from app.buyers import located
from app.buyers.lifecycle import TRANSITIONS, OrganisationStepNotAllowed, Status, Step, after
from tests.claims.builders import opened
from tests.identity.builders import quick_hash
from tests.shop import ADDRESS, ORGANISATION, Shop

MINE = "/v1/store/organisations"
GOODS = {"items": [{"sku": "GT04", "quantity": 1}], "address": ADDRESS}


async def register(shop: Shop, phone: str, *, proven: bool = True) -> str:
    """Somebody new; ``proven`` is whether they have shown that the phone is theirs."""
    async with shop.db.write() as session:
        shop.accounts[phone] = await identity.register_buyer(
            session, phone=phone, password_hash=quick_hash(), name="周敏", phone_proven=proven, now=shop.clock()
        )
    return phone


async def join(shop: Shop, organisation: str, phone: str, role: str = "purchaser") -> None:
    path = f"{MINE}/{organisation}/invitations"
    invited = (await shop.call("buyer", "POST", path, {"phone": phone, "role": role}, key=None)).json()
    accepted = await shop.call(
        phone, "POST", f"/v1/store/invitations/{invited['id']}/accept", {"code": invited["code"]}, key=None
    )
    assert (accepted.status_code, accepted.json()["role"]) == (200, role)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("step", list(Step))
def test_a_step_is_in_the_table_or_refused(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
    else:
        with pytest.raises(OrganisationStepNotAllowed):
            after(status, step)


def test_an_organisation_is_located_where_it_is_registered_or_where_goods_go():
    assert located("370202", "370112") == "370112"
    assert located("110105", "370112") == "370112"
    assert located("370202", "110105") == "370202"
    assert located("110105", "310101") == "110105"


async def test_an_organisation_orders_once_it_is_verified(shop: Shop):
    founded = (await shop.call("buyer", "POST", MINE, ORGANISATION, key=None)).json()
    assert (founded["status"], founded["role"]) == ("applied", "owner")
    order = {**GOODS, "organisation_id": founded["id"], "ext_832_order_no": "FP832-20261120-01"}
    early = await shop.call("buyer", "POST", "/v1/store/orders", order)
    assert (early.status_code, early.json()["code"]) == (409, "organisation_not_verified")
    waiting = (await shop.call("operator", "GET", "/v1/operator/organisations?status=applied")).json()["items"]
    assert [one["id"] for one in waiting] == [founded["id"]]
    path = f"/v1/operator/organisations/{founded['id']}"
    assert (await shop.call("operator", "POST", f"{path}/verify", key=None)).json()["status"] == "verified"
    placed = (await shop.call("buyer", "POST", "/v1/store/orders", order)).json()
    assert (placed["organisation_id"], placed["ext_832_order_no"]) == (founded["id"], "FP832-20261120-01")
    assert (await shop.look(placed))["organisation_id"] == founded["id"]
    stranger = await shop.call("stranger", "POST", "/v1/store/orders", order)
    assert (stranger.status_code, stranger.json()["code"]) == (422, "unknown_organisation")
    alone = await shop.call("buyer", "POST", "/v1/store/orders", {**GOODS, "ext_832_order_no": "FP832-20261120-01"})
    assert alone.json()["code"] == "not_from_an_organisation"
    body = {"reason": "证书过期"}
    assert (await shop.call("operator", "POST", f"{path}/suspend", body, key=None)).json()["status"] == "suspended"
    late = await shop.call("buyer", "POST", "/v1/store/orders", order)
    assert late.json()["code"] == "organisation_not_verified"


async def test_an_order_of_an_organisation_counts_in_its_channel_and_where_it_is_registered(shop: Shop):
    union = await shop.organisation()
    elsewhere = {**ADDRESS, "division_code": "110105"}
    order = await shop.complete({"GT04": 1}, organisation_id=union["id"], address=elsewhere)
    assert order["status"] == "completed"
    entries = await shop.rows("SELECT channel, division_code FROM assistance_entry")
    assert entries == [("organisation", "370112")]
    person = await shop.complete({"GT04": 1}, address=elsewhere)
    assert person["status"] == "completed"
    assert await shop.scalar("SELECT count(*) FROM assistance_entry") == 1


async def test_what_832_counts_and_what_a_supplier_buys_of_itself_is_not_counted(shop: Shop):
    union = await shop.organisation()
    itself = await shop.organisation("buyer", uscc="93433125MA4FAKE14C", name="吕洞茗源茶叶专业合作社（示例）")
    on_832 = await shop.complete({"GT04": 1}, organisation_id=union["id"], ext_832_order_no="FP832-20261120-01")
    own = await shop.complete({"GT04": 1}, organisation_id=itself["id"])
    for order, reason in ((on_832, "on_832"), (own, "self_purchase")):
        told = (await shop.call("buyer", "GET", f"/v1/store/orders/{order['id']}/contribution")).json()
        assert [(line["counting"], line["reason"]) for line in told["lines"]] == [("not_counted", reason)]
    assert await shop.scalar("SELECT count(*) FROM assistance_entry") == 0
    async with shop.db.read() as session:
        assert await check(session, now=shop.clock()) == []


async def test_a_code_is_checked_and_verified_once(shop: Shop):
    wrong = await shop.call("buyer", "POST", MINE, {**ORGANISATION, "uscc": "81370112MC0FAKE173"}, key=None)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_uscc")
    city = await shop.call("buyer", "POST", MINE, {**ORGANISATION, "division_code": "370100"}, key=None)
    assert city.json()["code"] == "division_not_a_county"
    mine = (await shop.call("buyer", "POST", MINE, ORGANISATION, key=None)).json()
    theirs = (await shop.call("stranger", "POST", MINE, ORGANISATION, key=None)).json()
    verify = "/v1/operator/organisations/{}/verify"
    assert (await shop.call("operator", "POST", verify.format(mine["id"]), key=None)).status_code == 200
    second = await shop.call("operator", "POST", verify.format(theirs["id"]), key=None)
    assert (second.status_code, second.json()["code"]) == (409, "organisation_exists")
    again = await shop.call("stranger", "POST", MINE, ORGANISATION, key=None)
    assert again.json()["code"] == "organisation_exists"
    assert (await shop.call("stranger", "GET", f"{MINE}/{mine['id']}")).status_code == 404


async def test_members_join_by_phone_and_code_and_one_owner_stays(shop: Shop):
    union = (await shop.organisation())["id"]
    me = str(shop.accounts["buyer"].id)
    phone = await register(shop, "13905310002")
    invitations = f"{MINE}/{union}/invitations"
    invited = (await shop.call("buyer", "POST", invitations, {"phone": phone}, key=None)).json()
    assert invited["phone"] == "139******02"
    twice = await shop.call("buyer", "POST", invitations, {"phone": phone}, key=None)
    assert twice.json()["code"] == "already_invited"
    accept = f"/v1/store/invitations/{invited['id']}/accept"
    for who, code in (("stranger", invited["code"]), (phone, "0" * 20)):
        refused = await shop.call(who, "POST", accept, {"code": code}, key=None)
        assert (refused.status_code, refused.json()["code"]) == (422, "invitation_not_valid")
    shown = (await shop.call(phone, "GET", "/v1/store/invitations")).json()["items"]
    assert [one["id"] for one in shown] == [invited["id"]]
    assert "code" not in shown[0]
    assert (await shop.call(phone, "POST", accept, {"code": invited["code"]}, key=None)).status_code == 200
    members = (await shop.call(phone, "GET", f"{MINE}/{union}/members")).json()["items"]
    them = str(shop.accounts[phone].id)
    assert {(one["account_id"], one["role"]) for one in members} == {(me, "owner"), (them, "purchaser")}
    assert (await shop.call(phone, "POST", "/v1/store/orders", {**GOODS, "organisation_id": union})).status_code == 201
    for method, path, body in (
        ("POST", invitations, {"phone": "13905310009"}),
        ("DELETE", f"{MINE}/{union}/members/{me}", None),
        ("PUT", f"{MINE}/{union}/invoice-details", {"invoice": {"title": "某工会"}}),
    ):
        refused = await shop.call(phone, method, path, body, key=None)
        assert (refused.status_code, refused.json()["code"]) == (403, "owners_only")
    last = await shop.call("buyer", "DELETE", f"{MINE}/{union}/members/{me}", key=None)
    assert (last.status_code, last.json()["code"]) == (409, "last_owner")
    demoted = await shop.call("buyer", "PUT", f"{MINE}/{union}/members/{me}", {"role": "purchaser"}, key=None)
    assert demoted.json()["code"] == "last_owner"
    promoted = await shop.call("buyer", "PUT", f"{MINE}/{union}/members/{them}", {"role": "owner"}, key=None)
    assert promoted.status_code == 204
    assert (await shop.call("buyer", "DELETE", f"{MINE}/{union}/members/{me}", key=None)).status_code == 204
    assert (await shop.call("buyer", "GET", f"{MINE}/{union}")).status_code == 404


async def test_only_who_proved_the_phone_sees_and_accepts_its_invitations(shop: Shop):
    union = (await shop.organisation())["id"]
    phone = await register(shop, "13905310002", proven=False)
    path = f"{MINE}/{union}/invitations"
    invited = (await shop.call("buyer", "POST", path, {"phone": phone}, key=None)).json()
    accept = f"/v1/store/invitations/{invited['id']}/accept"
    assert (await shop.call(phone, "GET", "/v1/store/invitations")).json()["items"] == []
    refused = await shop.call(phone, "POST", accept, {"code": invited["code"]}, key=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "invitation_not_valid")


async def test_of_two_owners_who_go_at_once_one_stays(fresh_shop: Shop):
    shop = fresh_shop
    union = (await shop.organisation())["id"]
    phones = [await register(shop, f"1390531000{n}") for n in range(3)]
    for phone, role in zip(phones, ("owner", "owner", "purchaser"), strict=True):
        await join(shop, union, phone, role)
    me = shop.accounts["buyer"].id
    assert (await shop.call("buyer", "DELETE", f"{MINE}/{union}/members/{me}", key=None)).status_code == 204
    first, second, _ = phones
    leaving = f"{MINE}/{union}/members/{shop.accounts[second].id}"
    answers = await asyncio.gather(
        shop.call(first, "DELETE", "/v1/auth/me", {"confirm": True}, key=None),
        shop.call(second, "DELETE", leaving, key=None),
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    await shop.settle()
    assert await shop.rows("SELECT role FROM buyers_member ORDER BY role") == [("owner",), ("purchaser",)]


async def test_a_token_that_outlives_its_account_orders_and_keeps_nothing(shop: Shop):
    phone = await register(shop, "13905310002")
    assert (await shop.call(phone, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)).status_code == 204
    await shop.settle()
    for path, body in (
        ("/v1/store/orders", GOODS),
        ("/v1/store/addresses", ADDRESS),
        ("/v1/store/organisations", ORGANISATION),
    ):
        refused = await shop.call(phone, "POST", path, body)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
    assert await shop.stock("GT04") == (100, 0)
    assert await shop.scalar("SELECT count(*) FROM buyers_address") == 0


async def test_invoice_details_are_the_owners_to_change_and_sealed(shop: Shop):
    union = (await shop.organisation())["id"]
    details = {"title": "某工会", "bank": "某银行济南历城支行", "account": "3700123456789"}
    body = {"invoice": details, "orders_on_832": True}
    changed = (await shop.call("buyer", "PUT", f"{MINE}/{union}/invoice-details", body, key=None)).json()
    assert (changed["invoice"]["account"], changed["orders_on_832"]) == ("3700123456789", True)
    row = await shop.scalar("SELECT string_agg(o::text, '') FROM buyers_organisation o")
    assert b"3700123456789".hex() not in row
    assert "3700123456789" not in row


async def test_an_account_closes_when_nothing_is_on_its_way(shop: Shop):
    phone = await register(shop, "13905310002")
    await shop.call(phone, "POST", "/v1/store/addresses", ADDRESS, key=None)
    order = await shop.order({"GT04": 1}, who=phone)
    refused = await shop.call(phone, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_still_open")
    paid = await shop.pay(order, phone)
    await shop.call(phone, "POST", f"/v1/store/orders/{paid['id']}/cancel", {})
    waiting_for_money = await shop.call(phone, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)
    assert waiting_for_money.json()["code"] == "order_still_open"
    await shop.settle()
    assert (await shop.call(phone, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)).status_code == 204
    await shop.settle()
    row = await shop.rows(
        "SELECT username, phone_sealed, phone_index, closed_at IS NOT NULL FROM identity_account WHERE id = :id",
        id=shop.accounts[phone].id,
    )
    ((username, sealed, index, closed),) = row
    assert (username.startswith("closed-"), sealed, index, closed) == (True, None, None, True)
    assert await shop.scalar("SELECT count(*) FROM buyers_address") == 0
    assert await shop.scalar("SELECT count(*) FROM orders_order WHERE buyer_id = :id", id=shop.accounts[phone].id) == 1
    form = {"grant_type": "password", "username": phone, "password": "golden-tea-2026"}
    async with shop.http() as client:
        assert (await client.post("/v1/auth/token", data=form)).status_code == 401
    assert (await shop.call(phone, "GET", "/v1/auth/me")).status_code == 401
    assert (await shop.call(phone, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)).status_code == 401
    assert await register(shop, phone)


async def test_an_account_with_an_open_claim_does_not_close(shop: Shop):
    order = await shop.complete({"GT04": 1})
    await opened(shop, order, "other")
    refused = await shop.call("buyer", "DELETE", "/v1/auth/me", {"confirm": True}, key=None)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_still_open")


async def test_the_last_owner_of_other_peoples_organisation_stays(shop: Shop):
    union = (await shop.organisation())["id"]
    phone = await register(shop, "13905310002")
    await join(shop, union, phone)
    refused = await shop.call("buyer", "DELETE", "/v1/auth/me", {"confirm": True}, key=None)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    assert (await shop.call(phone, "DELETE", "/v1/auth/me", {"confirm": True}, key=None)).status_code == 204
    await shop.settle()
    assert (await shop.call("buyer", "DELETE", "/v1/auth/me", {"confirm": True}, key=None)).status_code == 204
