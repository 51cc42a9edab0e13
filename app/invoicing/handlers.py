"""Reactions of invoicing to what orders announces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.invoicing import service
from app.orders import LinesCancelled, LinesRefunded, OrderCancelled, OrderPaid, SupplierOrderCompleted


async def on_supplier_orders_completed(
    session: AsyncSession, facts: Sequence[SupplierOrderCompleted], now: datetime
) -> None:
    """Goods are accepted: their invoices may be drawn. Orders are locked in the order of their ids, as ever."""
    wanted = await service.wanted(session, [fact.order_id for fact in facts])
    for fact in sorted(facts, key=lambda fact: fact.order_id):
        if fact.order_id in wanted:
            await service.draw_for(session, fact.order_id, fact.supplier_order_id, after_payment=False, now=now)


async def on_orders_paid(session: AsyncSession, facts: Sequence[OrderPaid], now: datetime) -> None:
    """The money is here: only where invoices are drawn on payment. Locked in the order of their ids, too."""
    wanted = await service.wanted(session, [fact.order_id for fact in facts])
    for fact in sorted(facts, key=lambda fact: fact.order_id):
        if fact.order_id in wanted:
            await service.draw_for(session, fact.order_id, None, after_payment=True, now=now)


async def on_order_cancelled(session: AsyncSession, fact: OrderCancelled, now: datetime) -> None:  # noqa: ARG001
    """There will be nothing to invoice."""
    await service.cancel_requests(session, fact.order_id)


async def on_lines_cancelled(session: AsyncSession, fact: LinesCancelled, now: datetime) -> None:  # noqa: ARG001
    """Of a supplier order that ended there will be nothing to invoice."""
    await service.cancel_requests(session, fact.order_id)


async def on_lines_refunded(session: AsyncSession, fact: LinesRefunded, now: datetime) -> None:
    """Money went back: so does the tax on it."""
    await service.take_back(session, fact.order_id, fact.supplier_order_id, fact.refund_id, now=now)
