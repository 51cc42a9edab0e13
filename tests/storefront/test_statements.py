"""A list, a search and a product's page cost one statement each, whatever is on them."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "path",
    [
        "/v1/store/products",
        "/v1/store/products?category=golden-tea&sort=price&in_stock=true&limit=2",
        "/v1/store/products?q=%E9%BB%84%E9%87%91%E8%8C%B6",
        "/v1/store/products/golden-tea",
    ],
    ids=["list", "filtered", "search", "page"],
)
async def test_what_a_buyer_sees_costs_one_statement(shop, statements, path):
    statements.clear()
    answer = await shop.call(None, "GET", path, key=None)
    assert answer.status_code == 200
    assert "黄金茶" in answer.text
    assert len(statements) == 1, "\n".join(statements)
