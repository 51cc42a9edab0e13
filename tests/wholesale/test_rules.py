"""What is decided without the database: days, quantities, prices, shares of what there is, differences, sheets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SHANGHAI
from app.core.sheets import SheetHeaderNotFound
from app.wholesale.lifecycle import TRANSITIONS, PoStepNotAllowed, Status, Step, after, allowed
from app.wholesale.rules import PoKind
from app.wholesale.rules.asking import (
    AskedLine,
    AskedOrder,
    BelowMinimum,
    NotACaseMultiple,
    Planned,
    PriceMismatch,
    RequiredOnNotPossible,
    check_days,
    cut,
    order_day,
    plan_lines,
    same_meaning,
    understood,
)
from app.wholesale.rules.orders import changes
from app.wholesale.rules.sheets import read_orders


@dataclass(frozen=True)
class Terms:
    order_weekdays: tuple[int, ...] = (1, 3, 5)
    order_until: time = time(14)
    lead_days: int = 2
    minimum: int = 0
    minimum_unit: str = "fen"


@dataclass(frozen=True)
class Item:
    sku: str = "GT04"
    name: str = "100g"
    price_fen: int = 8_000
    case_pack: int = 10
    min_cases: int = 1
    multiple_cases: int = 1
    net_weight_g: int = 100


FRIDAY = date(2026, 11, 20)


def asked(**more):
    usual = {"po_no": "1", "location_code": "0012", "required_on": FRIDAY + timedelta(days=5), "lines": ()}
    return AskedOrder(**usual | more)


def plan(*lines, item=None, terms=None, review=False):
    order = asked(lines=tuple(AskedLine(line_no=at, sku="GT04", **line) for at, line in enumerate(lines, 1)))
    return plan_lines(order, [item or Item()] * len(lines), terms or Terms(), review=review)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", Step)
def test_an_order_takes_the_steps_of_its_table_and_no_others(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
        assert step in allowed(status)
    else:
        with pytest.raises(PoStepNotAllowed):
            after(status, step)


def test_every_status_is_reached_and_those_that_end_end():
    reached = {Status.NEEDS_APPROVAL, Status.CONFIRMED} | set(TRANSITIONS.values())
    assert reached == set(Status)
    ends = {status for status in Status if not allowed(status)}
    assert ends == {Status.CLOSED, Status.REJECTED, Status.CANCELLED, Status.EXPIRED}
    shipped = {Status.SHIPPED, Status.PARTIALLY_RECEIVED, Status.RECEIVED}
    assert not [one for one in shipped if {Step.CANCEL, Step.AMEND, Step.EXPIRE} & set(allowed(one))]


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [(20, 14, 20), (20, 15, 23), (21, 9, 23), (22, 23, 23), (23, 0, 23), (24, 10, 25), (25, 14, 25)],
)
def test_an_order_counts_for_the_next_window(day, hour, expected):
    assert order_day(Terms(), datetime(2026, 11, day, hour, tzinfo=SHANGHAI)) == date(2026, 11, expected)
    later = datetime(2026, 11, day, hour, 0, 1, tzinfo=SHANGHAI)
    if hour == 14:
        assert order_day(Terms(), later) > date(2026, 11, day)


@given(st.integers(0, 60 * 24 * 400), st.sets(st.integers(1, 7)))
def test_the_day_of_an_order_is_one_of_the_window_and_within_a_week(minutes, days):
    at = datetime(2026, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=minutes)
    found = order_day(Terms(order_weekdays=tuple(days)), at)
    assert found.isoweekday() in (days or range(1, 8))
    assert timedelta() <= found - at.date() <= timedelta(days=7)


@pytest.mark.parametrize(
    ("wish", "hurry", "review", "possible"),
    [
        ({"required_on": FRIDAY + timedelta(days=2)}, True, False, True),
        ({"required_on": FRIDAY + timedelta(days=1)}, True, False, False),
        ({"required_on": FRIDAY + timedelta(days=1)}, False, False, True),
        ({"required_on": FRIDAY - timedelta(days=1)}, False, True, False),
        ({"required_on": FRIDAY, "kind": PoKind.URGENT}, True, False, False),
        ({"required_on": FRIDAY, "kind": PoKind.URGENT}, True, True, "doubt"),
        ({"required_on": FRIDAY, "kind": PoKind.NORMAL}, True, True, False),
        ({"required_on": FRIDAY + timedelta(days=181)}, True, True, False),
        ({"latest_on": FRIDAY + timedelta(days=65)}, True, False, True),
        ({"latest_on": FRIDAY + timedelta(days=66)}, True, False, False),
    ],
)
def test_days_that_cannot_be_kept_are_said(wish, hurry, review, possible):
    check = {"order_on": FRIDAY, "today": FRIDAY, "hurry": hurry, "review": review}
    if possible is False:
        with pytest.raises(RequiredOnNotPossible) as refused:
            check_days(asked(**wish), Terms(), **check)
        assert refused.value.faults
        assert "2026-11-22" in refused.value.sentence("zh")
    else:
        assert bool(check_days(asked(**wish), Terms(), **check)) is (possible == "doubt")


def test_quantities_are_whole_multiples_and_minima_are_counted_as_agreed():
    assert [line.units for line in plan({"cases": 3}, {"units": 20})] == [30, 20]
    with pytest.raises(NotACaseMultiple):
        plan({"units": 25})
    with pytest.raises(NotACaseMultiple):
        plan({"cases": 3}, item=Item(multiple_cases=2))
    with pytest.raises(BelowMinimum):
        plan({"cases": 1}, item=Item(min_cases=2))
    for unit, enough in (("cases", 3), ("fen", 240_000), ("net_weight_g", 3_000)):
        assert plan({"cases": 3}, terms=Terms(minimum=enough, minimum_unit=unit))
        with pytest.raises(BelowMinimum):
            plan({"cases": 3}, terms=Terms(minimum=enough + 1, minimum_unit=unit))


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(NotACaseMultiple) as refused:
        plan({"units": 25}, {"cases": 1, "unit_price_fen": 1}, {"cases": 1})
    assert [fault.code for fault in refused.value.faults] == ["not_a_case_multiple", "price_mismatch"]


@pytest.mark.parametrize(
    ("line", "doubted"),
    [
        ({"cases": 1, "unit_price_fen": 8_000}, False),
        ({"cases": 1, "unit_price_fen": 7_999}, True),
        ({"cases": 1, "amount_fen": 80_001}, False),
        ({"cases": 1, "amount_fen": 79_998}, True),
    ],
)
def test_another_price_is_refused_or_put_in_doubt(line, doubted):
    assert bool(plan(line, review=True)[0].doubts) is doubted
    if doubted:
        with pytest.raises(PriceMismatch):
            plan(line)


items = st.builds(
    Item,
    sku=st.sampled_from(["A", "B"]),
    price_fen=st.integers(1, 10_000),
    case_pack=st.integers(1, 12),
    min_cases=st.integers(1, 3),
    multiple_cases=st.integers(1, 3),
)


@given(st.lists(st.tuples(items, st.integers(1, 20)), max_size=6), st.integers(0, 300), st.integers(0, 5_000_000))
def test_a_cut_never_gives_more_than_there_is_and_only_whole_multiples(wanted, stock, money):
    lines = [
        Planned(at, AskedLine(line_no=at, cases=cases), item, cases * item.case_pack * item.multiple_cases)
        for at, (item, cases) in enumerate(wanted)
    ]
    given_ = cut(lines, {"A": stock, "B": stock}, money)
    assert sum(one.units * line.item.price_fen for line, one in zip(lines, given_, strict=True)) <= money
    for sku in "AB":
        assert sum(one.units for line, one in zip(lines, given_, strict=True) if line.item.sku == sku) <= stock
    for line, one in zip(lines, given_, strict=True):
        assert one.units % (line.item.case_pack * line.item.multiple_cases) == 0
        assert one.units == 0 or one.units >= line.item.min_cases * line.item.case_pack
        assert (one.reason is None) == (one.units == line.units)


def test_the_order_of_lines_is_no_content_and_other_codes_are_the_same_meaning():
    one, two = AskedLine(line_no=1, sku="A", cases=1), AskedLine(line_no=2, sku="B", cases=1)
    assert asked(lines=(one, two)).digest == asked(lines=(two, one)).digest
    assert asked(lines=(one,)).digest != asked(lines=(two,)).digest
    assert asked(lines=(one,)).digest != asked(lines=(one,), note="x").digest
    by_gtin = replace(one, sku=None, gtin="1", cases=None, units=10)
    contents = [understood(asked(lines=(line,)), [Planned(0, line, Item(), 10)]) for line in (one, by_gtin)]
    assert same_meaning(*contents)
    assert not same_meaning(contents[0], understood(asked(lines=(one,)), [Planned(0, one, Item(), 20)]))
    assert changes(None, contents[0]) == ()


cells = st.one_of(
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.text(max_size=20),
    st.sampled_from(
        ["订单号", "条码", "商品编码", "订货数量（箱）", "箱数", "数量", "单位", "到货日期：2026-11-25", "单号：1"]
    ),
    st.sampled_from(
        ["收货地", "合计", "5箱", "=1", "6.9E+12", "1e999", "99999999999999999999", "金额", "进价", "箱规"]
    ),
)


@given(st.lists(st.lists(cells, max_size=6), max_size=8))
def test_whatever_stands_in_a_sheet_it_is_read_or_refused(rows):
    head = ["订单号", "收货地", "条码", "箱数", "数量", "到货日期"]
    for start in ([], [head]):
        try:
            orders = read_orders(list(enumerate([*start, *rows], 1)))
        except SheetHeaderNotFound:
            continue
        for order in orders:
            readable = order.asked is not None
            assert readable is not (bool(order.faults) or any(line.faults for line in order.lines))
            assert all(line.row >= order.row for line in order.lines)
