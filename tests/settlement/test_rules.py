from datetime import UTC, date, datetime

import pytest

from app.core.errors import InvalidInput
from app.settlement import following, last_due, month_of
from app.settlement.rules import BankDetails, month_end, share_bp, vat_in
from app.settlement.rules.books import quarter


def shanghai(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_months_are_those_of_shanghai():
    assert month_of(shanghai(2026, 10, 31, 15, 59)) == date(2026, 10, 1)
    assert month_of(shanghai(2026, 10, 31, 16)) == date(2026, 11, 1)
    assert month_end(date(2026, 12, 1)) == shanghai(2026, 12, 31, 16)
    assert following(date(2026, 12, 1)) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (shanghai(2026, 11, 4, 15, 59), date(2026, 9, 1)),
        (shanghai(2026, 11, 4, 16), date(2026, 10, 1)),
        (shanghai(2026, 11, 30), date(2026, 10, 1)),
        (shanghai(2027, 1, 1), date(2026, 11, 1)),
        (shanghai(2027, 1, 20), date(2026, 12, 1)),
    ],
)
def test_a_month_is_settled_on_the_fifth_of_the_next(now, month):
    assert last_due(now) == month


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2024-Q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_quarters(written, first, last):
    assert quarter(written) == (first, last)


@pytest.mark.parametrize("written", ["2026-Q5", "2026Q1", "26-Q1", "2026-Q1 ", ""])
def test_what_is_no_quarter(written):
    with pytest.raises(InvalidInput):
        quarter(written)


def test_a_share_is_rounded_half_up_and_of_nothing_there_is_none():
    assert share_bp(95, 100) == 9_500
    assert share_bp(1, 3) == 3_333
    assert share_bp(2, 3) == 6_667
    assert share_bp(5, 0) is None


@pytest.mark.parametrize(
    ("total", "rate", "tax"),
    # The handbook's own examples (§3.4); what goes back holds as much, with the other sign.
    [
        (23_800, 1_300, 2_738),
        (12_800, 900, 1_057),
        (4_990, 900, 412),
        (4_990, 100, 49),
        (-4_990, 900, -412),
        (50, 0, 0),
    ],
)
def test_the_tax_in_a_price(total, rate, tax):
    assert vat_in(total, rate) == tax


def test_an_account_is_masked():
    assert BankDetails("某社", "某行", "6200000000000001234", None).masked == "**** **** 1234"
