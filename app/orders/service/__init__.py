"""The verbs of the orders module, one file for each part of an order's life."""

from app.orders.service.cart import claim, empty_cart, expire_carts, open_cart, put_item, show_cart
from app.orders.service.claim import claim_basis, hold_confirmation, release_confirmation
from app.orders.service.close import break_promise, cancel, cancel_pieces, expire_due
from app.orders.service.fulfil import confirm, confirm_due, deliver, receive_parcel, ship
from app.orders.service.leave import close_account
from app.orders.service.pay import receive_payment, start_payment
from app.orders.service.place import Placement, place, quote, sold_ahead
from app.orders.service.refund import note_failure, note_retry, refund_lines, settle_refund

__all__ = [
    "Placement",
    "break_promise",
    "cancel",
    "cancel_pieces",
    "claim",
    "claim_basis",
    "close_account",
    "confirm",
    "confirm_due",
    "deliver",
    "empty_cart",
    "expire_carts",
    "expire_due",
    "hold_confirmation",
    "note_failure",
    "note_retry",
    "open_cart",
    "place",
    "put_item",
    "quote",
    "receive_parcel",
    "receive_payment",
    "refund_lines",
    "release_confirmation",
    "settle_refund",
    "ship",
    "show_cart",
    "sold_ahead",
    "start_payment",
]
