"""The verbs of wholesale."""

from app.wholesale.service.answer import Cut, accept, approve, cut, decline, offer, reject
from app.wholesale.service.appointments import (
    book,
    close_dock,
    note_arrival,
    open_dock,
    release_slot,
    reopen_dock,
)
from app.wholesale.service.dispatch import dispatch
from app.wholesale.service.finish import cancel, close_due
from app.wholesale.service.give_back import call_back, consent, give_back
from app.wholesale.service.imports import import_orders, order_form
from app.wholesale.service.place import Placed, place
from app.wholesale.service.receive import receive

__all__ = [
    "Cut",
    "Placed",
    "accept",
    "approve",
    "book",
    "call_back",
    "cancel",
    "close_dock",
    "close_due",
    "consent",
    "cut",
    "decline",
    "dispatch",
    "give_back",
    "import_orders",
    "note_arrival",
    "offer",
    "open_dock",
    "order_form",
    "place",
    "receive",
    "reject",
    "release_slot",
    "reopen_dock",
]
