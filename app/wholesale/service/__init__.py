"""The verbs of wholesale."""

from app.wholesale.service.answer import Cut, accept, approve, cut, decline, offer, reject
from app.wholesale.service.dispatch import dispatch
from app.wholesale.service.finish import cancel, close_due
from app.wholesale.service.imports import import_orders
from app.wholesale.service.place import Placed, place

__all__ = [
    "Cut",
    "Placed",
    "accept",
    "approve",
    "cancel",
    "close_due",
    "cut",
    "decline",
    "dispatch",
    "import_orders",
    "offer",
    "place",
    "reject",
]
