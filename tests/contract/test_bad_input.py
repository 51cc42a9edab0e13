"""What must never work, and must never be answered with 500: each is refused by name, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.sealing import keys
from app.core.settings import IdentitySettings
from app.identity import Role
from app.identity.service.tokens import AUDIENCE, sign_access_token
from tests.contract.conftest import World
from tests.shop import ADDRESS

ORDERS = "/v1/store/orders"
UPDATES = "/v1/supplier/inventory/updates"
HUGE = 10**5000
Counts = Callable[[], Awaitable[dict[str, int]]]


def an_order(**change: Any) -> dict[str, Any]:
    return {
        "items": [{"sku": "GT04", "quantity": 1}],
        "address": ADDRESS,
        "fresh_goods_acknowledged": True,
        **change,
    }


def of(quantity: Any, sku: Any = "GT04") -> dict[str, Any]:
    return an_order(items=[{"sku": sku, "quantity": quantity}])


def to(**change: Any) -> dict[str, Any]:
    return an_order(address={**ADDRESS, **change})


def an_update(**change: Any) -> dict[str, Any]:
    return {"updates": [{"sku": "GT04", "mode": "adjust", "quantity": 1, **change}]}


@asynccontextmanager
async def nothing_changes(row_counts: Counts) -> AsyncIterator[None]:
    before = await row_counts()
    yield
    after = await row_counts()
    # A refusal under a key is an answer, which is kept to be given again.
    for table in ("core_idempotency", "identity_sign_in_failure"):
        before.pop(table), after.pop(table)
    assert after == before


def refused(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), answer.text
    assert {"type", "title", "detail", "instance", "request_id", "errors"} <= problem.keys()
    assert problem["request_id"] == answer.headers["x-request-id"]
    if pointer is not None:
        assert pointer in [error["pointer"] for error in problem["errors"]], answer.text
    return problem


def raw(body: dict[str, Any]) -> bytes:
    """JSON with integers longer than Python itself would print."""
    text = json.dumps(body, default=str).replace('"HUGE"', "1" + "0" * 5000)
    return text.encode()


async def send(world: World, who: str | None, path: str, content: bytes, **headers: str) -> httpx.Response:
    async with world.shop.http(who) as client:
        return await client.post(
            path,
            content=content,
            headers={"Content-Type": "application/json", "Idempotency-Key": "bad-input-1", **headers},
        )


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        pytest.param(an_order(extra=1), "invalid_input", "/extra", id="unknown field"),
        pytest.param(to(extra=1), "invalid_input", "/address/extra", id="unknown field within"),
        pytest.param({}, "invalid_input", "/address", id="nothing at all"),
        pytest.param([], "invalid_input", "", id="an array"),
        pytest.param("order", "invalid_input", "", id="a string"),
        pytest.param(None, "invalid_input", None, id="null"),
        pytest.param(an_order(items=[]), "invalid_input", "/items", id="no items"),
        pytest.param(an_order(items="GT04"), "invalid_input", "/items", id="items of the wrong type"),
        pytest.param(an_order(items=[None]), "invalid_input", "/items/0", id="an item that is null"),
        pytest.param(of("1"), "invalid_input", "/items/0/quantity", id="quantity as text"),
        pytest.param(of(1.5), "invalid_input", "/items/0/quantity", id="half a piece"),
        pytest.param(of(True), "invalid_input", "/items/0/quantity", id="quantity as a truth"),
        pytest.param(of(None), "invalid_input", "/items/0/quantity", id="no quantity"),
        pytest.param(of([1]), "invalid_input", "/items/0/quantity", id="quantity in a list"),
        pytest.param(of(-1), "invalid_input", "/items/0/quantity", id="negative quantity"),
        pytest.param(of(0), "invalid_input", "/items/0/quantity", id="zero quantity"),
        pytest.param(of(2**31), "invalid_input", "/items/0/quantity", id="quantity beyond 32 bits"),
        pytest.param(of(2**63), "invalid_input", "/items/0/quantity", id="quantity beyond 64 bits"),
        pytest.param(of(10**400), "invalid_input", "/items/0/quantity", id="quantity of 400 digits"),
        pytest.param(of(1, "ZZ99"), "unknown_sku", "/items/0/sku", id="unknown SKU"),
        pytest.param(of(1, ""), "invalid_input", "/items/0/sku", id="empty SKU"),
        pytest.param(of(1, "GT04'; DROP TABLE orders_order; --"), "invalid_input", "/items/0/sku", id="SQL for a SKU"),
        pytest.param(of(1, "x" * 33), "invalid_input", "/items/0/sku", id="a SKU too long"),
        pytest.param(of(1, 4), "invalid_input", "/items/0/sku", id="SKU as a number"),
        pytest.param(to(division_code="999999"), "unknown_division", "/address/division_code", id="no such division"),
        pytest.param(to(division_code="370000"), None, "/address/division_code", id="a province for an address"),
        pytest.param(to(division_code="840000"), None, "/address/division_code", id="outside China"),
        pytest.param(to(division_code="37011"), "invalid_input", "/address/division_code", id="five digits"),
        pytest.param(to(division_code="３７０１１２"), "invalid_input", "/address/division_code", id="wide digits"),
        pytest.param(to(phone="123"), "invalid_input", "/address/phone", id="no phone number"),
        pytest.param(to(recipient=""), "invalid_input", "/address/recipient", id="nobody"),
        pytest.param(to(recipient="王\x00梅"), "invalid_input", "/address/recipient", id="a NUL in the name"),
        pytest.param(to(detail="\x00" * 5), "invalid_input", "/address/detail", id="NULs for a street"),
        pytest.param(an_order(note="a\x00b"), "invalid_input", "/note", id="a NUL in the note"),
        pytest.param(an_order(note="\x1b[31m"), "invalid_input", "/note", id="an escape sequence in the note"),
        pytest.param(an_order(note="\ud800"), None, None, id="a lone surrogate in the note"),
        pytest.param(to(recipient="\udfff王"), None, None, id="a lone surrogate in the name"),
        pytest.param(an_order(note="长" * 5000), "invalid_input", "/note", id="a note too long"),
        pytest.param(an_order(coupon="NONE"), "unknown_coupon", None, id="unknown coupon"),
    ],
)
async def test_orders_that_cannot_be(world: World, row_counts: Counts, body, code, pointer):
    async with nothing_changes(row_counts):
        answer = await send(world, "buyer", ORDERS, json.dumps(body).encode())
        assert answer.status_code in (400, 422), answer.text
        refused(answer, answer.status_code, code or answer.json()["code"], pointer)
        if code is not None:
            assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "invalid_input"),
        (b"{", "malformed_body"),
        (b"not json", "malformed_body"),
        (b"{'items': 1}", "malformed_body"),
        (b'{"items": [}', "malformed_body"),
        (b"\xff\xfe\x00", "malformed_body"),
        (b'{"note": "\xc3\x28"}', "malformed_body"),
        (b'{"note": "\xed\xa0\x80"}', "malformed_body"),
        (json.dumps(an_order()).encode("utf-16"), "malformed_body"),
        (json.dumps(an_order()).encode("utf-16-le"), "malformed_body"),
        (json.dumps(an_order()).encode("utf-32-be"), "malformed_body"),
        (b"[" * 100_000, "malformed_body"),
        (b"[" * 100_000 + b"]" * 100_000, None),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, None),
        (b'{"note": NaN}', None),
        (b'{"items": [{"sku": "GT04", "quantity": 1e400}]}', None),
        (raw(of("HUGE")), None),
        (raw({"HUGE": "HUGE"}), None),
        (b"1" * 6000, None),
        (b"\x00", "malformed_body"),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_bodies_that_are_no_json_of_ours(world: World, row_counts: Counts, content: bytes, code: str | None):
    async with nothing_changes(row_counts):
        answer = await send(world, "buyer", ORDERS, content)
        assert answer.status_code in (400, 422), answer.text
        refused(answer, answer.status_code, code or answer.json()["code"])
        assert answer.json()["code"] in ("malformed_body", "invalid_input")


@pytest.mark.parametrize(
    ("path", "who"),
    [
        (ORDERS, "buyer"),
        ("/v1/store/quotes", None),
        (UPDATES, "S01"),
        ("/v1/office/goals", "officer"),
        ("/v1/auth/register", None),
        ("/v1/notifications/sandbox", None),
    ],
)
async def test_a_body_over_a_mebibyte(world: World, row_counts: Counts, path: str, who: str | None):
    content = b'{"note": "' + b"x" * (1 << 20) + b'"}'
    async with nothing_changes(row_counts):
        refused(await send(world, who, path, content), 413, "body_too_large")

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(content), 1 << 16):
                yield content[start : start + (1 << 16)]

        async with world.shop.http(who) as client:
            chunked = await client.post(path, content=pieces(), headers={"Content-Type": "application/json"})
        refused(chunked, 413, "body_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"])
async def test_a_body_under_another_name(world: World, row_counts: Counts, kind: str):
    async with nothing_changes(row_counts):
        answer = await send(world, "buyer", ORDERS, json.dumps(an_order()).encode(), **{"Content-Type": kind})
        refused(answer, 422, "invalid_input")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (an_update(quantity=10**30), 422, "invalid_input"),
        (an_update(quantity="5"), 422, "invalid_input"),
        (an_update(quantity=-101), 422, None),
        (an_update(mode="set", quantity=-1), 422, None),
        (an_update(mode="multiply"), 422, "invalid_input"),
        (an_update(sku="NO02"), 422, None),
        (an_update(sku="ZZ99"), 422, None),
        (an_update(lot_code="no such lot"), 422, None),
        (an_update(as_of="yesterday"), 422, "invalid_input"),
        (an_update(as_of="2026-11-20T04:00:00"), 422, "invalid_input"),
        (an_update(as_of="9999-12-31T23:59:59+00:00"), 422, "invalid_input"),
        (an_update(as_of="0001-01-01T00:00:00+14:00"), 422, "invalid_input"),
        (an_update(reason="\x00"), 422, "invalid_input"),
        (an_update(count=3), 422, "invalid_input"),
        ({"updates": []}, 422, "invalid_input"),
        ({"updates": an_update()["updates"] * 1001}, 422, "invalid_input"),
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_stock_updates_that_cannot_be(world: World, row_counts: Counts, body, status, code):
    async with nothing_changes(row_counts):
        before = await world.shop.stock("GT04")
        answer = await send(world, "S01", UPDATES, json.dumps(body).encode())
        assert answer.status_code in (409, status), answer.text
        refused(answer, answer.status_code, code or answer.json()["code"])
        assert await world.shop.stock("GT04") == before


async def test_a_key_used_with_another_body(world: World, row_counts: Counts):
    first = await send(world, "buyer", ORDERS, json.dumps(an_order()).encode())
    assert first.status_code == 201, first.text
    async with nothing_changes(row_counts):
        refused(await send(world, "buyer", ORDERS, json.dumps(of(2)).encode()), 422, "idempotency_key_reused")
        again = await send(world, "buyer", ORDERS, json.dumps(an_order()).encode())
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "ключ".encode(), b"\x7f", b"a\tb"])
async def test_keys_that_are_none(world: World, row_counts: Counts, key):
    async with nothing_changes(row_counts), world.shop.http("buyer") as client:
        answer = await client.post(ORDERS, json=an_order(), headers={"Idempotency-Key": key})
        refused(answer, 400, "idempotency_key_required")
        refused(await client.post(ORDERS, json=an_order()), 400, "idempotency_key_required")


def _forged(world: World, **change: Any) -> str:
    """A token of the buyer's, changed, under a key that is not ours."""
    good = jwt.decode(world.shop.token("buyer"), options={"verify_signature": False})
    headers = jwt.get_unverified_header(world.shop.token("buyer"))
    signed_by = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode({**good, **change}, signed_by, algorithm="ES256", headers={"kid": headers["kid"]})


