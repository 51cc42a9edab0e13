from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistance.rules import Channel
from app.assistance.rules.counting import Candidate, Reason, Remaining, decide, programme_on, reversal
from app.assistance.rules.forecasts import Agreed, Forecast, Ledger, Standing, backtest, figures, forecast, standing
from app.assistance.rules.goals import Filter, disjoint, division_prefix
from app.assistance.rules.hindcasts import hindcast
from app.assistance.rules.season import HARVEST, SEASON, Period, calendar_of, month_end, weight, year_of

GOOD = {
    "assisted": True,
    "township_code": "433125116",
    "division_code": "370112",
    "self_purchase": False,
    "on_832": False,
    "net_fen": 1,
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, Reason.COUNTED),
        ({"assisted": False}, Reason.NOT_ASSISTED),
        ({"township_code": "433127100"}, Reason.OTHER_ORIGIN),
        ({"division_code": "430102"}, Reason.OTHER_DESTINATION),
        ({"self_purchase": True}, Reason.SELF_PURCHASE),
        ({"on_832": True}, Reason.ON_832),
        ({"net_fen": 0}, Reason.NOTHING_PAID),
    ],
)
def test_the_first_test_that_fails_is_the_reason(change, reason):
    decision = decide(Candidate(**(GOOD | change)), programme_on(date(2026, 11, 20)))
    assert decision.reason is reason
    assert decision.counted is (reason is Reason.COUNTED)


def test_nothing_counts_before_the_first_programme():
    assert decide(Candidate(**GOOD), programme_on(date(2015, 12, 31))).reason is Reason.NO_PROGRAMME


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2016, 1, 1), "P1"),
        (date(2020, 12, 31), "P1"),
        (date(2021, 1, 1), "P2"),
        (date(2025, 12, 31), "P2"),
        (date(2026, 1, 1), "P3"),
    ],
)
def test_programmes_follow_one_another_without_a_gap(day, code):
    assert programme_on(day).code == code


@given(
    st.integers(0, 50),
    st.integers(0, 50_000),
    st.integers(1, 1_000_000),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 700_000)), max_size=12),
)
def test_never_more_is_reversed_than_was_counted(quantity, weight_g, amount_fen, refunds):
    left = Remaining(quantity, weight_g, amount_fen)
    for pieces, money in refunds:
        back = reversal(left, pieces, money)
        if back is None:
            assert min(pieces, left.quantity) == min(money, left.amount_fen) == 0
            continue
        assert back.quantity == min(pieces, left.quantity)
        assert back.amount_fen == min(money, left.amount_fen)
        left = Remaining(
            left.quantity - back.quantity, left.weight_g - back.weight_g, left.amount_fen - back.amount_fen
        )
        assert min(left.quantity, left.weight_g, left.amount_fen) >= 0
        assert left.quantity or not quantity or not left.weight_g


def test_the_season_is_a_whole_year():
    assert sum(SEASON) == 100
    assert weight(date(2026, 1, 1), date(2026, 12, 31)) == 100
    assert weight(date(2024, 2, 1), date(2024, 2, 29)) == 6
    assert weight(date(2026, 4, 1), date(2026, 4, 15)) == Fraction(15, 2)
    assert weight(date(2026, 1, 16), date(2026, 2, 14)) == Fraction(14 * 16, 31) + Fraction(6 * 14, 28)
    assert weight(date(2026, 2, 1), date(2026, 1, 1)) == 0


def test_half_a_year_is_fifty_five_per_cent_and_on_schedule():
    """The handbook's own figures: 1,437.0 of 2,600 at mid-year, 1,430 expected."""
    fen = 1_000_000  # ten thousand yuan
    months = dict(zip((date(2026, m, 1) for m in range(1, 7)), (360, 160, 250, 400, 160, 107), strict=True))
    monthly = {month: value * fen for month, value in months.items()}
    found = figures(2600 * fen, Ledger(monthly), year_of(2026), date(2026, 6, 30))
    assert found.actual == 1437 * fen
    assert found.expected_to_date == 1430 * fen
    assert found.status is Standing.ON_SCHEDULE
    assert found.progress == 0.5527
    assert found.forecast.mid == round(Fraction(1437 * fen * 100, 55))
    assert found.forecast.low < found.forecast.mid < found.forecast.high


