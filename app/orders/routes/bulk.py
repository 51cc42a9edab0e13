"""Bulk orders of organisations: a roster is uploaded and checked, ordered as a whole, and paid in one sum."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import OrganisationNotVerified, UnknownOrganisation, purchaser
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.sheets import SHEET_ERRORS, XLSX
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
    TheEdge,
    last_seen,
    page_of,
    problems,
)
from app.core.web.problems import language_of
from app.identity import Buyer
from app.inventory import OutOfStock
from app.orders import queries, service
from app.orders.rules import FreshGoodsNotAcknowledged, OrderNotPayable, merged
from app.orders.rules.bulk import RosterEmpty, RosterHasFaults, UnknownRoster
from app.orders.rules.invoices import SpecialNeedsUscc
from app.orders.schemas import OrderOut, PaymentIn, PaymentOut
from app.orders.schemas.bulk import BulkIn, BulkOut, RosterOut
from app.payments import ProviderNotAvailable, TooManyTransfers
from app.suppliers import InvalidUscc

router = APIRouter(tags=["orders"])

_GOODS = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,31}):([1-9][0-9]{0,3})", re.ASCII)

_Items = Annotated[
    list[str],
    Form(
        max_length=20,
        description="What everybody gets who has no SKU in the roster: `SKU:quantity`, once for each SKU",
        examples=[["GT04:1"]],
    ),
]


@router.get(
    "/v1/store/bulk-orders/template.xlsx",
    operation_id="get_roster_template",
    summary="An empty roster",
    response_class=Response,
    responses={**problems(), 200: {"description": "The file", "content": {XLSX: {}}}},
)
async def get_roster_template(_: Buyer) -> Response:
    """With the columns that are understood; other programs' headings are too, if they mean the same."""
    headers = {"Content-Disposition": 'attachment; filename="roster.xlsx"'}
    return Response(await asyncio.to_thread(service.template), media_type=XLSX, headers=headers)


@router.post(
    "/v1/store/bulk-orders/rosters",
    operation_id="upload_roster",
    summary="Upload a roster and see what would become of it",
    status_code=201,
    response_model=RosterOut,
    responses=problems(*SHEET_ERRORS, RosterEmpty, UnknownOrganisation, OrganisationNotVerified),
)
async def upload_roster(
    by: Buyer,
    request: Request,
    edge: TheEdge,
    now: Now,
    file: Annotated[UploadFile, File(description="A roster as .xlsx or CSV, at most 1,000 recipients")],
    organisation_id: Annotated[UUID, Form(description="Of which the caller is a member")],
    items: _Items = [],  # noqa: B006 - the framework copies it
) -> RosterOut:
    """Nothing is ordered. Every row's faults, what the rest would cost, and what is short; kept sealed for a day."""
    goods = _goods(items)
    async with edge.db.read() as session:  # before the work of reading the file, which is for purchasers only
        buyer = await purchaser(session, organisation_id, by=by)
    rows = await service.read_roster(await file.read(), goods)
    async with edge.db.write() as session:
        check = await service.keep_roster(session, rows, buyer, by=by, now=now)
    return RosterOut.of(check, language_of(request))


def _goods(items: list[str]) -> dict[str, int]:
    read = [_GOODS.fullmatch(item) for item in items]
    faults = [
        Fault(f"/items/{index}", "invalid_item", "应写作 货号:数量", "write SKU:quantity")
        for index, found in enumerate(read)
        if found is None
    ]
    if faults:
        raise InvalidInput(faults=faults)
    return merged((found[1], int(found[2])) for found in read if found is not None)


@router.get(
    "/v1/store/bulk-orders/rosters/{roster_id}",
    operation_id="check_roster",
    summary="What would become of a roster now?",
    response_model=RosterOut,
    responses=problems(NotFound),
)
async def check_roster(roster_id: UUID, by: Buyer, request: Request, session: ReadSession, now: Now) -> RosterOut:
    """Prices and stock of now, for a roster that was uploaded within a day and not ordered."""
    return RosterOut.of(await service.check_roster(session, roster_id, by=by, now=now), language_of(request))


