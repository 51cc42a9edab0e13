"""Reads of receipts, returns and consents to return."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import files
from app.core.sealing import keys
from app.wholesale.models import (
    ConsentRow,
    DeliveryLineRow,
    LineRow,
    PurchaseOrderRow,
    ReceiptLineRow,
    ReceiptRow,
    ReturnLineRow,
    ReturnRow,
)
from app.wholesale.queries import OPEN
from app.wholesale.rules import FreightPayer, Reason, ReturnReason
from app.wholesale.rules.receiving import Receipt, ReceiptLine, Verdict
from app.wholesale.rules.returns import Consent, Return, ReturnLine

INSPECTOR = "wholesale.inspector"
"""What the name of whoever inspected goods is sealed for."""


async def receipt_numbered(session: AsyncSession, partner_id: UUID, receipt_no: str) -> ReceiptRow | None:
    """The partner's receipt with this number."""
    wanted = select(ReceiptRow).where(ReceiptRow.partner_id == partner_id, ReceiptRow.receipt_no == receipt_no)
    return (await session.scalars(wanted)).one_or_none()


async def return_numbered(session: AsyncSession, partner_id: UUID, return_no: str) -> ReturnRow | None:
    """The partner's return with this number."""
    wanted = select(ReturnRow).where(ReturnRow.partner_id == partner_id, ReturnRow.return_no == return_no)
    return (await session.scalars(wanted)).one_or_none()


async def receipts(
    session: AsyncSession,
    *,
    po_id: UUID | None = None,
    receipt_id: UUID | None = None,
    partner_id: UUID | None = None,
    supplier_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 500,
    now: datetime | None,
) -> list[Receipt]:
    """Receipts of an order, of a partner, or with lines of a supplier, the newest first. Three statements.

    A supplier sees its own lines alone, and no names of persons. Links to photos work for an hour or two after ``now``.
    """
    wanted = select(ReceiptRow, PurchaseOrderRow.po_no, PurchaseOrderRow.partner_name).join(PurchaseOrderRow)
    if po_id is not None:
        wanted = wanted.where(ReceiptRow.po_id == po_id)
    if receipt_id is not None:
        wanted = wanted.where(ReceiptRow.id == receipt_id)
    if partner_id is not None:
        wanted = wanted.where(ReceiptRow.partner_id == partner_id)
    if supplier_id is not None:
        line = select(ReceiptLineRow.id).join(LineRow, LineRow.id == ReceiptLineRow.line_id)
        theirs = line.where(ReceiptLineRow.receipt_id == ReceiptRow.id, LineRow.supplier_id == supplier_id)
        wanted = wanted.where(theirs.exists())
    if before is not None:
        wanted = wanted.where(ReceiptRow.id < before)
    rows = (await session.execute(wanted.order_by(ReceiptRow.id.desc()).limit(limit))).all()
    if not rows:
        return []
    ids = [row.id for row, _, _ in rows]
    lines = await _receipt_lines(session, ids, supplier_id)
    photos = await files.links(session, to=ids, now=now)
    return [
        _receipt(row, po_no, partner_name, lines.get(row.id, []), photos.get(row.id, []), whole=supplier_id is None)
        for row, po_no, partner_name in rows
    ]


async def _receipt_lines(
    session: AsyncSession, ids: Collection[UUID], supplier_id: UUID | None
) -> dict[UUID, list[ReceiptLine]]:
    gone = (
        select(func.coalesce(func.sum(ReturnLineRow.units), 0))
        .where(ReturnLineRow.receipt_line_id == ReceiptLineRow.id)
        .scalar_subquery()
    )
    wanted = (
        select(ReceiptLineRow, LineRow.name, LineRow.supplier_id, gone)
        .join(LineRow, LineRow.id == ReceiptLineRow.line_id)
        .where(ReceiptLineRow.receipt_id.in_(ids))
        .order_by(ReceiptLineRow.receipt_id, ReceiptLineRow.line_no)
    )
    if supplier_id is not None:
        wanted = wanted.where(LineRow.supplier_id == supplier_id)
    found: dict[UUID, list[ReceiptLine]] = {}
    for row, name, supplier, returned in await session.execute(wanted):
        found.setdefault(row.receipt_id, []).append(receipt_line(row, name, supplier, int(returned)))
    return found


