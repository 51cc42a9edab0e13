"""HTTP of the stock-room: always and only the caller's own supplier."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import SeasonNotProven
from app.core.errors import NotFound, NotPermitted
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    IfMatch,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    Sku,
    StaleVersion,
    TheEdge,
    VersionRequired,
    WriteSession,
    decode_cursor,
    etag,
    last_seen,
    page_of,
    problems,
)
from app.files import UnknownFile
from app.identity import Actor, Public, SupplierStaff
from app.inventory import queries, service
from app.inventory.rules import LotExists
from app.inventory.rules.presale import CapBelowPromised, PresaleOpen, PresaleSettled
from app.inventory.rules.updates import UpdatesRejected
from app.inventory.schemas import (
    LotIn,
    LotOut,
    MovementOut,
    OpenPresaleOut,
    PresaleChangeIn,
    PresaleIn,
    PresaleOut,
    StockOut,
    UpdatesIn,
    UpdatesOut,
)

router = APIRouter(tags=["inventory"])

SkuFilter = Annotated[Sku | None, Query(description="Only this SKU")]


def own(by: Actor) -> UUID:
    """The caller's supplier."""
    if by.supplier_id is None:
        raise NotPermitted
    return by.supplier_id


async def stock_page(
    session: AsyncSession, supplier_id: UUID, *, sku: str | None, limit: int, cursor: str | None
) -> Page[StockOut]:
    """A page of what a supplier has, for it or its agent. Raises ``InvalidCursor``."""
    after = last_seen("inventory", cursor, str)
    rows = await queries.page_of_stock(session, supplier_id, sku=sku, after=after, limit=limit + 1)
    return page_of("inventory", rows, limit, StockOut.model_validate, key=lambda row: row.sku)


async def movements_page(
    session: AsyncSession, supplier_id: UUID, sku: str, *, by: Actor, limit: int, cursor: str | None
) -> Page[MovementOut]:
    """A page of the ledger of a SKU of this supplier. Raises ``NotFound``, ``InvalidCursor``."""
    kind = f"movements:{sku}"
    before = last_seen(kind, cursor, int)
    if await queries.owner_of(session, sku) != supplier_id:
        raise NotFound
    rows = await queries.page_of_movements(session, sku, by=by, before=before, limit=limit + 1)
    return page_of(kind, rows, limit, MovementOut.model_validate, key=lambda row: row.number)


async def lots_page(
    session: AsyncSession, supplier_id: UUID, *, sku: str | None, limit: int, cursor: str | None
) -> Page[LotOut]:
    """A page of a supplier's lots by SKU and lot code. Raises ``InvalidCursor``."""
    after = None
    if cursor:
        last_sku, last_code = decode_cursor("lots", cursor)
        after = (str(last_sku), str(last_code))
    rows = await queries.page_of_lots(session, supplier_id, sku=sku, after=after, limit=limit + 1)
    return page_of("lots", rows, limit, LotOut.of, key=lambda row: (row.sku, row.code))


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
    return await stock_page(session, own(by), sku=sku, limit=limit, cursor=cursor)


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
    return await movements_page(session, own(by), sku, by=by, limit=limit, cursor=cursor)


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
        return UpdatesOut.of(await service.apply_updates(session, own(by), rows, by=by, now=now, partial=partial))

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
    return await lots_page(session, own(by), sku=sku, limit=limit, cursor=cursor)


