"""Words without a database: what is typed becomes what to look for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.storefront.rules.words import SYLLABLES, parse, split_pinyin, words_of


@pytest.mark.parametrize(
    ("typed", "readings"),
    [
        ("huangjincha", (("huang", "jin", "cha"), ("hu", "ang", "jin", "cha"))),
        ("xian", (("xian",), ("xi", "an"))),
        ("qich", (("qi", "ch"),)),
        ("zhuan", (("zhuan",), ("zhu", "an"))),
        ("lvcha", (("lv", "cha"),)),
        ("b", (("b",),)),
        ("xyz", ()),
        ("vitamin", ()),
    ],
)
def test_pinyin_is_split_into_syllables(typed, readings):
    assert split_pinyin(typed) == readings


@given(st.lists(st.sampled_from(sorted(SYLLABLES)), min_size=1, max_size=8))
def test_whatever_is_written_in_pinyin_is_read_as_pinyin(syllables):
    readings = split_pinyin("".join(syllables))
    assert readings
    assert all("".join(reading) == "".join(syllables) for reading in readings)


@pytest.mark.parametrize("typed", ["", "  ", "！？", "%", "'", "\\", "___"])
def test_what_holds_no_word_asks_for_nothing(typed):
    assert parse(typed) is None


def test_full_width_and_capitals_are_the_same_word():
    assert parse("ＧＴ０４") == parse("gt04")


@given(st.text(max_size=100))
def test_nothing_that_is_typed_is_too_strange(typed):
    parse(typed)
    words_of(codes=[typed], names=[typed], spoken=[typed], written=[typed])


@pytest.mark.parametrize(
    "typed", ["黄金茶1号", "it's", "a\\b 'c'", "75-80mm:*", "𠀀茶々〇", "x" * 100, "! & | ( ) <->", "1.8L×2"]
)
async def test_the_texts_are_good_tsvectors_and_tsqueries(session, typed):
    words = words_of(codes=[typed], names=[typed], spoken=[typed], written=[typed])
    query = parse(typed)
    found = await session.scalar(text("SELECT CAST(:words AS tsvector) IS NOT NULL"), {"words": words.anywhere})
    assert found
    if query is not None:
        matches = text("SELECT CAST(:words AS tsvector) @@ CAST(:query AS tsquery)")
        assert await session.scalar(matches, {"words": words.named, "query": query.named})
        assert await session.scalar(matches, {"words": words.anywhere, "query": query.anywhere})
