"""Promotions as sums: what a basket earns, in which order, and how it is divided."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.pricing.rules.promotions import (
    CouponNotApplicable,
    CouponUsedUp,
    Funder,
    Item,
    Promotion,
    PromotionKind,
    Terms,
    UnknownCoupon,
    check_terms,
    discounts,
)

TEA, ORANGES = UUID(int=101), UUID(int=108)
BUDGET = UUID(int=9)
BASKET = [Item("GT04", TEA, "golden-tea", 12_800, 2), Item("NO02", ORANGES, "navel-orange", 4_990, 1)]


def promo(number=1, kind="amount_off", funder=Funder.PLATFORM, *, coupon=None, budget=None, left=None, division=None,
          used_up=False, **terms):  # fmt: skip
    return Promotion(
        id=UUID(int=number),
        name=f"P{number}",
        funder=funder,
        terms=Terms(kind=PromotionKind(kind), **terms),
        budget_id=budget,
        left_fen=left,
        division_code=division,
        coupon_id=coupon,
        used_up=used_up,
    )


def off(*promotions, basket=BASKET, division="370112", coupon=None):
    found = discounts(basket, promotions, division, coupon=coupon)
    return [(found.promotion_id.int, found.sku, found.amount_fen) for found in found]


def test_an_amount_off_is_divided_by_largest_remainder():
    assert off(promo(threshold_fen=9_900, off_fen=1_000)) == [(1, "GT04", 837), (1, "NO02", 163)]
    assert off(promo(threshold_fen=30_591, off_fen=1_000)) == []
    assert off(promo(threshold_fen=30_590, off_fen=1_000)) != []


def test_a_percentage_has_a_cap_and_goods_may_be_narrowed():
    assert off(promo(kind="percent_off", percent_bp=2_000, category="navel-orange")) == [(1, "NO02", 998)]
    assert off(promo(kind="percent_off", percent_bp=2_000, cap_fen=500, supplier_id=TEA)) == [(1, "GT04", 500)]
    assert off(promo(kind="percent_off", percent_bp=5_000, sku="GT14")) == []


def test_a_fixed_price_is_of_each_unit_and_the_lowest_counts():
    assert off(
        promo(1, "fixed_price", sku="GT04", price_fen=11_000),
        promo(2, "fixed_price", sku="GT04", price_fen=9_900),
        promo(3, "fixed_price", sku="NO02", price_fen=9_999),
    ) == [(2, "GT04", 5_800)]


def test_promotions_stack_one_of_each_payer_and_the_coupon_last():
    own = promo(1, funder=Funder.SUPPLIER, supplier_id=TEA, threshold_fen=20_000, off_fen=5_600)
    better = promo(2, threshold_fen=10_000, off_fen=2_000)
    lesser = promo(3, threshold_fen=10_000, off_fen=1_999)
    voucher = promo(4, "percent_off", Funder.DISTRICT, percent_bp=1_000, budget=BUDGET, left=10_000)
    coupon = promo(5, "percent_off", percent_bp=5_000, coupon=UUID(int=77), category="navel-orange")
    found = discounts(BASKET, [coupon, voucher, lesser, better, own], "370112", coupon="HALF")
    by = {number: sum(one.amount_fen for one in found if one.promotion_id.int == number) for number in range(1, 6)}
    orange = 4_990 - sum(one.amount_fen for one in found if one.sku == "NO02" and one.promotion_id.int < 5)
    assert by == {1: 5_600, 2: 2_000, 3: 0, 4: (30_590 - 7_600) // 10, 5: orange // 2}
    assert sum(one.subsidy_fen for one in found) == sum(by.values()) - 5_600


def test_a_budget_helps_its_division_as_far_as_it_goes():
    voucher = promo(1, "percent_off", Funder.DISTRICT, percent_bp=1_000, budget=BUDGET, left=3_059, division="370112")
    assert sum(fen for _, _, fen in off(voucher)) == 3_059
    assert off(voucher, division="370102") == []
    short = promo(1, "percent_off", Funder.DISTRICT, percent_bp=1_000, budget=BUDGET, left=3_058)
    assert off(short) == []
    shared = [
        promo(n, "fixed_price", Funder.DISTRICT, sku=sku, price_fen=1_000, budget=BUDGET, left=24_000)
        for n, sku in ((1, "GT04"), (2, "NO02"))
    ]
    assert off(*shared) == [(1, "GT04", 23_600)], "the second would overspend what the first has left"


@pytest.mark.parametrize(
    ("promotion", "refusal"),
    [
        (promo(threshold_fen=100, off_fen=50), UnknownCoupon),
        (promo(threshold_fen=100, off_fen=50, coupon=UUID(int=7), used_up=True), CouponUsedUp),
        (promo(threshold_fen=99_999, off_fen=50, coupon=UUID(int=7)), CouponNotApplicable),
    ],
)
def test_a_coupon_that_does_not_hold_is_refused(promotion, refusal):
    with pytest.raises(refusal):
        off(promotion, coupon="X")


items = st.lists(
    st.builds(
        Item,
        sku=st.sampled_from([f"M{n}" for n in range(8)]),
        supplier_id=st.sampled_from([TEA, ORANGES]),
        category=st.sampled_from(["golden-tea", "navel-orange"]),
        unit_price_fen=st.integers(1, 100_000),
        quantity=st.integers(1, 500),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda item: item.sku,
)


@st.composite
def running(draw, number):
    kind = draw(st.sampled_from(PromotionKind))
    terms = {"supplier_id": draw(st.sampled_from([None, TEA])), "category": draw(st.sampled_from([None, "golden-tea"]))}
    if kind is PromotionKind.AMOUNT_OFF:
        terms["threshold_fen"] = draw(st.integers(2, 10**7))
        terms["off_fen"] = draw(st.integers(1, terms["threshold_fen"] - 1))
    elif kind is PromotionKind.PERCENT_OFF:
        terms |= {"percent_bp": draw(st.integers(1, 9_999)), "cap_fen": draw(st.none() | st.integers(1, 10**6))}
    else:
        terms |= {"sku": draw(st.sampled_from([f"M{n}" for n in range(8)])), "price_fen": draw(st.integers(1, 10**5))}
    funder = draw(st.sampled_from(Funder))
    district = funder is Funder.DISTRICT
    budget, left = (BUDGET, draw(st.integers(0, 10**6))) if district else (None, None)
    return promo(number, kind, funder, budget=budget, left=left, **terms)


@given(items, st.data())
def test_no_line_is_given_away_and_no_budget_overspent(basket, data):
    promotions = [data.draw(running(number)) for number in range(1, data.draw(st.integers(1, 7)))]
    shared = min((found.left_fen for found in promotions if found.left_fen is not None), default=0)
    promotions = [
        found if found.left_fen is None else promo(
            found.id.int, found.terms.kind, found.funder, budget=BUDGET, left=shared,
            **{name: getattr(found.terms, name) for name in Terms.__slots__ if name != "kind"},
        )
        for found in promotions
    ]  # fmt: skip
    found = discounts(basket, promotions, "370112")
    for item in basket:
        taken = sum(one.amount_fen for one in found if one.sku == item.sku)
        assert 0 <= taken < item.unit_price_fen * item.quantity
    assert all(one.amount_fen > 0 for one in found)
    assert sum(one.amount_fen for one in found if one.budget_id is not None) <= shared
    assert len({(one.promotion_id, one.sku) for one in found}) == len(found)
    assert discounts(basket, promotions[::-1], "370112") == found, "the order in which they were found is no matter"


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"kind": "amount_off", "threshold_fen": 100}, "/off_fen"),
        ({"kind": "amount_off", "threshold_fen": 100, "off_fen": 100}, "/off_fen"),
        ({"kind": "percent_off"}, "/percent_bp"),
        ({"kind": "percent_off", "percent_bp": 10, "price_fen": 5}, "/price_fen"),
        ({"kind": "fixed_price", "price_fen": 5}, "/sku"),
        ({"kind": "fixed_price", "price_fen": 5, "sku": "A", "threshold_fen": 9}, "/threshold_fen"),
    ],
)
def test_terms_that_give_things_away_or_make_no_sense_are_refused(terms, pointer, now):
    kind = PromotionKind(terms.pop("kind"))
    with pytest.raises(InvalidInput) as refused:
        check_terms(Terms(kind=kind, **terms), now, now.replace(year=2027))
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
