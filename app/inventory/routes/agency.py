"""The stock of a supplier for its agents: what they count, and what they need to see for it. Nothing else of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import suppliers
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
    problems,
)
from app.core.web.problems import language_of
from app.identity import Buyer
from app.inventory import service
from app.inventory.queries import imports as queries
from app.inventory.routes import imports, stock
from app.inventory.rules.imports import Outcome
from app.inventory.rules.updates import UpdatesRejected
from app.inventory.schemas import LotOut, MovementOut, StockOut, UpdatesIn, UpdatesOut
from app.inventory.schemas.imports import ImportOut, ImportRowOut

router = APIRouter(tags=["inventory"])

_OF = "/v1/store/agencies/{supplier_id}"


@router.get(
    f"{_OF}/inventory",
    summary="What a supplier has in stock, for its agent",
    operation_id="list_inventory_as_agent",
    responses=problems(NotFound, InvalidCursor),
)
async def list_inventory_as_agent(
    supplier_id: UUID,
    by: Buyer,
    session: ReadSession,
    sku: stock.SkuFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[StockOut]:
    """By SKU, each with its numbers and lots. 404 unless the caller is an agent of this supplier now."""
    await suppliers.agency(session, supplier_id, by=by)
    return await stock.stock_page(session, supplier_id, sku=sku, limit=limit, cursor=cursor)


@router.get(
    f"{_OF}/inventory/{{sku}}/movements",
    summary="Why the numbers of a SKU are what they are, for its supplier's agent",
    operation_id="list_movements_as_agent",
    responses=problems(NotFound, InvalidCursor),
)
async def list_movements_as_agent(
    supplier_id: UUID, sku: Sku, by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[MovementOut]:
    """Newest entry first. The agent reads its own name, and those of others masked."""
    await suppliers.agency(session, supplier_id, by=by)
    return await stock.movements_page(session, supplier_id, sku, by=by, limit=limit, cursor=cursor)


@router.get(
    f"{_OF}/lots",
    summary="A supplier's lots, for its agent",
    operation_id="list_lots_as_agent",
    responses=problems(NotFound, InvalidCursor),
)
async def list_lots_as_agent(
    supplier_id: UUID,
    by: Buyer,
    session: ReadSession,
    sku: stock.SkuFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[LotOut]:
    """With what is left of each, by SKU and lot code."""
    await suppliers.agency(session, supplier_id, by=by)
    return await stock.lots_page(session, supplier_id, sku=sku, limit=limit, cursor=cursor)


@router.get(
    f"{_OF}/inventory-imports",
    summary="A supplier's sheets, for its agent",
    operation_id="list_inventory_imports_as_agent",
    responses=problems(NotFound, InvalidCursor),
)
async def list_inventory_imports_as_agent(
    supplier_id: UUID,
    by: Buyer,
    request: Request,
    session: ReadSession,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ImportOut]:
    """Newest first. What was counted by sheet need not be counted again."""
    await suppliers.agency(session, supplier_id, by=by)
    return await imports.imports_page(session, supplier_id, language_of(request), limit=limit, cursor=cursor)


@router.get(
    f"{_OF}/inventory-imports/{{import_id}}",
    summary="One of a supplier's sheets, for its agent",
    operation_id="get_inventory_import_as_agent",
    responses=problems(NotFound),
)
async def get_inventory_import_as_agent(
    supplier_id: UUID, import_id: UUID, by: Buyer, request: Request, session: ReadSession
) -> ImportOut:
    """How far it is. To send or apply one is the supplier's own business."""
    await suppliers.agency(session, supplier_id, by=by)
    found = await queries.import_of(session, import_id, supplier_id=supplier_id)
    return ImportOut.of(found, language_of(request))


@router.get(
    f"{_OF}/inventory-imports/{{import_id}}/rows",
    summary="What would become of each row of a sheet, or has, for its supplier's agent",
    operation_id="list_inventory_import_rows_as_agent",
    responses=problems(NotFound, InvalidCursor),
)
async def list_inventory_import_rows_as_agent(
    supplier_id: UUID,
    import_id: UUID,
    by: Buyer,
    request: Request,
    session: ReadSession,
    status: Annotated[Outcome | None, Query(description="Only such rows")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ImportRowOut]:
    """In the order of the file, then the SKUs that it does not name. Kept for 90 days."""
    await suppliers.agency(session, supplier_id, by=by)
    return await imports.rows_page(
        session, supplier_id, import_id, language_of(request), status=status, limit=limit, cursor=cursor
    )


@router.post(
    f"{_OF}/inventory-updates",
    summary="Count or adjust the stock of a supplier as its agent",
    operation_id="update_inventory_as_agent",
    response_model=UpdatesOut,
    responses=problems(NotFound, UpdatesRejected, *KEY_ERRORS),
)
async def update_inventory_as_agent(
    supplier_id: UUID,
    body: UpdatesIn,
    by: Buyer,
    once: Once,
    now: Now,
    partial: Annotated[bool, Query(description="Apply the good rows even if others are refused")] = False,
) -> Response:
    """The same as the supplier does itself; the movements keep who entered them beside whose stock it is."""

    async def work(session: AsyncSession) -> UpdatesOut:
        await suppliers.hold_agency(session, supplier_id, by=by)
        rows = [row.row() for row in body.updates]
        return UpdatesOut.of(await service.apply_updates(session, supplier_id, rows, by=by, now=now, partial=partial))

    return await once.run(200, work)