@pytest.mark.parametrize(
    ("actual", "expected", "status"),
    [
        (105, 100, Standing.ON_SCHEDULE),
        (106, 100, Standing.AHEAD),
        (95, 100, Standing.ON_SCHEDULE),
        (94, 100, Standing.BEHIND),
        (0, 0, Standing.ON_SCHEDULE),
        (1, 0, Standing.AHEAD),
        (-1, 0, Standing.BEHIND),
    ],
)
def test_five_per_cent_either_way_is_on_schedule(actual, expected, status):
    assert standing(actual, expected) is status


def test_before_it_begins_a_goal_expects_nothing_and_forecasts_its_plan():
    found = figures(1000, Ledger(), year_of(2027), date(2026, 11, 20))
    assert (found.actual, found.expected_to_date, found.status) == (0, 0, Standing.ON_SCHEDULE)
    assert found.forecast == Forecast(500, 1000, 1500)


def test_after_its_end_a_goal_is_what_it_is():
    found = figures(1000, Ledger({date(2025, 5, 1): 1200}), year_of(2025), date(2026, 1, 1))
    assert found.progress == 1.0
    assert found.forecast == Forecast(1200, 1200, 1200)
    assert (found.expected_to_date, found.status) == (1000, Standing.AHEAD)


def test_a_wild_start_does_not_make_a_wild_forecast():
    found = figures(1000, Ledger({date(2026, 1, 1): 900}), year_of(2026), date(2026, 1, 1))
    assert found.forecast.mid <= 900 + 3 * 1000


@given(
    st.integers(1, 10**15),
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.integers(0, 800),
    st.integers(-10, 800),
    st.lists(st.integers(-(10**12), 10**14), max_size=24),
)
def test_figures_hold_together(target, first, length, offset, values):
    period = Period(first, first + timedelta(days=length))
    months = sorted({(first + timedelta(days=i)).replace(day=1) for i in range(length + 1)})
    monthly = dict(zip(months, values, strict=False))
    found = figures(target, Ledger(monthly), period, first + timedelta(days=offset))
    assert 0 <= found.progress <= 1
    assert 0 <= found.expected_to_date <= target
    assert found.actual <= found.forecast.low <= found.forecast.mid <= found.forecast.high


@given(st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.integers(0, 400), st.integers(0, 400))
def test_weights_add_up(first, some, more):
    middle = first + timedelta(days=some)
    last = middle + timedelta(days=more)
    assert weight(first, middle) + weight(middle + timedelta(days=1), last) == weight(first, last)


TEA, OIL = Filter(categories=("golden-tea", "dark-tea")), Filter(categories=("camellia-oil",))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (TEA, OIL, True),
        (TEA, Filter(categories=("dark-tea",)), False),
        (TEA, Filter(), False),
        (Filter(), Filter(), False),
        (TEA, Filter(channels=(Channel.RETAIL,)), False),
        (Filter(suppliers=(UUID(int=1),)), Filter(suppliers=(UUID(int=2),)), True),
        (Filter(townships=("433125116",)), Filter(townships=("433125111",)), True),
        (Filter(channels=(Channel.RETAIL,)), Filter(channels=(Channel.SUPERMARKET,)), True),
        (Filter(divisions=("3701",)), Filter(divisions=("3702", "3703")), True),
        (Filter(divisions=("37",)), Filter(divisions=("370112",)), False),
        (Filter(divisions=("370112",)), Filter(divisions=("37",)), False),
    ],
)
def test_disjoint_filters(one, other, apart):
    assert disjoint(one, other) is apart
    assert disjoint(other, one) is apart


@given(
    st.lists(st.sampled_from(["37", "3701", "3702", "370112", "370212"]), min_size=1, max_size=3),
    st.lists(st.sampled_from(["37", "3701", "3702", "370112", "370212"]), min_size=1, max_size=3),
)
def test_disjoint_divisions_share_no_county(one, other):
    counties = ["370101", "370112", "370202", "370212", "371002"]
    share = any(c.startswith(tuple(one)) and c.startswith(tuple(other)) for c in counties)
    assert disjoint(Filter(divisions=tuple(one)), Filter(divisions=tuple(other))) is not share


@pytest.mark.parametrize(
    ("code", "prefix"), [("370000", "37"), ("370100", "3701"), ("370112", "370112"), ("37", "37"), ("3701", "3701")]
)
def test_trailing_zeros_say_nothing(code, prefix):
    assert division_prefix(code) == prefix


YEAR = year_of(2026)


