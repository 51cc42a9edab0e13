"""Reads and locks of orders. Every list is bounded, every view costs a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, exists, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app import payments
from app.buyers import Address, memberships, open_address, organisation
from app.core.db import ask
from app.core.errors import NotFound
from app.fulfilment import Shipment, Tracking, shipments_of
from app.fulfilment import track as track_parcel
from app.identity import Actor
from app.inventory import waiting_for
from app.orders.lifecycle import Status
from app.orders.models import Bulk, LineDiscount, Order, OrderLine, Refund, RefundLine, SupplierOrder
from app.orders.models.locked import LockedOrder
from app.orders.queries.locked import lock
from app.orders.rules import (
    LONG_DUE,
    CountedBasis,
    LineView,
    OrderView,
    ParcelView,
    ReceivedLine,
    RefundView,
    SupplierOrderView,
    ToShip,
    ships_by,
)
from app.orders.rules.bulk import BulkView

_ORDER = (
    Order.id,
    Order.number,
    Order.buyer_id,
    Order.placed_at,
    Order.expires_at,
    Order.paid_at,
    Order.goods_fen,
    Order.discount_fen,
    Order.freight_fen,
    Order.total_fen,
    Order.note,
    Order.address_sealed,
    Order.organisation_id,
    Order.ext_832_order_no,
    Order.bulk_id,
)
_PART = (
    SupplierOrder.id,
    SupplierOrder.order_id,
    SupplierOrder.supplier_id,
    SupplierOrder.status,
    SupplierOrder.goods_fen,
    SupplierOrder.discount_fen,
    SupplierOrder.freight_fen,
    SupplierOrder.amount_fen,
    SupplierOrder.refunded_fen,
    SupplierOrder.shipped_at,
    SupplierOrder.delivered_at,
    SupplierOrder.completed_at,
    SupplierOrder.ship_by,
)
_LINES = (
    select(
        OrderLine.id,
        OrderLine.order_id,
        OrderLine.supplier_order_id,
        OrderLine.sku,
        OrderLine.name,
        OrderLine.quantity,
        OrderLine.shipped_quantity,
        OrderLine.cancelled_quantity,
        OrderLine.unit_price_fen,
        OrderLine.discount_fen,
        OrderLine.subsidy_fen,
        OrderLine.amount_fen,
        OrderLine.refunded_fen,
        OrderLine.supplier_id,
        OrderLine.ship_by,
        SupplierOrder.ship_by.label("part_ship_by"),
        SupplierOrder.paid_at,
    )
    .join(SupplierOrder, SupplierOrder.id == OrderLine.supplier_order_id)
    .order_by(OrderLine.order_id, OrderLine.position)
)


async def lowest_deal(session: AsyncSession, sku: str, *, since: datetime, until: datetime) -> int | None:
    """The lowest price per unit, after discounts, of this SKU in orders that were paid in that time."""
    paid = select(func.min(OrderLine.amount_fen // OrderLine.quantity)).join(Order, Order.id == OrderLine.order_id)
    wanted = paid.where(OrderLine.sku == sku, Order.paid_at >= since, Order.paid_at < until)
    found = (await session.execute(wanted)).scalar_one()
    return None if found is None else int(found)


_REFUNDED_ORDER = text("SELECT order_id FROM orders_refund WHERE id = :refund_id")


async def refund_by_id(session: AsyncSession, refund_id: UUID) -> tuple[Refund, LockedOrder] | None:
    """The refund and its order, which is locked first; None if it is not one of ours."""
    found = await ask(session, _REFUNDED_ORDER, {"refund_id": refund_id})
    if not found:
        return None
    order = await lock(session, found[0][0])
    return await session.get_one(Refund, refund_id, populate_existing=True), order


async def owes_nothing(session: AsyncSession, supplier_order_id: UUID) -> bool:
    """Whether all the money that was to go back for a supplier order has arrived."""
    waiting = select(Refund.id).where(Refund.supplier_order_id == supplier_order_id, Refund.status != "settled")
    return (await session.execute(waiting.limit(1))).first() is None


async def refund_lines(session: AsyncSession, refund_id: UUID) -> list[RefundLine]:
    """The lines of a refund."""
    return list((await session.execute(select(RefundLine).where(RefundLine.refund_id == refund_id))).scalars())


async def settled_before(session: AsyncSession, line_ids: Sequence[UUID]) -> dict[UUID, CountedBasis]:
    """Quantity and fen of each line that have already gone back to the buyer."""
    wanted = (
        select(RefundLine.line_id, func.sum(RefundLine.quantity), func.sum(RefundLine.amount_fen))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(RefundLine.line_id.in_(line_ids), Refund.status == "settled")
        .group_by(RefundLine.line_id)
    )
    rows = await session.execute(wanted)
    return {line_id: CountedBasis(int(quantity), int(amount)) for line_id, quantity, amount in rows}


async def returned_discounts(session: AsyncSession, order_id: UUID) -> dict[UUID, int]:
    """What of each promotion has come back with the refunds of an order: its share of each line, rounded down."""
    share = LineDiscount.amount_fen * OrderLine.refunded_fen // OrderLine.amount_fen
    wanted = (
        select(LineDiscount.promotion_id, func.sum(share))
        .join(OrderLine, OrderLine.id == LineDiscount.line_id)
        .where(OrderLine.order_id == order_id)
        .group_by(LineDiscount.promotion_id)
    )
    return {promotion_id: int(fen) for promotion_id, fen in await session.execute(wanted)}


async def address_of(session: AsyncSession, order_id: UUID) -> Address:
    """Where an order went, for whoever sends something there again. Raises ``NotFound``."""
    sealed = (await session.execute(select(Order.address_sealed).where(Order.id == order_id))).scalar_one_or_none()
    if sealed is None:
        raise NotFound
    return open_address(sealed)


_PROGRESS = (
    select(Order.bulk_id, SupplierOrder.status, func.count(), func.sum(SupplierOrder.amount_fen))
    .join(Order, Order.id == SupplierOrder.order_id)
    .group_by(Order.bulk_id, SupplierOrder.status)
)


async def bulks(
    session: AsyncSession, *, by: Actor, only: UUID | None = None, before: UUID | None = None, limit: int
) -> list[BulkView]:
    """The bulk orders of the caller and of their organisations, the newest first."""
    mine = await memberships(session, by=by)
    wanted = select(Bulk).where((Bulk.buyer_id == by.account_id) | Bulk.organisation_id.in_(mine))
    if only is not None:
        wanted = wanted.where(Bulk.id == only)
    if before is not None:
        wanted = wanted.where(Bulk.id < before)
    rows = list((await session.execute(wanted.order_by(Bulk.id.desc()).limit(limit))).scalars())
    progress: defaultdict[UUID, dict[Status, int]] = defaultdict(dict)
    to_pay: defaultdict[UUID, int] = defaultdict(int)
    counted = await session.execute(_PROGRESS.where(Order.bulk_id.in_([row.id for row in rows])))
    for bulk_id, status, count, amount in counted:
        if bulk_id is None:
            continue
        progress[bulk_id][Status(status)] = count
        if status == Status.PENDING_PAYMENT:
            to_pay[bulk_id] = int(amount)
    return [
        BulkView(
            id=row.id,
            organisation_id=row.organisation_id,
            recipients=row.recipients,
            total_fen=row.total_fen,
            to_pay_fen=to_pay[row.id],
            placed_at=row.placed_at,
            expires_at=row.expires_at,
            paid_at=row.paid_at,
            progress=progress[row.id],
        )
        for row in rows
    ]


async def bulk(session: AsyncSession, bulk_id: UUID, *, by: Actor) -> BulkView:
    """One bulk order of this buyer or of their organisations. Raises ``NotFound``."""
    found = await bulks(session, by=by, only=bulk_id, limit=1)
    if not found:
        raise NotFound
    return found[0]


async def page_of_bulk(
    session: AsyncSession, bulk_id: UUID, *, by: Actor, after: UUID | None, limit: int
) -> list[OrderView]:
    """The orders of a bulk order of this buyer or of their organisations. Raises ``NotFound``."""
    await bulk(session, bulk_id, by=by)
    wanted = select(*_ORDER).where(Order.bulk_id == bulk_id)
    if after is not None:
        wanted = wanted.where(Order.id > after)
    return await _views(session, wanted.order_by(Order.id).limit(limit))


_OPEN = (
    select(SupplierOrder.id)
    .join(Order, Order.id == SupplierOrder.order_id)
    .where(
        Order.buyer_id == bindparam("buyer_id"),
        SupplierOrder.status.not_in(
            (Status.COMPLETED.value, Status.EXPIRED.value, Status.REFUNDED.value, Status.CANCELLED.value)
        )
        | (SupplierOrder.open_claims > 0)
        | exists().where(Refund.supplier_order_id == SupplierOrder.id, Refund.status != "settled"),
    )
    .limit(1)
)


async def has_open(session: AsyncSession, *, by: Actor) -> bool:
    """Whether goods or money of this buyer are still on their way, or a claim of theirs is open."""
    return (await session.execute(_OPEN, {"buyer_id": by.account_id})).first() is not None


async def view(session: AsyncSession, order_id: UUID, *, by: Actor | None) -> OrderView:
    """One order; ``by`` must be its buyer, or None (us). Raises ``NotFound``."""
    wanted = select(*_ORDER).where(Order.id == order_id)
    if by is not None:
        wanted = wanted.where(Order.buyer_id == by.account_id)
    found = await _views(session, wanted)
    if not found:
        raise NotFound
    return found[0]


async def received_line(session: AsyncSession, line_id: UUID, *, by: Actor) -> ReceivedLine:
    """A line of one of this buyer's orders; where all was cancelled, nothing arrives. Raises ``NotFound``."""
    wanted = (
        select(OrderLine, SupplierOrder.delivered_at, Order.address_sealed)
        .join(SupplierOrder, SupplierOrder.id == OrderLine.supplier_order_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.id == line_id, Order.buyer_id == by.account_id)
    )
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise NotFound
    line, delivered_at, sealed = row
    return ReceivedLine(
        line_id=line.id,
        product_id=line.product_id,
        supplier_id=line.supplier_id,
        sku=line.sku,
        name=line.name,
        recipient=open_address(sealed).recipient,
        received_at=delivered_at if line.shipped_quantity else None,
    )


