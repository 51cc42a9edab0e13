"""Lines of orders as those who call goods back need them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import mask_name, mask_phone, open_address
from app.orders.lifecycle import Status
from app.orders.models import Order, OrderLine, SupplierOrder
from app.orders.rules.standing import LineStanding

_TO_SEND = OrderLine.quantity - OrderLine.shipped_quantity - OrderLine.cancelled_quantity
_WAITING = (Status.PENDING_PAYMENT.value, Status.PAID.value)


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


async def unsent(session: AsyncSession, sku: str) -> list[LineStanding]:
    """The lines of which pieces of ``sku`` are still to be sent, the order that came last first."""
    wanted = _lines().where(OrderLine.sku == sku, _TO_SEND > 0, SupplierOrder.status.in_(_WAITING))
    return [_value(row) for row in await session.execute(wanted.order_by(OrderLine.order_id.desc()))]


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
