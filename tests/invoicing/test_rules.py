import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import sealing
from app.invoicing.lifecycle import TRANSITIONS, InvoiceStepNotAllowed, Status, Step, after
from app.invoicing.rules import Item, rows_of, taken_back, without_tax
from app.invoicing.rules.tax import Seller, Sold, UnknownTax, items_of, rate_of
from app.orders import InvoiceKind, InvoiceWish

COOP = Seller("吕洞茗源茶叶专业合作社（示例）", "93433125MA4FAKE14C", "coop", "small")
GENERAL = Seller("保靖茶业有限公司（示例）", "91433125MA4FAKE14C", "company", "general")
SMALL = Seller("保靖小店（示例）", "92433125MA4FAKE14C", "sole", "small")
TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("total", "rate", "amount", "tax"),
    [(23_800, 1300, 21_062, 2738), (12_800, 900, 11_743, 1057), (4990, 900, 4578, 412), (4990, 100, 4941, 49)],
)
def test_a_price_is_split_into_amount_and_tax(total, rate, amount, tax):
    assert (without_tax(total, rate), total - without_tax(total, rate)) == (amount, tax)
    assert without_tax(-total, rate) == -amount
    assert without_tax(total, None) == total


@pytest.mark.parametrize(
    ("goods", "seller", "day", "rate"),
    [
        ("fresh_fruit", COOP, TODAY, None),
        ("fresh_fruit", SMALL, TODAY, 100),
        ("fresh_fruit", GENERAL, TODAY, 900),
        ("fresh_fruit", GENERAL, date(2019, 3, 31), 1000),
        ("refined_tea", COOP, TODAY, 100),
        ("refined_tea", GENERAL, TODAY, 1300),
        ("refined_tea", GENERAL, date(2019, 4, 1), 1300),
        ("refined_tea", GENERAL, date(2019, 3, 31), 1600),
        ("refined_tea", SMALL, date(2019, 6, 1), 300),
        ("rough_tea", COOP, TODAY, None),
        ("rough_tea", GENERAL, TODAY, 900),
        ("edible_oil", COOP, TODAY, 100),
        ("edible_oil", GENERAL, TODAY, 900),
        ("freight", GENERAL, TODAY, 900),
        ("freight", COOP, TODAY, 100),
        ("freight", SMALL, date(2028, 1, 1), 300),
    ],
)
def test_the_tax_table(goods, seller, day, rate):
    assert rate_of(goods, seller, day) == rate


def test_what_the_table_does_not_know_is_not_guessed():
    with pytest.raises(UnknownTax):
        rate_of("refined_tea", GENERAL, date(2008, 1, 1))


def test_items_follow_the_frozen_rate_and_say_when_somebody_must_look():
    sold = [
        Sold("a", "navel-orange", "酉水脐橙", "净果 5kg", 2, 9980, 9980, 0),
        Sold("b", "navel-orange", "酉水脐橙", "礼盒", 1, 7990, 7990, 900),
        Sold("c", "golden-tea", "黄金茶", "100g", 1, 12_800, 0),
    ]
    own, other, freight = items_of(sold, 800, COOP, TODAY)
    assert (own.label, own.rate_bp, own.tax_fen, own.code) == ("*水果*酉水脐橙", None, 0, "1010115010300000000")
    assert not own.confirm
    assert (other.rate_bp, other.amount_fen, other.confirm) == (900, 7330, True)
    assert (freight.label, freight.total_fen, freight.tax_fen, freight.confirm) == ("*运输服务*运费", 800, 8, True)


def test_a_frozen_rate_of_a_day_before_the_table_is_kept_and_to_be_confirmed():
    (item,) = items_of([Sold("a", "golden-tea", "黄金茶", "", 1, 11_700, 11_700, 1700)], 0, GENERAL, date(2017, 6, 30))
    assert (item.amount_fen, item.tax_fen, item.confirm) == (10_000, 1700, True)


def test_a_discount_has_a_row_of_its_own_and_the_rows_add_up():
    (item,) = items_of([Sold("a", "golden-tea", "黄金茶", "100g", 3, 38_400, 35_000, 1300)], 0, GENERAL, TODAY)
    full, less = rows_of([item])
    assert (full.label, full.quantity, full.rate, full.unit_price) == ("*精制茶*黄金茶", 3, "13%", "113.27333333")
    assert full.amount_fen + full.tax_fen == 38_400
    assert (less.label, less.quantity) == ("*精制茶*黄金茶", None)
    assert less.amount_fen + less.tax_fen == -3400
    assert full.amount_fen + less.amount_fen == item.amount_fen
    assert full.tax_fen + less.tax_fen == item.tax_fen


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    total=st.integers(1, 10**9),
    rate=st.sampled_from([None, 100, 300, 600, 900, 1000, 1300, 1600]),
    refunds=st.lists(st.integers(1, 10**9), max_size=8),
)
def test_red_ones_together_are_never_more_than_the_blue_one(total, rate, refunds):
    amount = without_tax(total, rate)
    blue = Item("a", "水果", "脐橙", "", "件", 1, rate, total, amount, total - amount, None, confirm=False)
    gone, taken = 0, []
    for fen in [*refunds, total]:
        red = taken_back(blue, fen, 0, gone)
        if red is not None:
            assert red.amount_fen <= 0
            assert red.tax_fen <= 0
            assert red.total_fen == -min(fen, total - gone)
            taken.append(red)
            gone -= red.total_fen
    assert -sum(red.amount_fen for red in taken) == blue.amount_fen
    assert -sum(red.tax_fen for red in taken) == blue.tax_fen
    assert taken_back(blue, 1, 0, gone) is None


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", Step)
def test_every_step_from_every_status(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
    else:
        with pytest.raises(InvoiceStepNotAllowed):
            after(status, step)


def test_a_wish_without_address_and_bank_is_stored_as_the_version_before_reads_it():
    plain = InvoiceWish(InvoiceKind.NORMAL, "王晓梅", email="a@example.invalid")
    special = InvoiceWish(InvoiceKind.SPECIAL, "某公司（示例）", bank="示例银行")
    stored = [json.loads(sealing.keys().unseal(wish.sealed(), "orders.invoice")) for wish in (plain, special)]
    assert [len(said) for said in stored] == [4, 8]
    assert [InvoiceWish.opened(wish.sealed()) for wish in (plain, special)] == [plain, special]
