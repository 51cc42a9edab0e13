"""Recalls: who has or waits for goods of a lot that was called back, and the money they get for it.

*Owns* drafts of refunds: one for each line of an order that received pieces of the lot, or that cannot be served
without it.
*Promises* that a draft moves no money before an operator confirms it, and then once; that it never gives more than
was paid and not paid back already; that a buyer is told of recalled goods as soon as refunds are drafted.
*Calls* inventory (the lot), orders (lines, refunds, cancellations), fulfilment (what was sent of the lot), claims
(whose goods a parcel made good).
*Tells* nothing: what was counted is taken back when the refund arrives, as with every other.
"""

from app.recalls.handlers import on_lot_recalled
from app.recalls.queries import notices, reach
from app.recalls.routes import router
from app.recalls.rules import Notice, Reach, Status
from app.recalls.service import confirm, dismiss

__all__ = ["Notice", "Reach", "Status", "confirm", "dismiss", "notices", "on_lot_recalled", "reach", "router"]
