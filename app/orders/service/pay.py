"""Money for an order: ask for it, and act on its arrival, in whatever state it finds the order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app import payments
from app.core.settings import Settings
from app.identity import Actor
from app.orders.lifecycle import Status, derive
from app.orders.queries.locked import lock, lock_unpaid
from app.orders.rules import OrderNotPayable
from app.orders.rules.bulk import PaidAsOne
from app.orders.rules.invoices import InvoiceWish
from app.orders.service.bulk import pay, receive_bulk_payment, wait_until, waits
from app.orders.service.save import save


async def start_payment(
    session: AsyncSession, order_id: UUID, *, provider: payments.Provider, by: Actor, settings: Settings, now: datetime
) -> payments.Payment:
    """Ask the buyer's provider for the order's total. For a transfer the goods are kept longer (handbook §6.4).

    Raises ``NotFound``, ``OrderNotPayable``, ``PaidAsOne``, ``ProviderNotAvailable``, ``TooManyTransfers``.
    """
    order = await lock(session, order_id, by=by)
    if order.bulk_id is not None:
        raise PaidAsOne
    status = derive(Status(part.status) for part in order.parts)
    if status is not Status.PENDING_PAYMENT or order.expires_at <= now:
        shown = Status.EXPIRED if status is Status.PENDING_PAYMENT else status
        raise OrderNotPayable(status=shown.value)
    payment = await payments.request(
        session,
        provider=provider,
        reference=order.id,
        payer_id=by.account_id,
        amount_fen=order.total_fen,
        description=f"保靖好物 {order.number}",
        payer_name=InvoiceWish.opened(order.invoice_sealed).title if order.invoice_sealed is not None else None,
        terms=settings.bank.terms(organisation=order.organisation_id is not None),
        settings=settings,
        now=now,
    )
    if payment.pay_by is not None:
        wait_until(payment.pay_by, order)
        await save(session, order)
    return payment


async def receive_payments(
    session: AsyncSession, arrived: Sequence[payments.PaymentCaptured], *, now: datetime
) -> None:
    """Money arrived. Orders that still wait are paid; money that nobody waits for goes straight back.

    Late money (the order expired or was cancelled) and a second payment are refunded in full: an order is never paid
    twice, and stock that was given away is not sold again.
    """
    since = min(captured.at for captured in arrived)
    references = [captured.reference for captured in arrived]
    orders = {order.id: order for order in await lock_unpaid(session, references, since=since)}
    others = []
    for captured in arrived:
        order = orders.get(captured.reference)
        if order is not None and order.payment_id is None and waits(order):
            pay(session, order, captured)
        else:
            others.append((order, captured))
    await save(session, *orders.values())
    for order, captured in others:
        if order is None:
            await receive_bulk_payment(session, captured, now=now)
        elif order.payment_id != captured.payment_id:
            await payments.request_refund(
                session,
                payment_id=captured.payment_id,
                amount_fen=captured.amount_fen,
                reference=uuid5(NAMESPACE_URL, f"late-payment/{captured.payment_id}"),
                reason="订单已关闭或已支付，款项退回 / the order was closed or paid already",
                now=now,
            )
