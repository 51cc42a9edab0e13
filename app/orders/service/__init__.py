"""The verbs of the orders module, one file for each part of an order's life."""

from app.orders.service.close import cancel, expire_due
from app.orders.service.fulfil import confirm, confirm_due, deliver, ship
from app.orders.service.pay import receive_payment, start_payment
from app.orders.service.place import Placement, place, quote
from app.orders.service.refund import refund_lines, settle_refund

__all__ = [
    "Placement",
    "cancel",
    "confirm",
    "confirm_due",
    "deliver",
    "expire_due",
    "place",
    "quote",
    "receive_payment",
    "refund_lines",
    "settle_refund",
    "ship",
    "start_payment",
]
