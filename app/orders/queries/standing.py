"""Lines of orders as those who call goods back need them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import mask_name, mask_phone, open_address
from app.core.db import array, ask
from app.orders.lifecycle import Status
from app.orders.models import Order, OrderLine, SupplierOrder
from app.orders.queries.locked import lock
from app.orders.rules.standing import LineStanding

_TO_SEND = OrderLine.quantity - OrderLine.shipped_quantity - OrderLine.cancelled_quantity
_NOT_PAID_BACK = text("""
SELECT id, quantity - refunded_quantity FROM orders_line WHERE id = ANY(CAST(:line_ids AS uuid[]))
""")
_LINES_OF_SKU = text("""
SELECT order_id, id FROM orders_line WHERE order_id = ANY(CAST(:order_ids AS uuid[])) AND sku = :sku
""")


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            OrderLine.id.label("line_id"),
            OrderLine.order_id,
            Order.number.label("order_number"),
            OrderLine.supplier_order_id,
            OrderLine.supplier_id,
            SupplierOrder.status,
            OrderLine.sku,
            OrderLine.quantity,
            _TO_SEND.label("to_send"),
            OrderLine.refunded_quantity,
            OrderLine.amount_fen,
            OrderLine.refunded_fen,
            Order.division_code,
            Order.address_sealed,
        )
        .join(SupplierOrder, SupplierOrder.id == OrderLine.supplier_order_id)
        .join(Order, Order.id == OrderLine.order_id)
    )


async def standing(session: AsyncSession, line_ids: Collection[UUID]) -> dict[UUID, LineStanding]:
    """These lines, as far as there are such."""
    if not line_ids:
        return {}
    rows = await session.execute(_lines().where(OrderLine.id.in_(list(line_ids))))
    return {row.line_id: _value(row) for row in rows}


async def hold_line(session: AsyncSession, line_id: UUID) -> LineStanding:
    """A line whose order stays locked: whoever pays or cancels it has done so, or waits. The line exists."""
    await lock(session, (await session.scalars(select(OrderLine.order_id).where(OrderLine.id == line_id))).one())
    return (await standing(session, [line_id]))[line_id]


async def not_paid_back(session: AsyncSession, line_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many pieces of each of these lines no refund was for, of any number of lines."""
    return {row[0]: row[1] for row in await ask(session, _NOT_PAID_BACK, {"line_ids": array(line_ids)})}


async def lines_of_sku(session: AsyncSession, order_ids: Collection[UUID], sku: str) -> dict[UUID, UUID]:
    """The line of each of these orders that ``sku`` is bought by, of any number of orders; others are left out."""
    rows = await ask(session, _LINES_OF_SKU, {"order_ids": array(order_ids), "sku": sku})
    return {row[0]: row[1] for row in rows}


def _value(row: Row[*tuple[Any, ...]]) -> LineStanding:
    address = open_address(row.address_sealed)
    return LineStanding(
        line_id=row.line_id,
        order_id=row.order_id,
        order_number=row.order_number,
        supplier_order_id=row.supplier_order_id,
        supplier_id=row.supplier_id,
        status=Status(row.status),
        sku=row.sku,
        quantity=row.quantity,
        to_send=row.to_send,
        refunded_quantity=row.refunded_quantity,
        amount_fen=row.amount_fen,
        refunded_fen=row.refunded_fen,
        division_code=row.division_code,
        recipient=mask_name(address.recipient),
        phone=mask_phone(address.phone),
    )
