"""What buyers placed: one by one, page by page, and what is still open of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import Address, open_address, organisation
from app.core.errors import NotFound
from app.fulfilment import Tracking
from app.fulfilment import track as track_parcel
from app.identity import Actor
from app.orders.lifecycle import Status
from app.orders.models import Order, OrderLine, Refund, SupplierOrder
from app.orders.queries.views import ORDER, views_of
from app.orders.rules import OrderView, ReceivedLine


async def lowest_deal(session: AsyncSession, sku: str, *, since: datetime, until: datetime) -> int | None:
    """The lowest price per unit, after discounts, of this SKU in orders that were paid in that time."""
    paid = select(func.min(OrderLine.amount_fen // OrderLine.quantity)).join(Order, Order.id == OrderLine.order_id)
    wanted = paid.where(OrderLine.sku == sku, Order.paid_at >= since, Order.paid_at < until)
    found = (await session.execute(wanted)).scalar_one()
    return None if found is None else int(found)


async def address_of(session: AsyncSession, order_id: UUID) -> Address:
    """Where an order went, for whoever sends something there again. Raises ``NotFound``."""
    sealed = (await session.execute(select(Order.address_sealed).where(Order.id == order_id))).scalar_one_or_none()
    if sealed is None:
        raise NotFound
    return open_address(sealed)


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
    wanted = select(*ORDER).where(Order.id == order_id)
    if by is not None:
        wanted = wanted.where(Order.buyer_id == by.account_id)
    found = await views_of(session, wanted)
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
    wanted = select(*ORDER).where(Order.buyer_id == by.account_id)
    if before is not None:
        wanted = wanted.where(Order.id < before)
    return await views_of(session, wanted.order_by(Order.id.desc()).limit(limit))


async def page_of_organisation(
    session: AsyncSession, organisation_id: UUID, *, by: Actor, before: UUID | None, limit: int
) -> list[OrderView]:
    """Single orders of one of the caller's organisations, whoever placed them, newest first. Raises ``NotFound``.

    Those of a bulk order are found there.
    """
    await organisation(session, organisation_id, by=by)
    wanted = select(*ORDER).where(Order.organisation_id == organisation_id, Order.bulk_id.is_(None))
    if before is not None:
        wanted = wanted.where(Order.id < before)
    return await views_of(session, wanted.order_by(Order.id.desc()).limit(limit))
