"""Cursors: given out by us, for one list, and unreadable to invention."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import sealing
from app.core.web import InvalidCursor, decode_cursor, encode_cursor, last_seen, next_cursor, page_of

VALUES = st.lists(
    st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(-(2**63), 2**63)), max_size=3
)


@given(VALUES)
def test_a_cursor_says_what_was_put_in(values):
    assert decode_cursor("orders", encode_cursor("orders", *values)) == values


def test_a_cursor_belongs_to_its_list():
    with pytest.raises(InvalidCursor):
        decode_cursor("lots", encode_cursor("orders", "a"))


def test_any_changed_letter_is_noticed():
    cursor = encode_cursor("orders", "019a9f6b-7c0e-7d3f-8a51-c2d3e4f50617")
    noticed = 0
    for at in range(len(cursor) - 1):  # the last letter may carry bits that say nothing
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        with pytest.raises(InvalidCursor):
            decode_cursor("orders", changed)
        noticed += 1
    assert noticed > 50


def test_nobody_can_make_one_up():
    payload = json.dumps(["orders", "x"]).encode()
    for signature in (b"", b"\0" * 9, b"123456789"):
        forged = base64.urlsafe_b64encode(signature + payload).decode().rstrip("=")
        with pytest.raises(InvalidCursor):
            decode_cursor("orders", forged)


def test_a_cursor_of_another_installation(keys):
    cursor = encode_cursor("orders", 1)
    sealing.install(sealing.Keys.generate())
    try:
        with pytest.raises(InvalidCursor):
            decode_cursor("orders", cursor)
    finally:
        sealing.install(keys)
    assert decode_cursor("orders", cursor) == [1]


@given(st.text(max_size=60))
def test_nonsense_is_refused_and_nothing_else_happens(nonsense: str):
    with pytest.raises(InvalidCursor):
        decode_cursor("orders", nonsense)


@dataclass
class Kept:
    id: UUID
    on: date
    no: int


KEPT = [Kept(UUID(int=number), date(2026, 1, number), number) for number in range(1, 6)]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6])
def test_pages_go_through_a_list_and_end(limit):
    told, cursor, pages = [], None, 0
    while cursor is not None or pages == 0:
        after = last_seen("kept", cursor)
        found = [row for row in KEPT if after is None or row.id > after][: limit + 1]
        page = page_of("kept", found, limit, lambda row: row.no)
        assert len(page.items) <= limit
        told, cursor, pages = told + page.items, page.next_cursor, pages + 1
    assert (told, pages) == ([1, 2, 3, 4, 5], -(-5 // limit))


def test_a_cursor_holds_what_the_list_is_sorted_by():
    cursor = next_cursor("kept", KEPT, 3, lambda row: (row.on, row.no, row.id))
    assert cursor is not None
    assert decode_cursor("kept", cursor) == ["2026-01-03", 3, str(UUID(int=3))]
    assert next_cursor("kept", KEPT, 5) is None
    assert last_seen("kept", next_cursor("kept", KEPT, 3, lambda row: row.no), int) == 3
    assert last_seen("kept", next_cursor("kept", KEPT, 3, lambda row: f"0{row.no}"), str) == "03"
    assert last_seen("kept", None, int) is None
    with pytest.raises(InvalidCursor):
        last_seen("other", next_cursor("kept", KEPT, 1))


async def test_over_http(shop):
    for _ in range(3):
        await shop.order({"GT04": 1})
    first = (await shop.call("buyer", "GET", "/v1/store/orders?limit=2")).json()
    assert len(first["items"]) == 2
    rest = (await shop.call("buyer", "GET", f"/v1/store/orders?limit=2&cursor={first['next_cursor']}")).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    assert len({order["id"] for order in first["items"] + rest["items"]}) == 3
    for cursor in (first["next_cursor"][:-4], "x", encode_cursor("lots", "a", "b")):
        answer = await shop.call("buyer", "GET", f"/v1/store/orders?cursor={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
