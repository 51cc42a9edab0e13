"""The wire format of months, submitted reports, changes between cut-offs, and proposed corrections."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.assistance.rules import Evidence, Kind
from app.assistance.rules.periods import Closing, MonthStanding, Sums
from app.assistance.rules.proposals import Correction, Proposal, ProposalKind, ProposalStatus
from app.assistance.rules.submissions import Change, Submission
from app.assistance.schemas import Day
from app.assistance.schemas.ledger import EntryOut
from app.core.web import Body, Out

MONTH = r"^(20|21)[0-9]{2}-(0[1-9]|1[0-2])$"
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_MOST = 10**12


def first_of(month: str) -> date:
    """The first day of a month written ``YYYY-MM``."""
    return date.fromisoformat(f"{month}-01")


class MonthOut(Out):
    """A month of the ledger. While it is open the figures are those of now; closed, they never change.

    `net_fen` = `sales_fen` + `refunds_fen` + `adjustments_fen` (the latter two usually negative). `declared_fen` is the
    part of it that was declared from outside the platform, `platform_fen` the rest. `sha256` is that of the file at
    `…/entries.csv`; `chain` is the digest of the ledger's chain at `cut_off`, to be kept on paper.
    """

    month: str = Field(examples=["2026-10"])
    status: Literal["open", "closed"]
    closed_at: datetime | None
    closed_by: UUID | None
    cut_off: int | None = Field(description="Place of the last entry that the ledger had when the month was closed")
    sha256: str | None
    chain: str | None
    entries: int
    sales_fen: int
    refunds_fen: int
    adjustments_fen: int
    net_fen: int
    platform_fen: int
    declared_fen: int
    undelivered_facts: int = Field(description="What happened in it, or before, and has not reached the ledger")

    @classmethod
    def of(cls, standing: MonthStanding) -> MonthOut:
        """From the module's value."""
        return cls._told(standing.month, standing.closing, standing.sums, standing.undelivered_facts)

    @classmethod
    def closed(cls, closing: Closing, undelivered_facts: int = 0) -> MonthOut:
        """A closed month."""
        return cls._told(closing.month, closing, closing.sums, undelivered_facts)

    @classmethod
    def _told(cls, month: date, closing: Closing | None, sums: Sums, undelivered_facts: int) -> MonthOut:
        return cls(
            month=f"{month:%Y-%m}",
            status="closed" if closing else "open",
            closed_at=closing.closed_at if closing else None,
            closed_by=closing.closed_by if closing else None,
            cut_off=closing.cut_off if closing else None,
            sha256=closing.sha256 if closing else None,
            chain=closing.chain if closing else None,
            entries=sums.entries,
            sales_fen=sums.sales_fen,
            refunds_fen=sums.refunds_fen,
            adjustments_fen=sums.adjustments_fen,
            net_fen=sums.net_fen,
            platform_fen=sums.net_fen - sums.declared_fen,
            declared_fen=sums.declared_fen,
            undelivered_facts=undelivered_facts,
        )


class SubmissionIn(Body):
    """A statement of the ledger to hand in: from one day to another, as of a cut-off or of now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"from": "2026-01-01", "to": "2026-10-31"}]})

    first: Day = Field(alias="from", description="First day counted")
    last: Day = Field(alias="to", description="Last day counted, inclusive")
    cut_off: int | None = Field(None, strict=True, ge=0, le=_MOST, description="Last entry to know; by default all")


class SubmissionOut(Out):
    """A report as it was handed in.

    `reproduced` tells whether the ledger gives the same bytes again; null where it was not tried, or only the bytes
    were kept.
    """

    id: UUID
    report: str
    definition: str
    parameters: dict[str, Any]
    cut_off: int
    rows: int
    media_type: str
    sha256: str
    submitted_at: datetime
    submitted_by: UUID
    reproduced: bool | None

    @classmethod
    def of(cls, submission: Submission) -> SubmissionOut:
        """From the module's value."""
        return cls.model_validate(submission)


class MonthChangeOut(Out):
    """What the entries between two cut-offs add to a month."""

    month: str
    kind: Kind
    evidence: Evidence
    entries: int
    amount_fen: int


class ChangeOut(Out):
    """One entry between two cut-offs.

    `counted_here` is false for what happened in these days, or corrects what counts in them, but counts later because
    its month was closed.
    """

    seq: int
    counted_here: bool
    entry: EntryOut

    @classmethod
    def of(cls, change: Change) -> ChangeOut:
        """From the module's value."""
        return cls(seq=change.seq, counted_here=change.counted_here, entry=EntryOut.of(change.entry))


class ChangesOut(Out):
    """What the ledger says differently about some days between two cut-offs. The sums are of all pages together."""

    after: int
    upto: int
    net_fen: int
    months: list[MonthChangeOut]
    items: list[ChangeOut]
    next_cursor: str | None


class AdjustmentIn(Body):
    """A correction of a counted sale: what to add to it, usually negative."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "entry_id": "01936c5e-0000-7000-8000-000000000001",
                    "reason": "receipt_difference",
                    "amount_fen": -1280,
                    "quantity": -1,
                    "weight_g": -100,
                    "note": "验收单补登：短少 1 袋",
                }
            ]
        }
    )

    entry_id: UUID
    reason: Correction
    amount_fen: int = Field(strict=True, ge=-_MOST, le=_MOST)
    quantity: int = Field(0, strict=True, ge=-1_000_000, le=1_000_000)
    weight_g: int = Field(0, strict=True, ge=-_MOST, le=_MOST)
    note: Note


class SecondPersonIn(Body):
    """What the second person says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "已核对验收单"}]})

    note: Note


class ProposalOut(Out):
    """A change of the ledger that one officer proposes and another decides. `posted` is the entry that came of it."""

    id: UUID
    kind: ProposalKind
    status: ProposalStatus
    entry_id: UUID | None
    reason: Correction | None
    quantity: int
    weight_g: int
    amount_fen: int
    note: str
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None
    posted: EntryOut | None

    @classmethod
    def of(cls, proposal: Proposal) -> ProposalOut:
        """From the module's value."""
        return cls.model_validate(proposal)
