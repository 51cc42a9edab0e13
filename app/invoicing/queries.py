"""Reads and locks of invoices."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import astuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask, dump
from app.core.sealing import keys
from app.invoicing.lifecycle import Status
from app.invoicing.models import InvoiceRow
from app.invoicing.rules import Buyer, Colour, Invoice, NoSuchInvoice, Reason, from_json

_SEALED = "invoicing.buyer"


def seal_buyer(buyer: Buyer) -> bytes:
    """A buyer's particulars as they are stored."""
    return keys().seal(dump(astuple(buyer)), _SEALED)


def view(row: InvoiceRow) -> Invoice:
    """A row as a value."""
    buyer = Buyer(*json.loads(keys().unseal(row.buyer_sealed, _SEALED)))
    return Invoice(
        id=row.id,
        colour=Colour(row.colour),
        kind=row.kind,
        status=Status(row.status),
        reason=Reason(row.reason) if row.reason is not None else None,
        reverses=row.reverses,
        order_id=row.order_id,
        order_number=row.order_number,
        supplier_order_id=row.supplier_order_id,
        supplier_id=row.supplier_id,
        buyer=buyer,
        seller_name=row.seller_name,
        seller_uscc=row.seller_uscc,
        items=from_json(row.items),
        amount_fen=row.amount_fen,
        tax_fen=row.tax_fen,
        total_fen=row.total_fen,
        remark=row.remark,
        number=row.number,
        sample=row.sample,
        refusal=row.refusal,
        requested_at=row.requested_at,
        issued_at=row.issued_at,
    )


async def get(
    session: AsyncSession, invoice_id: UUID, *, buyer_id: UUID | None = None, supplier_id: UUID | None = None
) -> Invoice:
    """One invoice, of that buyer or supplier where one is given. Raises ``NoSuchInvoice``."""
    wanted = select(InvoiceRow).where(InvoiceRow.id == invoice_id)
    if buyer_id is not None:
        wanted = wanted.where(InvoiceRow.buyer_id == buyer_id)
    if supplier_id is not None:
        wanted = wanted.where(InvoiceRow.supplier_id == supplier_id)
    row = await session.scalar(wanted)
    if row is None:
        raise NoSuchInvoice
    return view(row)


async def page(
    session: AsyncSession,
    *,
    before: UUID | None,
    limit: int,
    buyer_id: UUID | None = None,
    supplier_id: UUID | None = None,
    order_id: UUID | None = None,
    status: Status | None = None,
) -> list[Invoice]:
    """Invoices, newest first; of everybody where neither buyer nor supplier is given."""
    wanted = select(InvoiceRow).order_by(InvoiceRow.id.desc()).limit(limit)
    for column, value in (
        (InvoiceRow.buyer_id, buyer_id),
        (InvoiceRow.supplier_id, supplier_id),
        (InvoiceRow.order_id, order_id),
        (InvoiceRow.status, status.value if status is not None else None),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    if before is not None:
        wanted = wanted.where(InvoiceRow.id < before)
    return [view(row) for row in await session.scalars(wanted)]


_ASKED = text("SELECT DISTINCT order_id FROM invoicing_invoice WHERE order_id = ANY(CAST(:order_ids AS uuid[]))")


async def asked(session: AsyncSession, order_ids: Collection[UUID]) -> set[UUID]:
    """Of which orders an invoice was ever asked for: of most it never was."""
    return {order_id for (order_id,) in await ask(session, _ASKED, {"order_ids": array(order_ids)})}


async def of_parts(session: AsyncSession, supplier_order_ids: Sequence[UUID]) -> list[InvoiceRow]:
    """Every invoice of these supplier orders, oldest first; their order is locked, so nobody adds one meanwhile."""
    wanted = select(InvoiceRow).where(InvoiceRow.supplier_order_id.in_(supplier_order_ids)).order_by(InvoiceRow.id)
    return list(await session.scalars(wanted.with_for_update().execution_options(populate_existing=True)))


async def order_of(session: AsyncSession, invoice_id: UUID, *, buyer_id: UUID | None = None) -> tuple[UUID, UUID]:
    """The order and the supplier order of an invoice. Raises ``NoSuchInvoice``."""
    wanted = select(InvoiceRow.order_id, InvoiceRow.supplier_order_id).where(InvoiceRow.id == invoice_id)
    if buyer_id is not None:
        wanted = wanted.where(InvoiceRow.buyer_id == buyer_id)
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise NoSuchInvoice
    return row[0], row[1]


async def lock(session: AsyncSession, invoice_id: UUID) -> InvoiceRow:
    """One invoice under lock: for what the drawer said, which touches nothing else."""
    return await session.get_one(InvoiceRow, invoice_id, with_for_update=True, populate_existing=True)


def reversed_of(blue: UUID, rows: Sequence[InvoiceRow]) -> Counter[str]:
    """What red invoices have taken back of a blue one, in fen by item."""
    found: Counter[str] = Counter()
    for row in rows:
        if row.reverses == blue and row.status != Status.CANCELLED:
            for item in from_json(row.items):
                found[item.key] -= item.total_fen
    return found
