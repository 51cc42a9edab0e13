"""Orders: the conductor of a sale, from the quote to the buyer's confirmation and the money back.

*Owns* orders, their supplier orders and lines, refunds, and the one table of allowed steps.
*Promises* one order per idempotency key, no piece sold twice, an order's amounts that add up to the fen, everything
frozen on the line that a later question may need, and money that nobody waits for sent back by itself.
*Calls* catalogue, pricing, inventory, payments, fulfilment, buyers.
*Tells* OrderPlaced, OrderPaid, OrderCancelled, SupplierOrderCompleted, LinesRefunded.
"""

from app.orders.events import (
    CountableLine,
    LinesRefunded,
    OrderCancelled,
    OrderPaid,
    OrderPlaced,
    RefundedLine,
    SoldLine,
    SupplierOrderCompleted,
)
from app.orders.handlers import on_payment_captured, on_refund_settled
from app.orders.lifecycle import Status, Step, StepNotAllowed
from app.orders.routes import router
from app.orders.rules import (
    AlreadyShipped,
    FreshGoodsNotAcknowledged,
    LineView,
    NotRefundable,
    OrderNotPayable,
    OrderView,
    ParcelView,
    RefundExceedsLine,
    RefundLine,
    RefundView,
    ShipLine,
    ShipsTooMuch,
    SupplierOrderView,
    UnknownCoupon,
    UnknownLine,
    UnknownSku,
)
from app.orders.service import (
    Placement,
    cancel,
    confirm,
    confirm_due,
    deliver,
    expire_due,
    place,
    quote,
    refund_lines,
    ship,
    start_payment,
)

__all__ = [
    "AlreadyShipped",
    "CountableLine",
    "FreshGoodsNotAcknowledged",
    "LineView",
    "LinesRefunded",
    "NotRefundable",
    "OrderCancelled",
    "OrderNotPayable",
    "OrderPaid",
    "OrderPlaced",
    "OrderView",
    "ParcelView",
    "Placement",
    "RefundExceedsLine",
    "RefundLine",
    "RefundView",
    "RefundedLine",
    "ShipLine",
    "ShipsTooMuch",
    "SoldLine",
    "Status",
    "Step",
    "StepNotAllowed",
    "SupplierOrderCompleted",
    "SupplierOrderView",
    "UnknownCoupon",
    "UnknownLine",
    "UnknownSku",
    "cancel",
    "confirm",
    "confirm_due",
    "deliver",
    "expire_due",
    "on_payment_captured",
    "on_refund_settled",
    "place",
    "quote",
    "refund_lines",
    "router",
    "ship",
    "start_payment",
]
