"""What one officer proposes to change in the ledger, and what another decided about it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules.proposals import Correction, ProposalDecided, ProposalKind, Verdict
from app.core.db import Base, append_only, fen, instant, uid

_PROPOSALS = ", ".join(f"'{kind.value}'" for kind in ProposalKind)
_CORRECTIONS = ", ".join(f"'{reason.value}'" for reason in Correction)
_VERDICTS = ", ".join(f"'{verdict.value}'" for verdict in Verdict)


class ProposalRow(Base):
    """A change of the ledger that waits for a second person, or did: what stands in it is never changed.

    An adjustment names the sale that it corrects and by how much; what is declared from outside stands in a row of its
    own with the same id.
    """

    __tablename__ = "assistance_proposal"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_PROPOSALS})", name="kind"),
        CheckConstraint(f"reason IN ({_CORRECTIONS})", name="reason"),
        CheckConstraint("(kind = 'declared') = (entry_id IS NULL)", name="entry"),
        CheckConstraint("(kind = 'declared') = (reason IS NULL)", name="why"),
        Index("ix_assistance_proposal_entry_id", "entry_id", postgresql_where=text("entry_id IS NOT NULL")),
    )

    id: Mapped[uid]
    kind: Mapped[str] = mapped_column(Text)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("assistance_entry.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int]
    weight_g: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[fen]
    note: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[instant]


class DecisionRow(Base):
    """What the second person decided: once, and for good."""

    __tablename__ = "assistance_decision"
    __table_args__ = (
        PrimaryKeyConstraint("proposal_id", info={"means": ProposalDecided}),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
    )

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_proposal.id"))
    verdict: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID]
    decided_at: Mapped[instant]


append_only(ProposalRow.metadata.tables["assistance_proposal"])
append_only(DecisionRow.metadata.tables["assistance_decision"])
