"""Supermarkets' purchase orders: placed by the case, received at the dock, stated and paid by the month.

*Owns* purchase orders with their versions, delivery notes, dock slots, receipts, returns to vendor, statements and the
payments of them.
*Promises* that stock and credit are reserved together or not at all; that the accepted quantity is what is owed,
counted and settled; that a statement is the sum of its documents.
*Calls* inventory, pricing, payments, catalogue, partners and suppliers. *Tells* what happened to goods and money:
PurchaseOrderConfirmed, PurchaseOrderCancelled, GoodsDispatched, GoodsReceived, GoodsReturned.
"""

from app.wholesale.events import (
    GoodsDispatched,
    GoodsReceived,
    GoodsReturned,
    PromisedLine,
    PurchaseOrderCancelled,
    PurchaseOrderConfirmed,
    ReceivedLine,
    ReturnedLine,
    SentLine,
)
from app.wholesale.handlers import on_lot_recalled
from app.wholesale.lifecycle import PoStepNotAllowed, StatementStatus, Status
from app.wholesale.queries import page, versions, view
from app.wholesale.queries.deliveries import deliveries
from app.wholesale.queries.receipts import consents, receipts, returns
from app.wholesale.routes import router
from app.wholesale.rules import Ack, FreightPayer, PoKind, Reason, ReturnReason, Source
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
from app.wholesale.rules.receiving import Counted, CountedLine, Receipt, ReceiptLine, Received, Taken, Verdict
from app.wholesale.rules.returns import Back, BackLine, Consent, DamagedBy, Return, ReturnLine
from app.wholesale.service import (
    Cut,
    Placed,
    accept,
    approve,
    cancel,
    close_due,
    consent,
    cut,
    decline,
    dispatch,
    give_back,
    offer,
    place,
    receive,
    reject,
)

__all__ = [
    "Ack",
    "AskedLine",
    "AskedOrder",
    "Back",
    "BackLine",
    "BelowMinimum",
    "Consent",
    "Counted",
    "CountedLine",
    "Cut",
    "DamagedBy",
    "Delivery",
    "DeliveryLine",
    "FreightPayer",
    "FromSheet",
    "GoodsDispatched",
    "GoodsReceived",
    "GoodsReturned",
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
    "Reason",
    "Receipt",
    "ReceiptLine",
    "Received",
    "ReceivedLine",
    "RequiredOnNotPossible",
    "Return",
    "ReturnLine",
    "ReturnReason",
    "ReturnedLine",
    "SentLine",
    "Source",
    "StatementStatus",
    "Status",
    "Taken",
    "UnclearItems",
    "Verdict",
    "accept",
    "approve",
    "cancel",
    "close_due",
    "consent",
    "consents",
    "cut",
    "decline",
    "deliveries",
    "dispatch",
    "give_back",
    "offer",
    "on_lot_recalled",
    "page",
    "place",
    "receipts",
    "receive",
    "reject",
    "returns",
    "router",
    "versions",
    "view",
]
