"""What auditors should find in the demo is there whenever its history ends, and nothing like it by chance."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from app.core.clock import SHANGHAI, local_day
from app.demo.accounts import Accounts
from app.demo.cases import DEAR_SKU, draw_cases
from app.demo.county import ROOTS, articles, assortment
from app.demo.plan import Case, Ending, draw_plan
from app.demo.purchases import Goods, draw_purchases

ENDS = [date(2026, 6, 1) + timedelta(days=ahead) for ahead in range(800)]
"""Two leap days' neighbours and three turns of a year are among them."""


def _first(until: date) -> date:
    return draw_plan(articles(), until=until, seed=1, count=0).first


def test_every_case_has_happened_before_the_history_ends():
    for until in ENDS:
        first, cases = _first(until), draw_cases(until)
        assert sorted(order.case for order in cases.orders if order.case is not Case.USUAL) == sorted(
            case for case in Case if case is not Case.USUAL
        )
        for order in cases.orders:
            assert first < order.at.date()
            assert local_day(order.at + timedelta(days=8)) <= until  # paid, sent, delivered and confirmed
        by_case = {order.case: order for order in cases.orders}
        reported, late = by_case[Case.REPORTED_TWICE], by_case[Case.REFUNDED_LATE]
        assert reported.at.date() + timedelta(days=8) < cases.reported_on < until
        assert (late.at + timedelta(days=8)).year + 1 == cases.refunded_on.year
        assert cases.refunded_on < until
        fair = cases.fair
        assert first < fair.valid_from < fair.sold_on < fair.listed_on < fair.declared_on < until


def test_the_dear_price_has_deals_to_be_compared_with():
    for until in ENDS:
        cases = draw_cases(until)
        dear = next(order for order in cases.orders if order.case is Case.OVERPRICED)
        usual = [order for order in cases.orders if order.case is Case.USUAL]
        assert all(timedelta() < dear.at - order.at < timedelta(days=29) for order in usual)
        assert {order.items for order in (dear, *usual)} == {((DEAR_SKU, 1),)}


@pytest.mark.parametrize("until", [date(2026, 11, 22), date(2027, 1, 3), date(2028, 2, 29)])
def test_nothing_like_it_happens_by_chance(until):
    """Nobody else buys while the price is high, and no refund, return or correction falls into another year."""
    cases = draw_cases(until)
    plan = draw_plan(articles(), until=until, seed=1)
    nights = {order.at.hour for order in cases.orders}
    assert not any(order.at.hour in nights for order in plan.orders)
    for order in plan.orders:
        if order.ending is Ending.SPOILT:
            assert (order.at + timedelta(days=9)).year == order.at.year
    goods = Goods(assortment(), ROOTS, plan.first.year)
    for purchase in draw_purchases(goods, first=plan.first, until=until, seed=1):
        if purchase.returned_permille:
            assert (purchase.required_on + timedelta(days=6)).year == purchase.required_on.year
    sellers = {sku: entry["supplier"] for sku, entry in assortment().items()}
    sold = Counter(
        (sellers[sku], order.at.year, order.at.day > 19)
        for order in plan.orders
        for sku, _ in order.items
        if order.at.month == 12 and order.at.day >= 8
    )
    for seller, year, late in list(sold):  # what is sold in the year's last days is no spike
        if plan.first < date(year, 12, 8):
            assert not late or sold[seller, year, True] < 3 * max(sold[seller, year, False], 4)
    assert len(cases.enter(plan).orders) == len(plan.orders) + len(cases.orders)


def test_a_disputed_row_is_corrected_in_the_year_in_which_it_was_received():
    for until in ENDS:
        stated: dict[datetime, object] = {}
        accounts = Accounts(stated.__setitem__, None, _first(until), until)
        accounts.enter()
        days = sorted(at.astimezone(SHANGHAI).date() for at in stated)
        assert days[-1 - accounts.disputed_month()].month != 1
