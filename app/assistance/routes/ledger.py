"""The ledger of counted sales over HTTP, whole and as a goal counts it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query

from app.assistance import queries
from app.assistance.rules import Channel, Entry, Kind
from app.assistance.rules.drill import Wanted
from app.assistance.rules.goals import division_prefix
from app.assistance.schemas import FIRST_YEAR, LAST_YEAR, Day
from app.assistance.schemas.goals import Division
from app.assistance.schemas.ledger import EntryOut
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Page,
    ReadSession,
    ShortText,
    TheEdge,
    decode_cursor,
    page_of,
    problems,
)
from app.identity import Officer

router = APIRouter(prefix="/v1/office", tags=["assistance"])

T = TypeVar("T")

_BEGINNING, _END = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)


@router.get(
    "/goals/{goal_id}/entries",
    summary="List the ledger entries that a goal counts",
    operation_id="list_goal_entries",
    response_model=Page[EntryOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_goal_entries(
    goal_id: UUID, _: Officer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[EntryOut]:
    """The evidence behind a goal's actual figure, oldest first."""
    goal = await queries.goal(session, goal_id)
    kind = f"office.goal_entries.{goal.id}"
    return _entries(kind, await queries.goal_entries(session, goal, after=_place(kind, cursor), limit=limit + 1), limit)


@router.get(
    "/ledger",
    summary="Read the ledger of counted sales",
    operation_id="list_ledger",
    response_model=Page[EntryOut],
    responses=problems(InvalidCursor),
)
async def list_ledger(
    _: Officer,
    edge: TheEdge,
    first: Annotated[Day | None, Query(alias="from", description="First day counted (Asia/Shanghai)")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day counted, inclusive")] = None,
    kind: Kind | None = None,
    category: ShortText | None = None,
    product: Annotated[UUID | None, Query(description="Product id")] = None,
    sku: ShortText | None = None,
    supplier: Annotated[UUID | None, Query(description="Supplier id")] = None,
    township: Annotated[ShortText | None, Query(description="Township code")] = None,
    village: Annotated[ShortText | None, Query(description="Village of the lot")] = None,
    channel: Channel | None = None,
    division: Annotated[Division | None, Query(description="Prefix of division codes")] = None,
    partner: Annotated[UUID | None, Query(description="Partner id")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[EntryOut]:
    """Every counted sale and every reversal, by the day on which it counts, oldest first.

    The filters are the groups of the sales report, so that every figure of it can be followed to its entries.
    """
    first, last = first or _BEGINNING, last or _END
    if first > last:
        raise InvalidInput(faults=[Fault("query:/to", "before_from", "结束日期早于开始日期", "to lies before from")])
    wanted = Wanted(
        kind=_only(kind),
        category=_only(category),
        product_id=_only(product),
        sku=_only(sku),
        supplier_id=_only(supplier),
        township_code=_only(township),
        village=_only(village),
        channel=_only(channel),
        division_code=_only(division and division_prefix(division)),
        partner_id=_only(partner),
    )
    place = _place("office.ledger", cursor)
    found = await queries.page_of_ledger(edge.db, first, last, wanted=wanted, after=place, limit=limit + 1)
    return _entries("office.ledger", found, limit)


def _only(value: T | None) -> tuple[T] | None:
    return None if value is None else (value,)


def _place(kind: str, cursor: str | None) -> tuple[date, UUID]:
    if cursor is None:
        return queries.BEGINNING
    counted_on, last = decode_cursor(kind, cursor)
    return date.fromisoformat(str(counted_on)), UUID(str(last))


def _entries(kind: str, found: list[Entry], limit: int) -> Page[EntryOut]:
    return page_of(kind, found, limit, EntryOut.of, key=lambda entry: (entry.counted_on, entry.id))
