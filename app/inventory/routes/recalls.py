"""Lots for the marketplace's own staff, and calling them back, which their supplier may do too."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    Sku,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator, SupplierStaff
from app.inventory import queries, service
from app.inventory.routes.stock import own
from app.inventory.schemas import LotOut, RecallIn, RecallOut

router = APIRouter(tags=["inventory"])


@router.get(
    "/v1/operator/lots",
    operation_id="find_lots",
    summary="Find lots of any supplier",
    responses=problems(InvalidCursor),
)
async def find_lots(
    _: Operator,
    session: ReadSession,
    trace_code: Annotated[str | None, Query(max_length=32, description="The ten characters on the pack")] = None,
    sku: Annotated[Sku | None, Query()] = None,
    recalled: Annotated[bool, Query(description="Only those that were called back")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[LotOut]:
    """In the order in which they were received."""
    after = last_seen("all-lots", cursor)
    code = trace_code.strip().upper() if trace_code else None
    rows = await queries.find_lots(session, trace_code=code, sku=sku, recalled=recalled, after=after, limit=limit + 1)
    return page_of("all-lots", rows, limit, LotOut.of)


@router.post(
    "/v1/operator/lots/{lot_id}/recall",
    operation_id="recall_lot",
    summary="Call a lot back",
    response_model=RecallOut,
    responses=problems(NotFound, *KEY_ERRORS),
)
async def recall_lot(lot_id: UUID, body: RecallIn, by: Operator, once: Once, now: Now) -> Response:
    """At once nobody can buy it and nothing of it can be sent. Refunds for those who hold or received it are drafted.

    Doing it again changes nothing.
    """

    async def work(session: AsyncSession) -> RecallOut:
        done = await service.recall(session, lot_id, supplier_id=None, reason=body.reason, by=by, now=now)
        return RecallOut(lot=LotOut.of(done.lot), frozen=done.frozen, held=done.held)

    return await once.run(200, work)


@router.post(
    "/v1/supplier/lots/{lot_id}/recall",
    operation_id="recall_own_lot",
    summary="Call an own lot back",
    response_model=RecallOut,
    responses=problems(NotFound, *KEY_ERRORS),
)
async def recall_own_lot(lot_id: UUID, body: RecallIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """At once nobody can buy it and nothing of it can be sent; the marketplace decides on the refunds.

    Doing it again changes nothing.
    """

    async def work(session: AsyncSession) -> RecallOut:
        done = await service.recall(session, lot_id, supplier_id=own(by), reason=body.reason, by=by, now=now)
        return RecallOut(lot=LotOut.of(done.lot), frozen=done.frozen, held=done.held)

    return await once.run(200, work)