def _ours(world: World, **change: Any) -> str:
    good = jwt.decode(world.shop.token("buyer"), options={"verify_signature": False})
    headers = jwt.get_unverified_header(world.shop.token("buyer"))
    return jwt.encode({**good, **change}, keys().signing_key, algorithm="ES256", headers={"kid": headers["kid"]})


TOKENS: dict[str, Callable[[World], str]] = {
    "stale": lambda world: sign_access_token(
        world.shop.accounts["buyer"], IdentitySettings(), world.shop.clock() - timedelta(minutes=11)
    ),
    "from the future": lambda world: sign_access_token(
        world.shop.accounts["buyer"], IdentitySettings(), world.shop.clock() + timedelta(hours=1)
    ),
    "another's signature": _forged,
    "more roles under another's signature": lambda world: _forged(world, roles=["operator"]),
    "unsigned": lambda world: jwt.encode(
        jwt.decode(world.shop.token("buyer"), options={"verify_signature": False}), None, algorithm="none"
    ),
    "signed with the public key": lambda _: jwt.encode({"sub": "x", "aud": AUDIENCE}, "0" * 32, algorithm="HS256"),
    "for another audience": lambda world: _ours(world, aud="elsewhere"),
    "of another issuer": lambda world: _ours(world, iss="elsewhere"),
    "a subject that is no id": lambda world: _ours(world, sub="root"),
    "a role that does not exist": lambda world: _ours(world, roles=["god"]),
    "an expiry that is text": lambda world: _ours(world, exp="9999999999"),
    "cut short": lambda world: world.shop.token("buyer")[:-3],
    "one letter changed": lambda world: world.shop.token("buyer").replace(".", ".A", 1),
    "no token": lambda _: "null",
    "an API key nobody has": lambda _: "bj_" + "0" * 43,
    "very long": lambda _: "a" * 8000,
    "not ASCII": lambda _: "\xfc\xfc",
}


