"""What partners have to pay and when they are told, and what of their money lies here: decided without the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

REMINDED_AT = (-3, 0, 1, 15)
"""Days from the last day of payment on which a partner is reminded (domain handbook §4.3)."""


def reminder(due_on: date, *, today: date, reminded_on: date | None) -> int | None:
    """Which of ``REMINDED_AT`` is due and was not told; of several that were missed the last alone."""
    passed = [days for days in REMINDED_AT if due_on + timedelta(days=days) <= today]
    told = [days for days in REMINDED_AT if reminded_on is not None and due_on + timedelta(days=days) <= reminded_on]
    return passed[-1] if len(passed) > len(told) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """What a partner has to pay of statements that were confirmed, by how long it is overdue, and what lies here.

    ``unapplied_fen`` was paid beyond what was asked for; ``credit_fen`` are statements closed below zero that no later
    one took over.
    """

    partner_id: UUID
    partner_name: str
    not_due_fen: int
    days_1_15_fen: int
    days_16_30_fen: int
    days_31_60_fen: int
    over_60_fen: int
    total_fen: int
    unapplied_fen: int
    credit_fen: int
