"""Reactions of orders to what the modules beneath them announce."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.settings import OrderSettings
from app.fulfilment import ShipmentDelivered
from app.inventory import PromiseBroken
from app.orders import queries, service
from app.payments import PaymentCaptured, RefundFailed, RefundRetried, RefundSettled
from app.pricing import COMPARED, PriceChanged, compare


async def on_payments_captured(session: AsyncSession, facts: Sequence[PaymentCaptured], now: datetime) -> None:
    """Money came in under the references of orders."""
    await service.receive_payments(session, facts, now=now)


async def on_price_changed(session: AsyncSession, fact: PriceChanged, now: datetime) -> None:  # noqa: ARG001
    """Tell the pricers for how much the goods were really sold before."""
    dealt = await queries.lowest_deal(session, fact.sku, since=fact.at - COMPARED, until=fact.at)
    await compare(session, fact.sku, start=fact.at, dealt_fen=dealt)


async def on_refund_settled(session: AsyncSession, fact: RefundSettled, now: datetime) -> None:  # noqa: ARG001
    """Money went back under the reference of one of our refunds."""
    await service.settle_refund(session, fact)


async def on_refund_failed(session: AsyncSession, fact: RefundFailed, now: datetime) -> None:  # noqa: ARG001
    """The provider could not pay one of our refunds back."""
    await service.note_failure(session, fact)


async def on_refund_retried(session: AsyncSession, fact: RefundRetried, now: datetime) -> None:  # noqa: ARG001
    """An operator asked the provider again."""
    await service.note_retry(session, fact)


def on_promise_broken(settings: OrderSettings) -> Callable[[AsyncSession, PromiseBroken, datetime], Awaitable[None]]:
    """Goods that were sold ahead did not come: they are paid back."""

    async def handle(session: AsyncSession, fact: PromiseBroken, now: datetime) -> None:
        days = settings.confirm_after_days
        await service.break_promise(session, fact.reference, fact.sku, now=now, confirm_after_days=days)

    return handle


async def on_shipments_delivered(
    session: AsyncSession,
    facts: Sequence[ShipmentDelivered],
    now: datetime,  # noqa: ARG001
    *,
    confirm_after_days: int,
) -> None:
    """The carrier, or the supplier, says that parcels have reached the buyer; some may be none of an order's."""
    await service.receive_parcels(session, [fact.reference for fact in facts], confirm_after_days=confirm_after_days)
