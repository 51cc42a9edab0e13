"""Partners, contracts and credit over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app import partners
from app.core.clock import local_day
from app.identity import SYSTEM, Role
from tests.identity.builders import account, bearer, token
from tests.partners.builders import RECORD, SECOND, customer

CONTRACT = {
    "contract_no": "HT-2027-P01",
    "valid_from": "2027-01-01",
    "valid_to": "2027-12-31",
    "order_weekdays": [5, 1, 3],
    "order_until": "14:00",
    "lead_days": 2,
    "minimum": 300_000,
    "minimum_unit": "fen",
    "min_life_pct": 66,
    "term_days": 45,
    "rebate_bp": 600,
    "tolerance": {"navel-orange": {"accept_bp": 100, "deduct_bp": 500, "notify_below_bp": 8500}},
    "fees": [{"name": "促销服务费", "service": "每月一次堆头陈列", "basis": "fixed", "amount_fen": 30_000}],
}


@pytest.fixture
async def operator(session, now) -> dict[str, str]:
    return bearer(token(await account(session, now, Role.OPERATOR, username="op"), now))


async def staff_of(session, now, partner_id, username="staff") -> dict[str, str]:
    return bearer(token(await account(session, now, Role.PARTNER, username=username, scope_id=partner_id), now))


async def test_a_partner_from_its_enrolment_to_a_contract_that_holds(client, session, now, operator):
    """Enrolled, given a place, a draft that is rewritten, signed, ended; each step is refused the second time."""
    enrolled = await client.post("/v1/operator/partners", json=RECORD, headers=operator)
    assert enrolled.status_code == 201, enrolled.text
    base = f"/v1/operator/partners/{enrolled.json()['id']}"
    assert (await client.get(base, headers=operator)).json() == enrolled.json()
    assert (await client.post("/v1/operator/partners", json=RECORD, headers=operator)).json()[
        "code"
    ] == "partner_exists"

    drafted = await client.post(f"{base}/contracts", json=CONTRACT, headers=operator)
    assert drafted.status_code == 201, drafted.text
    body = drafted.json()
    assert body["order_weekdays"] == [1, 3, 5]
    assert body["order_until"] == "14:00:00"
    assert body["tolerance"] == CONTRACT["tolerance"]
    assert [(fee["name"], fee["amount_fen"], fee["tax_rate_bp"]) for fee in body["fees"]] == [
        ("促销服务费", 30_000, 600)
    ]
    contract = f"/v1/operator/contracts/{body['id']}"
    read = await client.get(contract, headers=operator)
    assert (read.json(), read.headers["ETag"]) == (body, '"1"')

    longer = {**CONTRACT, "term_days": 60, "fees": []}
    assert (await client.put(contract, json=longer, headers=operator)).status_code == 428
    changed = await client.put(contract, json=longer, headers=operator | {"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["term_days"], changed.json()["fees"]) == (200, 60, [])
    assert changed.headers["ETag"] == '"2"'
    assert (await client.put(contract, json=longer, headers=operator | {"If-Match": '"1"'})).status_code == 412
    too_long = await client.put(contract, json={**longer, "term_days": 61}, headers=operator | {"If-Match": '"2"'})
    assert too_long.status_code == 422

    signed = await client.post(f"{contract}/sign", headers=operator)
    assert signed.status_code == 200
    assert signed.json()["signed_at"] is not None
    for answer in (
        await client.post(f"{contract}/sign", headers=operator),
        await client.put(contract, json=longer, headers=operator | {"If-Match": '"2"'}),
        await client.delete(contract, headers=operator),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "contract_signed")
    twin = await client.post(f"{base}/contracts", json={**CONTRACT, "contract_no": "HT-2"}, headers=operator)
    refused = await client.post(f"/v1/operator/contracts/{twin.json()['id']}/sign", headers=operator)
    assert (refused.status_code, refused.json()["code"]) == (409, "contracts_overlap")
    assert CONTRACT["contract_no"] in refused.json()["detail"]
    assert (await client.delete(f"/v1/operator/contracts/{twin.json()['id']}", headers=operator)).status_code == 204

    listed = await client.get("/v1/operator/contracts?signed=true", headers=operator)
    assert [item["id"] for item in listed.json()["items"]] == [body["id"]]
    assert (await client.get("/v1/operator/contracts?signed=false", headers=operator)).json()["items"] == []
    ended = await client.post(f"{contract}/end", headers=operator)
    assert (ended.status_code, ended.json()["ended_at"] is not None) == (200, True)
    assert (await client.post(f"{contract}/end", headers=operator)).json()["code"] == "contract_over"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"term_days": 61}, 422),
        ({"order_weekdays": [8]}, 422),
        ({"order_weekdays": []}, 422),
        ({"tolerance": {"navel-orange": {"accept_bp": 600, "deduct_bp": 500}}}, 422),
        ({"fees": [{"name": "进场费", "service": "", "basis": "fixed", "amount_fen": 1}]}, 422),
        ({"fees": [{"name": "返利", "service": "返利", "basis": "percent", "amount_fen": 1}]}, 422),
        ({"entry_fee": 1}, 422),
        ({"valid_to": "2026-12-31"}, 422),
    ],
)
async def test_a_contract_that_cannot_be_is_refused(client, session, now, operator, change, status):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    path = f"/v1/operator/partners/{card.id}/contracts"
    answer = await client.post(path, json={**CONTRACT, **change}, headers=operator)
    assert answer.status_code == status
    assert answer.json()["errors"]
    assert await partners.contracts(session) == []


async def test_places_are_opened_corrected_and_closed(client, session, now, operator):
    who = await customer(session, now)
    base = f"/v1/operator/partners/{who.card.id}/locations"
    place = {"code": "007", "name": "花园路店", "kind": "store", "division_code": "370112", "address": "花园路 88 号"}
    opened = await client.post(base, json=place, headers=operator)
    assert opened.status_code == 201, opened.text
    assert (opened.json()["code"], opened.json()["active"]) == ("007", True)
    wrong = await client.post(base, json={**place, "code": "008", "gln": "6901234567890"}, headers=operator)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/gln")

    mine = await staff_of(session, now, who.card.id)
    own = (await client.get("/v1/partner/locations?limit=1", headers=mine)).json()
    assert own["items"] == [{"code": "007", "name": "花园路店", "kind": "store", "division_code": "370112"}]
    rest = await client.get("/v1/partner/locations", params={"cursor": own["next_cursor"]}, headers=mine)
    assert [item["code"] for item in rest.json()["items"]] == ["P01-DC"]
    other = await partners.enrol(session, **SECOND, by=SYSTEM, now=now)
    theirs = await staff_of(session, now, other.id, "other")
    assert (await client.get("/v1/partner/locations", headers=theirs)).json()["items"] == []

    record = {"name": "花园路旗舰店", "division_code": "370112", "address": "花园路 90 号", "active": False}
    closed = await client.put(f"{base}/007", json=record, headers=operator)
    assert (closed.status_code, closed.json()["name"], closed.json()["active"]) == (200, "花园路旗舰店", False)
    assert len((await client.get("/v1/partner/locations", headers=mine)).json()["items"]) == 1
    assert len((await client.get(base, headers=operator)).json()["items"]) == 2
    assert (await client.put(f"{base}/NO", json=record, headers=operator)).status_code == 404


async def test_a_limit_is_set_by_its_version_and_remembered(client, session, now, operator):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    path = f"/v1/operator/partners/{card.id}/credit"
    read = await client.get(path, headers=operator)
    assert (read.json(), read.headers["ETag"]) == ({"limit_fen": 0, "used_fen": 0, "available_fen": 0}, '"0"')
    wanted = {"limit_fen": 500_000, "reason": "首年授信"}
    assert (await client.put(path, json=wanted, headers=operator)).status_code == 428
    done = await client.put(path, json=wanted, headers=operator | {"If-Match": '"0"'})
    assert (done.json()["available_fen"], done.headers["ETag"]) == (500_000, '"1"')
    assert (await client.put(path, json=wanted, headers=operator | {"If-Match": '"0"'})).status_code == 412
    kind, order = partners.CreditKind.ORDERED, uuid4()
    await partners.take_credit(
        session, card.id, reference=order, source_id=order, kind=kind, amount_fen=120_000, now=now
    )
    again = await client.get(path, headers=operator)
    assert (again.json()["used_fen"], again.json()["available_fen"]) == (120_000, 380_000)
    assert again.headers["ETag"] == '"1"'  # orders do not disturb whoever is about to set a limit
    (limit,) = (await client.get(f"{path}/limits", headers=operator)).json()["items"]
    assert (limit["limit_fen"], limit["reason"]) == (500_000, "首年授信")
    (entry,) = (await client.get(f"{path}/entries", headers=operator)).json()["items"]
    assert (entry["kind"], entry["amount_fen"], entry["reference"]) == ("ordered", 120_000, str(order))


async def test_a_partner_is_suspended_and_resumed(client, session, now, operator):
    who = await customer(session, now)
    base = f"/v1/operator/partners/{who.card.id}"
    for verb, status in (
        ("suspend", "suspended"),
        ("suspend", "suspended"),
        ("resume", "active"),
        ("resume", "active"),
    ):
        answer = await client.post(f"{base}/{verb}", headers=operator)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    for verb in ("suspend", "resume"):
        assert (await client.post(f"/v1/operator/partners/{uuid4()}/{verb}", headers=operator)).status_code == 404


ROUTES = [
    ("POST", ""),
    ("GET", "/{id}"),
    ("POST", "/{id}/suspend"),
    ("POST", "/{id}/resume"),
    ("GET", "/{id}/locations"),
    ("POST", "/{id}/locations"),
    ("PUT", "/{id}/locations/X"),
    ("GET", "/{id}/credit"),
    ("PUT", "/{id}/credit"),
    ("GET", "/{id}/credit/limits"),
    ("GET", "/{id}/credit/entries"),
    ("POST", "/{id}/contracts"),
]


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.SUPPLIER, Role.PARTNER, Role.OFFICER])
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_only_operators_do_that(client, session, now, role, method, path):
    headers = bearer(token(await account(session, now, role), now)) if role else {}
    answer = await client.request(method, f"/v1/operator/partners{path.format(id=uuid4())}", headers=headers)
    assert answer.status_code == (403 if role else 401)


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path in ROUTES if method == "GET"])
async def test_a_partner_that_does_not_exist_is_not_found(client, operator, method, path):
    answer = await client.request(method, f"/v1/operator/partners{path.format(id=uuid4())}", headers=operator)
    assert answer.status_code == 404


async def test_today_decides_what_holds(session, now):
    who = await customer(session, now)
    assert (await partners.contract_on(session, who.card.id, local_day(now))).id == who.contract.id