@pytest.mark.parametrize("kind", TOKENS)
async def test_tokens_that_open_nothing(world: World, row_counts: Counts, kind: str):
    token = TOKENS[kind](world)
    async with nothing_changes(row_counts), world.shop.http() as client:
        headers = {"Authorization": f"Bearer {token}".encode("latin-1"), "Idempotency-Key": "forged-1"}
        answer = await client.post(ORDERS, json=an_order(), headers=headers)
        refused(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer\t", "bearer x y"])
async def test_headers_that_sign_nobody_in(world: World, header: str):
    async with world.shop.http() as client:
        refused(await client.get(ORDERS, headers={"Authorization": header}), 401, "not_authenticated")


async def test_another_role(world: World, row_counts: Counts):
    async with nothing_changes(row_counts):
        for who in ("S01", "P01", "officer", "operator"):
            refused(await world.shop.call(who, "POST", ORDERS, an_order()), 403, "not_permitted")
        for who in ("buyer", "P01", "officer", "operator"):
            refused(await world.shop.call(who, "POST", UPDATES, an_update()), 403, "not_permitted")
        for who in ("buyer", "P01", "S01"):
            refused(await world.shop.call(who, "GET", "/v1/office/ledger"), 403, "not_permitted")
            refused(await world.shop.call(who, "GET", "/v1/operator/suppliers"), 403, "not_permitted")


async def test_a_supplier_without_a_supplier(world: World):
    account = replace(world.shop.accounts["buyer"], roles=frozenset({Role.SUPPLIER}))
    token = sign_access_token(account, IdentitySettings(), world.shop.clock())
    async with world.shop.http() as client:
        answer = await client.get("/v1/supplier/inventory", headers={"Authorization": f"Bearer {token}"})
    refused(answer, 403, "not_permitted")


async def test_what_belongs_to_somebody_else(world: World, row_counts: Counts):
    """The same answer as for what does not exist."""
    shop, mine = world.shop, world.known["order_id"][2]
    part = next(row for row in await shop.rows(
        "SELECT p.id, s.code FROM orders_supplier_order p JOIN suppliers_supplier s ON s.id = p.supplier_id "
        "WHERE p.order_id = CAST(:id AS uuid) AND s.code = 'S01'", id=mine))  # fmt: skip
    line = await shop.scalar("SELECT id FROM orders_line WHERE supplier_order_id = CAST(:id AS uuid)", id=str(part[0]))
    parcel = {
        "carrier": "ZTO",
        "tracking_number": "78000000000001",
        "lines": [{"line_id": str(line), "quantity": 1}],
    }
    attempts = [
        ("stranger", "GET", f"{ORDERS}/{mine}", None),
        ("stranger", "POST", f"{ORDERS}/{mine}/cancel", None),
        ("stranger", "POST", f"{ORDERS}/{mine}/confirm-receipt", None),
        ("stranger", "POST", f"{ORDERS}/{mine}/payments", {"provider": "sandbox"}),
        ("S08", "GET", f"/v1/supplier/orders/{part[0]}", None),
        ("S08", "POST", f"/v1/supplier/orders/{part[0]}/shipments", parcel),
        ("S08", "GET", "/v1/supplier/inventory/GT04/movements", None),
        ("S08", "DELETE", f"/v1/supplier/api-keys/{world.known['key_id'][0]}", None),
        ("S08", "POST", f"/v1/supplier/products/{shop.products['GT04']}/submit", None),
    ]
    async with nothing_changes(row_counts):
        for who, method, path, body in attempts:
            refused(await shop.call(who, method, path, body), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/store/orders/not-an-id",
        "/v1/store/orders/00000000-0000-0000-0000-00000000000g",
        "/v1/store/orders?limit=0",
        "/v1/store/orders?limit=101",
        "/v1/store/orders?limit=9999999999999999999999",
        "/v1/store/orders?limit=ten",
        "/v1/store/orders?cursor=AAAA",
        "/v1/store/orders?cursor=%00",
        "/v1/store/orders?cursor=" + "A" * 600,
    ],
)
async def test_addresses_that_lead_nowhere(world: World, path: str):
    answer = await world.shop.call("buyer", "GET", path)
    refused(answer, 422, "invalid_cursor" if "cursor=A" in path and len(path) < 400 else answer.json()["code"])


@pytest.mark.parametrize(
    "path",
    ["/v1/nowhere", "/v1/store/orders/", "/v1//store/orders", "/v1/store/orders/%00", "/%ff", "/v1/store/%2e%2e"],
)
async def test_paths_that_are_not_ours(world: World, path: str):
    answer = await world.shop.call("buyer", "GET", path)
    assert answer.status_code in (404, 422), answer.text
    refused(answer, answer.status_code, answer.json()["code"])


async def test_a_method_that_a_path_does_not_take(world: World):
    answer = await world.shop.call("buyer", "PATCH", ORDERS)
    refused(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("query", ["q=%00", "q=%ff%fe", "q=" + "x" * 3000, "category=%00", "min_price_fen=-1",
                                   "min_price_fen=" + "9" * 30, "sort=best", "in_stock=perhaps", "township=%27",
                                   "q=%F0%9F%8D%8A", "q=%25_%5C", "q=%27%3B--"])  # fmt: skip
async def test_searches_for_strange_things(world: World, query: str):
    """A search may find nothing or be refused; it may not fail."""
    answer = await world.shop.call(None, "GET", f"/v1/store/products?{query}")
    if answer.status_code != 200:
        refused(answer, 422, "invalid_input")
