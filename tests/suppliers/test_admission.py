"""From an application to selling, and what certificates decide about it, over HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app import catalogue, suppliers
from app.identity import SYSTEM, Role
from app.wiring import CHORES
from app.worker import do_chore
from tests.files.builders import picture
from tests.shop import Shop

NAME, USCC, LICENCE = "湖南酉水金芽茶业有限公司（示例）", "91433125MA4FAKE22D", "SC11443312590028"
APPLICATION = {
    "name": NAME,
    "kind": "company",
    "uscc": USCC,
    "township_code": "433125114",
    "village": "枫香村",
    "lines": ["golden-tea"],
}
BANK = {"account_name": NAME, "account_no": "6200000000000000002", "bank_name": "示例银行", "cnaps": "402569000018"}
BUSINESS = {"kind": "business_licence", "number": USCC, "valid_from": "2019-01-01"}
LINK = {"kind": "benefit_link", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
FOOD = {
    "kind": "food_production",
    "number": LICENCE,
    "scope": ["114"],
    "valid_from": "2024-01-01",
    "valid_to": "2028-12-31",
}
WATCH = next(chore for chore in CHORES if chore.name == "suppliers.watch_certificates")


async def post(shop: Shop, who: str, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
    shop.clock.advance(seconds=1)  # decisions are told in the order of their time
    answer = await shop.call(who, "POST", path, body, key=None)
    assert answer.status_code == status, answer.text
    return answer.json()


async def upload(shop: Shop, who: str, purpose: str) -> str:
    async with shop.http(who) as http:
        file = {"file": ("a.jpg", picture(), "image/jpeg")}
        kept = await http.post("/v1/supplier/files", data={"purpose": purpose}, files=file)
    assert kept.status_code == 201, kept.text
    return str(kept.json()["id"])


async def hand_in(shop: Shop, who: str, certificate: dict[str, Any]):
    purpose = "evidence" if certificate["kind"] == "benefit_link" else "certificate"
    body = certificate | {"file_ids": [await upload(shop, who, purpose)]}
    return await shop.call(who, "POST", "/v1/supplier/certificates", body, key=None)


async def applied(shop: Shop, **changes: Any) -> str:
    """``stranger`` applies and becomes staff of the applicant."""
    made = await post(shop, "stranger", "/v1/store/supplier-applications", APPLICATION | changes, 201)
    account = shop.accounts["stranger"]
    shop.accounts["stranger"] = replace(account, roles=account.roles | {Role.SUPPLIER}, supplier_id=UUID(made["id"]))
    return made["id"]


async def look(shop: Shop, who: str = "stranger") -> dict[str, Any]:
    return (await shop.call(who, "GET", "/v1/supplier/admission", key=None)).json()


def unmet(admission: dict[str, Any]) -> set[str]:
    return {one["code"] for one in admission["requirements"] if not one["met"]}


async def complete(shop: Shop) -> dict[str, str]:
    """Hand everything in; the ids of the certificates by kind."""
    assert (
        await shop.call("stranger", "PUT", "/v1/supplier/admission/bank-account", BANK, key=None)
    ).status_code == 200
    for certificate in (BUSINESS, LINK, FOOD):
        answer = await hand_in(shop, "stranger", certificate)
        assert answer.status_code == 201, answer.text
    return {one["kind"]: one["id"] for one in (await look(shop))["certificates"]}


async def days_later(shop: Shop, days: int) -> None:
    shop.clock.advance(days=days)
    await do_chore(shop.db, WATCH, shop.clock())
    await shop.settle()


async def test_the_county_recommends_and_the_marketplace_approves(shop):
    supplier_id = await applied(shop)
    office, operator = f"/v1/office/suppliers/{supplier_id}", f"/v1/operator/suppliers/{supplier_id}"
    draft = await look(shop)
    assert (draft["status"], draft["bank_account"]) == ("draft", None)
    assert unmet(draft) == {"business_licence", "licence:golden-tea", "bank_account", "benefit_link", "recommendation"}
    early = await shop.call("stranger", "POST", "/v1/supplier/admission/submit", key=None)
    assert (early.status_code, early.json()["code"]) == (422, "admission_incomplete")
    assert (await look(shop))["status"] == "draft"

    certificates = await complete(shop)
    assert (await post(shop, "stranger", "/v1/supplier/admission/submit"))["status"] == "applied"
    listed = (await shop.call("officer", "GET", "/v1/office/suppliers?status=applied", key=None)).json()["items"]
    assert [one["id"] for one in listed] == [supplier_id]
    evidence = (await shop.call("officer", "GET", office, key=None)).json()
    link = next(one for one in evidence["certificates"] if one["kind"] == "benefit_link")
    assert (await shop.call(None, "GET", link["files"][0]["url"], key=None)).status_code == 200
    assert evidence["bank_account"]["account_no"] == "****0002"

    # Nobody is approved whom the county has not recommended, or whose certificates nobody has verified.
    refused = await shop.call("operator", "POST", f"{operator}/approve", key=None)
    assert (refused.status_code, refused.json()["code"]) == (409, "step_not_allowed")
    assert (await post(shop, "officer", f"{office}/recommend"))["status"] == "recommended"
    refused = await shop.call("operator", "POST", f"{operator}/approve", key=None)
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/requirements/business_licence",
        "/requirements/licence:golden-tea",
        "/requirements/benefit_link",
    }
    for certificate_id in certificates.values():
        await post(shop, "operator", f"/v1/operator/certificates/{certificate_id}/verify")
    assert (await post(shop, "operator", f"{operator}/approve"))["status"] == "approved"
    admitted = await look(shop)
    assert (unmet(admitted), admitted["licence_no"]) == (set(), LICENCE)
    assert [one["step"] for one in admitted["decisions"]] != []
    async with shop.db.read() as session:
        account = await suppliers.bank_account(session, UUID(supplier_id))
        assert (account.account_no, account.cnaps) == (BANK["account_no"], BANK["cnaps"])
        sealed = await session.scalar(text("SELECT bank_sealed FROM suppliers_supplier WHERE uscc = :u"), {"u": USCC})
        assert BANK["account_no"].encode() not in bytes(sealed)


async def test_an_application_is_given_back_with_a_reason_and_handed_in_again(shop):
    supplier_id = await applied(shop)
    await complete(shop)
    await post(shop, "stranger", "/v1/supplier/admission/submit")
    closed = await shop.call("stranger", "PATCH", "/v1/supplier/admission", {"village": "国茶村"}, key=None)
    assert (closed.status_code, closed.json()["code"]) == (409, "step_not_allowed")
    await post(shop, "officer", f"/v1/office/suppliers/{supplier_id}/decline", {"reason": "带农证明不清晰"})
    back = await look(shop)
    assert (back["status"], back["decisions"][0]["reason"]) == ("rejected", "带农证明不清晰")
    renamed = await shop.call("stranger", "PATCH", "/v1/supplier/admission", {"name": "另一个名称"}, key=None)
    assert (renamed.status_code, renamed.json()["bank_account"]) == (200, None)
    await shop.call("stranger", "PATCH", "/v1/supplier/admission", {"name": NAME}, key=None)
    await shop.call("stranger", "PUT", "/v1/supplier/admission/bank-account", BANK, key=None)
    await post(shop, "stranger", "/v1/supplier/admission/submit")
    await post(shop, "officer", f"/v1/office/suppliers/{supplier_id}/recommend")
    gone = await post(shop, "operator", f"/v1/operator/suppliers/{supplier_id}/reject", {"reason": "资质不符"})
    assert gone["status"] == "rejected"


async def test_one_account_applies_once_and_a_registration_asks_once(shop):
    await applied(shop)
    again = await shop.call("stranger", "POST", "/v1/store/supplier-applications", APPLICATION, key=None)
    assert (again.status_code, again.json()["code"]) == (409, "already_applied")
    bad = await shop.call(
        "buyer", "POST", "/v1/store/supplier-applications", APPLICATION | {"uscc": USCC[::-1]}, key=None
    )
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid_uscc")
    async with shop.db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM suppliers_supplier WHERE status = 'draft'")) == 1
    # A draft keeps nobody out, an application does: S01 sells under this registration.
    taken = "93433125MA4FAKE14C"
    await shop.call("stranger", "PATCH", "/v1/supplier/admission", {"uscc": taken, "kind": "coop"}, key=None)
    await shop.call("stranger", "PUT", "/v1/supplier/admission/bank-account", BANK, key=None)
    for certificate in (BUSINESS | {"number": taken}, LINK, FOOD):
        assert (await hand_in(shop, "stranger", certificate)).status_code == 201
    refused = await shop.call("stranger", "POST", "/v1/supplier/admission/submit", key=None)
    assert (refused.status_code, refused.json()["code"]) == (409, "supplier_exists")


async def test_a_line_that_cannot_be_judged_admits_nobody(shop):
    await applied(shop, lines=["honey"])
    await complete(shop)
    refused = await shop.call("stranger", "POST", "/v1/supplier/admission/submit", key=None)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/requirements/licence:honey"]


@pytest.mark.parametrize(
    ("certificate", "pointer"),
    [
        (BUSINESS | {"number": "93433125MA4FAKE14C"}, "/number"),
        (FOOD | {"number": "SC11443312590029"}, "/number"),
        (FOOD | {"scope": ["102"]}, "/scope"),
        (FOOD | {"valid_to": None}, "/valid_to"),
        (FOOD | {"valid_to": "2026-11-19"}, "/valid_to"),
        (LINK | {"valid_to": "2027-12-31"}, "/valid_to"),
        ({"kind": "gi_mark", "valid_from": "2026-01-01"}, "/number"),
    ],
)
async def test_what_a_certificate_cannot_say(shop, certificate, pointer):
    await applied(shop)
    refused = await hand_in(shop, "stranger", certificate)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_certificate")
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert (await look(shop))["certificates"] == []


async def test_a_file_of_others_shows_nothing(shop):
    await applied(shop)
    body = BUSINESS | {"file_ids": [await upload(shop, "S01", "certificate")]}
    refused = await shop.call("stranger", "POST", "/v1/supplier/certificates", body, key=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_file")


async def test_money_goes_to_an_account_of_the_same_name(shop):
    await applied(shop)
    path = "/v1/supplier/admission/bank-account"
    wrong = await shop.call("stranger", "PUT", path, BANK | {"account_name": "别人"}, key=None)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "account_name_differs")
    assert (await look(shop))["bank_account"] is None
    # Whoever sells already changes it where payouts are looked after.
    late = await shop.call("S01", "PUT", path, BANK, key=None)
    assert (late.status_code, late.json()["code"]) == (409, "step_not_allowed")


async def sellable(shop: Shop, sku: str = "GT04") -> tuple[bool, int]:
    """Whether the shop shows it, and what an order of it comes to."""
    shown = (await shop.call(None, "GET", f"/v1/store/products?q={sku}&{uuid4()}", key=None)).json()["items"]
    body = {
        "items": [{"sku": sku, "quantity": 1}],
        "address": {"recipient": "王晓梅", "phone": "13800001234", "division_code": "370112", "detail": "花园路88号"},
        "fresh_goods_acknowledged": True,
    }
    return bool(shown), (await shop.call("buyer", "POST", "/v1/store/orders", body)).status_code


async def ending(shop: Shop, kind: str, on: str) -> None:
    """Let the shop's certificates of a kind end on that day."""
    async with shop.db.write() as session:
        statement = text("UPDATE suppliers_certificate SET valid_to = CAST(:day AS date) WHERE kind = :kind")
        await session.execute(statement, {"day": on, "kind": kind})


