"""Drafts of refunds after a recall."""

from __future__ import annotations

from collections.abc import Mapping
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
class Notice:
    """What a buyer is to know of a line: pieces of it were called back.

    ``sent`` pieces they have or will get and must not use; the others will not come.
    """

    lot_id: UUID
    lot_code: str
    recalled_at: datetime
    line_id: UUID
    sku: str
    sent: bool
    quantity: int
    status: Status


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a lot got: ``pieces`` in ``parcels``, what is left in the house, and refunds by what was decided."""

    lot_id: UUID
    recalled_at: datetime | None
    pieces: int
    parcels: int
    left: int
    refunds: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Pieces of a lot in a parcel, with the line that they were sent for, or for a claim about."""

    shipment_id: UUID
    line: LineStanding
    quantity: int
    dispatched_at: datetime
    delivered_at: datetime | None
