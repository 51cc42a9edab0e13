"""What a supplier has to send, and has sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import open_address
from app.orders.lifecycle import Status
from app.orders.models import Order, OrderLine, SupplierOrder
from app.orders.queries.views import LINES, PART, lines_of, parcels_of, part_view
from app.orders.queries.weights import corrections_of
from app.orders.rules import LONG_DUE, LineView, ToShip

_OF_SUPPLIER = select(*PART, Order.number, Order.placed_at, Order.paid_at, Order.note, Order.address_sealed).join(
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
    for line in await lines_of(session, LINES.where(OrderLine.supplier_order_id.in_(part_ids))):
        lines[line.supplier_order_id].append(line)
    shipments = await parcels_of(session, part_ids)
    weights = await corrections_of(session, part_ids)
    return [
        ToShip(
            part=part_view(row),
            number=row.number,
            placed_at=row.placed_at,
            paid_at=row.paid_at,
            note=row.note,
            address=open_address(row.address_sealed),
            lines=tuple(lines[row.id]),
            shipments=tuple(shipments[row.id]),
            weights=tuple(one for one in weights if one.supplier_order_id == row.id),
        )
        for row in rows
    ]