async def track(session: AsyncSession, order_id: UUID, shipment_id: UUID, *, by: Actor) -> Tracking:
    """A parcel of this buyer's order and its history. Raises ``NotFound``."""
    found = await track_parcel(session, shipment_id)
    own = (
        select(SupplierOrder.id)
        .join(Order, Order.id == SupplierOrder.order_id)
        .where(SupplierOrder.id == found.shipment.reference, Order.id == order_id, Order.buyer_id == by.account_id)
    )
    if (await session.execute(own)).first() is None:
        raise NotFound
    return found


async def page(session: AsyncSession, *, by: Actor, before: UUID | None, limit: int) -> list[OrderView]:
    """A buyer's orders, newest first."""
    wanted = select(*_ORDER).where(Order.buyer_id == by.account_id)
    if before is not None:
        wanted = wanted.where(Order.id < before)
    return await _views(session, wanted.order_by(Order.id.desc()).limit(limit))


async def page_of_organisation(
    session: AsyncSession, organisation_id: UUID, *, by: Actor, before: UUID | None, limit: int
) -> list[OrderView]:
    """Single orders of one of the caller's organisations, whoever placed them, newest first. Raises ``NotFound``.

    Those of a bulk order are found there.
    """
    await organisation(session, organisation_id, by=by)
    wanted = select(*_ORDER).where(Order.organisation_id == organisation_id, Order.bulk_id.is_(None))
    if before is not None:
        wanted = wanted.where(Order.id < before)
    return await _views(session, wanted.order_by(Order.id.desc()).limit(limit))


