"""Supermarkets that buy on account.

*Owns* the record of each partner and its terms. *Promises* that no term is longer than the law allows.
*Calls* suppliers, for the check of a registration, and identity. *Tells* nobody anything.
"""

from app.partners.queries import by_code, get, partners
from app.partners.routes import router
from app.partners.rules import InvalidPartner, PartnerCard, PartnerExists, PartnerStatus
from app.partners.service import enrol

__all__ = [
    "InvalidPartner",
    "PartnerCard",
    "PartnerExists",
    "PartnerStatus",
    "by_code",
    "enrol",
    "get",
    "partners",
    "router",
]