def receipt_line(row: ReceiptLineRow, name: str, supplier_id: UUID, returned_units: int) -> ReceiptLine:
    """The row as a value."""
    return ReceiptLine(
        id=row.id,
        line_id=row.line_id,
        line_no=row.line_no,
        sku=row.sku,
        name=name,
        supplier_id=supplier_id,
        verdict=Verdict(row.verdict),
        came_units=row.came_units,
        faulty_units=row.faulty_units,
        delivered_units=row.delivered_units,
        received_units=row.received_units,
        rejected_units=row.rejected_units,
        short_units=row.short_units,
        excess_units=row.excess_units,
        deducted_units=row.deducted_units,
        returned_units=returned_units,
        unit_price_fen=row.unit_price_fen,
        payable_fen=row.payable_fen,
        reason=Reason(row.reason) if row.reason else None,
        lot_code=row.lot_code,
        too_little=row.too_little,
    )


def _receipt(
    row: ReceiptRow,
    po_no: str,
    partner_name: str,
    lines: Sequence[ReceiptLine],
    photos: Sequence[files.File],
    *,
    whole: bool,
) -> Receipt:
    return Receipt(
        id=row.id,
        po_id=row.po_id,
        po_no=po_no,
        partner_id=row.partner_id,
        partner_name=partner_name,
        receipt_no=row.receipt_no,
        received_at=row.received_at,
        received_on=row.received_on,
        payable_fen=row.payable_fen if whole else sum(line.payable_fen for line in lines),
        inspector=_inspector(row) if whole else None,
        entered_at=row.entered_at,
        lines=tuple(lines),
        photos=tuple(photos),
    )


def _inspector(row: ReceiptRow) -> str | None:
    return keys().unseal(row.inspector_sealed, INSPECTOR) if row.inspector_sealed else row.inspector


async def lots_sent(session: AsyncSession, line_ids: Collection[UUID]) -> dict[UUID, dict[str, date]]:
    """The lots that were sent for each line, with their last day."""
    wanted = select(DeliveryLineRow.line_id, DeliveryLineRow.lot_code, DeliveryLineRow.best_before).where(
        DeliveryLineRow.line_id.in_(line_ids), DeliveryLineRow.lot_code.is_not(None)
    )
    found: dict[UUID, dict[str, date]] = {}
    for line_id, lot_code, best_before in await session.execute(wanted.distinct()):
        if lot_code is not None and best_before is not None:
            found.setdefault(line_id, {})[lot_code] = best_before
    return found


async def returns(
    session: AsyncSession,
    *,
    po_id: UUID | None = None,
    return_id: UUID | None = None,
    partner_id: UUID | None = None,
    supplier_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 500,
) -> list[Return]:
    """Returns of an order, of a partner, or with lines of a supplier, the newest first. Two statements."""
    wanted = (
        select(ReturnRow, PurchaseOrderRow.po_no, PurchaseOrderRow.partner_name, ReceiptRow.receipt_no)
        .join(PurchaseOrderRow, PurchaseOrderRow.id == ReturnRow.po_id)
        .join(ReceiptRow, ReceiptRow.id == ReturnRow.receipt_id)
    )
    if po_id is not None:
        wanted = wanted.where(ReturnRow.po_id == po_id)
    if return_id is not None:
        wanted = wanted.where(ReturnRow.id == return_id)
    if partner_id is not None:
        wanted = wanted.where(ReturnRow.partner_id == partner_id)
    if supplier_id is not None:
        line = select(ReturnLineRow.id).join(LineRow, LineRow.id == ReturnLineRow.line_id)
        theirs = line.where(ReturnLineRow.return_id == ReturnRow.id, LineRow.supplier_id == supplier_id)
        wanted = wanted.where(theirs.exists())
    if before is not None:
        wanted = wanted.where(ReturnRow.id < before)
    rows = (await session.execute(wanted.order_by(ReturnRow.id.desc()).limit(limit))).all()
    if not rows:
        return []
    lines = (
        select(ReturnLineRow, LineRow)
        .join(LineRow, LineRow.id == ReturnLineRow.line_id)
        .where(ReturnLineRow.return_id.in_([row.id for row, _, _, _ in rows]))
        .order_by(ReturnLineRow.return_id, LineRow.line_no)
    )
    if supplier_id is not None:
        lines = lines.where(LineRow.supplier_id == supplier_id)
    by_return: dict[UUID, list[ReturnLine]] = {}
    for row, of in await session.execute(lines):
        by_return.setdefault(row.return_id, []).append(_return_line(row, of))
    return [
        _return(row, po_no, partner_name, receipt_no, by_return.get(row.id, []))
        for row, po_no, partner_name, receipt_no in rows
    ]