_OF_SUPPLIER = select(*_PART, Order.number, Order.placed_at, Order.paid_at, Order.note, Order.address_sealed).join(
    Order, Order.id == SupplierOrder.order_id
)
_DUE = func.coalesce(SupplierOrder.ship_by, LONG_DUE)


async def supplier_page(
    session: AsyncSession,
    supplier_id: UUID,
    *,
    statuses: Sequence[Status],
    after: UUID | None,
    limit: int,
    only: UUID | None = None,
) -> list[ToShip]:
    """A supplier's paid orders, oldest first."""
    wanted = _OF_SUPPLIER.where(SupplierOrder.supplier_id == supplier_id, SupplierOrder.paid_at.is_not(None))
    if statuses:
        wanted = wanted.where(SupplierOrder.status.in_([status.value for status in statuses]))
    if only is not None:
        wanted = wanted.where(SupplierOrder.id == only)
    if after is not None:
        wanted = wanted.where(SupplierOrder.id > after)
    return await _to_ship(session, wanted.order_by(SupplierOrder.id).limit(limit))


async def queue(
    session: AsyncSession, supplier_id: UUID, *, after: tuple[date, UUID] | None, limit: int
) -> list[ToShip]:
    """What a supplier has to send: what is due first stands first, of the same day the oldest (``ToShip.place``)."""
    wanted = _OF_SUPPLIER.where(SupplierOrder.supplier_id == supplier_id, SupplierOrder.status == Status.PAID.value)
    if after is not None:
        wanted = wanted.where(tuple_(_DUE, SupplierOrder.id) > tuple_(*after))
    return await _to_ship(session, wanted.order_by(_DUE, SupplierOrder.id).limit(limit))


