"""Supermarkets' purchase orders: placed by the case, received at the dock, stated and paid by the month.

*Owns* purchase orders with their versions, delivery notes, dock slots, receipts, returns to vendor, statements and the
payments of them.
*Promises* that stock and credit are reserved together or not at all; that the accepted quantity is what is owed,
counted and settled; that a statement is the sum of its documents.
*Calls* inventory, pricing, payments, catalogue, partners and suppliers. *Tells* what happened to goods and money.
"""

from app.wholesale.lifecycle import PoStepNotAllowed, StatementStatus, Status

__all__ = ["PoStepNotAllowed", "StatementStatus", "Status"]
