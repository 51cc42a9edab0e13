"""Schemathesis over the whole document: no 5xx, and no answer that the document does not promise."""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import os
import re
from collections.abc import Callable
from typing import Any

import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as searching
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.conftest import World
from tests.document import openapi

SCHEMA = schemathesis.openapi.from_dict(copy.deepcopy(openapi()))
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ROLES = {
    "/v1/supplier": "S01",
    "/v1/partner": "P01",
    "/v1/office": "officer",
    "/v1/operator": "operator",
    "/v1/store/orders": "buyer",
    "/v1/store/files": "buyer",
    "/v1/store/contribution-certificate": "buyer",
    "/v1/store/coupons": "buyer",
    "/v1/store/reviews": "buyer",
    "/v1/store/invoices": "buyer",
    "/v1/auth/me": "buyer",
    "/v1/auth/sessions": "buyer",
    "/v1/store/addresses": "buyer",
    "/v1/store/bulk-orders": "buyer",
    "/v1/store/organisations": "buyer",
    "/v1/store/invitations": "buyer",
}
OTHERS = (None, "stranger", "S08")
EXAMPLES = int(os.environ.get("EXAMPLES", "6"))
"""How many right and how many wrong requests each operation is asked: always the same ones for the same number."""

_keys = itertools.count(1)


def _searching(examples: int) -> searching:
    return searching(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],  # the shop remembers, so a smaller case need not fail again
        suppress_health_check=list(HealthCheck),
    )


def _with_known(value: Any, known: dict[str, list[str]], draw: Callable[..., Any], name: str = "") -> Any:
    """``value`` with ids, codes and SKUs that exist, most of the time."""
    if isinstance(value, dict):
        return {key: _with_known(inner, known, draw, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_known(inner, known, draw, name) for inner in value]
    if isinstance(value, str) and name in known and draw(st.integers(0, 3)):
        return draw(st.sampled_from(known[name]))
    if type(value) is int and name == "quantity" and value > 5 and draw(st.booleans()):
        return 1
    return value


def _existing(name: str, known: dict[str, list[str]]) -> list[dict[str, str]]:
    """A few ways to fill the path of an operation with what exists."""
    places = [parameter.name for parameter in OPERATIONS[name].path_parameters if parameter.name in known]
    found = zip(*(itertools.islice(itertools.cycle(known[place]), 6) for place in places), strict=True)
    return [dict(zip(places, values, strict=True)) for values in found]


def _strategy(name: str, mode: GenerationMode, existing: list[dict[str, str]]) -> st.SearchStrategy[Case]:
    anything = OPERATIONS[name].as_strategy(generation_mode=mode)
    if mode is GenerationMode.POSITIVE or not existing:
        return anything
    # What is wrong with the request is elsewhere than in the path, half of the time.
    real = [OPERATIONS[name].as_strategy(generation_mode=mode, path_parameters=values) for values in existing]
    return st.one_of(*real, anything)


def _request(case: Case, headers: dict[str, str]) -> httpx.Request | None:
    """The case as it goes over the wire; None where no HTTP client could send it."""
    try:
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://market.test")).prepare()
        content = sent.body.encode() if isinstance(sent.body, str) else sent.body
        return httpx.Request(sent.method, sent.url, headers={**sent.headers, **headers}, content=content)
    except (requests.RequestException, httpx.InvalidURL, UnicodeError, ValueError):
        return None


def test_generated_clients_get_clean_names():
    schemas = openapi()["components"]["schemas"]
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+(_[A-Za-z]+)*_?", name) for name in schemas)
    assert {"ClaimsKind", "SettlementKind", "InventoryLotOut", "StorefrontLotOut"} <= schemas.keys()
    assert schemas["ClaimsKind"]["title"] == "ClaimsKind"
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(openapi())))
    assert referred <= schemas.keys()


@pytest.mark.parametrize("name", OPERATIONS)
async def test_answers_are_those_of_the_document(world: World, name: str):
    path = OPERATIONS[name].path
    who = next((role for prefix, role in ROLES.items() if path.startswith(prefix)), None)
    transport = httpx.ASGITransport(app=world.shop.app, raise_app_exceptions=False)
    answered, asked = [], []

    async def send(request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.send(request)

    def ask(case: Case, caller: str | None, mode: GenerationMode) -> None:
        headers = {"Authorization": f"Bearer {world.shop.token(caller)}"} if caller else {}
        if mode is GenerationMode.POSITIVE and any(key.lower() == "idempotency-key" for key in case.headers or {}):
            headers["Idempotency-Key"] = f"contract-{next(_keys)}"
        request = _request(case, headers)
        if request is None:
            return
        response = anyio.from_thread.run(send, request)
        answered.append(response.status_code)
        # An entity tag that is none matches nothing, which HTTP answers with 412: that is a rejection too.
        negative = mode is GenerationMode.NEGATIVE and caller == who and response.status_code != 412
        checks = [*CHECKS, negative_data_rejection] if negative else CHECKS
        try:
            case.validate_response(response, checks=checks)
        except BaseExceptionGroup as found:  # as one failure of this test, not as the end of the event loop
            pytest.fail(str(found))

    existing = _existing(name, world.known)
    strategies = {mode: _strategy(name, mode, existing) for mode in GenerationMode}

    def explore(mode: GenerationMode) -> None:
        @_searching(EXAMPLES)
        @given(data=st.data())
        def search(data: st.DataObject) -> None:
            case = data.draw(strategies[mode])
            if mode is GenerationMode.POSITIVE:
                if existing and data.draw(st.sampled_from([True, False])):
                    case.path_parameters = {**case.path_parameters, **data.draw(st.sampled_from(existing))}
                if isinstance(case.body, (dict, list)):
                    case.body = _with_known(case.body, world.known, data.draw)
                asked.append(case)
            ask(case, who, mode)

        search()

    await anyio.to_thread.run_sync(explore, GenerationMode.POSITIVE)
    with contextlib.suppress(Unsatisfiable):  # an operation without parameters and body cannot be called wrongly
        await anyio.to_thread.run_sync(explore, GenerationMode.NEGATIVE)
    others = (other for other in OTHERS if other != who)
    for case, other in zip(itertools.cycle(asked), others):
        await anyio.to_thread.run_sync(ask, case, other, GenerationMode.POSITIVE)
    assert answered