def test_harvests_are_whole_years_and_together_the_countys():
    assert all(sum(months) == 100 for months in HARVEST.values())
    county = calendar_of(sorted(HARVEST))
    for month, share in enumerate(SEASON):
        assert abs(Fraction(county[month], sum(county)) - Fraction(share, 100)) <= Fraction(2, 100)
    assert calendar_of(None) == calendar_of(["other"]) == SEASON
    assert calendar_of(["navel-orange"], (100, *[0] * 11)) == (100, *[0] * 11)


def test_oranges_are_forecast_by_their_harvest():
    """At the end of October two per cent of a year's oranges are still to be told apart from the winter before."""
    monthly = {date(2026, 1, 1): 260, date(2026, 2, 1): 60, date(2026, 3, 1): 10}
    calendar = calendar_of(["navel-orange"])
    oranges = forecast(1000, monthly, YEAR, date(2026, 9, 30), calendar=calendar)
    assert (oranges.low, oranges.mid, oranges.high) == (1000, 1000, 1000)
    assert forecast(1000, monthly, YEAR, date(2026, 9, 30)).mid < 500


@pytest.mark.parametrize(
    ("agreed", "refunded_bp", "mid"),
    [
        (Agreed(), 0, 200),  # half of the season is over and brought 100: as much again
        (Agreed(60, 30), 0, 200),  # agreed, but part of what usually comes
        (Agreed(100, 40), 0, 240),
        (Agreed(100, 40), 1_000, 226),
        (Agreed(0, 1_000), 10_000, 200),
    ],
)
def test_what_is_agreed_comes_at_least(agreed, refunded_bp, mid):
    even = tuple([1] * 12)
    monthly = {date(2026, month, 1): value for month, value in enumerate((16, 17, 17, 16, 17, 17), start=1)}
    found = forecast(
        10_000, monthly, Period(date(2026, 1, 1), date(2026, 12, 31)), date(2026, 6, 30),
        calendar=even, agreed=agreed, refunded_bp=refunded_bp,
    )  # fmt: skip
    assert found.mid == mid
    assert found.low <= found.mid <= found.high


def test_a_forecast_of_a_year_like_any_other_has_no_error():
    history = {
        date(year, month, 1): share * 100 for year in (2025, 2026) for month, share in enumerate(SEASON, start=1)
    }
    found = backtest(history, date(2026, 6, 30))
    assert (found.months, found.mape_bp, found.inside) == (16, 0, 16)  # eleven months of 2025, five of 2026


def test_the_error_is_that_of_the_forecasts_made_then():
    """January brings what is planned, February half of it: the forecast for February was twice what came."""
    found = backtest({date(2026, 1, 1): 1400, date(2026, 2, 1): 300}, date(2026, 3, 15))
    assert (found.months, found.mape_bp, found.inside) == (1, 10_000, 1)
    worse = backtest({date(2026, 1, 1): 1400, date(2026, 2, 1): 200}, date(2026, 3, 15))
    assert (worse.months, worse.mape_bp, worse.inside) == (1, 20_000, 0)


def test_without_a_past_there_is_no_error_to_tell():
    assert backtest({}, date(2026, 6, 30)) is None
    assert backtest({date(2026, 6, 1): 5}, date(2026, 6, 30)) is None
    assert backtest({date(2026, 6, 1): 5, date(2026, 7, 1): 5}, date(2026, 7, 30)) is None, "July is not over"


