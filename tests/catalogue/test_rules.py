"""Seasons, identifiers and what the law wants a listing to show."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import strategies as st

from app.catalogue.rules import InvalidProduct, NewProduct, NewSku
from app.catalogue.rules.comparing import compared
from app.catalogue.rules.listing import check
from app.catalogue.rules.season import Season, is_month_day, season_on

MONTH_DAYS = st.dates(date(2001, 1, 1), date(2001, 12, 31)).map(lambda day: f"{day:%m-%d}")


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2026, 11, 19), Season.OFF_SEASON),
        (date(2026, 11, 20), Season.IN_SEASON),
        (date(2026, 12, 31), Season.IN_SEASON),
        (date(2027, 1, 1), Season.IN_SEASON),
        (date(2027, 1, 31), Season.IN_SEASON),
        (date(2027, 2, 1), Season.OFF_SEASON),
    ],
)
def test_oranges_are_in_season_over_new_year(day, season):
    assert season_on(day, "11-20", "01-31") is season


def test_tea_is_in_season_in_spring():
    assert season_on(date(2026, 3, 11), "03-12", "04-04") is Season.OFF_SEASON
    assert season_on(date(2026, 3, 12), "03-12", "04-04") is Season.IN_SEASON
    assert season_on(date(2026, 4, 5), "03-12", "04-04") is Season.OFF_SEASON


def test_without_a_window_it_is_always_in_season():
    assert season_on(date(2026, 7, 1), None, None) is Season.IN_SEASON


@pytest.mark.parametrize("text", ["02-29", "02-30", "04-31", "13-01", "00-10", "1-1", "01-32", "", "11-20 "])
def test_a_day_of_the_year_is_one_that_every_year_has(text):
    assert not is_month_day(text)


def a_sku(**changes) -> NewSku:
    facts = {
        "sku": "GT01",
        "name": "50g",
        "net_content": "50g 铁罐",
        "net_weight_g": 50,
        "gross_weight_g": 160,
        "shelf_life_days": 540,
        "tax_rate_bp": 1300,
    }
    return NewSku(**(facts | changes))


def a_product(*skus: NewSku, **changes) -> NewProduct:
    facts = {
        "supplier_id": UUID(int=1),
        "slug": "golden-tea",
        "name": "黄金茶",
        "category": "green-tea",
        "township_code": "433125116",
        "skus": skus or (a_sku(),),
    }
    return NewProduct(**(facts | changes))


def test_a_sound_product_passes():
    check(a_product(a_sku(gtin13="2004330000103", itf14="12004330000100"), season_opens="03-12", season_closes="04-04"))


@pytest.mark.parametrize(
    ("product", "pointer", "code"),
    [
        (a_product(slug="Golden Tea"), "/slug", "invalid_slug"),
        (a_product(name=" "), "/name", "invalid_name"),
        (a_product(skus=()), "/variants", "no_sku"),
        (a_product(season_opens="03-12"), "/season_closes", "half_a_season"),
        (a_product(season_opens="02-30", season_closes="04-04"), "/season_opens", "invalid_month_day"),
        (a_product(a_sku(), a_sku()), "/variants/1/sku", "repeated_sku"),
        (a_product(a_sku(sku="黄金")), "/variants/0/sku", "invalid_sku"),
        (a_product(a_sku(gross_weight_g=49)), "/variants/0/gross_weight_g", "invalid_weight"),
        (a_product(a_sku(net_weight_g=0)), "/variants/0/gross_weight_g", "invalid_weight"),
        (a_product(a_sku(gtin13="2004330000104")), "/variants/0/gtin13", "invalid_gtin"),
        (a_product(a_sku(gtin13="12004330000100")), "/variants/0/gtin13", "invalid_gtin"),
        (a_product(a_sku(itf14="12004330000101")), "/variants/0/itf14", "invalid_itf"),
        (a_product(a_sku(tax_rate_bp=10_001)), "/variants/0", "out_of_range"),
        (
            a_product(attributes={"pick_season": "明前"}, season_opens="04-05", season_closes="04-20"),
            "/attributes/pick_season",
            "season_not_provable",
        ),
    ],
)
def test_each_fault_is_named(product, pointer, code):
    with pytest.raises(InvalidProduct) as refused:
        check(product)
    assert (pointer, code) in [(fault.pointer, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("root", "sku", "measure"),
    [
        ("golden-tea", a_sku(net_content="50g 铁罐", net_weight_g=50), ("100g", 500)),
        ("camellia-oil", a_sku(net_content="500ml×2瓶", net_weight_g=910, gross_weight_g=1_400), ("L", 1_000)),
        ("camellia-oil", a_sku(net_content="1.8L 桶", net_weight_g=1_638, gross_weight_g=1_900), ("L", 1_800)),
        ("navel-orange", a_sku(net_content="净果 2.5kg 箱", net_weight_g=2_500, fresh=True), ("kg", 2_500)),
        ("gift-set", a_sku(net_content="1套"), (None, None)),
    ],
)
def test_prices_are_compared_by_the_measure_of_the_goods(root, sku, measure):
    assert compared(root, sku) == measure
