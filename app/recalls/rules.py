"""Drafts of refunds after a recall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from app.core.errors import DomainError

if TYPE_CHECKING:
    from app.orders import LineStanding

REASON = "批次召回 / the lot was recalled"


class Status(StrEnum):
    """What was decided about a draft."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class DraftDecided(DomainError):
    """Somebody has decided otherwise."""

    status = 409
    code = "draft_decided"
    zh = "该退款草稿已处理（{decision}），不能再改。"
    en = "The draft was decided already ({decision})."


@dataclass(frozen=True, slots=True)
class Draft:
    """Money that a line may get for recalled pieces: those it received (``sent``), or those it waits for in vain.

    ``amount_fen`` is what they cost, as far as it was not paid back; freight stays.
    """

    id: UUID
    lot_id: UUID
    line: LineStanding
    sent: bool
    quantity: int
    amount_fen: int
    status: Status
    drafted_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Pieces of a lot in a parcel, with the line that they were sent for, or for a claim about."""

    shipment_id: UUID
    line: LineStanding
    quantity: int
    dispatched_at: datetime
    delivered_at: datetime | None
