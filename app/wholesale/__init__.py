"""Supermarkets' purchase orders: placed by the case, received at the dock, stated and paid by the month.

*Owns* purchase orders with their versions, delivery notes, dock slots, receipts, returns to vendor, statements and the
payments of them.
*Promises* that stock and credit are reserved together or not at all; that the accepted quantity is what is owed,
counted and settled; that a statement is the sum of its documents.
*Calls* inventory, pricing, payments, catalogue, partners and suppliers. *Tells* what happened to goods and money:
PurchaseOrderConfirmed, PurchaseOrderCancelled, GoodsDispatched.
"""

from app.wholesale.events import (
    GoodsDispatched,
    PromisedLine,
    PurchaseOrderCancelled,
    PurchaseOrderConfirmed,
    SentLine,
)
from app.wholesale.lifecycle import PoStepNotAllowed, StatementStatus, Status
from app.wholesale.queries import page, versions, view
from app.wholesale.queries.deliveries import deliveries
from app.wholesale.routes import router
from app.wholesale.rules import Ack, PoKind, Source
from app.wholesale.rules.asking import (
    AskedLine,
    AskedOrder,
    BelowMinimum,
    NotACaseMultiple,
    PriceMismatch,
    RequiredOnNotPossible,
    UnclearItems,
)
from app.wholesale.rules.deliveries import Delivery, DeliveryLine, Load, LoadLine, LoadsTooMuch
from app.wholesale.rules.orders import FromSheet, Mismatch, Offer, Partial, PoLine, Prices, PurchaseOrder
from app.wholesale.service import (
    Cut,
    Placed,
    accept,
    approve,
    cancel,
    close_due,
    cut,
    decline,
    dispatch,
    offer,
    place,
    reject,
)

__all__ = [
    "Ack",
    "AskedLine",
    "AskedOrder",
    "BelowMinimum",
    "Cut",
    "Delivery",
    "DeliveryLine",
    "FromSheet",
    "GoodsDispatched",
    "Load",
    "LoadLine",
    "LoadsTooMuch",
    "Mismatch",
    "NotACaseMultiple",
    "Offer",
    "Partial",
    "Placed",
    "PoKind",
    "PoLine",
    "PoStepNotAllowed",
    "PriceMismatch",
    "Prices",
    "PromisedLine",
    "PurchaseOrder",
    "PurchaseOrderCancelled",
    "PurchaseOrderConfirmed",
    "RequiredOnNotPossible",
    "SentLine",
    "Source",
    "StatementStatus",
    "Status",
    "UnclearItems",
    "accept",
    "approve",
    "cancel",
    "close_due",
    "cut",
    "decline",
    "deliveries",
    "dispatch",
    "offer",
    "page",
    "place",
    "reject",
    "router",
    "versions",
    "view",
]
