"""Webhooks out: what happened here, told to the systems of suppliers, partners and the marketplace.

*Owns* endpoints with their secrets, messages, and the record of every attempt.
*Promises* each message at least once, signed by Standard Webhooks, those of one object to one endpoint in the order of
their ``sequence``; nothing personal in any of them; no connection into a private network.
*Calls* orders and catalogue, to say more than a fact does. *Tells* MessageDue, to its own courier.
"""

from app.webhooks.couriers import HttpSender, send_message
from app.webhooks.events import MessageDue
from app.webhooks.handlers import (
    on_goal_reached,
    on_goods_received,
    on_lines_cancelled,
    on_lines_refunded,
    on_order_cancelled,
    on_order_paid,
    on_shipment_dispatched,
    on_stock_low,
)
from app.webhooks.lifecycle import MessageStatus
from app.webhooks.routes import router
from app.webhooks.rules import Event, NotYetSent, TooManyEndpoints, UnsafeUrl
from app.webhooks.service import forget_old

__all__ = [
    "Event",
    "HttpSender",
    "MessageDue",
    "MessageStatus",
    "NotYetSent",
    "TooManyEndpoints",
    "UnsafeUrl",
    "forget_old",
    "on_goal_reached",
    "on_goods_received",
    "on_lines_cancelled",
    "on_lines_refunded",
    "on_order_cancelled",
    "on_order_paid",
    "on_shipment_dispatched",
    "on_stock_low",
    "router",
    "send_message",
]
