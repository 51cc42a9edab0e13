"""The verbs of the claims module, one file for each part of a claim's life."""

from app.claims.service.clock import move_due
from app.claims.service.decide import accept, contest, decide
from app.claims.service.make_good import arrive, receive_back, send_back, settle, ship_again
from app.claims.service.open import open_claim, withdraw

__all__ = [
    "accept",
    "arrive",
    "contest",
    "decide",
    "move_due",
    "open_claim",
    "receive_back",
    "send_back",
    "settle",
    "ship_again",
    "withdraw",
]
