"""Freight and quotes as sums."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.pricing.rules import NotDeliverable, NotOnSale, Wanted, assemble
from app.pricing.rules.freight import HOUSE_TEMPLATES, FreightRule, check_rules, freight_fen

ECONOMY = FreightRule(1000, 600, 1000, 200, None, deliverable=True)
fees = st.integers(0, 100_000)
grams = st.integers(0, 10_000_000)
rules = st.builds(
    FreightRule,
    first_weight_g=grams,
    first_fee_fen=fees,
    step_weight_g=st.integers(1, 100_000),
    step_fee_fen=fees,
    free_over_fen=st.none() | st.integers(1, 10**9),
    deliverable=st.just(value=True),
)
HOUSES = [UUID(int=i) for i in range(1, 4)]
carts = st.lists(
    st.builds(
        Wanted,
        sku=st.sampled_from([f"M{i}" for i in range(12)]),
        supplier_id=st.sampled_from(HOUSES),
        gross_weight_g=st.integers(1, 100_000),
        quantity=st.integers(1, 10_000),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda line: line.sku,
)


@pytest.mark.parametrize(
    ("weight_g", "fee"),
    [(0, 600), (1, 600), (1000, 600), (1001, 800), (2000, 800), (2001, 1000), (5000, 1400), (5001, 1600)],
)
def test_every_further_kilogram_that_is_begun_counts(weight_g, fee):
    assert freight_fen(ECONOMY, weight_g, 1) == fee


def test_freight_is_free_from_the_amount_on():
    rule = FreightRule(1000, 600, 1000, 200, 9900, deliverable=True)
    assert [freight_fen(rule, 3000, goods) for goods in (9899, 9900, 9901)] == [1000, 0, 0]


@given(rules, grams, grams, st.integers(0, 10**12))
def test_freight_grows_with_weight_and_is_never_negative(rule, one, other, goods):
    light, heavy = sorted((one, other))
    assert 0 <= freight_fen(rule, light, goods) <= freight_fen(rule, heavy, goods)


@given(rules, grams)
def test_freight_is_first_fee_and_whole_steps(rule, weight_g):
    fee = freight_fen(rule, weight_g, 0)
    steps = 0
    while rule.first_weight_g + steps * rule.step_weight_g < min(weight_g, rule.first_weight_g + 10**5):
        steps += 1
    if weight_g <= rule.first_weight_g + 10**5:
        assert fee == rule.first_fee_fen + steps * rule.step_fee_fen


@given(carts, st.data())
def test_the_parts_of_a_quote_add_up(cart, data):
    prices = {line.sku: data.draw(st.integers(1, 10_000_000)) for line in cart}
    freight = {house: data.draw(rules) for house in HOUSES}
    quote = assemble(cart, prices, freight)
    assert [line.sku for line in quote.lines] == [line.sku for line in cart]
    assert all(line.amount_fen == line.unit_price_fen * line.quantity - line.discount_fen for line in quote.lines)
    assert quote.goods_fen - quote.discount_fen == sum(line.amount_fen for line in quote.lines)
    assert quote.freight_fen == sum(parcel.freight_fen for parcel in quote.parcels)
    assert quote.total_fen == quote.goods_fen - quote.discount_fen + quote.freight_fen
    assert sorted(parcel.supplier_id for parcel in quote.parcels) == sorted({line.supplier_id for line in cart})
    for parcel in quote.parcels:
        mine = [line for line in cart if line.supplier_id == parcel.supplier_id]
        alone = assemble(mine, prices, freight)
        assert alone.parcels == (parcel,)
        assert parcel.weight_g == sum(line.gross_weight_g * line.quantity for line in mine)


def test_every_sku_without_a_price_is_named():
    cart = [Wanted(sku, HOUSES[0], 100, 1) for sku in ("A1", "B2", "C3")]
    with pytest.raises(NotOnSale) as refused:
        assemble(cart, {"B2": 5}, {HOUSES[0]: ECONOMY})
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/items/0/sku", "not_on_sale"),
        ("/items/2/sku", "not_on_sale"),
    ]
    assert "A1、C3" in refused.value.sentence("zh")


def test_where_a_supplier_does_not_send_its_goods_are_named():
    never = FreightRule(1000, 0, 1000, 0, None, deliverable=False)
    cart = [Wanted("A1", HOUSES[0], 100, 1), Wanted("B2", HOUSES[1], 100, 1), Wanted("C3", HOUSES[2], 100, 1)]
    with pytest.raises(NotDeliverable) as refused:
        assemble(cart, dict.fromkeys(("A1", "B2", "C3"), 5), {HOUSES[0]: ECONOMY, HOUSES[1]: never, HOUSES[2]: None})
    assert [fault.pointer for fault in refused.value.faults] == ["/items/1/sku", "/items/2/sku"]


def test_a_tier_is_one_price_and_what_is_heavier_goes_by_steps():
    rule = FreightRule(3000, 900, 1000, 200, 9900, True, 500, ((1000, 500), (3000, 800)))
    assert [freight_fen(rule, weight, 1) - 500 for weight in (1, 1000, 1001, 3000, 3001, 4001)] == [
        500, 500, 800, 800, 1100, 1300,
    ]  # fmt: skip
    assert freight_fen(rule, 99_000, 9900) == 500, "a remote place costs its surcharge even when freight is free"


@pytest.mark.parametrize(
    ("volume_mm3", "divisor", "billable"),
    [
        (None, 6000, 400),
        (1_000_000, None, 400),
        (1_000_000, 8000, 400),
        (2_400_000, 6000, 800),
        (2_400_001, 6000, 801),
        (300 * 200 * 100, 6000, 2000),
    ],
)
def test_what_is_bulky_is_charged_by_its_volume(volume_mm3, divisor, billable):
    rule = FreightRule(1000, 600, 1000, 200, None, deliverable=True, volume_divisor=divisor)
    cart = [Wanted("A1", HOUSES[0], 200, 2, volume_mm3=volume_mm3)]
    (parcel,) = assemble(cart, {"A1": 100}, {HOUSES[0]: rule}).parcels
    assert (parcel.weight_g, parcel.billable_g) == (400, billable)
    assert parcel.freight_fen == freight_fen(rule, billable, 200)


def test_goods_of_unknown_size_count_by_their_weight_beside_bulky_ones():
    rule = FreightRule(1000, 600, 1000, 200, None, deliverable=True, volume_divisor=6000)
    cart = [Wanted("A1", HOUSES[0], 100, 1, volume_mm3=12_000_000), Wanted("B2", HOUSES[0], 5000, 1)]
    (parcel,) = assemble(cart, {"A1": 1, "B2": 1}, {HOUSES[0]: rule}).parcels
    assert (parcel.weight_g, parcel.billable_g) == (5100, 7000)


def test_a_template_that_contradicts_itself_is_refused():
    twice = FreightRule(1000, 600, 1000, 200, None, True, 0, ((3000, 800), (1000, 500)))
    with pytest.raises(InvalidInput) as refused:
        check_rules([("37", ECONOMY), ("37", twice)])
    assert [fault.pointer for fault in refused.value.faults] == ["/rules/1/region", "/rules/1/tiers"]


def test_house_templates_know_every_province():
    for code, _, rules_of in HOUSE_TEMPLATES:
        assert rules_of[""].deliverable
        assert not any(rules_of[region].deliverable for region in ("71", "81", "82")), code
        assert rules_of["37"].first_fee_fen < rules_of["54"].first_fee_fen or not rules_of["54"].deliverable
