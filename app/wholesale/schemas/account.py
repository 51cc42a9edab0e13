"""A partner's account on the wire."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.wholesale.schemas import PoCreditOut


class PartnerAccountOut(Out):
    """How much a partner may still order for, and what it should have paid by now."""

    credit: PoCreditOut
    overdue_fen: int = Field(description="Unpaid of statements whose day of payment is over", examples=[0])
    unapplied_fen: int = Field(description="Paid beyond what was asked; pays the next statement", examples=[0])
    credit_fen: int = Field(description="Statements closed below zero; lessens the next statement", examples=[0])


class AgeingOut(Out):
    """What a partner has to pay of confirmed statements, by the days that it is overdue."""

    partner_id: UUID
    partner_name: str
    not_due_fen: int
    days_1_15_fen: int
    days_16_30_fen: int
    days_31_60_fen: int
    over_60_fen: int
    total_fen: int
    unapplied_fen: int = Field(description="Paid beyond what was asked; pays the next statement that is invoiced")
    credit_fen: int = Field(description="Statements closed below zero; lessens the next statement")


class AgeingsOut(Out):
    """The ageing of all partners, by their code."""

    partners: list[AgeingOut]
