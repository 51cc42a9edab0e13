"""What left the house: parcels of the last weeks and how they are, paper to pack by, many numbers by one sheet.

And what cannot leave it: pieces of a paid order that are cancelled, so that their money goes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, orders
from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.web import Now, ReadSession, TheEdge, last_seen, next_cursor
from app.orders import Status
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_RECENT = timedelta(days=30)
_ON_A_PAGE = 50
_MOST_PIECES = 9999
_LONGEST_REASON = 100


@router.get("/supplier/parcels")
async def list_parcels(
    visit: Seller,
    session: ReadSession,
    now: Now,
    trouble: Annotated[str, Query(max_length=1)] = "",
    cursor: Annotated[str, Query(max_length=512)] = "",
) -> Response:
    """The parcels of the last thirty days; ``?trouble=1`` those that somebody should look after."""
    found = await fulfilment.page(
        session,
        supplier_id=visit.supplier_id,
        in_trouble=trouble == "1",
        after=last_seen("page:parcels", cursor),
        limit=_ON_A_PAGE + 1,
        since=now - _RECENT,
    )
    shown = found[:_ON_A_PAGE]
    return show(
        visit,
        "supplier_parcels.html",
        parcels=shown,
        numbers=await orders.numbers_of(session, visit.supplier_id, [parcel.reference for parcel in shown]),
        trouble=trouble == "1",
        following=next_cursor("page:parcels", found, _ON_A_PAGE),
    )


@router.get("/supplier/parcels/{shipment_id}")
async def show_parcel(visit: Seller, shipment_id: UUID, session: ReadSession) -> Response:
    """All that its carrier said of it."""
    tracking = await fulfilment.track(session, shipment_id, supplier_id=visit.supplier_id)
    numbers = await orders.numbers_of(session, visit.supplier_id, [tracking.shipment.reference])
    return show(
        visit,
        "supplier_parcel.html",
        parcel=tracking.shipment,
        events=tracking.events,
        number=numbers.get(tracking.shipment.reference),
    )


@router.get("/supplier/picking-list.pdf")
async def get_picking_list(visit: Seller, edge: TheEdge, now: Now) -> Response:
    """What to fetch from which lot."""
    return await orders.picking_list(edge, visit.supplier_id, now=now)


@router.get("/supplier/packing-slips.pdf")
async def get_packing_slips(
    visit: Seller, edge: TheEdge, now: Now, order: Annotated[UUID | None, Query()] = None
) -> Response:
    """What to lay into each parcel, or into that of one order."""
    return await orders.packing_slips(edge, visit.supplier_id, only=[order] if order else [], now=now)


@router.get("/supplier/shipping-sheet")
async def sheet_page(visit: Seller) -> Response:
    """A sheet to fill in with the numbers of many parcels, and where it is handed in."""
    return _sheet(visit)


@router.get("/supplier/shipping-sheet.xlsx")
async def get_sheet(visit: Seller, edge: TheEdge) -> Response:
    """The orders to ship, with room for the numbers."""
    return await orders.shipping_sheet(edge, visit.supplier_id)


@router.post("/supplier/shipping-sheet")
async def send_sheet(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Every parcel by itself; one that was entered before changes nothing, so the answer is the page."""
    try:
        chosen = form.files("file")
        if not chosen:
            raise InvalidInput(faults=[Fault("/file", "missing", "请选择表格文件", "Choose the sheet")])
        rows = await orders.ship_by_sheet(edge, visit.supplier_id, await chosen[0].read(), by=visit.person, now=now)
    except DomainError as wrong:
        return _sheet(visit, refused=refused_with(visit.request, wrong))
    return _sheet(visit, rows=sorted(rows, key=lambda row: row.row))


@router.get("/supplier/orders/{part_id}/cancel")
async def cancel_page(visit: Seller, part_id: UUID, session: ReadSession) -> Response:
    """What is left to send of an order, and how much of it cannot be."""
    return await _cancel(visit, part_id, session)


@router.post("/supplier/orders/{part_id}/cancel")
async def cancel(visit: Seller, part_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """The money for these pieces goes back, and their stock is free again; once however often the form is sent."""
    refused = None
    try:
        pieces, reason = _read(form)
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            await orders.cancel_pieces(
                session,
                part_id,
                pieces,
                supplier_id=visit.supplier_id,
                by=visit.person,
                reason=reason,
                now=now,
                confirm_after_days=edge.settings.orders.confirm_after_days,
            )
            return Done(id=part_id)

        _, refused = await once(visit, form, work)
    if refused is None:
        return go(f"/supplier/orders/{part_id}")
    async with edge.db.read() as session:
        return await _cancel(visit, part_id, session, form=form, refused=refused)


def _sheet(
    visit: Visit, *, rows: list[orders.SentRow] | None = None, refused: dict[str, Any] | None = None
) -> Response:
    return show(
        visit,
        "supplier_shipping_sheet.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        rows=rows,
        counts=Counter(row.outcome.value for row in rows or ()),
    )


def _read(form: Fields) -> tuple[Mapping[UUID, int], str]:
    """How many pieces of which line, and why. Raises ``InvalidInput``."""
    pieces, faults = {}, []
    for name in form.names("quantity:"):
        typed = form[f"quantity:{name}"] or "0"
        try:
            line_id = UUID(name)
        except ValueError:
            continue
        if not (typed.isascii() and typed.isdigit() and int(typed[:6]) <= _MOST_PIECES):
            faults.append(Fault(f"/quantity:{name}", "not_a_number", "请填写整数", "A whole number"))
        elif int(typed):
            pieces[line_id] = int(typed)
    reason = form["reason"]
    if not (0 < len(reason) <= _LONGEST_REASON and reason.isprintable()):
        faults.append(Fault("/reason", "missing", "请填写原因，至多 100 个字", "Say why, in 1 to 100 characters"))
    if not pieces and not faults:
        faults.append(Fault("/lines", "missing", "请填写取消几件", "Say how many are cancelled"))
    if faults:
        raise InvalidInput(faults=faults)
    return pieces, reason


async def _cancel(
    visit: Visit,
    part_id: UUID,
    session: AsyncSession,
    *,
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    found = await orders.supplier_page(session, visit.supplier_id, statuses=[], after=None, limit=1, only=part_id)
    if not found:
        raise NotFound
    [order] = found
    return show(
        visit,
        "supplier_cancel.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        order=order,
        lines=[line for line in order.lines if line.to_send] if order.part.status is Status.PAID else [],
        typed={name: form[f"quantity:{name}"] for name in form.names("quantity:")} if form else {},
        reason=form["reason"] if form else "",
    )
