"""The demo's supermarkets: what they agreed covers the whole history, with prices for everything that they buy."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app import demo, partners, pricing
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


async def test_each_can_order_on_every_day_of_the_two_years(db, settings, connection):
    await connection.execute(text("ALTER SEQUENCE orders_number_seq RESTART"))
    await demo.load(db, settings, until=UNTIL, seed=7, password="only-for-tests", report=lambda *_: None, count=10)
    records = {entry["id"]: entry for entry in _DATA["partners"]}
    async with db.read() as session:
        for code, chain in CHAINS.items():
            card = await partners.by_code(session, code)
            assert card is not None
            record = records[code]
            for week in range(0, (UNTIL - FIRST).days + 1, 7):
                day = FIRST + timedelta(days=week)
                contract = await partners.contract_on(session, card.id, day)
                assert (contract.term_days, contract.order_weekdays) == (record["term_days"], chain.weekdays)
            items = await pricing.contract_items(session, contract, UNTIL)
            assert {item.sku for item in items} == set(chain.skus)
            assert all((item.partner_item_code is None) == (code == "P05") for item in items)
            festival = await pricing.contract_items(session, contract, date(2026, 12, 15))
            assert [item.sku for item in festival if item.promotion] == (["NO06"] if "NO06" in chain.skus else [])
            places = await partners.locations(session, card.id)
            assert len(places) == record["stores"] + 1
            assert len({place.name for place in places}) == len(places)
            assert (await partners.credit(session, card.id)).limit_fen == chain.limit_fen
