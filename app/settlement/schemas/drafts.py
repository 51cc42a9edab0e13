"""What takes two operators, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from app.core.web import Body, LongText, Out
from app.settlement.lifecycle import DraftStatus
from app.settlement.rules.drafts import Draft, DraftKind


class SettlementDraftOut(Out):
    """A payout run or a correction that waits, or waited, for a second operator. An approved run has its id."""

    id: UUID
    kind: DraftKind
    status: DraftStatus
    statement_id: UUID | None = Field(description="The statement whose dispute a correction answers")
    month: str | None = Field(description="Of a run for one month", examples=["2026-10"])
    provider: str | None
    count: int = Field(description="How many statements")
    amount_fen: int = Field(description="To suppliers in all; negative where a correction takes off")
    reason: str | None = Field(description="The first operator's, of a correction")
    drafted_by: UUID
    drafted_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str | None = Field(description="Why the second operator declined")

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """From the value."""
        names = [name for name in SettlementDraftOut.model_fields if name != "month"]
        month = None if draft.month is None else f"{draft.month:%Y-%m}"
        return cls.model_validate({**{name: getattr(draft, name) for name in names}, "month": month})


class DraftedStatementOut(Out):
    """A statement that a run pays."""

    statement_id: UUID
    statement_number: str
    supplier_id: UUID
    supplier_name: str
    account_tail: str = Field(description="The last four digits of the account", examples=["1234"])
    amount_fen: int = Field(description="To the supplier")
    platform_fen: int = Field(description="To the platform; negative: it pays in")


class OneSettlementDraftOut(SettlementDraftOut):
    """A draft with all that it would pay."""

    statements: list[DraftedStatementOut]

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """From the value."""
        statements = [DraftedStatementOut.model_validate(one) for one in draft.statements]
        return cls(**dict(SettlementDraftOut.of(draft)), statements=statements)


class DeclineDraftIn(Body):
    """Why it should not happen."""

    reason: LongText = Field(examples=["S03 的收款账户昨日刚变更，请先电话核实"])
