"""Changes of the ledger that take two persons (domain handbook §2.8: adjustments with reason and approver)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.assistance.rules import Entry
from app.assistance.rules.counting import Remaining
from app.core.errors import DomainError


class ProposalKind(StrEnum):
    """What is proposed: to correct a counted sale, to count one from outside, or to take such a one back."""

    ADJUSTMENT = "adjustment"
    DECLARED = "declared"
    WITHDRAWAL = "withdrawal"


class Correction(StrEnum):
    """Why a counted sale is corrected."""

    CLERICAL_ERROR = "clerical_error"
    RECEIPT_DIFFERENCE = "receipt_difference"
    PRICE_CORRECTION = "price_correction"
    COUNTED_ELSEWHERE = "counted_elsewhere"
    NOT_ELIGIBLE = "not_eligible"
    EVIDENCE_WITHDRAWN = "evidence_withdrawn"


class Verdict(StrEnum):
    """What the second person decided."""

    APPROVED = "approved"
    DECLINED = "declined"


class ProposalStatus(StrEnum):
    """Where a proposal stands: it waits until somebody else has decided."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class SecondPersonNeeded(DomainError):
    """Whoever proposed a change of the ledger does not approve it."""

    status = 403
    code = "second_person_needed"
    zh = "台账变动须由另一名工作人员审批，您不能审批自己提出的申请。"
    en = "A change of the ledger is approved by a second person; you cannot decide what you proposed yourself."


class ProposalDecided(DomainError):
    """Somebody decided before."""

    code = "proposal_decided"
    zh = "该申请已经审批，不能再次审批；如需更正请另提申请。"
    en = "The proposal is decided already; to change it again, propose something new."


class AdjustmentTooLarge(DomainError):
    """More would be taken back than is left of the sale."""

    code = "adjustment_too_large"
    zh = "调整后该笔销售会小于零（现余 {amount_fen} 分、{quantity} 件、{weight_g} 克），请减小调整数。"
    en = (
        "The sale would come to less than nothing: {amount_fen} fen, {quantity} pieces and {weight_g} g are left of "
        "it; correct it by less."
    )


class NothingToAdjust(DomainError):
    """An adjustment by nothing at all."""

    status = 422
    code = "nothing_to_adjust"
    zh = "调整的金额、数量和重量都是零，请至少填写一项。"
    en = "Amount, quantity and weight are all zero; say at least one."


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that was proposed, and what became of it. Figures are what it adds to the ledger."""

    id: UUID
    kind: ProposalKind
    entry_id: UUID | None
    reason: Correction | None
    quantity: int
    weight_g: int
    amount_fen: int
    note: str
    proposed_by: UUID
    proposed_at: datetime
    status: ProposalStatus
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None
    posted: Entry | None


def check_adjustment(left: Remaining, quantity: int, weight_g: int, amount_fen: int) -> None:
    """Raise ``AdjustmentTooLarge`` if less than nothing would be left of the sale."""
    if min(left.quantity + quantity, left.weight_g + weight_g, left.amount_fen + amount_fen) < 0:
        raise AdjustmentTooLarge(amount_fen=left.amount_fen, quantity=left.quantity, weight_g=left.weight_g)
