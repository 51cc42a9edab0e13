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
from app.wholesale.service.disputes import decide_dispute, dispute_statement
from app.wholesale.service.finish import cancel, close_due
from app.wholesale.service.give_back import call_back, consent, give_back
from app.wholesale.service.imports import import_orders, order_form
from app.wholesale.service.missing import decide_missing
from app.wholesale.service.money import apply_money, confirm_suggestion, find_money, remind, take_money, unclaimed
from app.wholesale.service.place import Placed, place
from app.wholesale.service.receive import receive
from app.wholesale.service.refunds import approve_refund, decline_refund, draft_refund, note_refund_paid
from app.wholesale.service.seal import seal_names
from app.wholesale.service.statements import (
    confirm_statement,
    draft_statement,
    invoice_statement,
    issue_statements,
    send_statement,
)

__all__ = [
    "Cut",
    "Placed",
    "accept",
    "apply_money",
    "approve",
    "approve_refund",
    "book",
    "call_back",
    "cancel",
    "close_dock",
    "close_due",
    "confirm_statement",
    "confirm_suggestion",
    "consent",
    "cut",
    "decide_dispute",
    "decide_missing",
    "decline",
    "decline_refund",
    "dispatch",
    "dispute_statement",
    "draft_refund",
    "draft_statement",
    "find_money",
    "give_back",
    "import_orders",
    "invoice_statement",
    "issue_statements",
    "note_arrival",
    "note_refund_paid",
    "offer",
    "open_dock",
    "order_form",
    "place",
    "receive",
    "reject",
    "release_slot",
    "remind",
    "reopen_dock",
    "seal_names",
    "send_statement",
    "take_money",
    "unclaimed",
]
