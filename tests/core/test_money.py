from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import in_capitals, parse_yuan, split, yuan

amounts = st.integers(-(10**13), 10**13)


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_parts_always_add_up_to_the_whole(total, weights):
    parts = split(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert all(part * total >= 0 for part in parts)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_no_part_is_a_fen_away_from_its_exact_share(total, weights):
    for part, weight in zip(split(total, weights), weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_the_largest_remainder_gets_the_odd_fen():
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [0, 0]) == [5, 5]


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        split(1, weights)


@given(st.integers(0, 10**13))
def test_what_is_written_is_read_back(fen):
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", "1.234", "-1", "1,000", "１２", "1_000", "NaN", "1e3", " 1", "1."])
def test_what_people_mistype_is_refused(text):
    with pytest.raises(ValueError, match="yuan"):
        parse_yuan(text)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (140_950, "壹仟肆佰零玖元伍角整"),
        (600_714, "陆仟零柒元壹角肆分"),
        (168_032, "壹仟陆佰捌拾元零叁角贰分"),
        (10_700_053, "壹拾万柒仟元零伍角叁分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (1_000_100_000, "壹仟万壹仟元整"),
        (10_001_000_000, "壹亿零壹万元整"),
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (100_000_000_000_001, "壹万亿元零壹分"),
        (-10_000, "负壹佰元整"),
    ],
)
def test_amounts_in_capitals_as_the_banks_write_them(fen, words):
    assert in_capitals(fen) == words


def _read_capitals(words: str) -> int:
    """An independent reader: digits times places, sections times 万 and 亿."""
    places = {"拾": 10, "佰": 100, "仟": 1000}
    total = section = digit = fen = 0
    for sign in words.removeprefix("负"):
        if sign in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(sign)
        elif sign in places:
            section, digit = section + digit * places[sign], 0
        elif sign == "万":
            section, digit = (section + digit) * 10_000, 0
        elif sign == "亿":
            total, section, digit = (total + section + digit) * 100_000_000, 0, 0
        elif sign == "元":
            fen, digit = (total + section + digit) * 100, 0
        elif sign in "角分":
            fen, digit = fen + digit * (10 if sign == "角" else 1), 0
    return -fen if words.startswith("负") else fen


@given(st.integers(-(10**15), 10**15) | st.integers(0, 10**6) | st.integers(0, 10**9).map(lambda n: n * 10**4))
def test_capitals_read_back_as_the_amount(fen):
    words = in_capitals(fen)
    assert _read_capitals(words) == fen
    assert "零零" not in words
    assert not re.search("零[拾佰仟万亿元角分]", words) or fen == 0
    assert words.endswith("整") == (fen % 10 == 0)
