import pytest
from sqlalchemy import text

from app.core.ids import new_id
from app.identity import Role
from tests.identity.builders import account, bearer, token

PAPERS = {
    "code": "S01",
    "name": "保靖县吕洞茗源茶叶专业合作社（示例）",
    "kind": "coop",
    "uscc": "93433125MA4FAKE14C",
    "township_code": "433125116",
    "village": "黄金村",
    "licence_no": "SC11443312590010",
    "taxpayer": "small",
    "linked_since": "2019-01-01",
}
OTHER = PAPERS | {"code": "S02", "uscc": "91433125MA4FAKE22D"}
READY = PAPERS | {
    "lines": ["golden-tea"],
    "recommendation": "保农函〔2026〕12号",
    "bank_account": {
        "account_name": PAPERS["name"],
        "account_no": "6200000000000000001",
        "bank_name": "保靖农商银行（示例）",
        "cnaps": "402569000018",
    },
    "certificates": [
        {"kind": "business_licence", "number": PAPERS["uscc"], "valid_from": "2019-01-01"},
        {"kind": "benefit_link", "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
        {
            "kind": "food_production",
            "number": PAPERS["licence_no"],
            "scope": ["114"],
            "valid_from": "2024-05-01",
            "valid_to": "2029-04-30",
        },
    ],
}


@pytest.fixture
async def operator(session, now):
    return bearer(token(await account(session, now, Role.OPERATOR, username="operator"), now))


async def status_of(session) -> list[str]:
    return list((await session.execute(text("SELECT status FROM suppliers_supplier ORDER BY code"))).scalars())


async def test_an_operator_takes_on_approves_and_suspends(client, operator):
    made = await client.post("/v1/operator/suppliers", json=READY, headers=operator)
    assert made.status_code == 201, made.text
    supplier = made.json()
    assert supplier["status"] == "recommended"
    assert supplier["township"] == "吕洞山镇"
    path = f"/v1/operator/suppliers/{supplier['id']}"
    assert (await client.post(f"{path}/approve", headers=operator)).json()["status"] == "approved"
    again = await client.post(f"{path}/approve", headers=operator)
    assert (again.status_code, again.json()["code"]) == (409, "step_not_allowed")
    assert "已入驻" in again.json()["detail"]
    assert "停售" in again.json()["detail"]
    assert (await client.post(f"{path}/suspend", headers=operator)).json()["status"] == "suspended"
    assert (await client.post(f"{path}/approve", headers=operator)).json()["status"] == "approved"


async def test_the_list_filters_and_pages(client, operator):
    for papers in (OTHER, READY):
        await client.post("/v1/operator/suppliers", json=papers, headers=operator)
    first = (await client.get("/v1/operator/suppliers?limit=1", headers=operator)).json()
    assert [item["code"] for item in first["items"]] == ["S01"]
    rest = await client.get("/v1/operator/suppliers", params={"cursor": first["next_cursor"]}, headers=operator)
    assert [item["code"] for item in rest.json()["items"]] == ["S02"]
    assert rest.json()["next_cursor"] is None
    await client.post(f"/v1/operator/suppliers/{first['items'][0]['id']}/approve", headers=operator)
    applied = (await client.get("/v1/operator/suppliers?status=applied", headers=operator)).json()["items"]
    assert [item["code"] for item in applied] == ["S02"]
    for query in ("status=dead", "limit=0", "limit=101", "cursor=nonsense"):
        assert (await client.get(f"/v1/operator/suppliers?{query}", headers=operator)).status_code == 422


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"uscc": "93433125MA4FAKE14D"}, 422, "invalid_uscc"),
        ({"licence_no": "SC11443312590011"}, 422, "invalid_licence"),
        ({"township_code": "433125999"}, 422, "unknown_township"),
        ({"code": "S02"}, 409, "supplier_exists"),
        ({"status": "approved"}, 422, "invalid_input"),
        ({"name": "a\u0000"}, 422, "invalid_input"),
        ({"code": "x"}, 422, "invalid_input"),
        ({"certificates": [READY["certificates"][0] | {"number": OTHER["uscc"]}]}, 422, "invalid_certificate"),
        ({"bank_account": READY["bank_account"] | {"account_name": "别人"}}, 422, "account_name_differs"),
        ({"kind": "emperor"}, 422, "invalid_input"),
    ],
)
async def test_papers_that_are_refused_leave_nothing(client, session, operator, change, status, code):
    await client.post("/v1/operator/suppliers", json=OTHER, headers=operator)
    answer = await client.post("/v1/operator/suppliers", json=PAPERS | change, headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await status_of(session) == ["applied"]


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.SUPPLIER, Role.PARTNER, Role.OFFICER])
async def test_only_operators_decide_about_suppliers(client, session, now, operator, role):
    made = (await client.post("/v1/operator/suppliers", json=PAPERS, headers=operator)).json()
    headers = bearer(token(await account(session, now, role), now)) if role else {}
    path = f"/v1/operator/suppliers/{made['id']}"
    answers = [
        await client.get("/v1/operator/suppliers", headers=headers),
        await client.post("/v1/operator/suppliers", json=OTHER, headers=headers),
        await client.post(f"{path}/approve", headers=headers),
        await client.post(f"{path}/suspend", headers=headers),
    ]
    assert {answer.status_code for answer in answers} == {403 if role else 401}
    assert await status_of(session) == ["applied"]


async def test_a_supplier_that_is_not_there(client, operator, now):
    for step in ("approve", "suspend"):
        answer = await client.post(f"/v1/operator/suppliers/{new_id(now)}/{step}", headers=operator)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await client.post(f"/v1/operator/suppliers/x/{step}", headers=operator)).status_code == 422
