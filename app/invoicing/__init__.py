"""Invoices: one for each supplier order, drawn in its supplier's name when the goods are accepted.

*Owns* invoices, blue and red, and the dated tax table (``tax.json``).
*Promises* that the blue invoices of a supplier order less the red ones are what was paid and not refunded, to the fen;
that tax splits add up; that a red invoice never takes back more than its blue one billed; that titles are sealed.
*Calls* orders and suppliers; hears orders. *Tells* ``InvoiceIssued``.
"""

from app.invoicing.couriers import connect
from app.invoicing.events import DrawingOrdered, InvoiceIssued
from app.invoicing.handlers import (
    on_lines_cancelled,
    on_lines_refunded,
    on_order_cancelled,
    on_orders_paid,
    on_supplier_orders_completed,
)
from app.invoicing.lifecycle import InvoiceStepNotAllowed, Status
from app.invoicing.queries import get, page
from app.invoicing.routes import router
from app.invoicing.rules import (
    Buyer,
    Colour,
    Invoice,
    InvoiceExists,
    Item,
    NoSuchInvoice,
    NotCurrent,
    NotInvoiceable,
    NotYetIssued,
    Reason,
    Row,
    rows_of,
)
from app.invoicing.service import ask, draw_again, reissue

__all__ = [
    "Buyer",
    "Colour",
    "DrawingOrdered",
    "Invoice",
    "InvoiceExists",
    "InvoiceIssued",
    "InvoiceStepNotAllowed",
    "Item",
    "NoSuchInvoice",
    "NotCurrent",
    "NotInvoiceable",
    "NotYetIssued",
    "Reason",
    "Row",
    "Status",
    "ask",
    "connect",
    "draw_again",
    "get",
    "on_lines_cancelled",
    "on_lines_refunded",
    "on_order_cancelled",
    "on_orders_paid",
    "on_supplier_orders_completed",
    "page",
    "reissue",
    "router",
    "rows_of",
]
