"""Money that a provider keeps to be split, and how long it still does (domain handbook §6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.core.clock import local_day


@dataclass(frozen=True, slots=True)
class FrozenMoney:
    """What of a payment is still to be split for a supplier's order, and where that stands.

    ``frozen_until`` is the last day on which the provider keeps it; after that it is the payee's, commission and all.
    """

    supplier_order_id: UUID
    payment_id: UUID
    provider: str
    transaction: str
    order_number: str
    supplier_id: UUID
    supplier_name: str
    order_status: str
    statement_number: str | None
    statement_status: str | None
    held_fen: int
    captured_at: datetime
    frozen_until: date


def near_before(now: datetime, *, freeze_days: int, warning_days: int) -> datetime:
    """What was paid until then is near the provider's limit, or beyond it."""
    return now - timedelta(days=max(0, freeze_days - warning_days))


def frozen_until(captured_at: datetime, freeze_days: int) -> date:
    """The last Shanghai day on which a payment is kept."""
    return local_day(captured_at + timedelta(days=freeze_days))
