"""The wire format of partners."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.partners.rules import PartnerStatus


class PartnerOut(Out):
    """A supermarket partner, for the marketplace's own staff."""

    id: UUID
    code: str = Field(examples=["P01"])
    name: str
    uscc: str
    division_code: str = Field(examples=["370112"])
    stores_count: int
    term_days: int = Field(description="Days from receipt to payment")
    rebate_bp: int = Field(description="Rebate in hundredths of a percent", examples=[600])
    status: PartnerStatus
