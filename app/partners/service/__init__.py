"""The verbs of partners, one file for each subject."""

from app.partners.service.contracts import discard, draft, end, redraft, sign
from app.partners.service.credit import give_credit, move_credit, set_credit_limit, take_credit
from app.partners.service.partners import add_location, add_locations, change_location, enrol, resume, suspend

__all__ = [
    "add_location",
    "add_locations",
    "change_location",
    "discard",
    "draft",
    "end",
    "enrol",
    "give_credit",
    "move_credit",
    "redraft",
    "resume",
    "set_credit_limit",
    "sign",
    "suspend",
    "take_credit",
]