async def _to_ship(session: AsyncSession, wanted: Select[*tuple[Any, ...]]) -> list[ToShip]:
    rows = (await session.execute(wanted)).all()
    part_ids = [row.id for row in rows]
    lines: defaultdict[UUID, list[LineView]] = defaultdict(list)
    for line in await _lines(session, _LINES.where(OrderLine.supplier_order_id.in_(part_ids))):
        lines[line.supplier_order_id].append(line)
    shipments = await _parcels(session, part_ids)
    return [
        ToShip(
            part=_part(row),
            number=row.number,
            placed_at=row.placed_at,
            paid_at=row.paid_at,
            note=row.note,
            address=open_address(row.address_sealed),
            lines=tuple(lines[row.id]),
            shipments=tuple(shipments[row.id]),
        )
        for row in rows
    ]


async def refunds_of(session: AsyncSession, order_id: UUID) -> list[RefundView]:
    """What was given back, or is on its way, for an order."""
    rows = await session.execute(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id))
    return [refund_view(refund) for refund in rows.scalars()]


def refund_view(refund: Refund) -> RefundView:
    """A refund as a value."""
    return RefundView(
        id=refund.id,
        order_id=refund.order_id,
        supplier_order_id=refund.supplier_order_id,
        status=refund.status,
        amount_fen=refund.amount_fen,
        freight_fen=refund.freight_fen,
        reason=refund.reason,
        requested_at=refund.requested_at,
        settled_at=refund.settled_at,
    )


async def _views(session: AsyncSession, wanted: Select[*tuple[Any, ...]]) -> list[OrderView]:
    orders = (await session.execute(wanted)).all()
    order_ids = [row.id for row in orders]
    parts: defaultdict[UUID, list[SupplierOrderView]] = defaultdict(list)
    part_rows = await session.execute(
        select(*_PART).where(SupplierOrder.order_id.in_(order_ids)).order_by(SupplierOrder.id)
    )
    for row in part_rows:
        parts[row.order_id].append(_part(row))
    of_order = {part.id: order_id for order_id, found in parts.items() for part in found}
    lines: defaultdict[UUID, list[LineView]] = defaultdict(list)
    for line in await _lines(session, _LINES.where(OrderLine.order_id.in_(order_ids))):
        lines[of_order[line.supplier_order_id]].append(line)
    shipments = await _parcels(session, [part.id for found in parts.values() for part in found])
    refunds = await payments.refunds_of(session, order_ids)
    if in_bulk := [row.id for row in orders if row.bulk_id is not None]:
        refunds |= await _refunds_in_bulk(session, in_bulk)
    return [
        OrderView(
            id=row.id,
            number=row.number,
            buyer_id=row.buyer_id,
            placed_at=row.placed_at,
            expires_at=row.expires_at,
            paid_at=row.paid_at,
            goods_fen=row.goods_fen,
            discount_fen=row.discount_fen,
            freight_fen=row.freight_fen,
            total_fen=row.total_fen,
            note=row.note,
            address=open_address(row.address_sealed),
            supplier_orders=tuple(parts[row.id]),
            lines=tuple(lines[row.id]),
            shipments=tuple(parcel for part in parts[row.id] for parcel in shipments[part.id]),
            refunds=tuple(refunds.get(row.id, ())),
            organisation_id=row.organisation_id,
            ext_832_order_no=row.ext_832_order_no,
        )
        for row in orders
    ]


