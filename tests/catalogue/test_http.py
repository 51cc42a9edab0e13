"""The catalogue over HTTP: who may call, and what they get."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import text

from app import catalogue
from app.identity import SYSTEM, Role, create_account, hash_password
from tests.storefront import builders

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@pytest.fixture
async def house(db, now):
    """A supplier with one draft."""
    async with db.write() as session:
        await builders.plant(session)
        supplier = await builders.admit(session, now, "S01")
        product = builders.described("golden-tea-1-bud", supplier)
        card = await catalogue.create_product(session, product, by=SYSTEM, now=now)
    return supplier, card


@pytest.fixture
def sign_in(db, client, now):
    async def sign_in(role: Role, scope=None) -> dict[str, str]:
        secret = await hash_password("a-good-password")
        name = f"{role.value}-{scope or 'x'}"
        async with db.write() as session:
            await create_account(
                session, username=name, name=name, password_hash=secret, role=role, scope_id=scope, now=now
            )
        form = {"grant_type": "password", "username": name, "password": "a-good-password"}
        answer = await client.post("/v1/auth/token", data=form)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    return sign_in


async def test_the_tree_of_categories(client, db, house):
    answer = await client.get("/v1/store/categories")
    assert answer.status_code == 200
    roots = answer.json()["items"]
    assert [root["slug"] for root in roots] == ["golden-tea", "dark-tea", "camellia-oil", "navel-orange", "gift-set"]
    assert roots[0]["children"][0] == {"slug": "green-tea", "name": "绿茶", "children": []}


async def test_a_picture_is_served_for_ever_and_can_do_nothing(client, db, now):
    async with db.write() as session:
        digest = await catalogue.store_image(session, PICTURE, "image/svg+xml", now=now)
    answer = await client.get(f"/v1/store/images/{digest}")
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{digest}"'
    assert answer.headers["x-content-type-options"] == "nosniff"  # said once, by the middleware
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    again = await client.get(f"/v1/store/images/{digest}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(f"/v1/store/images/{digest}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


async def test_an_unknown_picture_is_not_found_even_if_the_client_says_it_has_it(client, db):
    digest = hashlib.sha256(b"nothing").hexdigest()
    for headers in ({}, {"If-None-Match": f'"{digest}"'}, {"If-None-Match": "*"}):
        assert (await client.get(f"/v1/store/images/{digest}", headers=headers)).status_code == 404
    assert (await client.get("/v1/store/images/not-a-digest")).status_code == 422


async def test_an_operator_publishes_and_withdraws(client, house, sign_in):
    _, card = house
    headers = await sign_in(Role.OPERATOR)
    published = await client.post(f"/v1/operator/products/{card.id}/publish", headers=headers)
    assert (published.status_code, published.json()["status"], published.headers["etag"]) == (200, "published", '"2"')
    again = await client.post(f"/v1/operator/products/{card.id}/publish", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_product_status")
    withdrawn = await client.post(f"/v1/operator/products/{card.id}/withdraw", headers=headers)
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    unknown = await client.post("/v1/operator/products/00000000-0000-7000-8000-000000000000/publish", headers=headers)
    assert unknown.status_code == 404


@pytest.mark.parametrize("step", ["publish", "withdraw", "reject"])
@pytest.mark.parametrize("who", [None, Role.BUYER, Role.SUPPLIER, Role.OFFICER])
async def test_nobody_else_does(client, db, house, sign_in, who, step):
    supplier, card = house
    headers = await sign_in(who, supplier if who is Role.SUPPLIER else None) if who else {}
    answer = await client.post(f"/v1/operator/products/{card.id}/{step}", headers=headers)
    assert answer.status_code == (401 if who is None else 403)
    async with db.read() as session:
        assert await session.scalar(text("SELECT status FROM catalogue_product")) == "draft"


async def test_a_supplier_sees_and_submits_its_own_products_only(client, db, house, sign_in, now):
    _, card = house
    async with db.write() as session:
        other = await builders.admit(session, now, "S04")
        for slug in ("fu-brick-hand", "black-brick"):
            await catalogue.create_product(session, builders.described(slug, other), by=SYSTEM, now=now)
    headers = await sign_in(Role.SUPPLIER, other)
    first = (await client.get("/v1/supplier/products", params={"limit": 1}, headers=headers)).json()
    rest = await client.get("/v1/supplier/products", params={"cursor": first["next_cursor"]}, headers=headers)
    found = first["items"] + rest.json()["items"]
    assert {item["slug"] for item in found} == {"fu-brick-hand", "black-brick"}
    assert rest.json()["next_cursor"] is None
    assert found[0]["variants"][0]["gtin13"] in ("2004330001506", "2004330001704")
    own = await client.post(f"/v1/supplier/products/{found[0]['id']}/submit", headers=headers)
    assert (own.status_code, own.json()["status"]) == (200, "submitted")
    foreign = await client.post(f"/v1/supplier/products/{card.id}/submit", headers=headers)
    assert foreign.status_code == 404
