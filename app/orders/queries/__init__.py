"""Reads and locks of orders. Every list is bounded, every view costs a fixed number of statements."""

from app.orders.queries.bulk import bulk, bulks, page_of_bulk
from app.orders.queries.placed import (
    address_of,
    has_open,
    lowest_deal,
    page,
    page_of_organisation,
    received_line,
    track,
    view,
)
from app.orders.queries.refunds import (
    owes_nothing,
    refund_by_id,
    refund_lines,
    refund_view,
    refunds_of,
    returned_discounts,
    settled_before,
)
from app.orders.queries.shipping import queue, supplier_page
from app.orders.queries.views import parcel_view

__all__ = [
    "address_of",
    "bulk",
    "bulks",
    "has_open",
    "lowest_deal",
    "owes_nothing",
    "page",
    "page_of_bulk",
    "page_of_organisation",
    "parcel_view",
    "queue",
    "received_line",
    "refund_by_id",
    "refund_lines",
    "refund_view",
    "refunds_of",
    "returned_discounts",
    "settled_before",
    "supplier_page",
    "track",
    "view",
]