@router.post(
    "/v1/supplier/lots",
    status_code=201,
    summary="Receive a lot",
    operation_id="receive_lot",
    response_model=LotOut,
    responses=problems(NotFound, LotExists, SeasonNotProven, UnknownFile, *KEY_ERRORS),
)
async def receive_lot(body: LotIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """Book a lot into stock and get its trace code. Its pieces can be sold from now on."""

    async def work(session: AsyncSession) -> LotOut:
        return LotOut.of(await service.receive(session, **body.model_dump(), by=by, now=now))

    return await once.run(201, work)


@router.get(
    "/v1/store/presales",
    summary="Harvests that can be bought ahead now",
    operation_id="list_open_presales",
    responses=problems(InvalidCursor, public=True),
)
async def list_open_presales(
    _: Public,
    session: ReadSession,
    now: Now,
    sku: SkuFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[OpenPresaleOut]:
    """By SKU: how much can still be had ahead, when it is harvested, and the day on which it ships at the latest.

    What lies in stock is sold first. If a harvest falls short, what did not come is paid back by itself.
    """
    after = last_seen("open-presales", cursor, str)
    rows = await queries.page_of_open_presales(session, sku=sku, after=after, now=now, limit=limit + 1)
    return page_of("open-presales", rows, limit, OpenPresaleOut.of, key=lambda row: row.sku)


@router.get(
    "/v1/supplier/presales",
    summary="The supplier's pre-sales, newest first",
    operation_id="list_presales",
    responses=problems(InvalidCursor),
)
async def list_presales(
    by: SupplierStaff,
    session: ReadSession,
    sku: SkuFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PresaleOut]:
    """Harvests that are or were sold ahead, with how much of each was promised and has come."""
    before = last_seen("presales", cursor)
    rows = await queries.page_of_presales(session, own(by), sku=sku, before=before, limit=limit + 1)
    return page_of("presales", rows, limit, PresaleOut.of)


@router.get(
    "/v1/supplier/presales/{presale_id}",
    summary="One pre-sale",
    operation_id="get_presale",
    responses=problems(NotFound),
)
async def get_presale(presale_id: UUID, by: SupplierStaff, session: ReadSession, response: Response) -> PresaleOut:
    """The `ETag` names its version, which an edit has to send."""
    found = await queries.presale(session, presale_id, supplier_id=own(by))
    response.headers["ETag"] = etag(found.version)
    return PresaleOut.of(found)


@router.post(
    "/v1/supplier/presales",
    status_code=201,
    summary="Sell a harvest ahead",
    operation_id="open_presale",
    responses=problems(NotFound, PresaleOpen),
)
async def open_presale(
    body: PresaleIn, by: SupplierStaff, session: WriteSession, edge: TheEdge, now: Now, response: Response
) -> PresaleOut:
    """From the opening on buyers can order what stock cannot give, up to the cap, and are told the day it ships by.

    Goods that come in go to those who have waited longest; when it is settled, or `ship_by` has passed for some days,
    what never came is paid back by itself.
    """
    most = edge.settings.inventory.presale_max_factor_pct
    found = await service.open_presale(session, body.sku, body.plan(), by=by, max_factor_pct=most, now=now)
    response.headers["ETag"] = etag(found.version)
    return PresaleOut.of(found)


@router.patch(
    "/v1/supplier/presales/{presale_id}",
    summary="Change a pre-sale",
    operation_id="change_presale",
    responses=problems(NotFound, VersionRequired, StaleVersion, PresaleSettled, CapBelowPromised),
)
async def change_presale(
    presale_id: UUID,
    body: PresaleChangeIn,
    version: IfMatch,
    by: SupplierStaff,
    session: WriteSession,
    edge: TheEdge,
    now: Now,
    response: Response,
) -> PresaleOut:
    """What buyers were promised stands: the cap does not fall below it, and their day to ship by stays."""
    found = await queries.presale(session, presale_id, supplier_id=own(by))
    changed = await service.change_presale(
        session,
        presale_id,
        body.of(found.plan),
        version=version,
        by=by,
        max_factor_pct=edge.settings.inventory.presale_max_factor_pct,
        now=now,
    )
    response.headers["ETag"] = etag(changed.version)
    return PresaleOut.of(changed)


@router.post(
    "/v1/supplier/presales/{presale_id}/settle",
    summary="Settle a pre-sale: no more is to come",
    operation_id="settle_presale",
    response_model=PresaleOut,
    responses=problems(NotFound, *KEY_ERRORS),
)
async def settle_presale(presale_id: UUID, by: SupplierStaff, once: Once, now: Now) -> Response:
    """Nothing more is sold ahead, and whoever still waits is paid back for the pieces that did not come."""

    async def work(session: AsyncSession) -> PresaleOut:
        return PresaleOut.of(await service.settle_presale(session, presale_id, supplier_id=own(by), now=now))

    return await once.run(200, work)
