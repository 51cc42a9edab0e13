"""Asking for invoices, completing them when they may be drawn, taking back what was refunded.

Every use case locks the order first (``orders.lock_invoiceable``), so completion, refunds and requests of one order
come one after the other, and each settled refund is deducted from a blue invoice or taken back by a red one, once.
What hears a fact looks without the lock first: whoever asked before the cause of the fact had the lock before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import orders, suppliers
from app.core.clock import local_day
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.invoicing import queries
from app.invoicing.events import DrawingOrdered, InvoiceIssued
from app.invoicing.lifecycle import InvoiceStepNotAllowed, Status, Step
from app.invoicing.models import InvoiceRow
from app.invoicing.rules import (
    FREIGHT,
    Buyer,
    Colour,
    Invoice,
    InvoiceExists,
    Item,
    NotCurrent,
    NotInvoiceable,
    Reason,
    from_json,
    taken_back,
    to_json,
)
from app.invoicing.rules.tax import Seller, Sold, items_of
from app.orders import AskedInvoice, Invoiceable, InvoiceWish

_ENDED = (orders.Status.PENDING_PAYMENT, orders.Status.CANCELLED, orders.Status.EXPIRED, orders.Status.REFUNDED)


async def ask(
    session: AsyncSession, order_id: UUID, asked: AskedInvoice, *, by: Actor, after_payment: bool, now: datetime
) -> list[Invoice]:
    """Ask for an invoice of every supplier of the order that has none yet.

    Each is drawn as soon as its supplier order is completed (``after_payment``: as soon as it is paid).
    Raises ``NotFound``, ``InvalidInput``, ``SpecialNeedsUscc``, ``NotInvoiceable``, ``InvoiceExists``.
    """
    found = await orders.lock_invoiceable(session, order_id, by=by)
    wish = asked.wish(await orders.invoice_details(session, found[0].organisation_id, by=by))
    parts = [part for part in found if part.status not in _ENDED and (_left(part) or _freight(part))]
    if not parts:
        raise NotInvoiceable
    taken = {row.supplier_order_id for row in await queries.of_parts(session, _ids(parts)) if row.current}
    free = [part for part in parts if part.supplier_order_id not in taken]
    if not free:
        raise InvoiceExists
    rows = [await _request(session, part, wish, after_payment=after_payment, now=now) for part in free]
    await session.flush()
    return [queries.view(row) for row in rows]


async def wanted(session: AsyncSession, order_ids: Collection[UUID]) -> set[UUID]:
    """For which of these orders an invoice was asked for, with the order or since: few, found in two statements."""
    return await queries.asked(session, order_ids) | await orders.wanting_invoice(session, order_ids)


async def draw_for(
    session: AsyncSession, order_id: UUID, supplier_order_id: UUID | None, *, after_payment: bool, now: datetime
) -> None:
    """The goods are accepted (or paid): draw what was asked for with the order or since."""
    parts = [
        part
        for part in await orders.lock_invoiceable(session, order_id)
        if supplier_order_id in (None, part.supplier_order_id) and part.status not in _ENDED
    ]
    rows = {row.supplier_order_id: row for row in await queries.of_parts(session, _ids(parts)) if row.current}
    for part in parts:
        row = rows.get(part.supplier_order_id)
        if row is None and part.wish is not None:
            await _request(session, part, part.wish, after_payment=after_payment, now=now)
        elif row is not None and row.status == Status.REQUESTED:
            await _draw(session, row, part, now=now)
    await session.flush()


async def cancel_requests(session: AsyncSession, order_id: UUID) -> None:
    """The order, or a part of it, ended before its invoices were due."""
    if not await queries.asked(session, [order_id]):
        return
    parts = [part for part in await orders.lock_invoiceable(session, order_id) if part.status in _ENDED]
    for row in await queries.of_parts(session, _ids(parts)):
        if row.status == Status.REQUESTED:
            row.take(Step.CANCEL)
    await session.flush()


async def take_back(
    session: AsyncSession, order_id: UUID, supplier_order_id: UUID, refund_id: UUID, *, now: datetime
) -> None:
    """Money went back: a red invoice for it, unless the blue one was drawn without it or not at all yet."""
    if not await queries.asked(session, [order_id]):
        return
    part = await _part(session, order_id, supplier_order_id)
    rows = await queries.of_parts(session, [supplier_order_id])
    blue = next((row for row in rows if row.current), None)
    if blue is None or blue.status not in (Status.DRAWING, Status.ISSUED):
        return  # whatever is drawn later will deduct it
    if refund_id in blue.netted or any(row.refund_id == refund_id for row in rows):
        return
    refund = next(refund for refund in part.refunds if refund.id == refund_id)
    gone = queries.reversed_of(blue.id, rows)
    wanted = [(str(line.line_id), line.amount_fen, line.quantity) for line in refund.lines]
    if refund.freight_fen:
        wanted.append((FREIGHT, refund.freight_fen, 0))
    items = {item.key: item for item in from_json(blue.items)}
    red = [
        back
        for key, fen, quantity in wanted
        if key in items and (back := taken_back(items[key], fen, quantity, gone[key])) is not None
    ]
    if red:
        _red(session, blue, red, reason=Reason.REFUND, refund_id=refund_id, now=now)
    await session.flush()


async def reissue(session: AsyncSession, invoice_id: UUID, asked: AskedInvoice, *, by: Actor, now: datetime) -> Invoice:
    """The same sale to another title: the whole of the old invoice is taken back, and a new one drawn.

    One that is not issued yet gets the new title and stays. Raises ``NoSuchInvoice``, ``NotCurrent``,
    ``InvoiceStepNotAllowed`` (it is being drawn at this moment), ``NotInvoiceable`` (all was refunded),
    ``InvalidInput``, ``SpecialNeedsUscc``.
    """
    order_id, supplier_order_id = await queries.order_of(session, invoice_id, buyer_id=by.account_id)
    part = await _part(session, order_id, supplier_order_id)
    wish = asked.wish(await orders.invoice_details(session, part.organisation_id, by=by))
    rows = await queries.of_parts(session, [supplier_order_id])
    row = next(row for row in rows if row.id == invoice_id)
    if not row.current:
        raise NotCurrent
    if row.status == Status.DRAWING:
        raise InvoiceStepNotAllowed(row.status)
    if row.status == Status.ISSUED:
        gone = queries.reversed_of(row.id, rows)
        red = [
            back
            for item in from_json(row.items)
            if (back := taken_back(item, item.total_fen, item.quantity or 0, gone[item.key])) is not None
        ]
        if not red:
            raise NotInvoiceable
        row.current = False
        _red(session, row, red, reason=Reason.REISSUE, refund_id=None, now=now)
        await session.flush()
        row = await _request(session, part, wish, after_payment=True, now=now)
    else:
        row.kind = wish.kind.value
        row.buyer_sealed = queries.seal_buyer(_buyer(wish))
        if row.status == Status.REJECTED:
            await _draw(session, row, part, now=now)
    await session.flush()
    return queries.view(row)


async def draw_again(session: AsyncSession, invoice_id: UUID, *, now: datetime) -> Invoice:
    """What the drawer refused is completed anew and sent again. Raises ``NoSuchInvoice``, ``InvoiceStepNotAllowed``."""
    order_id, supplier_order_id = await queries.order_of(session, invoice_id)
    part = await _part(session, order_id, supplier_order_id)
    row = next(row for row in await queries.of_parts(session, [supplier_order_id]) if row.id == invoice_id)
    if row.status != Status.REJECTED:
        raise InvoiceStepNotAllowed(row.status)
    if row.colour == Colour.BLUE:
        await _draw(session, row, part, now=now)
    else:
        row.take(Step.DRAW)
        emit(session, DrawingOrdered(invoice_id=row.id, supplier_order_id=row.supplier_order_id, at=now))
    await session.flush()
    return queries.view(row)


async def note_issued(session: AsyncSession, invoice_id: UUID, number: str, *, sample: bool, now: datetime) -> None:
    """The drawer gave a number; the same news a second time changes nothing."""
    row = await queries.lock(session, invoice_id)
    if row.status == Status.ISSUED:
        return
    row.take(Step.ISSUE)
    row.number, row.sample, row.issued_at, row.refusal = number, sample, now, None
    emit(
        session,
        InvoiceIssued(invoice_id=row.id, order_id=row.order_id, supplier_order_id=row.supplier_order_id, at=now),
    )
    await session.flush()


async def note_refused(session: AsyncSession, invoice_id: UUID, reason: str) -> None:
    """The drawer will not draw it so: somebody must look."""
    row = await queries.lock(session, invoice_id)
    row.take(Step.REJECT)
    row.refusal = reason[:500]
    await session.flush()


async def _part(session: AsyncSession, order_id: UUID, supplier_order_id: UUID) -> Invoiceable:
    parts = await orders.lock_invoiceable(session, order_id)
    return next(part for part in parts if part.supplier_order_id == supplier_order_id)


async def _request(
    session: AsyncSession, part: Invoiceable, wish: InvoiceWish, *, after_payment: bool, now: datetime
) -> InvoiceRow:
    seller = await suppliers.get(session, part.supplier_id)
    row = InvoiceRow(
        id=new_id(now),
        colour=Colour.BLUE.value,
        kind=wish.kind.value,
        status=Status.REQUESTED.value,
        current=True,
        netted=[],
        order_id=part.order_id,
        order_number=part.order_number,
        supplier_order_id=part.supplier_order_id,
        supplier_id=part.supplier_id,
        buyer_id=part.buyer_id,
        buyer_sealed=queries.seal_buyer(_buyer(wish)),
        seller_name=seller.name,
        seller_uscc=seller.uscc,
        items=[],
        amount_fen=0,
        tax_fen=0,
        total_fen=0,
        remark="",
        sample=False,
        requested_at=now,
    )
    session.add(row)
    if part.status == orders.Status.COMPLETED or after_payment:
        await _draw(session, row, part, now=now)
    return row


def _buyer(wish: InvoiceWish) -> Buyer:
    return Buyer(wish.title, wish.uscc, wish.email, wish.address, wish.phone, wish.bank, wish.account)


async def _draw(session: AsyncSession, row: InvoiceRow, part: Invoiceable, *, now: datetime) -> None:
    """Freeze what is billed and send it to the drawer; nothing left to bill ends the request."""
    card = await suppliers.get(session, part.supplier_id)
    seller = Seller(card.name, card.uscc, card.kind.value, card.taxpayer.value)
    items = items_of(_left(part), _freight(part), seller, local_day(part.paid_at or now))
    if not items:
        row.take(Step.CANCEL)
        return
    own = " 自产农产品销售" if any(item.rate_bp is None for item in items) else ""
    row.take(Step.DRAW)
    row.netted = [refund.id for refund in part.refunds]
    row.remark = f"订单号 {part.order_number}{own}"
    _fill(row, items)
    emit(session, DrawingOrdered(invoice_id=row.id, supplier_order_id=row.supplier_order_id, at=now))


def _red(
    session: AsyncSession,
    blue: InvoiceRow,
    items: Sequence[Item],
    *,
    reason: Reason,
    refund_id: UUID | None,
    now: datetime,
) -> None:
    row = InvoiceRow(
        id=new_id(now),
        colour=Colour.RED.value,
        kind=blue.kind,
        status=Status.DRAWING.value,
        current=False,
        reason=reason.value,
        reverses=blue.id,
        refund_id=refund_id,
        netted=[],
        order_id=blue.order_id,
        order_number=blue.order_number,
        supplier_order_id=blue.supplier_order_id,
        supplier_id=blue.supplier_id,
        buyer_id=blue.buyer_id,
        buyer_sealed=blue.buyer_sealed,
        seller_name=blue.seller_name,
        seller_uscc=blue.seller_uscc,
        remark=blue.remark,
        sample=False,
        requested_at=now,
    )
    _fill(row, items)
    session.add(row)
    emit(session, DrawingOrdered(invoice_id=row.id, supplier_order_id=row.supplier_order_id, at=now))


def _fill(row: InvoiceRow, items: Sequence[Item]) -> None:
    row.items = to_json(items)
    row.amount_fen = sum(item.amount_fen for item in items)
    row.tax_fen = sum(item.tax_fen for item in items)
    row.total_fen = row.amount_fen + row.tax_fen


def _left(part: Invoiceable) -> list[Sold]:
    """What remains of each line after the refunds that have settled."""
    left = []
    for line in part.lines:
        back = [item for refund in part.refunds for item in refund.lines if item.line_id == line.line_id]
        quantity = line.quantity - sum(item.quantity for item in back)
        net = line.amount_fen - sum(item.amount_fen for item in back)
        if net > 0:
            spec = line.name.removeprefix(line.product_name).strip()
            gross = max(net, line.unit_price_fen * quantity)
            left.append(
                Sold(
                    str(line.line_id),
                    line.category,
                    line.product_name,
                    spec,
                    quantity or None,
                    gross,
                    net,
                    line.tax_rate_bp,
                )
            )
    return left


def _freight(part: Invoiceable) -> int:
    """What remains of the freight, in fen."""
    return part.freight_fen - sum(refund.freight_fen for refund in part.refunds)


def _ids(parts: Sequence[Invoiceable]) -> list[UUID]:
    return [part.supplier_order_id for part in parts]
