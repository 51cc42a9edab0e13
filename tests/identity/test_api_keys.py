import re

import pytest
from sqlalchemy import text

from app.identity import Role
from app.identity.guards import _keys
from app.identity.rules import scope_for
from tests.identity.builders import account, bearer, token

AUDIENCES = [("supplier", Role.SUPPLIER), ("partner", Role.PARTNER)]


async def staff(session, now, role, username="staff"):
    who = await account(session, now, role, username=username, name="吕洞茗源")
    return who, bearer(token(who, now))


async def made(client, audience, headers, name="ERP"):
    answer = await client.post(f"/v1/{audience}/api-keys", json={"name": name}, headers=headers)
    assert answer.status_code == 201
    return answer.json()


@pytest.mark.parametrize(("audience", "role"), AUDIENCES)
async def test_a_key_speaks_for_its_organisation_in_one_role(client, session, now, audience, role):
    who, headers = await staff(session, now, role)
    key = await made(client, audience, headers)
    assert re.fullmatch(r"bj_[0-9a-f]{8}_[0-9a-f]{40}", key["key"])
    seen = await client.get(f"/probe/{audience}", headers=bearer(key["key"]))
    assert seen.status_code == 200
    assert seen.json()[audience] == str(who.supplier_id or who.partner_id)
    assert seen.json()["caller"] == f"key:{key['id']}"
    for guard in {"buyer", "supplier", "partner", "officer", "operator"} - {audience}:
        assert (await client.get(f"/probe/{guard}", headers=bearer(key["key"]))).status_code == 403
    me = (await client.get("/v1/auth/me", headers=bearer(key["key"]))).json()
    assert me["roles"] == [role]
    assert me[f"{audience}_id"] == str(who.supplier_id or who.partner_id)


@pytest.mark.parametrize(("audience", "role"), AUDIENCES)
async def test_a_list_shows_keys_without_their_secrets_page_by_page(client, session, now, clock, audience, role):
    _, headers = await staff(session, now, role)
    keys = []
    for number in range(3):
        keys.append(await made(client, audience, headers, f"key {number}"))
        clock.advance(seconds=1)
    first = (await client.get(f"/v1/{audience}/api-keys?limit=2", headers=headers)).json()
    assert [item["name"] for item in first["items"]] == ["key 2", "key 1"]
    assert set(first["items"][0]) == {"id", "name", "hint", "created_at", "revoked_at", "scopes"}
    assert keys[2]["key"].startswith(first["items"][0]["hint"])
    rest = await client.get(f"/v1/{audience}/api-keys", params={"cursor": first["next_cursor"]}, headers=headers)
    assert [item["id"] for item in rest.json()["items"]] == [keys[0]["id"]]
    assert rest.json()["next_cursor"] is None


async def test_only_a_digest_is_stored(client, session, now):
    _, headers = await staff(session, now, Role.SUPPLIER)
    key = await made(client, "supplier", headers)
    row = (await session.execute(text("SELECT k::text FROM identity_api_key k"))).scalar_one()
    assert key["key"].rpartition("_")[2] not in row


async def test_a_revoked_key_stops_here_at_once_and_elsewhere_within_two_seconds(client, session, now, clock):
    _, headers = await staff(session, now, Role.SUPPLIER)
    key = await made(client, "supplier", headers)
    use = bearer(key["key"])
    assert (await client.get("/probe/supplier", headers=use)).status_code == 200
    elsewhere = dict(_keys._kept)  # what another process remembers
    assert (await client.delete(f"/v1/supplier/api-keys/{key['id']}", headers=headers)).status_code == 204
    assert (await client.get("/probe/supplier", headers=use)).status_code == 401
    _keys._kept.update(elsewhere)
    clock.advance(seconds=1.9)
    assert (await client.get("/probe/supplier", headers=use)).status_code == 200
    clock.advance(seconds=0.1)
    assert (await client.get("/probe/supplier", headers=use)).status_code == 401
    listed = (await client.get("/v1/supplier/api-keys", headers=headers)).json()["items"]
    assert listed[0]["revoked_at"] is not None


async def test_revoking_twice_keeps_the_first_moment(client, session, now, clock):
    _, headers = await staff(session, now, Role.SUPPLIER)
    key = await made(client, "supplier", headers)
    await client.delete(f"/v1/supplier/api-keys/{key['id']}", headers=headers)
    clock.advance(seconds=60)
    assert (await client.delete(f"/v1/supplier/api-keys/{key['id']}", headers=headers)).status_code == 204
    at = (await session.execute(text("SELECT revoked_at FROM identity_api_key"))).scalar_one()
    assert at == now


async def test_a_key_is_looked_up_at_most_once_in_two_seconds(client, session, now, clock, statements):
    _, headers = await staff(session, now, Role.SUPPLIER)
    key = await made(client, "supplier", headers)
    statements.clear()
    for _ in range(3):
        assert (await client.get("/probe/supplier", headers=bearer(key["key"]))).status_code == 200
    assert len(statements) == 1
    clock.advance(seconds=2)
    await client.get("/probe/supplier", headers=bearer(key["key"]))
    assert len(statements) == 2


async def test_a_key_can_neither_make_nor_revoke_keys(client, session, now):
    _, headers = await staff(session, now, Role.SUPPLIER)
    key = await made(client, "supplier", headers)
    use = bearer(key["key"])
    assert (await client.post("/v1/supplier/api-keys", json={"name": "x"}, headers=use)).status_code == 403
    assert (await client.delete(f"/v1/supplier/api-keys/{key['id']}", headers=use)).status_code == 403
    rows = (await session.execute(text("SELECT revoked_at FROM identity_api_key"))).scalars().all()
    assert rows == [None]


