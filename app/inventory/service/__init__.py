"""The verbs of the stock-room: what lies there, what is sold before it is there, and what sheets say of it."""

from app.inventory.service.imports import (
    apply_import,
    check_sheet,
    forget_receipts,
    start_import,
    template,
    work_on_imports,
)
from app.inventory.service.opening import open_stock
from app.inventory.service.presale import (
    change_presale,
    lock_waiting,
    open_presale,
    settle_overdue_presales,
    settle_presale,
)
from app.inventory.service.rebook import rebook
from app.inventory.service.recall import recall
from app.inventory.service.reserving import release, release_pieces, reserve, reserve_many
from app.inventory.service.shipping import ship
from app.inventory.service.stock import apply_updates, receive, take_back, write_off_expired

__all__ = [
    "apply_import",
    "apply_updates",
    "change_presale",
    "check_sheet",
    "forget_receipts",
    "lock_waiting",
    "open_presale",
    "open_stock",
    "rebook",
    "recall",
    "receive",
    "release",
    "release_pieces",
    "reserve",
    "reserve_many",
    "settle_overdue_presales",
    "settle_presale",
    "ship",
    "start_import",
    "take_back",
    "template",
    "work_on_imports",
    "write_off_expired",
]
