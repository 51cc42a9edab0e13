"""Claims: what a buyer complains about after delivery, and how it is made good.

*Owns* claims, their lines and the history of each.
*Promises* that claims together never come to more than was paid for a line, that an order does not confirm itself
while one is open, that whoever does not answer is answered for by the clock, that goods sent again or taken back are
in the stock ledger, and that the liable party is fixed with the decision.
*Calls* orders (money and confirmation), inventory, fulfilment.
*Tells* ClaimOpened, ClaimContested, ClaimSettled.
"""

from app.claims.events import ClaimContested, ClaimOpened, ClaimSettled
from app.claims.handlers import on_lines_refunded, on_shipments_delivered
from app.claims.lifecycle import ClaimStepNotAllowed, Status
from app.claims.queries import get, order_lines, page
from app.claims.routes import router
from app.claims.rules import (
    Asked,
    Claim,
    ClaimEvent,
    ClaimLine,
    ClaimsTooMuch,
    ClaimTooLate,
    Decision,
    Kind,
    Liable,
    LineNamedTwice,
    NewClaim,
    NotDelivered,
    NotReturnable,
    OneSupplierOnly,
    Party,
    PiecesRequired,
    Remedy,
    RemedyNotAvailable,
    WithinAllowance,
)
from app.claims.service import (
    accept,
    contest,
    decide,
    move_due,
    open_claim,
    receive_back,
    send_back,
    ship_again,
    withdraw,
)

__all__ = [
    "Asked",
    "Claim",
    "ClaimContested",
    "ClaimEvent",
    "ClaimLine",
    "ClaimOpened",
    "ClaimSettled",
    "ClaimStepNotAllowed",
    "ClaimTooLate",
    "ClaimsTooMuch",
    "Decision",
    "Kind",
    "Liable",
    "LineNamedTwice",
    "NewClaim",
    "NotDelivered",
    "NotReturnable",
    "OneSupplierOnly",
    "Party",
    "PiecesRequired",
    "Remedy",
    "RemedyNotAvailable",
    "Status",
    "WithinAllowance",
    "accept",
    "contest",
    "decide",
    "get",
    "move_due",
    "on_lines_refunded",
    "on_shipments_delivered",
    "open_claim",
    "order_lines",
    "page",
    "receive_back",
    "router",
    "send_back",
    "ship_again",
    "withdraw",
]
