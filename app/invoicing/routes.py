"""HTTP of invoices: buyers ask and fetch, suppliers see what is drawn in their name, operators see what went wrong."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import pdf
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.money import in_capitals
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    last_seen,
    page_of,
    problems,
)
from app.core.web.edge import Edge
from app.identity import Buyer, Operator, SupplierStaff
from app.invoicing import queries, service
from app.invoicing.lifecycle import InvoiceStepNotAllowed, Status
from app.invoicing.rules import (
    Colour,
    Invoice,
    InvoiceExists,
    NoSuchInvoice,
    NotCurrent,
    NotInvoiceable,
    NotYetIssued,
    rows_of,
)
from app.invoicing.schemas import InvoiceOut, InvoicesOut
from app.orders import InvoiceIn, SpecialNeedsUscc
from app.suppliers import InvalidUscc

router = APIRouter(tags=["invoicing"])

_TEMPLATE = Path(__file__).parent / "invoice.typ"
_HEADINGS = {
    ("normal", Colour.BLUE): "电子发票（普通发票）",
    ("special", Colour.BLUE): "电子发票（增值税专用发票）",
    ("normal", Colour.RED): "红字电子发票（普通发票）",
    ("special", Colour.RED): "红字电子发票（增值税专用发票）",
}
_PDF: dict[str, Any] = {
    "summary": "An invoice as a PDF",
    "response_class": Response,
    "responses": {
        **problems(NoSuchInvoice, NotYetIssued),
        200: {"description": "The invoice", "content": {"application/pdf": {}}},
    },
}


@router.post(
    "/v1/store/orders/{order_id}/invoices",
    operation_id="request_invoices",
    summary="Ask for the invoices of an order",
    status_code=201,
    responses=problems(NotFound, NotInvoiceable, InvoiceExists, InvalidUscc, SpecialNeedsUscc),
)
async def request_invoices(
    order_id: UUID, body: InvoiceIn, by: Buyer, session: WriteSession, edge: TheEdge, now: Now
) -> InvoicesOut:
    """One for each supplier of the order, who is the seller; drawn when the goods are accepted."""
    after_payment = edge.settings.invoicing.draw_on == "payment"
    made = await service.ask(session, order_id, body.asked(), by=by, after_payment=after_payment, now=now)
    return InvoicesOut(items=[InvoiceOut.of(invoice) for invoice in made])


@router.get(
    "/v1/store/invoices",
    operation_id="list_invoices",
    summary="The caller's invoices, newest first",
    responses=problems(InvalidCursor),
)
async def list_invoices(
    by: Buyer,
    session: ReadSession,
    order_id: Annotated[UUID | None, Query(description="Only those of this order")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[InvoiceOut]:
    """Blue and red ones, also those that wait for the goods to be accepted."""
    return await _page(session, cursor, limit, buyer_id=by.account_id, order_id=order_id)


@router.post(
    "/v1/store/invoices/{invoice_id}/reissue",
    operation_id="reissue_invoice",
    summary="The same invoice to another title",
    status_code=201,
    responses=problems(NoSuchInvoice, NotCurrent, NotInvoiceable, InvoiceStepNotAllowed, InvalidUscc, SpecialNeedsUscc),
)
async def reissue_invoice(invoice_id: UUID, body: InvoiceIn, by: Buyer, session: WriteSession, now: Now) -> InvoiceOut:
    """An issued invoice is taken back by a red one and drawn anew; one that is not issued yet gets the new title."""
    return InvoiceOut.of(await service.reissue(session, invoice_id, body.asked(), by=by, now=now))


@router.get("/v1/store/invoices/{invoice_id}/pdf", operation_id="get_invoice_pdf", **_PDF)
async def get_invoice_pdf(invoice_id: UUID, by: Buyer, edge: TheEdge) -> Response:
    """The paper; a sample says that it is one."""
    return await _paper(edge, invoice_id, buyer_id=by.account_id)


@router.get(
    "/v1/supplier/invoices",
    operation_id="list_supplier_invoices",
    summary="Invoices in the supplier's name, newest first",
    responses=problems(InvalidCursor),
)
async def list_supplier_invoices(
    by: SupplierStaff,
    session: ReadSession,
    status: Annotated[Status | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[InvoiceOut]:
    """What the supplier billed, and what was taken back."""
    return await _page(session, cursor, limit, supplier_id=by.supplier_id, status=status)


@router.get("/v1/supplier/invoices/{invoice_id}/pdf", operation_id="get_supplier_invoice_pdf", **_PDF)
async def get_supplier_invoice_pdf(invoice_id: UUID, by: SupplierStaff, edge: TheEdge) -> Response:
    """The supplier's copy."""
    return await _paper(edge, invoice_id, supplier_id=by.supplier_id)


