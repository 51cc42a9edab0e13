"""Reactions of invoicing to what orders announces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.invoicing import service
from app.orders import LinesCancelled, LinesRefunded, OrderCancelled, OrderPaid, SupplierOrderCompleted


async def on_supplier_order_completed(session: AsyncSession, fact: SupplierOrderCompleted, now: datetime) -> None:
    """The goods are accepted: their invoice may be drawn."""
    await service.draw_for(session, fact.order_id, fact.supplier_order_id, after_payment=False, now=now)


async def on_order_paid(session: AsyncSession, fact: OrderPaid, now: datetime) -> None:
    """The money is here: only where invoices are drawn on payment."""
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
