import base64
import json
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.ids import new_id
from app.core.settings import IdentitySettings, LimitSettings
from app.core.web import Limits
from app.identity import Role
from app.identity.guards import _Remembered
from app.identity.service.tokens import AUDIENCE, read_access_token
from tests.identity.builders import account, bearer, token

ALLOWED = {
    "buyer": {Role.BUYER},
    "supplier": {Role.SUPPLIER},
    "partner": {Role.PARTNER},
    "officer": {Role.OFFICER, Role.OPERATOR},
    "operator": {Role.OPERATOR},
    "anybody": set(Role),
}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("guard", list(ALLOWED))
async def test_each_guard_lets_in_its_roles_and_nobody_else(client, session, now, guard, role):
    who = await account(session, now, role)
    answer = await client.get(f"/probe/{guard}", headers=bearer(token(who, now)))
    if role in ALLOWED[guard]:
        assert answer.status_code == 200
        seen = answer.json()
        assert seen["account"] == str(who.id)
        assert seen["caller"] == f"account:{who.id}"
        assert seen["supplier"] == (str(who.supplier_id) if who.supplier_id else None)
        assert seen["partner"] == (str(who.partner_id) if who.partner_id else None)
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


@pytest.mark.parametrize("guard", list(ALLOWED))
async def test_nobody_gets_in_without_a_token(client, guard):
    answer = await client.get(f"/probe/{guard}")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_costs_no_statement(client, session, now, statements):
    who = await account(session, now)
    statements.clear()
    for _ in range(3):
        assert (await client.get("/probe/buyer", headers=bearer(token(who, now)))).status_code == 200
    assert statements == []


async def test_a_persons_name_is_not_in_the_token_and_an_organisations_is(session, now):
    person = await account(session, now, name="李霞")
    shop = await account(session, now, Role.SUPPLIER, username="supplier-s01", name="吕洞茗源茶叶专业合作社")
    told = jwt.decode(token(person, now), options={"verify_signature": False})
    assert set(told) == {"iss", "aud", "iat", "exp", "sub", "jti", "roles"}
    assert jwt.decode(token(shop, now), options={"verify_signature": False})["name"] == "吕洞茗源茶叶专业合作社"


async def test_a_token_dies_on_time_although_it_was_remembered(client, session, now, clock):
    who = await account(session, now)
    headers = bearer(token(who, now))
    assert (await client.get("/probe/buyer", headers=headers)).status_code == 200
    clock.advance(minutes=10, seconds=-1)
    assert (await client.get("/probe/buyer", headers=headers)).status_code == 200
    clock.advance(seconds=1)
    assert (await client.get("/probe/buyer", headers=headers)).status_code == 401


def claims_of(now, **change):
    second = int(now.timestamp())
    claims = {
        "iss": IdentitySettings().issuer,
        "aud": AUDIENCE,
        "iat": second,
        "exp": second + 600,
        "sub": str(new_id(now)),
        "jti": str(new_id(now)),
        "roles": ["operator"],
    } | change
    return {name: value for name, value in claims.items() if value is not None}


def kid_of(keys) -> str:
    from app.identity.service.tokens import _public

    return _public(keys.signing_key)[1]


async def test_the_control_a_token_made_by_hand_with_our_key_is_good(client, now, keys):
    good = jwt.encode(claims_of(now), keys.signing_key, algorithm="ES256", headers={"kid": kid_of(keys)})
    assert (await client.get("/probe/operator", headers=bearer(good))).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 0},
        {"exp": "never"},
        {"exp": True},
        {"exp": None},
        {"iat": None},
        {"iat": 4102444800},
        {"sub": None},
        {"sub": "not-a-uuid"},
        {"jti": None},
        {"aud": "another-service"},
        {"aud": None},
        {"iss": "somebody-else"},
        {"iss": None},
        {"roles": ["emperor"]},
        {"roles": None},
        {"supplier_id": 7},
    ],
    ids=str,
)
async def test_a_claim_out_of_place_closes_the_door(client, now, keys, change):
    bad = jwt.encode(claims_of(now, **change), keys.signing_key, algorithm="ES256", headers={"kid": kid_of(keys)})
    assert (await client.get("/probe/anybody", headers=bearer(bad))).status_code == 401