@router.post(
    "/v1/store/bulk-orders",
    operation_id="place_bulk_order",
    summary="Order a roster",
    status_code=201,
    response_model=BulkOut,
    responses=problems(
        UnknownRoster,
        UnknownOrganisation,
        OrganisationNotVerified,
        RosterHasFaults,
        FreshGoodsNotAcknowledged,
        OutOfStock,
        InvalidUscc,
        SpecialNeedsUscc,
        *KEY_ERRORS,
    ),
)
async def place_bulk_order(body: BulkIn, by: Buyer, once: Once) -> Response:
    """One order for each recipient, all of them or none, with the stock reserved; to be paid in one sum within a day.

    Each order then has a life of its own: its parcels, its cancellation, its refunds, its invoices. Goods of a harvest
    to come may be among them. Coupons and promotions are for single orders and take nothing off a roster.
    """
    invoice = body.invoice.asked() if body.invoice is not None else None
    asked = service.BulkPlacement(body.roster_id, body.fresh_goods_acknowledged, body.ext_832_order_no, invoice)
    minutes = once.settings.orders.pay_bulk_within_minutes

    async def work(session: AsyncSession) -> BulkOut:
        return BulkOut.of(await service.place_bulk(session, asked, by=by, now=once.now, pay_within_minutes=minutes))

    return await once.run(201, work)


@router.get(
    "/v1/store/bulk-orders",
    operation_id="list_bulk_orders",
    summary="Bulk orders of the caller's organisations, newest first",
    response_model=Page[BulkOut],
    responses=problems(InvalidCursor),
)
async def list_bulk_orders(
    by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[BulkOut]:
    """Those that the caller or another member placed, with the progress of their parcels."""
    before = last_seen("bulk_orders", cursor)
    found = await queries.bulks(session, by=by, before=before, limit=limit + 1)
    return page_of("bulk_orders", found, limit, BulkOut.of)


@router.get(
    "/v1/store/bulk-orders/{bulk_id}",
    operation_id="get_bulk_order",
    summary="One bulk order",
    response_model=BulkOut,
    responses=problems(NotFound),
)
async def get_bulk_order(bulk_id: UUID, by: Buyer, session: ReadSession) -> BulkOut:
    """With the progress of its parcels. For the organisation's members."""
    return BulkOut.of(await queries.bulk(session, bulk_id, by=by))


@router.get(
    "/v1/store/bulk-orders/{bulk_id}/orders",
    operation_id="list_orders_of_bulk",
    summary="The orders of a bulk order",
    response_model=Page[OrderOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_orders_of_bulk(
    bulk_id: UUID, by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[OrderOut]:
    """One for each recipient. Every member of the organisation sees them."""
    after = last_seen("orders_of_bulk", cursor)
    found = await queries.page_of_bulk(session, bulk_id, by=by, after=after, limit=limit + 1)
    return page_of("orders_of_bulk", found, limit, OrderOut.of)


@router.post(
    "/v1/store/bulk-orders/{bulk_id}/payments",
    operation_id="start_bulk_payment",
    summary="Pay a bulk order",
    status_code=201,
    response_model=PaymentOut,
    responses=problems(NotFound, OrderNotPayable, ProviderNotAvailable, TooManyTransfers, *KEY_ERRORS),
)
async def start_bulk_payment(
    bulk_id: UUID, body: PaymentIn, by: Buyer, once: Once, edge: TheEdge, now: Now
) -> Response:
    """One sum for all its orders that still wait for money."""

    async def work(session: AsyncSession) -> PaymentOut:
        payment = await service.start_bulk_payment(
            session, bulk_id, provider=body.provider, by=by, settings=edge.settings, now=now
        )
        return PaymentOut.of(payment, edge.settings.bank)

    return await once.run(201, work)
