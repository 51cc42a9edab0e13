"""A misspelt parameter is not a wish for everything."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("operator", "/v1/office/reports/sales?from=2026-01-01&to=2026-12-31&group_by=month&supplyer=S01"),
        ("operator", "/v1/operator/refunds?supplyer=S01"),
        ("S01", "/v1/supplier/lots?supplyer="),
    ],
)
async def test_a_parameter_that_is_not_known_is_refused(shop, who, path):
    answer = await shop.call(who, "GET", path, key=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert [(fault["location"], fault["pointer"]) for fault in answer.json()["errors"]] == [("query", "/supplyer")]
    right, _, _ = path.rpartition("supplyer")
    assert (await shop.call(who, "GET", right.rstrip("?&"), key=None)).status_code == 200


async def test_public_pages_take_whatever_links_carry(shop):
    assert (await shop.call(None, "GET", "/v1/store/products?_=1&utm_source=x", key=None)).status_code == 200


@pytest.mark.parametrize("body", [None, {"confirm": False}, {"confirm": True, "password": "wrong"}])
async def test_an_account_is_closed_by_somebody_who_means_it(shop, body):
    answer = await shop.call("buyer", "DELETE", "/v1/auth/me", body, key=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await shop.call("buyer", "GET", "/v1/auth/me", key=None)).status_code == 200
