"""The verbs of the orders module, one file for each part of an order's life."""

from app.orders.service.bulk import (
    BulkPlacement,
    check_roster,
    forget_rosters,
    keep_roster,
    place_bulk,
    start_bulk_payment,
)
from app.orders.service.cart import claim, empty_cart, expire_carts, open_cart, put_item, show_cart
from app.orders.service.close import break_promise, cancel, cancel_pieces, expire_due
from app.orders.service.complain import claim_basis, hold_confirmation, release_confirmation
from app.orders.service.fulfil import confirm, confirm_due, deliver, receive_parcels, ship
from app.orders.service.leave import close_account
from app.orders.service.pay import receive_payments, start_payment
from app.orders.service.place import Placement, Quoted, place, quote
from app.orders.service.refund import note_failure, note_retry, refund_lines, settle_refund
from app.orders.service.roster import read_roster, template
from app.orders.service.sheet import read_parcels, send, shipping_sheet
from app.orders.service.weigh import weigh

__all__ = [
    "BulkPlacement",
    "Placement",
    "Quoted",
    "break_promise",
    "cancel",
    "cancel_pieces",
    "check_roster",
    "claim",
    "claim_basis",
    "close_account",
    "confirm",
    "confirm_due",
    "deliver",
    "empty_cart",
    "expire_carts",
    "expire_due",
    "forget_rosters",
    "hold_confirmation",
    "keep_roster",
    "note_failure",
    "note_retry",
    "open_cart",
    "place",
    "place_bulk",
    "put_item",
    "quote",
    "read_parcels",
    "read_roster",
    "receive_parcels",
    "receive_payments",
    "refund_lines",
    "release_confirmation",
    "send",
    "settle_refund",
    "ship",
    "shipping_sheet",
    "show_cart",
    "start_bulk_payment",
    "start_payment",
    "template",
    "weigh",
]
