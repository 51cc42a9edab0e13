"""The demo's supermarkets: what they agreed covers the whole history, with prices for everything that they buy."""

from __future__ import annotations

from datetime import date

import pytest

from app.demo.county import _DATA
from app.demo.supermarkets import CHAINS, ORANGES, price_fen, renewals

UNTIL = date(2026, 11, 22)
FIRST = date(2024, 11, 23)


@pytest.mark.parametrize(
    ("first", "until", "years", "drafts"),
    [
        (FIRST, UNTIL, [2025, 2026], [2027]),
        (date(2024, 6, 1), date(2026, 5, 31), [2025, 2026], []),
        (date(2025, 1, 1), date(2026, 12, 31), [2026], [2027]),
    ],
)
def test_every_later_year_has_a_contract_before_it_begins(first, until, years, drafts):
    found = renewals(first, until)
    assert [year for _, year, signed in found if signed] == years
    assert [year for _, year, signed in found if not signed] == drafts
    assert all(drawn.date() < date(year, 1, 1) for drawn, year, _ in found)


def test_what_is_sold_in_cases_is_on_somebodys_list():
    wholesale = {entry["id"] for entry in _DATA["skus"] if "B2B" in entry["channel"]}
    assert {sku for chain in CHAINS.values() for sku in chain.skus} == wholesale
    assert set(CHAINS["P05"].skus) == ORANGES


def test_the_first_year_was_cheaper():
    for entry in _DATA["skus"]:
        now, then = price_fen(entry, first_year=False), price_fen(entry, first_year=True)
        assert now * 94 < then * 100 < now * 96
        assert then % 10 == 0