def _return_line(row: ReturnLineRow, of: LineRow) -> ReturnLine:
    return ReturnLine(
        id=row.id,
        receipt_line_id=row.receipt_line_id,
        line_id=row.line_id,
        line_no=of.line_no,
        sku=of.sku,
        name=of.name,
        supplier_id=of.supplier_id,
        units=row.units,
        sellable_units=row.sellable_units,
        unit_price_fen=row.unit_price_fen,
        amount_fen=row.amount_fen,
        lot_code=row.lot_code,
    )


def _return(row: ReturnRow, po_no: str, partner_name: str, receipt_no: str, lines: Sequence[ReturnLine]) -> Return:
    return Return(
        id=row.id,
        po_id=row.po_id,
        po_no=po_no,
        partner_id=row.partner_id,
        partner_name=partner_name,
        return_no=row.return_no,
        receipt_no=receipt_no,
        reason=ReturnReason(row.reason),
        agreed=row.agreed,
        freight_payer=FreightPayer(row.freight_payer),
        returned_at=row.returned_at,
        returned_on=row.returned_on,
        amount_fen=sum(line.amount_fen for line in lines),
        lines=tuple(lines),
    )


def _consents() -> Select[ConsentRow, str, int, str, str, int]:
    used = (
        select(func.coalesce(func.sum(ReturnLineRow.units), 0))
        .where(ReturnLineRow.consent_id == ConsentRow.id)
        .scalar_subquery()
    )
    return (
        select(ConsentRow, PurchaseOrderRow.po_no, LineRow.line_no, LineRow.sku, LineRow.name, used)
        .join(PurchaseOrderRow, PurchaseOrderRow.id == ConsentRow.po_id)
        .join(LineRow, LineRow.id == ConsentRow.line_id)
    )


async def consents(
    session: AsyncSession,
    *,
    po_id: UUID | None = None,
    partner_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 500,
) -> list[Consent]:
    """Consents to return, the newest first, with how much of each is used up."""
    wanted = _consents()
    if po_id is not None:
        wanted = wanted.where(ConsentRow.po_id == po_id)
    if partner_id is not None:
        wanted = wanted.where(ConsentRow.partner_id == partner_id)
    if before is not None:
        wanted = wanted.where(ConsentRow.id < before)
    rows = await session.execute(wanted.order_by(ConsentRow.id.desc()).limit(limit))
    return [_consent(row, po_no, line_no, sku, name, used) for row, po_no, line_no, sku, name, used in rows]


def _consent(row: ConsentRow, po_no: str, line_no: int, sku: str, name: str, used: int) -> Consent:
    return Consent(
        id=row.id,
        partner_id=row.partner_id,
        po_id=row.po_id,
        po_no=po_no,
        line_id=row.line_id,
        line_no=line_no,
        sku=sku,
        name=name,
        reason=ReturnReason(row.reason),
        units=row.units,
        used_units=int(used),
        lot_code=row.lot_code,
        until_on=row.until_on,
        note=row.note,
        given_at=row.given_at,
    )


async def lines_with_lot(session: AsyncSession, lot_id: UUID) -> list[tuple[PurchaseOrderRow, LineRow, int]]:
    """The lines for which pieces of a lot were sent that partners have or will have, with how many were sent."""
    sent = (
        select(DeliveryLineRow.line_id, func.sum(DeliveryLineRow.units).label("units"))
        .where(DeliveryLineRow.lot_id == lot_id)
        .group_by(DeliveryLineRow.line_id)
        .subquery()
    )
    on_the_road = PurchaseOrderRow.status.in_(OPEN) & (LineRow.shipped_units > LineRow.delivered_units)
    wanted = (
        select(PurchaseOrderRow, LineRow, sent.c.units)
        .join(LineRow, LineRow.po_id == PurchaseOrderRow.id)
        .join(sent, sent.c.line_id == LineRow.id)
        .where((LineRow.received_units > LineRow.returned_units) | on_the_road)
        .order_by(LineRow.id)
    )
    return [(po, line, int(units)) for po, line, units in await session.execute(wanted)]
