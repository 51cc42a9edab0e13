"""Bar codes: known ones, and whatever is said can be read back from the bars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.bars import _CODE_128, _TWO_OF_FIVE, code_128, two_of_five


def read_128(widths: list[int]) -> str:
    """What a scanner makes of it: symbols of six widths, their check, sets B and C."""
    told = "".join(map(str, widths))
    assert told.endswith("2331112")
    values = [_CODE_128.index(told[at : at + 6]) for at in range(0, len(told) - 7, 6)]
    start, *body, check = values
    assert check == (start + sum(place * value for place, value in enumerate(body, 1))) % 103
    text, pairs = "", start == 105
    for value in body:
        if value == (100 if pairs else 99):
            pairs = not pairs
        else:
            text += f"{value:02d}" if pairs else chr(value + 32)
    return text


def test_the_table_is_that_of_code_128():
    """Every symbol is eleven modules wide, its bars an even number of them, and no two are alike (ISO/IEC 15417)."""
    *symbols, stop = _CODE_128
    assert len(symbols) == 106 == len(set(symbols))
    assert all(sum(map(int, one)) == 11 and sum(map(int, one[::2])) % 2 == 0 for one in symbols)
    assert sum(map(int, stop)) == 13


def test_known_codes():
    # The textbook example "PJJ123C": check 55 from start A is 54; in set B the symbols are 104 48 42 42 17 18 19 35.
    widths = code_128("PJJ123C")
    symbols = ["".join(map(str, widths[at : at + 6])) for at in range(0, len(widths) - 7, 6)]
    assert [_CODE_128.index(one) for one in symbols] == [104, 48, 42, 42, 17, 18, 19, 35, 55]
    assert len(code_128("00123456")) == (1 + 4 + 1) * 6 + 7  # eight digits in four symbols
    assert two_of_five("12") == [1, 1, 1, 1, 3, 1, 1, 3, 1, 1, 1, 1, 3, 3, 3, 1, 1]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_what_is_said_is_read(text):
    assert read_128(code_128(text)) == text


@given(st.text("0123456789AB", min_size=1, max_size=30))
def test_digits_in_pairs_are_read(text):
    assert read_128(code_128(text)) == text
    assert len(code_128(text)) <= (len(text) + 2) * 6 + 7


@given(st.lists(st.text("0123456789", min_size=2, max_size=2), min_size=1, max_size=10).map("".join))
def test_two_of_five_is_read(digits):
    widths = two_of_five(digits)
    body = widths[4:-3]
    read = ""
    for at in range(0, len(body), 10):
        for part in (body[at : at + 10 : 2], body[at + 1 : at + 10 : 2]):
            read += str(_TWO_OF_FIVE.index("".join("1" if one == 3 else "0" for one in part)))
    assert read == digits


def test_what_cannot_be_said_is_refused():
    for text in ("", "茶", "a\n"):
        with pytest.raises(ValueError, match="ASCII"):
            code_128(text)
    for digits in ("", "1", "1a", "１２"):
        with pytest.raises(ValueError, match="even"):
            two_of_five(digits)
