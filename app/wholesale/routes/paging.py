"""Pages of purchase orders, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.core.web import Page, decode_cursor, encode_cursor
from app.wholesale.rules.orders import PurchaseOrder
from app.wholesale.schemas import PoOut


def before(whose: str, cursor: str | None) -> UUID | None:
    """The order that the page before ended with."""
    return UUID(str(decode_cursor(f"purchase-orders.{whose}", cursor)[0])) if cursor is not None else None


def more(whose: str, found: Sequence[PurchaseOrder], limit: int) -> str | None:
    """The cursor of the next page, if there is one."""
    return encode_cursor(f"purchase-orders.{whose}", str(found[limit - 1].id)) if len(found) > limit else None


def page_of(whose: str, found: Sequence[PurchaseOrder], limit: int) -> Page[PoOut]:
    """One page out of one more than it holds."""
    return Page(items=[PoOut.of(order) for order in found[:limit]], next_cursor=more(whose, found, limit))