def forged(kind: str, now, keys) -> str:
    claims, kid = claims_of(now), kid_of(keys)
    body = b64(json.dumps(claims).encode())
    if kind == "alg none":
        return f"{b64(json.dumps({'alg': 'none', 'kid': kid}).encode())}.{body}."
    if kind == "HS256 with the public key":
        import hashlib
        import hmac

        pem = keys.signing_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': kid}).encode())}.{body}"
        return f"{signed}.{b64(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"
    if kind == "another key":
        other = ec.generate_private_key(ec.SECP256R1())
        return jwt.encode(claims, other, algorithm="ES256", headers={"kid": kid})
    good = jwt.encode(claims, keys.signing_key, algorithm="ES256", headers={"kid": kid})
    if kind == "no kid":
        return jwt.encode(claims, keys.signing_key, algorithm="ES256")
    if kind == "another kid":
        return jwt.encode(claims, keys.signing_key, algorithm="ES256", headers={"kid": "old"})
    if kind == "changed body":
        head, _, signature = good.split(".")
        return f"{head}.{b64(json.dumps(claims | {'roles': ['officer']}).encode())}.{signature}"
    if kind == "no signature":
        return good.rpartition(".")[0] + "."
    if kind == "too long":
        return good + "A" * 5000
    return {"nonsense": "nonsense", "dots": "...", "empty": " ", "api key": "bj_00000000_" + "0" * 40}[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "alg none",
        "HS256 with the public key",
        "another key",
        "no kid",
        "another kid",
        "changed body",
        "no signature",
        "too long",
        "nonsense",
        "dots",
        "empty",
        "api key",
    ],
)
async def test_a_forged_token_opens_nothing(client, now, keys, statements, kind):
    answer = await client.get("/probe/anybody", headers=bearer(forged(kind, now, keys)))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert statements == []


async def test_only_the_bearer_scheme_is_read(client, session, now):
    who = await account(session, now)
    good = token(who, now)
    for value in (good, f"Basic {good}", f"Token {good}", "Bearer"):
        assert (await client.get("/probe/anybody", headers={"Authorization": value})).status_code == 401
    assert (await client.get("/probe/anybody", headers={"Authorization": f"bearer  {good}"})).status_code == 200


async def test_a_token_of_another_issuer_is_not_read(session, now):
    good = token(await account(session, now), now)
    assert read_access_token(good, IdentitySettings(), now) is not None
    assert read_access_token(good, IdentitySettings(issuer="another-market"), now) is None


async def test_a_caller_who_calls_too_often_is_slowed_down_and_others_are_not(client, edge, session, now):
    who = await account(session, now)
    other = await account(session, now, username="wang-wei")
    edge.limits = Limits(edge.db, LimitSettings(caller_burst=5, caller_per_second=0.01))
    answers = [await client.get("/probe/buyer", headers=bearer(token(who, now))) for _ in range(30)]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) == 100
    assert (await client.get("/probe/buyer", headers=bearer(token(other, now)))).status_code == 200


async def test_anonymous_writes_are_counted_by_address_and_reads_are_not(client, edge, session, now, api_from):
    who = await account(session, now)
    edge.limits = Limits(edge.db, LimitSettings(anonymous_writes_burst=5, anonymous_writes_per_second=0.01))
    async with api_from("203.0.113.200") as busy:
        statuses = [(await busy.post("/probe/public", headers=bearer("stale"))).status_code for _ in range(30)]
        assert statuses[:5] == [200] * 5
        assert 429 in statuses
        assert (await busy.get("/probe/public")).status_code == 200
        assert (await busy.post("/probe/public", headers=bearer(token(who, now)))).status_code == 200
    async with api_from("203.0.113.201") as elsewhere:
        assert (await elsewhere.post("/probe/public")).status_code == 200


async def test_documentation_shows_the_padlocks(client):
    document = (await client.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["sign_in"]["flows"]["password"]["tokenUrl"] == "/v1/auth/token"
    assert document["components"]["securitySchemes"]["api_key"]["scheme"] == "bearer"
    assert document["paths"]["/v1/auth/me"]["get"]["security"] == [{"sign_in": []}, {"api_key": []}]
    assert document["paths"]["/probe/supplier"]["get"]["security"] == [{"sign_in": []}, {"api_key": []}]
    assert document["paths"]["/probe/buyer"]["get"]["security"] == [{"sign_in": []}]
    assert "security" not in document["paths"]["/v1/auth/token"]["post"]


def test_what_is_remembered_is_bounded_and_the_least_used_goes_first(now):
    from app.identity import SYSTEM

    kept = _Remembered[str](2)
    kept.keep("a", SYSTEM, 0, 100)
    kept.keep("b", SYSTEM, 0, 100)
    assert kept.find("a", 1) is SYSTEM
    kept.keep("c", SYSTEM, 0, 100)
    assert kept.find("b", 1) is None
    assert kept.find("a", 1) is SYSTEM
    assert kept.find("a", -1) is None  # the clock was set back
    assert kept.find("c", 100) is None
    assert UUID(int=0) == SYSTEM.account_id
