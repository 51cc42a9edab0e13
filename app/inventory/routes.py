"""HTTP of the stock-room: always and only the caller's own supplier."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, NotPermitted
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
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Actor, SupplierStaff
from app.inventory import queries, service
from app.inventory.rules import LotExists, UpdatesRejected
from app.inventory.schemas import LotIn, LotOut, MovementOut, StockOut, UpdatesIn, UpdatesOut

router = APIRouter(tags=["inventory"])

SkuFilter = Annotated[Sku | None, Query(description="Only this SKU")]


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotPermitted
    return by.supplier_id


@router.get(
    "/v1/supplier/inventory",
    summary="What the supplier has in stock",
    operation_id="list_inventory",
    responses=problems(InvalidCursor),
)
async def list_inventory(
    by: SupplierStaff,
    session: ReadSession,
    sku: SkuFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[StockOut]:
    """Every SKU of the caller's supplier with its numbers and lots, by SKU."""
    after = str(decode_cursor("inventory", cursor)[0]) if cursor else None
    rows = await queries.page_of_stock(session, _own(by), sku=sku, after=after, limit=limit + 1)
    items = [StockOut.model_validate(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor("inventory", items[-1].sku) if more else None)


@router.get(
    "/v1/supplier/inventory/{sku}/movements",
    summary="Why the numbers of a SKU are what they are",
    operation_id="list_movements",
    responses=problems(NotFound, InvalidCursor),
)
async def list_movements(
    by: SupplierStaff, session: ReadSession, sku: Sku, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[MovementOut]:
    """The ledger of one SKU, newest entry first. The numbers are the sums of its entries."""
    kind = f"movements:{sku}"
    before = int(decode_cursor(kind, cursor)[0]) if cursor else None
    if await queries.owner_of(session, sku) != _own(by):
        raise NotFound
    rows = await queries.page_of_movements(session, sku, before=before, limit=limit + 1)
    items = [MovementOut.model_validate(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor(kind, items[-1].number) if more else None)


@router.post(
    "/v1/supplier/inventory/updates",
    summary="Count or adjust stock",
    operation_id="update_inventory",
    response_model=UpdatesOut,
    responses=problems(UpdatesRejected, *KEY_ERRORS),
)
async def update_inventory(
    body: UpdatesIn,
    by: SupplierStaff,
    once: Once,
    now: Now,
    partial: Annotated[bool, Query(description="Apply the good rows even if others are refused")] = False,
) -> Response:
    """Apply up to a thousand rows in their order: all of them or, if one is refused, none (unless `partial`).

    A row with `as_of` says what lay there at that time; sales and shipments since are taken into account, so a
    stock-taking may be sent in when it is finished without stopping the sale.
    """

    async def work(session: AsyncSession) -> UpdatesOut:
        rows = [row.row() for row in body.updates]
        return UpdatesOut.of(await service.apply_updates(session, _own(by), rows, by=by, now=now, partial=partial))

    return await once.run(200, work)


@router.get(
    "/v1/supplier/lots",
    summary="The supplier's lots",
    operation_id="list_lots",
    responses=problems(InvalidCursor),
)
async def list_lots(
    by: SupplierStaff,
    session: ReadSession,
    sku: SkuFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[LotOut]:
    """Every lot of the caller's supplier with what is left of it, by SKU and lot code."""
    after = None
    if cursor:
        last_sku, last_code = decode_cursor("lots", cursor)
        after = (str(last_sku), str(last_code))
    rows = await queries.page_of_lots(session, _own(by), sku=sku, after=after, limit=limit + 1)
    items = [LotOut.of(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor("lots", items[-1].sku, items[-1].code) if more else None)


@router.post(
    "/v1/supplier/lots",
    status_code=201,
    summary="Receive a lot",
    operation_id="receive_lot",
    response_model=LotOut,
    responses=problems(NotFound, LotExists, *KEY_ERRORS),
)
async def receive_lot(body: LotIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """Book a lot into stock and get its trace code. Its pieces can be sold from now on."""

    async def work(session: AsyncSession) -> LotOut:
        return LotOut.of(await service.receive(session, **body.model_dump(), by=by, now=now))

    return await once.run(201, work)
