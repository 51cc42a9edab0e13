"""From facts of the house to messages for others. No personal data leaves: ids, numbers, codes and amounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance, catalogue, orders, wholesale
from app.fulfilment import ShipmentDispatched
from app.inventory import StockLow, StockRanOut
from app.webhooks import queries, service
from app.webhooks.rules import Event, Occurrence


async def on_order_paid(session: AsyncSession, fact: orders.OrderPaid, now: datetime) -> None:
    """The marketplace hears of the order, each supplier of its own part of it."""
    if not (
        await queries.anybody(session, Event.ORDER_PAID) or await queries.anybody(session, Event.SUPPLIER_ORDER_TO_SHIP)
    ):
        return
    order = await orders.view(session, fact.order_id, by=None)
    data = {"order_id": str(order.id), "number": order.number, "total_fen": order.total_fen}
    await service.tell(session, Occurrence(Event.ORDER_PAID, order.id, data, fact.at), now=now)
    for part in order.supplier_orders:
        own = {
            "supplier_order_id": str(part.id),
            "number": order.number,
            "supplier_id": str(part.supplier_id),
            "amount_fen": part.amount_fen,
            "lines": [
                {"line_id": str(line.id), "sku": line.sku, "quantity": line.quantity}
                for line in order.lines
                if line.supplier_order_id == part.id
            ],
        }
        heard = Occurrence(Event.SUPPLIER_ORDER_TO_SHIP, part.id, own, fact.at, frozenset({part.supplier_id}))
        await service.tell(session, heard, now=now)


async def on_order_cancelled(session: AsyncSession, fact: orders.OrderCancelled, now: datetime) -> None:
    """The marketplace hears of the whole order; what of it concerns a supplier, that one hears by its lines."""
    if not await queries.anybody(session, Event.ORDER_CANCELLED):
        return
    order = await orders.view(session, fact.order_id, by=None)
    data = {"order_id": str(order.id), "number": order.number, "paid": order.paid_at is not None}
    await service.tell(session, Occurrence(Event.ORDER_CANCELLED, order.id, data, fact.at), now=now)


async def on_lines_cancelled(session: AsyncSession, fact: orders.LinesCancelled, now: datetime) -> None:
    """Pieces that its supplier was told to send are not wanted, or cannot be sent, any more."""
    if not await queries.anybody(session, Event.ORDER_CANCELLED):
        return
    order = await orders.view(session, fact.order_id, by=None)
    owners = frozenset(part.supplier_id for part in order.supplier_orders if part.id == fact.supplier_order_id)
    data = {
        "order_id": str(order.id),
        "number": order.number,
        "supplier_order_id": str(fact.supplier_order_id),
        "lines": [line.model_dump(mode="json") for line in fact.lines],
    }
    heard = Occurrence(Event.ORDER_CANCELLED, fact.supplier_order_id, data, fact.at, owners)
    await service.tell(session, heard, now=now)


async def on_shipment_dispatched(session: AsyncSession, fact: ShipmentDispatched, now: datetime) -> None:
    """A parcel left. ``reference`` is what it was sent for: a supplier order, or what followed from one."""
    data = {
        "shipment_id": str(fact.shipment_id),
        "reference": str(fact.reference),
        "carrier": fact.carrier,
        "tracking_number": fact.tracking_number,
    }
    owners = frozenset({fact.supplier_id})
    await service.tell(session, Occurrence(Event.SHIPMENT_CREATED, fact.shipment_id, data, fact.at, owners), now=now)


async def on_stock_low(session: AsyncSession, fact: StockLow | StockRanOut, now: datetime) -> None:
    """Few are left, or none."""
    if not await queries.anybody(session, Event.INVENTORY_LOW):
        return
    offer = (await catalogue.offers(session, [fact.sku])).get(fact.sku)
    owners = frozenset({offer.supplier_id} if offer is not None else ())
    data = {"sku": fact.sku, "available": fact.available if isinstance(fact, StockLow) else 0}
    await service.tell(session, Occurrence(Event.INVENTORY_LOW, fact.subject, data, fact.at, owners), now=now)


async def on_lines_refunded(session: AsyncSession, fact: orders.LinesRefunded, now: datetime) -> None:
    """Money has gone back to a buyer."""
    if not await queries.anybody(session, Event.REFUND_SUCCEEDED):
        return
    order = await orders.view(session, fact.order_id, by=None)
    owners = frozenset(part.supplier_id for part in order.supplier_orders if part.id == fact.supplier_order_id)
    data = {
        "refund_id": str(fact.refund_id),
        "order_id": str(fact.order_id),
        "number": order.number,
        "supplier_order_id": str(fact.supplier_order_id),
        "lines": [line.model_dump(mode="json") for line in fact.lines],
    }
    heard = Occurrence(Event.REFUND_SUCCEEDED, fact.supplier_order_id, data, fact.at, owners)
    await service.tell(session, heard, now=now)


async def on_goods_received(session: AsyncSession, fact: wholesale.GoodsReceived, now: datetime) -> None:
    """The partner and the marketplace hear of the whole receipt, each supplier of its own lines.

    A line with ``too_little`` is one of which the partner's buying department is to be told.
    """
    event = Event.PURCHASE_ORDER_RECEIVED
    if not await queries.anybody(session, event):
        return
    whole = _receipt(fact, fact.lines)
    await service.tell(session, Occurrence(event, fact.po_id, whole, fact.at, frozenset({fact.partner_id})), now=now)
    for supplier_id in sorted({line.supplier_id for line in fact.lines}):
        own = _receipt(fact, [line for line in fact.lines if line.supplier_id == supplier_id])
        part = Occurrence(event, fact.po_id, own, fact.at, frozenset({supplier_id}), part=True)
        await service.tell(session, part, now=now)


async def on_goal_reached(session: AsyncSession, fact: assistance.GoalReached, now: datetime) -> None:
    """The marketplace hears that a goal of the two counties is reached; target and actual in the goal's unit."""
    data = fact.model_dump(
        mode="json", include={"code", "version", "starts_on", "ends_on", "metric", "target", "actual"}
    )
    data |= {"goal_id": str(fact.goal_id), "name": fact.goal_name}
    await service.tell(session, Occurrence(Event.GOAL_REACHED, fact.goal_id, data, fact.at), now=now)


def _receipt(fact: wholesale.GoodsReceived, lines: Sequence[wholesale.ReceivedLine]) -> dict[str, Any]:
    told = {"line_no", "sku", "delivered_units", "received_units", "rejected_units", "short_units", "too_little"}
    return {
        "receipt_id": str(fact.receipt_id),
        "receipt_no": fact.receipt_no,
        "purchase_order_id": str(fact.po_id),
        "po_no": fact.po_no,
        "partner_id": str(fact.partner_id),
        "received_at": fact.received_at.isoformat(),
        "payable_fen": sum(line.net_fen for line in lines),
        "lines": [
            {**line.model_dump(mode="json", include=told), "paid_units": line.quantity, "payable_fen": line.net_fen}
            for line in lines
        ],
    }
