"""Shipping many parcels by one sheet."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile

from app.core.errors import DomainError, NotFound
from app.core.sheets import SHEET_ERRORS, XLSX
from app.core.web import Edge, Now, TheEdge, problems
from app.core.web.problems import language_of
from app.identity import Actor, SupplierStaff
from app.orders import service
from app.orders.queries.packing import parts_numbered, to_pack
from app.orders.rules.sheet import OrderUnknown, Outcome, Parcel, SentRow
from app.orders.schemas.sheet import SentSheetOut

router = APIRouter(tags=["orders"])


@router.get(
    "/v1/supplier/shipments/sheet.xlsx",
    operation_id="get_shipping_sheet",
    summary="A sheet of the orders to ship, to write the parcels' numbers into",
    response_class=Response,
    responses={**problems(), 200: {"description": "The file", "content": {XLSX: {}}}},
)
async def get_shipping_sheet(by: SupplierStaff, edge: TheEdge) -> Response:
    """The oldest 200 orders of which something can be sent now, without any personal data."""
    return await shipping_sheet(edge, _own(by.supplier_id))


async def shipping_sheet(edge: Edge, supplier_id: UUID) -> Response:
    """The sheet of a supplier's orders to ship."""
    async with edge.db.read() as session:
        packs = await to_pack(session, supplier_id)
    content = await service.shipping_sheet([pack.number for pack in packs])
    headers = {"Content-Disposition": 'attachment; filename="to-ship.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)


@router.post(
    "/v1/supplier/shipments/sheets",
    operation_id="upload_shipping_sheet",
    summary="Hand many parcels to carriers",
    response_model=SentSheetOut,
    responses=problems(*SHEET_ERRORS),
)
async def upload_shipping_sheet(
    by: SupplierStaff,
    request: Request,
    edge: TheEdge,
    now: Now,
    file: Annotated[
        UploadFile,
        File(
            description="订单号, 快递公司, 运单号, perhaps 货号, 数量, 每件净重(克), as .xlsx or CSV; at most 500 rows",
            examples=["(binary)"],
        ),
    ],
) -> SentSheetOut:
    """Every parcel by itself: what is wrong with one holds up no other. Rows with one order and one label are a parcel.

    Without 货号 all that is left of the order is sent, without 数量 all that is left of the SKU; the lots are chosen as
    for a single shipment. 每件净重(克), beside a 货号, corrects the weight of these pieces, or nothing of the parcel is
    sent. A parcel that was entered before changes nothing, so a sheet may be sent again.
    """
    rows = await ship_by_sheet(edge, _own(by.supplier_id), await file.read(), by=by, now=now)
    return SentSheetOut.of(rows, language_of(request))


async def ship_by_sheet(edge: Edge, supplier_id: UUID, raw: bytes, *, by: Actor, now: datetime) -> list[SentRow]:
    """Send the parcels of a sheet, each in a transaction of its own; an answer for each row, in no order.

    Raises the sheet errors.
    """
    parcels, rows = await service.read_parcels(raw)
    async with edge.db.read() as session:
        parts = await parts_numbered(session, supplier_id, {parcel.order_number for parcel in parcels})
    limit_bp = edge.settings.orders.weight_correction_max_bp
    for parcel in parcels:
        outcome, refusal = Outcome.REJECTED, None
        try:
            part_id = parts.get(parcel.order_number)
            if part_id is None:
                raise OrderUnknown
            async with edge.db.write() as session:  # one by one: rows stand in no order of locks
                outcome = await service.send(
                    session, parcel, supplier_id=supplier_id, part_id=part_id, by=by, limit_bp=limit_bp, now=now
                )
        except DomainError as error:
            if error.status >= 500:  # noqa: PLR2004
                raise
            refusal = error
        rows += _answers(parcel, outcome, refusal)
    return rows


def _answers(parcel: Parcel, outcome: Outcome, refusal: DomainError | None) -> list[SentRow]:
    said: dict[str, str | None] = {"code": None, "zh": None, "en": None}
    if refusal is not None:
        said = {"code": refusal.code}
        for language in ("zh", "en"):
            faults = [getattr(fault, language) for fault in refusal.faults]
            said[language] = " ".join([refusal.sentence(language), *faults])
    return [SentRow(row, parcel.order_number, outcome, **said) for row in parcel.rows]


def _own(supplier_id: UUID | None) -> UUID:
    if supplier_id is None:
        raise NotFound
    return supplier_id