def from_today(shop: Shop, certificate: dict[str, Any]) -> dict[str, Any]:
    today = shop.clock().date()
    return certificate | {"valid_from": f"{today}", "valid_to": f"{today.replace(year=today.year + 1)}"}


async def test_a_licence_that_ends_is_warned_of_then_gates_its_goods_and_a_new_one_frees_them(shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    await ending(shop, "food_production", "2027-01-13")
    await days_later(shop, 0)
    food = next(one for one in (await look(shop, "S01"))["certificates"] if one["kind"] == "food_production")
    assert (food["expires_in_days"], food["expiring"]) == (54, True)
    await days_later(shop, 1)
    await days_later(shop, 39)
    warned = await shop.rows("SELECT payload ->> 'days' FROM core_event WHERE name = 'suppliers.certificate_expiring'")
    assert [row[0] for row in warned] == ["54", "14"]
    await days_later(shop, 14)
    assert await sellable(shop) == (True, 201)

    await days_later(shop, 1)
    assert await sellable(shop) == (False, 409)
    assert await sellable(shop, "NO02") == (True, 201)  # fruit needs no such licence
    held = (await shop.call("S01", "GET", "/v1/supplier/products?status=held", key=None)).json()["items"]
    assert len(held) == 2
    missing = (await shop.call("S01", "GET", f"/v1/supplier/products/{held[0]['id']}", key=None)).json()["missing"]
    assert [one["code"] for one in missing] == ["licence_not_in_force"]
    assert (await shop.ship(order))["status"] == "delivered"  # what was ordered goes on

    new = from_today(shop, FOOD | {"number": "SC11443312590010"})
    certificate = newest((await hand_in(shop, "S01", new)).json())
    assert await sellable(shop) == (False, 409)
    await post(shop, "operator", f"/v1/operator/certificates/{certificate}/verify")
    await shop.settle()
    assert await sellable(shop) == (True, 201)
    again = await shop.call("operator", "POST", f"/v1/operator/certificates/{certificate}/verify", key=None)
    assert (again.status_code, again.json()["code"]) == (409, "certificate_step_not_allowed")
    await post(shop, "operator", f"/v1/operator/certificates/{certificate}/revoke", {"reason": "许可证被吊销"})
    await shop.settle()
    assert await sellable(shop) == (False, 409)


def newest(admission: dict[str, Any]) -> str:
    return next(one["id"] for one in admission["certificates"] if one["status"] == "submitted")


async def test_without_evidence_of_linkage_in_force_nobody_sells(shop):
    await ending(shop, "benefit_link", "2026-12-01")
    await days_later(shop, 12)
    stopped = await look(shop, "S01")
    assert (stopped["status"], stopped["suspended_for"]) == ("suspended", "certificates")
    assert unmet(stopped) == {"benefit_link"}
    assert await sellable(shop) == (False, 409)
    operator = f"/v1/operator/suppliers/{shop.accounts['S01'].supplier_id}"
    refused = await shop.call("operator", "POST", f"{operator}/approve", key=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "admission_incomplete")
    certificate = newest((await hand_in(shop, "S01", from_today(shop, LINK))).json())
    await post(shop, "operator", f"/v1/operator/certificates/{certificate}/verify")
    await shop.settle()
    assert (await look(shop, "S01"))["status"] == "approved"
    assert await sellable(shop) == (True, 201)


async def test_what_an_operator_suspended_only_an_operator_frees(shop):
    operator = f"/v1/operator/suppliers/{shop.accounts['S01'].supplier_id}"
    assert (await post(shop, "operator", f"{operator}/suspend", {"reason": "抽检不合格"}))["status"] == "suspended"
    await shop.settle()
    assert await sellable(shop) == (False, 409)
    new = from_today(shop, FOOD | {"number": "SC11443312590010"})
    certificate = newest((await hand_in(shop, "S01", new)).json())
    await post(shop, "operator", f"/v1/operator/certificates/{certificate}/verify")
    seen = await look(shop, "S01")
    assert (seen["status"], seen["suspended_for"], seen["decisions"][0]["reason"]) == (
        "suspended",
        "operator",
        "抽检不合格",
    )
    assert (await post(shop, "operator", f"{operator}/approve"))["status"] == "approved"
    await shop.settle()
    assert await sellable(shop) == (True, 201)


async def test_a_certificate_that_is_refused_says_why(shop):
    await applied(shop)
    certificates = await complete(shop)
    path = f"/v1/operator/certificates/{certificates['benefit_link']}"
    seen = await post(shop, "operator", f"{path}/reject", {"reason": "缺少农户名单"})
    refused = next(one for one in seen["certificates"] if one["id"] == certificates["benefit_link"])
    assert (refused["status"], refused["reason"]) == ("rejected", "缺少农户名单")
    unknown = await shop.call("operator", "POST", f"/v1/operator/certificates/{UUID(int=7)}/verify", key=None)
    assert unknown.status_code == 404


async def test_a_verification_and_the_end_of_the_day_take_turns(fresh_shop):
    """Whoever comes first, the supplier ends up selling: it has new evidence in force."""
    shop = fresh_shop
    await ending(shop, "benefit_link", "2026-12-01")
    shop.clock.advance(days=12)
    certificate = newest((await hand_in(shop, "S01", from_today(shop, LINK))).json())

    async def verify() -> None:
        async with shop.db.write() as session:
            step = suppliers.CertificateStep.VERIFY
            await suppliers.decide_certificate(session, UUID(certificate), step, by=SYSTEM, now=shop.clock())

    await asyncio.gather(verify(), *(do_chore(shop.db, WATCH, shop.clock()) for _ in range(3)))
    await shop.settle()
    assert (await look(shop, "S01"))["status"] == "approved"
    assert await sellable(shop) == (True, 201)


async def test_nothing_is_published_past_a_licence_that_is_being_revoked(fresh_shop):
    shop = fresh_shop
    (row,) = await shop.rows(
        "SELECT id FROM suppliers_certificate WHERE kind = 'food_production' AND number = 'SC11443312590010'"
    )
    product = shop.products["GT04"]
    await post(shop, "operator", f"/v1/operator/products/{product}/withdraw")

    async def revoke() -> None:
        async with shop.db.write() as session:
            step = suppliers.CertificateStep.REVOKE
            await suppliers.decide_certificate(session, row[0], step, reason="吊销", by=SYSTEM, now=shop.clock())

    async with shop.db.write() as session:
        await catalogue.publish(session, product, by=shop.actor("operator"), now=shop.clock())
        revoking = asyncio.create_task(revoke())
        await asyncio.sleep(0.1)
        assert not revoking.done()
    await revoking
    await shop.settle()
    assert await shop.scalar("SELECT status FROM catalogue_product WHERE id = :id", id=product) == "held"
