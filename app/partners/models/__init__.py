"""Tables of the partners module: who buys on account, where goods go, on which terms, and how much credit is used."""

from __future__ import annotations

from app.partners.models.contracts import ContractRow, FeeRow
from app.partners.models.credit import CreditEntryRow, CreditRow, LimitRow
from app.partners.models.partners import LocationRow, PartnerRow

__all__ = ["ContractRow", "CreditEntryRow", "CreditRow", "FeeRow", "LimitRow", "LocationRow", "PartnerRow"]
