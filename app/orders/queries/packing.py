"""What a supplier has to pack now, read in one statement."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import open_address
from app.core.db import array, ask
from app.core.errors import NotFound
from app.inventory import waiting_for
from app.orders.lifecycle import Status
from app.orders.models import Order, SupplierOrder
from app.orders.rules import ships_by
from app.orders.rules.packing import MOST_ORDERS, Pack, PackLine

_TO_PACK = text("""
SELECT p.id, o.id, o.number, o.channel, o.address_sealed, p.paid_at,
       l.sku, l.name, l.category, l.supplier_name, l.ship_by, p.ship_by, l.shipped_quantity,
       l.quantity - l.shipped_quantity - l.cancelled_quantity
FROM (SELECT id, order_id, paid_at, ship_by FROM orders_supplier_order
      WHERE supplier_id = :supplier_id AND status = :status
        AND (CAST(:only AS uuid[]) IS NULL OR id = ANY(CAST(:only AS uuid[])))
      ORDER BY coalesce(ship_by, DATE '2000-01-01'), id LIMIT :limit) p
JOIN orders_order o ON o.id = p.order_id
JOIN orders_line l ON l.supplier_order_id = p.id
WHERE l.quantity > l.shipped_quantity + l.cancelled_quantity
ORDER BY coalesce(p.ship_by, DATE '2000-01-01'), p.id, l.position
""")


_NUMBERED = text("""
SELECT o.number, p.id FROM orders_order o JOIN orders_supplier_order p ON p.order_id = o.id
WHERE o.number = ANY(CAST(:numbers AS text[])) AND p.supplier_id = :supplier_id AND p.paid_at IS NOT NULL
""")


async def parts_numbered(session: AsyncSession, supplier_id: UUID, numbers: Collection[str]) -> dict[str, UUID]:
    """The supplier's parts of the paid orders with these numbers; a number of nobody's or another's is left out."""
    rows = await ask(session, _NUMBERED, {"numbers": array(numbers), "supplier_id": supplier_id})
    return {row[0]: row[1] for row in rows}


async def numbers_of(session: AsyncSession, supplier_id: UUID, part_ids: Collection[UUID]) -> dict[UUID, str]:
    """The order numbers of these parts, as far as they are the supplier's."""
    query = select(SupplierOrder.id, Order.number).join(Order, Order.id == SupplierOrder.order_id)
    mine = query.where(SupplierOrder.id.in_(part_ids), SupplierOrder.supplier_id == supplier_id)
    return {row.id: row.number for row in await session.execute(mine)}


async def to_pack(session: AsyncSession, supplier_id: UUID, *, only: Collection[UUID] = ()) -> list[Pack]:
    """A supplier's orders of which something can be sent now, what is due first standing first; or ``only`` these.

    At most ``MOST_ORDERS``. What waits for a harvest is not packed. Raises ``NotFound`` if one of ``only`` is
    another's or has nothing to send.
    """
    rows = await ask(
        session,
        _TO_PACK,
        {
            "supplier_id": supplier_id,
            "status": Status.PAID.value,
            "only": array(set(only)) if only else None,
            "limit": MOST_ORDERS,
        },
    )
    ahead = {row[1] for row in rows if row[10] is not None}
    waiting = await waiting_for(session, list(ahead)) if ahead else {}
    packs: list[Pack] = []
    for _, group in groupby(rows, key=lambda row: row[0]):
        mine = list(group)
        part_id, order_id, number, channel, sealed, paid_at = mine[0][:6]
        lines = []
        for row in mine:
            late = min(waiting.get((order_id, row[6]), 0), row[13])
            lines.append(PackLine(row[6], row[7], row[8], to_send=row[13] - late, shipped=row[12], waiting=late))
        pack = Pack(
            supplier_order_id=part_id,
            number=number,
            channel=channel,
            supplier_name=mine[0][9],
            paid_at=paid_at,
            address=open_address(sealed).masked,
            ship_by=min(
                (day for row in mine if (day := ships_by(row[10], row[11], paid_at)) is not None), default=None
            ),
            lines=tuple(lines),
        )
        if pack.pieces:
            packs.append(pack)
    if set(only) - {pack.supplier_order_id for pack in packs}:
        raise NotFound
    return packs
