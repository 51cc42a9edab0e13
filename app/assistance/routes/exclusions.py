"""What was not counted, and the programme periods, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.assistance import queries
from app.assistance.rules.counting import PROGRAMMES, Reason
from app.assistance.rules.programmes import TERMS
from app.assistance.schemas.exclusions import ExclusionOut, ProgrammeOut, ProgrammesOut
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Page,
    ReadSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Officer

router = APIRouter(prefix="/v1/office", tags=["assistance"])


@router.get(
    "/exclusions",
    summary="Accepted lines that do not count",
    operation_id="list_exclusions",
    responses=problems(InvalidCursor),
)
async def list_exclusions(
    _: Officer,
    session: ReadSession,
    reason: Annotated[Reason | None, Query()] = None,
    order_number: Annotated[str | None, Query(max_length=32, examples=["BJ26112000000001"])] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ExclusionOut]:
    """Each with the reason and what was looked at. With the ledger's sales they are every line that was accepted."""
    before = None if cursor is None else UUID(str(decode_cursor("office.exclusions", cursor)[0]))
    found = await queries.exclusions(session, reason=reason, order_number=order_number, before=before, limit=limit + 1)
    following = encode_cursor("office.exclusions", str(found[limit - 1].id)) if len(found) > limit else None
    return Page[ExclusionOut](items=[ExclusionOut.of(one) for one in found[:limit]], next_cursor=following)


@router.get(
    "/programmes",
    summary="The programme periods and their words",
    operation_id="list_programmes",
    responses=problems(),
)
async def list_programmes(_: Officer) -> ProgrammesOut:
    """When each began, and what it calls people, products and itself."""
    return ProgrammesOut(items=[ProgrammeOut.of(one, TERMS[one.code]) for one in PROGRAMMES])