@router.get(
    "/v1/operator/invoices",
    operation_id="list_all_invoices",
    summary="Everybody's invoices, newest first",
    responses=problems(InvalidCursor),
)
async def list_all_invoices(
    _: Operator,
    session: ReadSession,
    status: Annotated[Status | None, Query(description="`rejected` are those that somebody must look at")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[InvoiceOut]:
    """For the finance office: what waits, what the drawer refused, and what needs confirmation."""
    return await _page(session, cursor, limit, status=status)


@router.post(
    "/v1/operator/invoices/{invoice_id}/redraw",
    operation_id="redraw_invoice",
    summary="Send a refused invoice to the drawer again",
    responses=problems(NoSuchInvoice, InvoiceStepNotAllowed),
)
async def redraw_invoice(invoice_id: UUID, _: Operator, session: WriteSession, now: Now) -> InvoiceOut:
    """Its amounts are taken anew, so refunds that have settled meanwhile are deducted."""
    return InvoiceOut.of(await service.draw_again(session, invoice_id, now=now))


async def _page(session: AsyncSession, cursor: str | None, limit: int, **of: Any) -> Page[InvoiceOut]:
    before = last_seen("invoices", cursor)
    found = await queries.page(session, before=before, limit=limit + 1, **of)
    return page_of("invoices", found, limit, InvoiceOut.of)


async def _paper(edge: Edge, invoice_id: UUID, **of: Any) -> Response:
    async with edge.db.read() as session:
        invoice = await queries.get(session, invoice_id, **of)
        blue = await queries.get(session, invoice.reverses) if invoice.reverses is not None else None
    if invoice.number is None or invoice.issued_at is None:
        raise NotYetIssued
    content = await pdf.render(_TEMPLATE, _printed(invoice, blue), at=invoice.issued_at)
    name = f'attachment; filename="{invoice.number}.pdf"'
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": name})


def _printed(invoice: Invoice, blue: Invoice | None) -> dict[str, Any]:
    issued = local_day(invoice.issued_at or invoice.requested_at)
    return {
        "heading": _HEADINGS[invoice.kind, invoice.colour],
        "colour": invoice.colour,
        "sample": invoice.sample,
        "number": invoice.number,
        "reverses": blue.number if blue is not None else None,
        "issued_on": f"{issued:%Y年%m月%d日}",
        "order_number": invoice.order_number,
        "title": invoice.buyer.title,
        "uscc": invoice.buyer.uscc or "",
        "contact": _joined(invoice.buyer.address, invoice.buyer.phone),
        "bank": _joined(invoice.buyer.bank, invoice.buyer.account),
        "seller_name": invoice.seller_name,
        "seller_uscc": invoice.seller_uscc,
        "rows": [asdict(row) for row in rows_of(invoice.items)],
        "amount_fen": invoice.amount_fen,
        "tax_fen": invoice.tax_fen,
        "total_fen": invoice.total_fen,
        "capitals": in_capitals(invoice.total_fen),
        "remark": invoice.remark,
        "confirm": any(item.confirm for item in invoice.items),
    }


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