@given(st.dictionaries(st.integers(0, 40), st.integers(-500, 10**9), max_size=41), st.integers(0, 41))
def test_backtests_look_at_finished_months_alone(values, until):
    def month(number):
        return date(2023 + number // 12, number % 12 + 1, 1)

    history = {month(number): value for number, value in values.items()}
    today = month_end(month(until))
    found = backtest(history, today)
    assert found == backtest({one: value for one, value in history.items() if one <= today}, today)
    if found is not None:
        assert 0 <= found.inside <= found.months <= until
        assert found.mape_bp >= 0


def years_of(*yearly, season=SEASON, first=2020):
    """A history of whole years; each is spread over its months by a season."""
    return {
        date(first + number, month, 1): total * share // 100
        for number, total in enumerate(yearly)
        for month, share in enumerate(season, start=1)
    }


def test_a_forecast_of_the_year_was_right_where_every_year_follows_the_calendar():
    found = hindcast(years_of(10_000, 10_000, 10_000, 10_000), year_of(2023), date(2023, 6, 30), SEASON)
    assert (found.made, found.off_bp, found.low, found.high) == (31, 0, 1, 1)


def twelve(*values, first):
    """A history of the twelve months that begin with one."""
    return {
        date(first.year + (first.month + at - 1) // 12, (first.month + at - 1) % 12 + 1, 1): value
        for at, value in enumerate(values)
    }


def test_how_far_off_a_forecast_of_the_year_was_is_told_as_a_part_of_the_year():
    """At half of a year as much again is foretold; half as much more came, or half as much less."""
    even = (8,) * 12
    late = twelve(*[10] * 6, *[20] * 6, first=date(2025, 7, 1))
    found = hindcast(late, year_of(2026), date(2026, 6, 30), even)
    assert (found.made, found.off_bp) == (1, 3333), "120 were foretold and 180 came"
    assert (found.low, found.high) == (None, None), "one forecast has no spread"
    early = twelve(*[20] * 6, *[10] * 6, first=date(2025, 7, 1))
    assert hindcast(early, year_of(2026), date(2026, 6, 30), even).off_bp == 3333, "240 were foretold and 180 came"
    near = twelve(*[10] * 6, *[20] * 6, first=date(2025, 12, 1))
    assert hindcast(near, year_of(2026), date(2026, 11, 30), even).off_bp == 303, "late in the year little is left"
    nothing = late | {date(2026, 7, 1): 0}
    assert hindcast(nothing, year_of(2026), date(2026, 7, 31), even).made == 2, (
        "a month without sales is one of nothing"
    )


def test_lumpy_months_do_not_make_the_error_of_a_year_absurd():
    """One large order in every quarter: a month is off by all of it, a year hardly at all."""
    history = {
        date(year, month, 1): 90_000 if month % 3 == 0 else 100 for year in (2023, 2024, 2025) for month in range(1, 13)
    }
    even = (8,) * 12
    assert backtest(history, date(2026, 6, 30), even).mape_bp > 50_000
    assert hindcast(history, year_of(2026), date(2026, 6, 30), even).off_bp < 2_500


def test_low_and_high_are_where_a_tenth_of_past_forecasts_ended():
    rests = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    history = {}
    for number, rest in enumerate(rests):
        history |= {date(2010 + number, month, 1): 10 if month <= 6 else rest for month in range(1, 13)}
    inside = {date(2021, month, 1): 10 for month in range(1, 7)}
    seen = hindcast(history | inside, year_of(2021), date(2021, 6, 30), (8,) * 12)
    assert seen.made == 127
    assert Fraction(1, 2) <= seen.low < 1 < seen.high <= 3
    found = forecast(120, inside, year_of(2021), date(2021, 6, 30), calendar=(8,) * 12, seen=seen)
    assert found.mid == 120
    assert (found.low, found.high) == (60 + round(60 * seen.low), 60 + round(60 * seen.high))


@pytest.mark.parametrize("today", [date(2025, 12, 31), date(2026, 12, 31), date(2027, 5, 5)])
def test_before_a_period_and_after_it_there_is_nothing_to_foretell(today):
    assert hindcast(years_of(1_000, 1_000, first=2024), year_of(2026), today, SEASON) is None


def test_a_period_longer_than_what_is_known_has_no_error_yet():
    assert hindcast({date(2026, 1, 1): 500, date(2026, 3, 1): 5}, year_of(2026), date(2026, 6, 30), SEASON) is None
    assert hindcast({}, year_of(2026), date(2026, 6, 30), SEASON) is None


@given(
    st.dictionaries(st.integers(0, 40), st.integers(-500, 10**9), max_size=41),
    st.dates(date(2023, 1, 1), date(2027, 12, 31)),
    st.integers(1, 18),
    st.sampled_from([SEASON, *HARVEST.values()]),
)
def test_whatever_came_low_mid_and_high_stand_in_order_and_look_at_finished_months_alone(values, today, months, of):
    history = {date(2023 + number // 12, number % 12 + 1, 1): value for number, value in values.items()}
    begins = date(2026, 1, 1)
    period = Period(begins, month_end(date(2026 + (months - 1) // 12, (months - 1) % 12 + 1, 1)))
    seen = hindcast(history, period, today, of)
    assert seen == hindcast({one: v for one, v in history.items() if month_end(one) <= today}, period, today, of)
    inside = {month: value for month, value in history.items() if begins <= month <= min(today, period.ends_on)}
    found = forecast(10_000, inside, period, today, calendar=of, seen=seen)
    assert found.low <= found.mid <= found.high
    assert seen is None or (seen.made > 0 and seen.off_bp >= 0)
