"""The demo's households: as many and as paid as the handbook says, with the planted cases and no others."""

from collections import Counter
from datetime import date, timedelta
from statistics import median

import pytest
from sqlalchemy import text

from app import assistance, suppliers
from app.assistance import HouseholdGroup, Period
from app.demo.county import _DATA
from app.demo.households import plant_households
from app.identity import Actor, Role
from app.reports import queries
from app.reports.rules.exceptions import Check
from tests.assistance.conftest import county
from tests.identity.builders import account
from tests.papers import papers

__all__ = ["county"]
FIRST, UNTIL = date(2024, 11, 21), date(2026, 11, 20)
YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))


@pytest.fixture
async def planted(db, county, now, statements):
    async with db.write() as session:
        first, second = [
            Actor((await account(session, now, Role.OFFICER, username=name, name=name)).id, frozenset())
            for name in ("officer-1", "officer-2")
        ]
        payers = {}
        for entry in _DATA["suppliers"]:
            card = await suppliers.admit(
                session,
                code=entry["id"],
                name=entry["name"],
                kind=suppliers.Kind(entry["type"]),
                uscc=entry["uscc"],
                township_code=entry["town_code"],
                village=entry["village"] or None,
                licence_no=entry["sc_no"],
                linked_since=date(2019, 3, 1),
                lines=["golden-tea" if entry["sc_no"] else "navel-orange"],
                papers=papers(entry["name"], entry["uscc"], entry["sc_no"], now.date()),
                by=first,
                now=now,
            )
            payers[entry["id"]] = card.id
        statements.clear()
        made = await plant_households(
            session, payers, first=FIRST, until=UNTIL, seed=1, by=first, second=second, now=now
        )
        await made.pay(session, UNTIL + timedelta(days=1), now)
        await made.declare(session, FIRST, UNTIL, now)
        return len(made.ids), len(statements)


async def test_the_handbooks_proportions_and_samples(db, planted):
    """§8.5: 900 households of 9 suppliers; kinds 70/14/8/8 where material is bought; median 1,450 yuan a year."""
    count, asked = planted
    assert count == 900
    assert asked < 450  # five for each declared figure, which waits for its turn, and a handful for all the rest
    async with db.read() as session:
        told = await assistance.benefits(session, YEAR, HouseholdGroup.SUPPLIER)
        rows = (
            await session.execute(
                text("""SELECT household_id, sum(amount_fen) FROM assistance_household_payment
                        WHERE paid_on BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY 1""")
            )
        ).all()
        kinds = Counter(
            (
                await session.execute(
                    text(
                        "SELECT k.kind FROM assistance_linkage k JOIN suppliers_supplier s "
                        "ON s.id = k.supplier_id WHERE s.code <> 'S11'"
                    )
                )
            ).scalars()
        )
    assert len(told.parts) == 9
    assert told.total.benefit.paid_households == 897
    assert told.total.linked_only == 3
    assert 130_000 < median(row[1] for row in rows) < 160_000
    shares = [100 * kinds[kind] / kinds.total() for kind in ("PURCHASE", "WAGE", "RENT", "DIVIDEND")]
    assert all(abs(share - wanted) < 4 for share, wanted in zip(shares, (70, 14, 8, 8), strict=True)), shares


async def test_the_planted_cases_are_found_and_nothing_else(db, planted, now):
    of_households = (
        Check.CONTRACT_UNPAID,
        Check.HOUSEHOLD_SHARED,
        Check.PAID_AFTER_LEAVING,
        Check.NOT_OWN_ACCOUNT,
        Check.DIVIDEND_ABOVE_REGISTER,
        Check.PERSONS_ABOVE_REGISTER,
        Check.CAPACITY_EXCEEDED,
    )
    async with db.read() as session:
        found = {
            check: len(await queries.exceptions(session, check, FIRST, UNTIL, now=now, limit=100))
            for check in of_households
        }
    assert {check: cases for check, cases in found.items() if cases} == {
        Check.CONTRACT_UNPAID: 3,
        Check.HOUSEHOLD_SHARED: 1,
    }  # what exceeds the capacity are sales, and none were made here
