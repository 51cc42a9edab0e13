"""How many there are, where they lie, and who they are promised to.

*Owns* stock rows (on hand, reserved), lots, reservations and the append-only ledger of movements.
*Promises* that nothing is promised twice: ``0 ≤ reserved ≤ on_hand``, taken and given back by single statements that
lock in SKU order; that every number is the sum of its movements; that ``release`` and ``open_stock`` may be repeated.
*Calls* catalogue (which SKUs a supplier has). *Tells* StockRanOut, StockReturned, StockLow.
"""

from app.inventory.events import StockLow, StockRanOut, StockReturned
from app.inventory.queries import availability, lots_of
from app.inventory.routes import router
from app.inventory.rules import (
    LOW_STOCK,
    Availability,
    Lot,
    LotExists,
    LotExpired,
    LotShort,
    NotReserved,
    OutOfStock,
    Picked,
    Update,
    UpdateResult,
    UpdatesRejected,
    subject_of,
)
from app.inventory.service import (
    apply_updates,
    open_stock,
    receive,
    release,
    release_pieces,
    reserve,
    ship,
    write_off_expired,
)

__all__ = [
    "LOW_STOCK",
    "Availability",
    "Lot",
    "LotExists",
    "LotExpired",
    "LotShort",
    "NotReserved",
    "OutOfStock",
    "Picked",
    "StockLow",
    "StockRanOut",
    "StockReturned",
    "Update",
    "UpdateResult",
    "UpdatesRejected",
    "apply_updates",
    "availability",
    "lots_of",
    "open_stock",
    "receive",
    "release",
    "release_pieces",
    "reserve",
    "router",
    "ship",
    "subject_of",
    "write_off_expired",
]
