"""A buyer's orders: look, pay, cancel, confirm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import segno
from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import claims, orders, payments, recalls, reviews
from app.core.errors import NotFound
from app.core.web import Edge, Now, ReadSession, TheEdge, edge_of, last_seen, next_cursor
from app.orders import Status
from app.pages.guards import Customer, Posted, Visit
from app.pages.routes.frame import PageRoute, go, once, show
from app.pages.schemas import Done
from app.payments import PaymentStatus, Provider

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 10
_MOST_CLAIMS = 20


@router.get("/orders")
async def list_orders(
    visit: Customer, session: ReadSession, now: Now, cursor: Annotated[str, Query(max_length=512)] = ""
) -> Response:
    """The buyer's orders, newest first."""
    before = last_seen("page:orders", cursor)
    found = await orders.page(session, by=visit.buyer, before=before, limit=_ON_A_PAGE + 1)
    shown = found[:_ON_A_PAGE]
    following = next_cursor("page:orders", found, _ON_A_PAGE)
    return show(visit, "orders.html", orders=shown, following=following, now=now)


@router.get("/orders/{order_id}")
async def show_order(visit: Customer, order_id: UUID, session: ReadSession, now: Now) -> Response:
    """One order with its parcels; made to be printed too."""
    return await _order_page(visit, order_id, session, now)


@router.post("/orders/{order_id}/cancel")
async def cancel_order(visit: Customer, order_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """The stock goes back, and the money if there was any."""

    async def work(session: AsyncSession) -> Done:
        await orders.cancel(session, order_id, by=visit.buyer, reason=form["reason"] or "buyer cancelled", now=now)
        return Done(id=order_id)

    return await _then_order(visit, order_id, edge, now, await once(visit, form, work))


@router.post("/orders/{order_id}/confirm")
async def confirm_order(visit: Customer, order_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """The goods are here."""

    async def work(session: AsyncSession) -> Done:
        await orders.confirm(session, order_id, by=visit.buyer, now=now)
        return Done(id=order_id)

    return await _then_order(visit, order_id, edge, now, await once(visit, form, work))


@router.post("/orders/{order_id}/pay")
async def start_payment(visit: Customer, order_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Choose how to pay; the next page shows what to scan."""
    chosen = next((known for known in Provider if known.value == form["provider"]), Provider.SANDBOX)

    async def work(session: AsyncSession) -> Done:
        payment = await orders.start_payment(
            session, order_id, provider=chosen, by=visit.buyer, settings=edge.settings, now=now
        )
        return Done(id=payment.id)

    payment_id, refused = await once(visit, form, work)
    if payment_id is None:
        return await _then_order(visit, order_id, edge, now, (None, refused))
    return go(f"/orders/{order_id}/pay/{payment_id}")


@router.get("/orders/{order_id}/pay/{payment_id}")
async def show_payment(visit: Customer, order_id: UUID, payment_id: UUID, session: ReadSession, now: Now) -> Response:
    """The code to scan or the account to transfer to, and after that the good news."""
    order = await orders.view(session, order_id, by=visit.buyer)
    payment = await payments.get(session, payment_id)
    if payment.reference != order.id:
        raise payments.PaymentNotFound
    paid = order.status not in (Status.PENDING_PAYMENT, Status.EXPIRED, Status.CANCELLED)
    return payment_page(
        visit, payment, f"/orders/{order_id}", order.number, paid=paid, expires_at=order.expires_at, now=now
    )


def payment_page(
    visit: Visit,
    payment: payments.Payment,
    back: str,
    number: str,
    *,
    paid: bool,
    expires_at: datetime,
    now: datetime,
) -> Response:
    """How to pay what ``back`` leads to, until it is paid or closed."""
    open_ = not paid and payment.status is PaymentStatus.PENDING and expires_at > now
    code = segno.make(payment.code_url, error="m").svg_inline(scale=6, border=2) if payment.code_url else None
    bank = edge_of(visit.request).settings.bank
    return show(
        visit,
        "pay.html",
        back=back,
        number=number,
        expires_at=expires_at,
        payment=payment,
        paid=paid,
        open=open_,
        code=code,
        bank=bank,
        pay_by=payment.pay_by,
        now=now,
    )


@router.post("/orders/{order_id}/pay/{payment_id}/sandbox")
async def pay_in_sandbox(
    visit: Customer, order_id: UUID, payment_id: UUID, _form: Posted, edge: TheEdge, now: Now
) -> Response:
    """Play the buyer's phone: the result arrives by the provider's signed notification, as in life."""
    if not edge.settings.payments.sandbox:
        raise NotFound
    async with edge.db.write() as session:
        await orders.view(session, order_id, by=visit.buyer)
        await payments.pay_in_sandbox(session, payment_id, now=now)
    return go(f"/orders/{order_id}/pay/{payment_id}?wait=1")


async def _then_order(
    visit: Visit,
    order_id: UUID,
    edge: Edge,
    now: datetime,
    outcome: tuple[UUID | None, dict[str, Any] | None],
) -> Response:
    """Back to the order, which says what it was refused with, if it was."""
    _, refused = outcome
    if refused is None:
        return go(f"/orders/{order_id}")
    async with edge.db.read() as session:
        return await _order_page(visit, order_id, session, now, refused)


async def _order_page(
    visit: Visit, order_id: UUID, session: AsyncSession, now: datetime, refused: dict[str, Any] | None = None
) -> Response:
    order = await orders.view(session, order_id, by=visit.buyer)
    settings = edge_of(visit.request).settings
    received = _received(order, now - timedelta(days=settings.reviews.within_days))
    reviewed = await reviews.reviewed(session, [line.id for line in order.lines])
    return show(
        visit,
        "order.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        order=order,
        refunds=await orders.refunds_of(session, order_id),
        claims=await claims.page(
            session, buyer_id=visit.buyer.account_id, order_id=order_id, limit=_MOST_CLAIMS, now=now
        ),
        notices=await recalls.notices(session, order_id, by=visit.buyer),
        reviewed=reviewed,
        reviewable=received - reviewed,
        transfers=settings.bank.on,
        now=now,
    )


def _received(order: orders.OrderView, since: datetime) -> set[UUID]:
    """The lines of which anything has arrived, not before ``since``."""
    arrived = {
        part.id for part in order.supplier_orders if part.delivered_at is not None and part.delivered_at >= since
    }
    return {line.id for line in order.lines if line.shipped_quantity and line.supplier_order_id in arrived}
