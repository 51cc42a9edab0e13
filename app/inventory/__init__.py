"""How many there are, where they lie, and who they are promised to.

*Owns* stock rows (on hand, reserved, waiting), lots, reservations, pre-sales with their promises, sheets that suppliers
send with a receipt for each row, and the append-only ledger of movements.
*Promises* that nothing is promised twice: ``0 ≤ reserved ≤ on_hand``, taken and given back by single statements that
lock in SKU order; that every number is the sum of its movements; that ``release`` and ``open_stock`` may be repeated;
that no more of a harvest is sold ahead than its cap, and that nothing is free while somebody waits for it; that of a
recalled lot nothing is free or leaves the house.
*Calls* catalogue (which SKUs a supplier has), files (certificates). *Tells* StockRanOut, StockReturned, StockLow,
PresaleChanged, PromiseFilled, PromiseBroken, LotRecalled.
"""

from app.inventory.events import (
    LotRecalled,
    PresaleChanged,
    PromiseBroken,
    PromiseFilled,
    StockLow,
    StockRanOut,
    StockReturned,
)
from app.inventory.queries import (
    StockLine,
    availability,
    holders,
    lot,
    lots_of,
    open_presales,
    page_of_stock,
    ships_ahead,
    waiting_for,
)
from app.inventory.queries.imports import import_of, page_of_imports, page_of_receipts
from app.inventory.queries.picking import batches
from app.inventory.routes import router
from app.inventory.routes.imports import receipts
from app.inventory.rules import (
    LOW_STOCK,
    Availability,
    Batch,
    Lot,
    LotCalledBack,
    LotExists,
    LotExpired,
    LotShort,
    NotReserved,
    OutOfStock,
    Picked,
    subject_of,
)
from app.inventory.rules.imports import Absent, Import, Outcome, Receipt
from app.inventory.rules.presale import CapBelowPromised, Plan, Presale, PresaleOpen, PresaleSettled, Taken
from app.inventory.rules.shelf import Shelf, Unfit, Why, shelf_for
from app.inventory.rules.updates import Update, UpdateResult, UpdatesRejected
from app.inventory.service import (
    apply_import,
    apply_updates,
    change_presale,
    check_sheet,
    forget_receipts,
    lock_waiting,
    open_presale,
    open_stock,
    recall,
    receive,
    release,
    release_pieces,
    reserve,
    reserve_many,
    settle_overdue_presales,
    settle_presale,
    ship,
    start_import,
    take_back,
    template,
    work_on_imports,
    write_off_expired,
)

__all__ = [
    "LOW_STOCK",
    "Absent",
    "Availability",
    "Batch",
    "CapBelowPromised",
    "Import",
    "Lot",
    "LotCalledBack",
    "LotExists",
    "LotExpired",
    "LotRecalled",
    "LotShort",
    "NotReserved",
    "OutOfStock",
    "Outcome",
    "Picked",
    "Plan",
    "Presale",
    "PresaleChanged",
    "PresaleOpen",
    "PresaleSettled",
    "PromiseBroken",
    "PromiseFilled",
    "Receipt",
    "Shelf",
    "StockLine",
    "StockLow",
    "StockRanOut",
    "StockReturned",
    "Taken",
    "Unfit",
    "Update",
    "UpdateResult",
    "UpdatesRejected",
    "Why",
    "apply_import",
    "apply_updates",
    "availability",
    "batches",
    "change_presale",
    "check_sheet",
    "forget_receipts",
    "holders",
    "import_of",
    "lock_waiting",
    "lot",
    "lots_of",
    "open_presale",
    "open_presales",
    "open_stock",
    "page_of_imports",
    "page_of_receipts",
    "page_of_stock",
    "recall",
    "receipts",
    "receive",
    "release",
    "release_pieces",
    "reserve",
    "reserve_many",
    "router",
    "settle_overdue_presales",
    "settle_presale",
    "shelf_for",
    "ship",
    "ships_ahead",
    "start_import",
    "subject_of",
    "take_back",
    "template",
    "waiting_for",
    "work_on_imports",
    "write_off_expired",
]
