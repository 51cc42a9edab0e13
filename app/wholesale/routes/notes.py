"""Delivery notes on paper, for the truck and the dock."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from app import partners
from app.core import pdf
from app.core.bars import code_128, two_of_five
from app.core.clock import SHANGHAI
from app.core.errors import NotFound
from app.core.web import Edge, Now, TheEdge, problems
from app.identity import Operator, PartnerStaff, SupplierStaff
from app.partners import Location
from app.wholesale import queries
from app.wholesale.queries import appointments
from app.wholesale.queries.deliveries import deliveries
from app.wholesale.routes import partner, supplier
from app.wholesale.rules.appointments import Appointment
from app.wholesale.rules.deliveries import Delivery, DeliveryLine
from app.wholesale.rules.orders import PoLine, PurchaseOrder

router = APIRouter(tags=["wholesale"])

_NOTE = Path(__file__).parents[1] / "delivery.typ"
_PAPER: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        **problems(NotFound),
        200: {"description": "The document", "content": {"application/pdf": {}}},
    },
}
_ITF14 = 14


@router.get(
    "/v1/supplier/purchase-orders/{po_id}/deliveries/{delivery_id}/note.pdf",
    operation_id="get_delivery_note",
    summary="A delivery note to print",
    **_PAPER,
)
async def get_delivery_note(po_id: UUID, delivery_id: UUID, by: SupplierStaff, edge: TheEdge, now: Now) -> Response:
    """With lots, days, cases, pallets and temperature; number and cases as bar codes, the driver's number masked."""
    return await _note(edge, po_id, delivery_id, supplier_id=supplier.own(by), now=now)


@router.get(
    "/v1/partner/purchase-orders/{po_id}/deliveries/{delivery_id}/note.pdf",
    operation_id="get_delivery_note_as_partner",
    summary="A delivery note to print, for the dock",
    **_PAPER,
)
async def get_delivery_note_as_partner(
    po_id: UUID, delivery_id: UUID, by: PartnerStaff, edge: TheEdge, now: Now
) -> Response:
    """The paper that comes with the truck."""
    return await _note(edge, po_id, delivery_id, partner_id=partner.own(by), now=now)


@router.get(
    "/v1/operator/purchase-orders/{po_id}/deliveries/{delivery_id}/note.pdf",
    operation_id="get_any_delivery_note",
    summary="Any delivery note to print",
    **_PAPER,
)
async def get_any_delivery_note(po_id: UUID, delivery_id: UUID, _: Operator, edge: TheEdge, now: Now) -> Response:
    """For suppliers that cannot print it themselves."""
    return await _note(edge, po_id, delivery_id, now=now)


async def _note(
    edge: Edge,
    po_id: UUID,
    delivery_id: UUID,
    *,
    partner_id: UUID | None = None,
    supplier_id: UUID | None = None,
    now: datetime,
) -> Response:
    async with edge.db.read() as session:
        order = await queries.view(session, po_id, partner_id=partner_id, supplier_id=supplier_id)
        found = await deliveries(session, po_id, supplier_id=supplier_id, delivery_id=delivery_id, now=now)
        if not found:
            raise NotFound
        place = await partners.location_by_id(session, order.location_id)
        booked = await appointments.appointments(session, "po_id", [po_id])
    data = _data(order, found[0], place, booked[0] if booked else None, now)
    headers = {
        "Content-Disposition": f'attachment; filename="{found[0].number}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(await pdf.render(_NOTE, data, at=now), media_type="application/pdf", headers=headers)


def _data(
    order: PurchaseOrder, note: Delivery, place: Location, booked: Appointment | None, now: datetime
) -> dict[str, Any]:
    lines = {line.id: line for line in order.lines}
    return {
        "number": note.number,
        "number_bars": code_128(note.number),
        "printed_at": _moment(now),
        "supplier": note.supplier_name,
        "partner": order.partner_name,
        "po_no": order.po_no,
        "required_on": _day(order.required_on),
        "dispatched_at": _moment(note.dispatched_at),
        "place": f"{place.name}（{place.code}）{place.address}",
        "slot": _slot(booked),
        "pallets": note.pallets,
        "cases": note.cases,
        "units": sum(line.units for line in note.lines),
        "carrier": note.carrier or "",
        "plate": note.vehicle_plate or "",
        "driver": note.driver_phone or "",
        "temperature": _temperature(note),
        "rows": [_row(line, lines.get(line.line_id)) for line in note.lines],
    }


def _row(line: DeliveryLine, of: PoLine | None) -> dict[str, Any]:
    itf14 = of.itf14 if of is not None and of.itf14 and len(of.itf14) == _ITF14 else None
    codes = [line.sku, *([of.partner_item_code, of.gtin13] if of is not None else [])]
    whole, rest = divmod(line.units, line.case_pack)
    return {
        "line_no": line.line_no,
        "name": line.name,
        "codes": "　".join(code for code in codes if code),
        "itf14": itf14 or "",
        "case_bars": two_of_five(itf14) if itf14 else [],
        "lot": line.lot_code or "无批次",
        "trace": line.trace_code or "",
        "papers": len(line.certificates),
        "made_on": _day(line.made_on),
        "best_before": _day(line.best_before),
        "cases": f"{whole}+{rest}" if rest else str(whole),
        "units": line.units,
    }


def _temperature(note: Delivery) -> str:
    if note.coldest_c10 is None or note.warmest_c10 is None:
        return ""
    return f"{note.coldest_c10 / 10:.1f}–{note.warmest_c10 / 10:.1f} ℃"


def _slot(booked: Appointment | None) -> str:
    if booked is None:
        return ""
    return f"{_moment(booked.starts_at)}–{booked.ends_at.astimezone(SHANGHAI):%H:%M}"


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%Y-%m-%d}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
