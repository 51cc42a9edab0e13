"""The demo as it was lived through: its purchases, its accounts, and what auditors find in it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from sqlalchemy import text

from app import assistance, audit, partners, pricing, settlement
from app.core.clock import day_end, local_day
from app.demo.cases import draw_cases
from app.demo.county import _DATA
from app.demo.plan import Case
from app.demo.supermarkets import CHAINS
from app.reports import queries
from app.reports.rules.exceptions import Check
from tests.demo.conftest import PURCHASES, UNTIL

FIRST = date(2024, 11, 23)


async def test_they_are_lived_through_to_the_dock_and_every_book_agrees(lived):
    """Placed, sent, taken in with shorts and rejects, some returned; three are under way when the history ends."""
    async with lived.read() as session:
        assert await audit.check(session) == []

        async def one(sql: str):
            return (await session.execute(text(sql))).scalar_one()

        states = Counter((await session.execute(text("SELECT status FROM wholesale_po"))).scalars())
        assert sum(states.values()) == PURCHASES
        assert states["confirmed"] == states["shipped"] == states["needs_approval"] == 1
        assert (
            states["closed"] + states["partially_received"] + states["received"] + states["cancelled"] == PURCHASES - 3
        )
        payable = await one("SELECT sum(payable_fen) FROM wholesale_receipt")
        returned = await one("SELECT coalesce(sum(amount_fen), 0) FROM wholesale_return")
        counted = await one("SELECT sum(amount_fen) FROM assistance_entry WHERE channel = 'supermarket'")
        assert payable > 0
        corrected = await one("SELECT coalesce(sum(amount_fen), 0) FROM wholesale_correction")
        assert counted == payable - returned + corrected
        promised = await one("SELECT sum(total_fen) FROM wholesale_po WHERE status IN ('confirmed', 'shipped')")
        missing = await one(
            "SELECT coalesce(sum((promised_units - delivered_units) * unit_price_fen), 0) FROM wholesale_po_line l "
            "JOIN wholesale_po p ON p.id = l.po_id WHERE p.status = 'partially_received'"
        )
        used = await one("SELECT sum(used_fen) FROM partners_credit")
        stated = await one(
            "SELECT coalesce(sum(rebate_fen + fees_fen), 0) FROM wholesale_statement WHERE confirmed_at IS NOT NULL"
        )
        paid = await one("SELECT coalesce(sum(amount_fen), 0) FROM wholesale_payment")
        assert paid > 0
        assert used == payable - returned + corrected + promised + missing - stated - paid


async def test_statements_are_paid_but_for_the_latest_and_a_late_one(lived):
    async with lived.read() as session:
        told = (
            await session.execute(
                text("""SELECT p.code, s.month, s.status, s.due_on FROM wholesale_statement s
                        JOIN partners_partner p ON p.id = s.partner_id WHERE s.month <= '2026-09-01'
                        AND s.due_on < :until AND s.status <> 'paid' ORDER BY 1, 2"""),
                {"until": UNTIL},
            )
        ).all()
        assert [(code, status) for code, _, status, _ in told] == [("P04", "invoiced")]
        waiting = await session.execute(
            text("SELECT DISTINCT status FROM wholesale_statement WHERE month='2026-10-01'")
        )
        assert waiting.scalars().all() == ["sent"]
        disputes = (await session.execute(text("SELECT kind, accepted FROM wholesale_dispute"))).all()
        assert [tuple(row) for row in disputes] == [("QTY", True)]
        limits = (
            await session.execute(
                text("""SELECT p.code, c.limit_fen FROM partners_credit c
                                            JOIN partners_partner p ON p.id = c.partner_id""")
            )
        ).all()
        assert {row.code: row.limit_fen for row in limits} == {code: chain.limit_fen for code, chain in CHAINS.items()}


async def test_each_can_order_on_every_day_of_the_two_years(lived):
    records = {entry["id"]: entry for entry in _DATA["partners"]}
    async with lived.read() as session:
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


async def test_auditors_find_the_planted_cases_and_nothing_else(lived):
    cases = draw_cases(UNTIL)
    async with lived.read() as session:
        found = {
            check: await queries.exceptions(session, check, FIRST, UNTIL, now=day_end(UNTIL), limit=100)
            for check in Check
        }
    assert {check: len(of) for check, of in found.items() if of} == {
        Check.CLAIMED_ELSEWHERE: 1,
        Check.SELF_PURCHASE: 1,
        Check.REFUND_AFTER_YEAR_END: 1,
        Check.CERTIFICATE_AFTER_ORDER: 1,
        Check.PRICE_ABOVE_MEDIAN: 1,
        Check.CAPACITY_EXCEEDED: 1,
        Check.CONTRACT_UNPAID: 3,
        Check.HOUSEHOLD_SHARED: 1,
    }
    for case, check in (
        (Case.REPORTED_TWICE, Check.CLAIMED_ELSEWHERE),
        (Case.OWN, Check.SELF_PURCHASE),
        (Case.REFUNDED_LATE, Check.REFUND_AFTER_YEAR_END),
        (Case.OVERPRICED, Check.PRICE_ABOVE_MEDIAN),
    ):
        order = next(one for one in cases.orders if one.case is case)
        assert found[check][0].sku == order.items[0][0]
        assert found[check][0].number.startswith(f"BJ{order.at:%y%m%d}")
    late = found[Check.CERTIFICATE_AFTER_ORDER][0]
    assert (late.on_day, late.number) == (cases.fair.sold_on, f"ZX-{cases.fair.sold_on:%Y%m%d}")
    assert found[Check.REFUND_AFTER_YEAR_END][0].on_day == cases.refunded_on
    assert found[Check.CAPACITY_EXCEEDED][0].number == "S07"


async def test_months_are_closed_in_their_time_and_the_plan_is_reported(lived):
    """Every month but those that are not due yet; two figures of the plan wait for the second officer."""
    async with lived.read() as session:
        closed = (await session.execute(text("SELECT month, closed_at FROM assistance_closing ORDER BY month"))).all()
        assert (closed[0].month, closed[-1].month, len(closed)) == (FIRST.replace(day=1), date(2026, 10, 1), 24)
        assert all(local_day(at) == settlement.following(month).replace(day=6) for month, at in closed)
        (year,) = (await assistance.stand_year(session, UNTIL.year, today=UNTIL)).plans
        entered = [one for one in year.measures if one.measure.goal_code is None]
        assert sum(one.waiting for one in entered) == 2
        assert sum(one.actual is not None for one in entered) == len(entered) - 2
