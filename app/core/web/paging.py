"""Pages by keyset: a cursor names the last row seen, so a list is stable while rows are added."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar, overload
from uuid import UUID

from fastapi import Query

from app.core.errors import DomainError
from app.core.sealing import keys
from app.core.web.schemas import Page

R = TypeVar("R")
T = TypeVar("T")
Key = UUID | date | str | int
"""One value of what a list is sorted by; an instant is a date too."""

DEFAULT_LIMIT = 24
_SIGNATURE_BYTES = 9

Limit = Annotated[int, Query(ge=1, le=100, description="How many items a page holds")]
Cursor = Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before")]


class InvalidCursor(DomainError):
    """The cursor was not given out by this list."""

    status = 422
    code = "invalid_cursor"
    zh = "翻页游标无效：请使用上一页返回的 next_cursor，或从第一页开始。"
    en = "The cursor is not valid: use the next_cursor of the page before, or start again without one."


def encode_cursor(kind: str, *values: str | int) -> str:
    """A cursor for the list ``kind`` after the row with these key values; signed, so nobody can make one up."""
    payload = json.dumps([kind, *values], separators=(",", ":"), ensure_ascii=False).encode()
    signature = keys().blind(payload.decode(), "cursor")[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(signature + payload).decode().rstrip("=")


def decode_cursor(kind: str, cursor: str) -> list[str | int]:
    """The key values in a cursor of the list ``kind``. Raises ``InvalidCursor``."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        payload = raw[_SIGNATURE_BYTES:].decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    if not hmac.compare_digest(raw[:_SIGNATURE_BYTES], keys().blind(payload, "cursor")[:_SIGNATURE_BYTES]):
        raise InvalidCursor
    found_kind, *values = json.loads(payload)
    if found_kind != kind:
        raise InvalidCursor
    return list(values)


@overload
def last_seen(kind: str, cursor: str | None) -> UUID | None: ...
@overload
def last_seen(kind: str, cursor: str | None, read: Callable[[str], T]) -> T | None: ...
def last_seen(kind: str, cursor: str | None, read: Callable[[str], Any] = UUID) -> Any:
    """What the page before ended with, of a list sorted by one value, read as an id; ``None`` on the first page.

    Raises ``InvalidCursor``.
    """
    return read(str(decode_cursor(kind, cursor)[0])) if cursor else None


def _id(row: Any) -> Key:
    key: Key = row.id
    return key


def next_cursor(
    kind: str, found: Sequence[R], limit: int, key: Callable[[R], Key | tuple[Key, ...]] = _id
) -> str | None:
    """Where the next page begins; ``None`` unless one row more was found than a page holds.

    ``key`` tells what the list is sorted by: the id of a row, if nothing else is said.
    """
    if len(found) <= limit:
        return None
    last = key(found[limit - 1])
    values = last if isinstance(last, tuple) else (last,)
    return encode_cursor(kind, *(value if isinstance(value, int) else str(value) for value in values))


def page_of(
    kind: str,
    found: Sequence[R],
    limit: int,
    shown: Callable[[R], T],
    key: Callable[[R], Key | tuple[Key, ...]] = _id,
) -> Page[T]:
    """A page of at most ``limit`` of the rows that were found with a limit of one more, each as ``shown`` tells it."""
    return Page(items=[shown(row) for row in found[:limit]], next_cursor=next_cursor(kind, found, limit, key))
