"""What the demo's supermarkets order: in the handbook's shape, within their contracts, reconciled to the last fen."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from app.demo.county import ROOTS, assortment
from app.demo.plan import FRESH
from app.demo.purchases import TRANSIT_DAYS, Fate, Goods, draw_purchases
from app.demo.supermarkets import CHAINS, ORANGES
from app.partners import MinimumUnit

UNTIL = date(2026, 11, 22)
ENDS = [(UNTIL, 1), (date(2026, 11, 26), 2), (date(2026, 6, 30), 3), (date(2027, 1, 3), 4), (date(2026, 8, 31), 5)]


def _drawn(until: date, seed: int, count: int = 140):
    first = until.replace(year=until.year - 2) + timedelta(days=1)
    goods = Goods(assortment(), ROOTS, first.year)
    return goods, first, draw_purchases(goods, first=first, until=until, seed=seed, count=count)


def test_the_plan_repeats_itself_and_differs_by_seed_and_end():
    plan = _drawn(UNTIL, 1)[2]
    assert _drawn(UNTIL, 1)[2] == plan
    assert _drawn(UNTIL, 2)[2] != plan
    assert _drawn(date(2026, 11, 21), 1)[2] != plan


@pytest.mark.parametrize("week", range(0, 53, 4))
def test_what_is_ordered_is_there_on_the_day_whenever_the_history_ends(week):
    """The season's first order is not placed before its first lot has come."""
    for ahead in range(7):
        until = date(2026, 6, 30) + timedelta(days=7 * week + ahead)
        goods, _, plan = _drawn(until, 1)
        for purchase in plan:
            for line in purchase.lines:
                assert goods.fits(line.sku, purchase.at.date(), 0), (until, purchase.po_no, line.sku)


@pytest.mark.parametrize(("until", "seed"), ENDS)
def test_the_plan_has_the_handbooks_proportions(until, seed):
    """§8.5: 140 orders of about 48,000 yuan, 2.1 per cent short, 1.8 refused, more of them in winter and spring."""
    goods, _, plan = _drawn(until, seed)
    assert len(plan) == 140
    worth = short = refused = 0
    for purchase in plan:
        for line in purchase.lines:
            fen = line.cases * goods.case_fen(line.sku, purchase.at.date())
            missing = fen * line.short_permille // 1000
            worth, short = worth + fen, short + missing
            refused += (fen - missing) * line.rejected_permille // 1000
    assert 4_300_000 < worth / 140 < 5_300_000
    assert 0.015 < short / worth < 0.028
    assert 0.011 < refused / worth < 0.026
    months = Counter(purchase.at.month for purchase in plan)
    assert months[12] + months[1] > 2 * (months[6] + months[7] + months[8])
    assert {purchase.partner for purchase in plan} == CHAINS.keys()
    fates = Counter(purchase.fate for purchase in plan)
    assert fates[Fate.RECEIVED] > 125
    assert fates[Fate.WAITS] == 1
    assert sum(bool(purchase.returned_permille) for purchase in plan) > 2
    assert len({purchase.po_no for purchase in plan}) == 140


@pytest.mark.parametrize(("until", "seed"), ENDS)
def test_every_order_keeps_to_its_contract(until, seed):
    goods, first, plan = _drawn(until, seed)
    for purchase in plan:
        chain = CHAINS[purchase.partner]
        assert first < purchase.at.date() <= until
        assert purchase.at.isoweekday() in chain.weekdays
        assert (purchase.at + timedelta(minutes=45)).time() < chain.until
        assert purchase.required_on >= purchase.at.date() + timedelta(days=chain.lead_days)
        assert purchase.sent_at.date() + timedelta(days=TRANSIT_DAYS) <= purchase.required_on
        assert purchase.sent_at > purchase.at
        assert {line.sku for line in purchase.lines} <= set(chain.skus)
        assert all(line.cases >= (20 if line.sku in ORANGES else 1) for line in purchase.lines)
        for line in purchase.lines:
            if goods.root(line.sku) == FRESH:
                assert purchase.at.month in {11, 12, 1}
        if chain.minimum_unit is MinimumUnit.CASES:
            assert sum(line.cases for line in purchase.lines) >= chain.minimum
        if chain.minimum_unit is MinimumUnit.NET_WEIGHT_G:
            assert sum(line.cases * goods.skus[line.sku]["net"] for line in purchase.lines) >= chain.minimum
        if chain.minimum_unit is MinimumUnit.FEN:
            worth = sum(line.cases * goods.case_fen(line.sku, purchase.at.date()) for line in purchase.lines)
            assert worth >= chain.minimum
