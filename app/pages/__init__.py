"""What people see in a browser: the reference storefront, the desks of suppliers, supermarkets, the office.

*Owns* templates, styles, the texts in two languages, and the cookies of a visit; no table.
*Promises* pages that work without a script, on a phone first, in Chinese and English; forms that only this shop can
have made; a double tap that orders once; nothing loaded from anywhere else.
*Calls* the same use cases as the API: storefront, orders, payments, catalogue, buyers, identity, inventory, files,
fulfilment, suppliers, settlement, recalls, claims, reviews, assistance, reports, audit,
partners, pricing, wholesale.
*Tells* nobody anything.
"""

from app.pages.guards import Customer, Official, Posted, Purchaser, Registrar, Seller, SignedIn, Visitor
from app.pages.routes import nowhere, router

__all__ = [
    "Customer",
    "Official",
    "Posted",
    "Purchaser",
    "Registrar",
    "Seller",
    "SignedIn",
    "Visitor",
    "nowhere",
    "router",
]
