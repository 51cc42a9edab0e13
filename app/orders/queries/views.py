"""How orders are put together as values, any number of them by a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import payments
from app.buyers import open_address
from app.fulfilment import Shipment, shipments_of
from app.inventory import waiting_for
from app.orders.lifecycle import Status
from app.orders.models import Order, OrderLine, Refund, SupplierOrder
from app.orders.queries.weights import corrections_of
from app.orders.rules import LineView, OrderView, ParcelView, SupplierOrderView, ships_by

ORDER = (
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

PART = (
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

LINES = (
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
        OrderLine.net_weight_g,
        SupplierOrder.ship_by.label("part_ship_by"),
        SupplierOrder.paid_at,
    )
    .join(SupplierOrder, SupplierOrder.id == OrderLine.supplier_order_id)
    .order_by(OrderLine.order_id, OrderLine.position)
)


async def views_of(session: AsyncSession, wanted: Select[*tuple[Any, ...]]) -> list[OrderView]:
    """The orders that ``wanted``, a selection of ``ORDER``, finds; in its order."""
    orders = (await session.execute(wanted)).all()
    order_ids = [row.id for row in orders]
    parts: defaultdict[UUID, list[SupplierOrderView]] = defaultdict(list)
    part_rows = await session.execute(
        select(*PART).where(SupplierOrder.order_id.in_(order_ids)).order_by(SupplierOrder.id)
    )
    for row in part_rows:
        parts[row.order_id].append(part_view(row))
    of_order = {part.id: order_id for order_id, found in parts.items() for part in found}
    lines: defaultdict[UUID, list[LineView]] = defaultdict(list)
    for line in await lines_of(session, LINES.where(OrderLine.order_id.in_(order_ids))):
        lines[of_order[line.supplier_order_id]].append(line)
    shipments = await parcels_of(session, [part.id for found in parts.values() for part in found])
    weights = await corrections_of(session, list(of_order))
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
            weights=tuple(one for one in weights if of_order[one.supplier_order_id] == row.id),
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


async def parcels_of(session: AsyncSession, part_ids: Sequence[UUID]) -> defaultdict[UUID, list[ParcelView]]:
    """The parcels of supplier orders, by supplier order."""
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


def part_view(row: Row[*tuple[Any, ...]]) -> SupplierOrderView:
    """A row of ``PART`` as a value."""
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


async def lines_of(session: AsyncSession, wanted: Select[*tuple[Any, ...]]) -> list[LineView]:
    """The lines that ``wanted``, made of ``LINES``, finds, with what each waits for."""
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
        net_weight_g=row.net_weight_g,
    )
