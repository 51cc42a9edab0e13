"""A partner's account on the wire."""

from __future__ import annotations

from pydantic import Field

from app.core.web import Out
from app.wholesale.schemas import PoCreditOut


class PartnerAccountOut(Out):
    """How much a partner may still order for, and what it should have paid by now."""

    credit: PoCreditOut
    overdue_fen: int = Field(description="Unpaid of statements whose day of payment is over", examples=[0])