async def _refunds_in_bulk(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, list[payments.Refund]]:
    """The refunds of orders that were paid in one sum with others: that payment names none of them."""
    asked = select(Refund.id, Refund.order_id).where(Refund.order_id.in_(order_ids)).order_by(Refund.id)
    of_order = {row.id: row.order_id for row in await session.execute(asked)}
    refunds = await payments.refunds_by_reference(session, list(of_order))
    found: defaultdict[UUID, list[payments.Refund]] = defaultdict(list)
    for refund_id, order_id in of_order.items():
        found[order_id].append(refunds[refund_id])
    return found


async def _parcels(session: AsyncSession, part_ids: Sequence[UUID]) -> defaultdict[UUID, list[ParcelView]]:
    parcels: defaultdict[UUID, list[ParcelView]] = defaultdict(list)
    for shipment in await shipments_of(session, part_ids):
        parcels[shipment.reference].append(parcel_view(shipment))
    return parcels


def parcel_view(shipment: Shipment) -> ParcelView:
    """A shipment as the order shows it."""
    return ParcelView(
        id=shipment.id,
        supplier_order_id=shipment.reference,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        dispatched_at=shipment.dispatched_at,
        delivered_at=shipment.delivered_at,
        state=shipment.state,
        trouble=shipment.trouble,
        news_at=shipment.news_at,
        news=shipment.news,
    )


def _part(row: Row[*tuple[Any, ...]]) -> SupplierOrderView:
    return SupplierOrderView(
        id=row.id,
        order_id=row.order_id,
        supplier_id=row.supplier_id,
        status=Status(row.status),
        goods_fen=row.goods_fen,
        discount_fen=row.discount_fen,
        freight_fen=row.freight_fen,
        amount_fen=row.amount_fen,
        refunded_fen=row.refunded_fen,
        shipped_at=row.shipped_at,
        delivered_at=row.delivered_at,
        completed_at=row.completed_at,
        ship_by=row.ship_by,
    )


async def _lines(session: AsyncSession, wanted: Select[*tuple[Any, ...]]) -> list[LineView]:
    rows = (await session.execute(wanted)).all()
    ahead = {row.order_id for row in rows if row.ship_by}
    waiting = await waiting_for(session, list(ahead)) if ahead else {}
    return [_line(row, waiting.get((row.order_id, row.sku), 0)) for row in rows]


def _line(row: Row[*tuple[Any, ...]], waiting_quantity: int) -> LineView:
    return LineView(
        id=row.id,
        supplier_order_id=row.supplier_order_id,
        sku=row.sku,
        name=row.name,
        quantity=row.quantity,
        shipped_quantity=row.shipped_quantity,
        cancelled_quantity=row.cancelled_quantity,
        unit_price_fen=row.unit_price_fen,
        discount_fen=row.discount_fen,
        subsidy_fen=row.subsidy_fen,
        amount_fen=row.amount_fen,
        refunded_fen=row.refunded_fen,
        supplier_id=row.supplier_id,
        presale=row.ship_by is not None,
        ship_by=ships_by(row.ship_by, row.part_ship_by, row.paid_at),
        waiting_quantity=waiting_quantity,
    )