async def test_keys_of_others_are_not_there(client, session, now):
    _, headers = await staff(session, now, Role.SUPPLIER)
    key = await made(client, "supplier", headers)
    _, others = await staff(session, now, Role.SUPPLIER, "another-supplier")
    _, partner = await staff(session, now, Role.PARTNER, "a-partner")
    assert (await client.get("/v1/supplier/api-keys", headers=others)).json()["items"] == []
    assert (await client.delete(f"/v1/supplier/api-keys/{key['id']}", headers=others)).status_code == 404
    assert (await client.delete(f"/v1/partner/api-keys/{key['id']}", headers=partner)).status_code == 404
    assert (await client.get("/probe/supplier", headers=bearer(key["key"]))).status_code == 200


@pytest.mark.parametrize("role", [Role.BUYER, Role.PARTNER, Role.OFFICER, Role.OPERATOR])
async def test_others_cannot_ask_for_keys_of_suppliers(client, session, now, role):
    _, headers = await staff(session, now, role)
    for answer in (
        await client.post("/v1/supplier/api-keys", json={"name": "x"}, headers=headers),
        await client.get("/v1/supplier/api-keys", headers=headers),
        await client.delete(f"/v1/supplier/api-keys/{'0' * 32}", headers=headers),
    ):
        assert answer.status_code == 403
    assert (await session.execute(text("SELECT count(*) FROM identity_api_key"))).scalar_one() == 0


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 101}, {"name": "x", "role": "operator"}])
async def test_a_key_needs_a_name_and_nothing_else(client, session, now, body):
    _, headers = await staff(session, now, Role.SUPPLIER)
    assert (await client.post("/v1/supplier/api-keys", json=body, headers=headers)).status_code == 422


async def test_a_key_changed_by_one_letter_is_nobody_and_costs_no_statement(client, session, now, statements):
    _, headers = await staff(session, now, Role.SUPPLIER)
    key = (await made(client, "supplier", headers))["key"]
    statements.clear()
    for place in (3, 15, len(key) - 1):
        changed = key[:place] + ("0" if key[place] != "0" else "1") + key[place + 1 :]
        assert (await client.get("/probe/supplier", headers=bearer(changed))).status_code == 401
    assert (await client.get("/probe/supplier", headers=bearer(key + "0"))).status_code == 401
    assert statements == []


async def test_a_key_does_no_more_than_its_scopes(shop):
    wanted = {"name": "仓库", "scopes": ["inventory:read", "shipments:write"]}
    async with shop.http("S01") as staff:
        made = (await staff.post("/v1/supplier/api-keys", json=wanted)).json()
        assert made["scopes"] == ["inventory:read", "shipments:write"]
        [listed] = (await staff.get("/v1/supplier/api-keys")).json()["items"]
        assert listed["scopes"] == made["scopes"]
    async with shop.http() as anybody:
        anybody.headers["Authorization"] = f"Bearer {made['key']}"
        assert (await anybody.get("/v1/supplier/inventory")).status_code == 200
        assert (await anybody.get("/v1/auth/me")).status_code == 200
        for method, path in [
            ("GET", "/v1/supplier/orders"),
            ("GET", "/v1/supplier/shipments"),
            ("GET", "/v1/supplier/api-keys"),
            ("GET", "/v1/auth/sessions"),
            ("POST", "/v1/supplier/inventory/updates"),
            ("POST", "/v1/supplier/lots"),
            ("PUT", "/v1/supplier/skus/GT01/price"),
        ]:
            refused = await anybody.request(method, path, json={})
            assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope"), path
        missing = await anybody.post("/v1/supplier/orders/00000000-0000-7000-8000-000000000000/shipments", json={})
        assert missing.status_code not in (401, 403)


@pytest.mark.parametrize("scopes", [[], ["inventory"], ["inventory:write", "everything"]])
async def test_scopes_that_are_none_make_no_key(client, session, now, scopes):
    _, headers = await staff(session, now, Role.SUPPLIER)
    refused = await client.post("/v1/supplier/api-keys", json={"name": "ERP", "scopes": scopes}, headers=headers)
    assert refused.status_code == 422
    assert (await client.get("/v1/supplier/api-keys", headers=headers)).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/supplier/orders/1", "orders:read"),
        ("POST", "/v1/supplier/orders/1/cancellations", "orders:write"),
        ("POST", "/v1/supplier/orders/1/shipments", "shipments:write"),
        ("POST", "/v1/supplier/claims/1/shipments", "claims:write"),
        ("POST", "/v1/supplier/inventory/updates", "inventory:write"),
        ("POST", "/v1/partner/webhooks", "webhooks:write"),
        ("POST", "/v1/partner/purchase-orders", "purchase-orders:write"),
        ("POST", "/v1/partner/purchase-orders/1/receipts", "purchase-orders:write"),
        ("GET", "/v1/partner/appointments", "purchase-orders:read"),
        ("POST", "/v1/partner/statements/1/confirm", "statements:write"),
        ("GET", "/v1/partner/price-list", "account:read"),
        ("POST", "/v1/supplier/api-keys", None),
        ("GET", "/v1/operator/orders", None),
        ("GET", "/v1/supplier", None),
    ],
)
def test_what_a_call_needs(method, path, scope):
    assert scope_for(method, path) == scope
