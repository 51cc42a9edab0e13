"""What two operators do together: the first drafts a payout run or a correction, the second lets it happen or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from app.core.errors import DomainError

if TYPE_CHECKING:
    from app.settlement.lifecycle import DraftStatus


class DraftKind(StrEnum):
    """What is drafted."""

    PAYOUT_RUN = "payout_run"
    ADJUSTMENT = "adjustment"


class SecondOperatorNeeded(DomainError):
    """Nobody approves or declines what they drafted themselves."""

    status = 403
    code = "second_operator_needed"
    zh = "该审批单由您本人发起，须由另一位运营人员批准或驳回。"
    en = "You drafted this yourself; another operator has to approve or decline it."


class DraftOutdated(DomainError):
    """What was drafted is not what would be paid now."""

    code = "draft_outdated"
    zh = "结算单 {number} 的状态或收款账户在发起后已变化，请驳回该审批单并重新发起。"
    en = "The status or the payout account of statement {number} has changed since; decline this draft and draft anew."


class AdjustmentWaits(DomainError):
    """A correction of this statement waits for a second operator."""

    code = "adjustment_waits"
    zh = "该结算单已有一笔更正等待复核，请先批准或驳回。"
    en = "A correction of this statement waits for a second operator's word; approve or decline it first."


@dataclass(frozen=True, slots=True)
class Drafted:
    """A statement that a draft pays: so much to its supplier's account, the rest to the platform."""

    statement_id: UUID
    statement_number: str
    supplier_id: UUID
    supplier_name: str
    account_id: UUID
    account_tail: str
    amount_fen: int
    platform_fen: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A payout run or a correction that waits, or waited, for a second operator.

    ``amount_fen`` is what a run pays suppliers in all, or what a correction owes one (negative: takes off).
    ``statements`` is filled where one draft is asked for.
    """

    id: UUID
    kind: DraftKind
    status: DraftStatus
    statement_id: UUID | None
    month: date | None
    provider: str | None
    count: int
    amount_fen: int
    reason: str | None
    drafted_by: UUID
    drafted_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str | None
    statements: tuple[Drafted, ...] = ()


def needs_second(amount_fen: int, alone_up_to_fen: int) -> bool:
    """Whether one operator alone may not move so much; nothing at all needs nobody."""
    return abs(amount_fen) > alone_up_to_fen
