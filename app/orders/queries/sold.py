"""What was sold, for those who account for it: invoices, and what a purchase did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import Organisation, Purchaser, organisation
from app.core.db import array, ask
from app.core.errors import NotFound
from app.fulfilment import shipments_of
from app.identity import Actor
from app.orders.lifecycle import Status
from app.orders.models import Order, OrderLine, Refund, SupplierOrder
from app.orders.queries.locked import lock
from app.orders.queries.refunds import refund_lines
from app.orders.rules import RefundLine as RefundedPart
from app.orders.rules.invoices import Invoiceable, InvoiceableLine, InvoiceKind, InvoiceWish, SettledRefund
from app.orders.rules.origins import LineOrigin

_WANTING = text("""
SELECT id FROM orders_order WHERE id = ANY(CAST(:order_ids AS uuid[])) AND invoice_sealed IS NOT NULL
""")


async def wanting_invoice(session: AsyncSession, order_ids: Collection[UUID]) -> set[UUID]:
    """Of which orders the buyer asked for an invoice when placing them."""
    return {order_id for (order_id,) in await ask(session, _WANTING, {"order_ids": array(order_ids)})}


def invoice_kept(of: Purchaser | Organisation) -> InvoiceWish:
    """What an organisation told us its invoices should say."""
    kept = of.invoice
    return InvoiceWish(
        InvoiceKind.SPECIAL, kept.title, of.uscc, None, kept.address, kept.phone, kept.bank, kept.account
    )


async def invoice_details(session: AsyncSession, organisation_id: UUID | None, *, by: Actor) -> InvoiceWish | None:
    """What invoices to the organisation that ordered say; None for a person, and for who left the organisation."""
    if organisation_id is None:
        return None
    try:
        return invoice_kept(await organisation(session, organisation_id, by=by))
    except NotFound:
        return None


async def lock_invoiceable(session: AsyncSession, order_id: UUID, *, by: Actor | None = None) -> list[Invoiceable]:
    """The supplier orders of an order as invoices need them, locked, so that no refund of it settles meanwhile.

    ``by`` must be its buyer, or None (us). Raises ``NotFound``.
    """
    order = await lock(session, order_id, by=by)
    lines: defaultdict[UUID, list[InvoiceableLine]] = defaultdict(list)
    for line in order.lines:
        lines[line.supplier_order_id].append(
            InvoiceableLine(
                line.id,
                line.product_name,
                line.name,
                line.category,
                line.quantity,
                line.unit_price_fen,
                line.amount_fen,
                line.tax_rate_bp,
            )
        )
    settled = select(Refund).where(Refund.order_id == order_id, Refund.status == "settled").order_by(Refund.id)
    refunds: defaultdict[UUID, list[SettledRefund]] = defaultdict(list)
    for refund in (await session.scalars(settled.execution_options(populate_existing=True))).all():
        of_lines = tuple(
            RefundedPart(line.line_id, line.amount_fen, line.quantity)
            for line in await refund_lines(session, refund.id)
        )
        refunds[refund.supplier_order_id].append(SettledRefund(refund.id, refund.freight_fen, of_lines))
    return [
        Invoiceable(
            order_id=order.id,
            order_number=order.number,
            buyer_id=order.buyer_id,
            organisation_id=order.organisation_id,
            paid_at=order.paid_at,
            wish=InvoiceWish.opened(order.invoice_sealed) if order.invoice_sealed is not None else None,
            supplier_order_id=part.id,
            supplier_id=part.supplier_id,
            status=Status(part.status),
            freight_fen=part.freight_fen,
            lines=tuple(lines[part.id]),
            refunds=tuple(refunds[part.id]),
        )
        for part in order.parts
    ]


async def origins(session: AsyncSession, order_id: UUID, *, by: Actor) -> list[LineOrigin]:
    """Where the goods of this buyer's order come from, and the lots that were sent. Raises ``NotFound``."""
    wanted = (
        select(Order.number, Order.division_code, Order.ext_832_order_no, SupplierOrder.status, OrderLine)
        .join(SupplierOrder, SupplierOrder.order_id == Order.id)
        .join(OrderLine, OrderLine.supplier_order_id == SupplierOrder.id)
        .where(Order.id == order_id, Order.buyer_id == by.account_id)
        .order_by(OrderLine.position)
    )
    rows = (await session.execute(wanted)).all()
    if not rows:
        raise NotFound
    lots: defaultdict[UUID, dict[str, None]] = defaultdict(dict)
    for parcel in await shipments_of(session, {line.supplier_order_id for *_, line in rows}):
        for sent in parcel.lines:
            if sent.lot_code is not None:
                lots[sent.line_reference][sent.lot_code] = None
    return [
        LineOrigin(
            order_id=order_id,
            order_number=number,
            line_id=line.id,
            sku=line.sku,
            name=line.name,
            status=Status(status),
            supplier_name=line.supplier_name,
            township_code=line.township_code,
            township=line.township,
            village=line.village,
            division_code=division_code,
            assisted=line.assisted,
            self_purchase=line.self_purchase,
            on_832=ext_832_order_no is not None,
            net_fen=line.amount_fen - line.refunded_fen,
            lot_codes=tuple(lots[line.id]),
        )
        for number, division_code, ext_832_order_no, status, line in rows
    ]


async def ids_for(session: AsyncSession, organisation_id: UUID) -> list[UUID]:
    """The ids of every paid order that anybody placed for an organisation."""
    paid = select(Order.id).where(Order.organisation_id == organisation_id, Order.paid_at.is_not(None))
    return list(await session.scalars(paid))


_CALLED = text("""
SELECT number FROM orders_order WHERE number = ANY (:names)
UNION SELECT ext_832_order_no FROM orders_order WHERE ext_832_order_no = ANY (:names) ORDER BY 1
""")


async def called(session: AsyncSession, names: Collection[str]) -> list[str]:
    """Which of these are the number of an order here, or the one that an order has on the 832 platform."""
    return list(await session.scalars(_CALLED, {"names": list(names)}))
