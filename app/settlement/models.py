"""Tables of settlement: the journal, the statements drawn from it, and the payouts of statements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, instant, uid
from app.core.errors import Unavailable
from app.core.frozen import frozen
from app.settlement.lifecycle import (
    PAYOUT_TRANSITIONS,
    SPLIT_TRANSITIONS,
    DraftStatus,
    DraftStep,
    PayoutStatus,
    PayoutStep,
    SplitStatus,
    SplitStep,
    Status,
    Step,
    after,
    decided,
)
from app.settlement.rules import (
    ACCOUNTS,
    MOST_RATE_BP,
    OF_ORDERS,
    WHOLE_BP,
    AlreadyPaid,
    Kind,
    MonthSettled,
    Party,
    RuleTaken,
)
from app.settlement.rules.drafts import AdjustmentWaits, DraftKind
from app.settlement.rules.split import MerchantTaken, SplitKind


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


_zero = text("0")


class CommissionRuleRow(Base):
    """The platform's share of what a supplier sold, in basis points, for goods paid on ``valid_from`` or later.

    Without a supplier or a category it is for all. Rules are added for days to come and never changed, so the rate of
    a sale is fixed by the day on which it was paid.
    """

    __tablename__ = "settlement_commission_rule"
    __table_args__ = (
        UniqueConstraint(
            "supplier_id", "category", "valid_from", postgresql_nulls_not_distinct=True, info={"means": RuleTaken}
        ),
        CheckConstraint(f"rate_bp BETWEEN 0 AND {MOST_RATE_BP}", name="rate"),
    )

    id: Mapped[uid]
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("suppliers_supplier.id"))
    category: Mapped[str | None] = mapped_column(Text)
    rate_bp: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date] = mapped_column(Date)
    created_at: Mapped[instant]
    by_account: Mapped[UUID | None]


append_only(CommissionRuleRow.metadata.tables["settlement_commission_rule"])


class PostingRow(Base):
    """One posting of the double-entry journal: a column for each account, debits positive, credits negative.

    A posting sums to nothing, which PostgreSQL itself checks; it is unique on its source, so that whatever is looked
    at again posts nothing. What a statement shows is frozen on it. Freight has no line.

    ``release_at`` is when the buyer's time to claim is over, and what was sold may be paid out (domain handbook §6.2).
    What is of a purchase order has its ``po_no``, the line of the receipt as its line, and the row of the receipt,
    return or correction as its source.
    """

    __tablename__ = "settlement_posting"
    __table_args__ = (
        UniqueConstraint("kind", "source_id", "line_id", postgresql_nulls_not_distinct=True),
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint(f"{' + '.join(ACCOUNTS)} = 0", name="balances"),
        CheckConstraint(f"({', '.join(ACCOUNTS)}) <> ({', '.join('0' for _ in ACCOUNTS)})", name="says_something"),
        CheckConstraint("kind <> 'sale' OR (clearing_fen >= 0 AND payable_fen <= 0)", name="sale"),
        CheckConstraint("(kind IN ('refund', 'return')) = (reverses IS NOT NULL)", name="reverses"),
        CheckConstraint(f"({_one_of('kind', OF_ORDERS)}) = (po_no IS NOT NULL)", name="po_no"),
        Index("ix_settlement_posting_supplier_id", "supplier_id", "release_at"),
        Index("ix_settlement_posting_supplier_order_id", "supplier_order_id"),
        Index("ix_settlement_posting_line_id", "line_id"),
        Index("ix_settlement_posting_occurred_at", "occurred_at"),
        Index("ix_settlement_posting_reverses", "reverses", postgresql_where=text("reverses IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    source_id: Mapped[UUID]
    line_id: Mapped[UUID | None]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    supplier_order_id: Mapped[UUID | None]
    order_number: Mapped[str | None] = mapped_column(Text)
    po_no: Mapped[str | None] = mapped_column(Text)
    sku: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int | None]
    rate_bp: Mapped[int | None] = mapped_column(SmallInteger)
    paid_at: Mapped[datetime | None]
    occurred_at: Mapped[instant]
    release_at: Mapped[instant]
    posted_at: Mapped[instant]
    clearing_fen: Mapped[fen] = mapped_column(server_default=_zero)
    payable_fen: Mapped[fen] = mapped_column(server_default=_zero)
    commission_fen: Mapped[fen] = mapped_column(server_default=_zero)
    platform_fen: Mapped[fen] = mapped_column(server_default=_zero)
    district_fen: Mapped[fen] = mapped_column(server_default=_zero)
    carrier_fen: Mapped[fen] = mapped_column(server_default=_zero)
    cash_fen: Mapped[fen] = mapped_column(server_default=_zero)
    receivable_fen: Mapped[fen] = mapped_column(server_default=_zero)
    pending_fen: Mapped[fen] = mapped_column(server_default=_zero)
    unearned_fen: Mapped[fen] = mapped_column(server_default=_zero)
    reverses: Mapped[int | None] = mapped_column(ForeignKey("settlement_posting.id"))


append_only(PostingRow.metadata.tables["settlement_posting"])


class StatementRow(Base):
    """What a supplier is owed for a month. Its figures are frozen when it is issued; only its status moves.

    ``net_fen`` is the sum of its rows, ``balance_fen`` that and what the month before left behind. ``clearing_fen`` is
    what the provider holds for these rows and those carried; what of it is not the supplier's is the platform's.
    """

    __tablename__ = "settlement_statement"
    __table_args__ = (
        UniqueConstraint("supplier_id", "month", info={"means": MonthSettled}),
        UniqueConstraint("number"),
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(
            "net_fen = goods_fen + subsidy_fen + freight_fen - commission_fen - refund_fen + other_fen", name="net"
        ),
        CheckConstraint("balance_fen = opening_fen + net_fen AND opening_fen <= 0", name="balance"),
        CheckConstraint("(status = 'carried') = (balance_fen <= 0)", name="carried"),
        CheckConstraint("(status = 'issued') = (confirm_by IS NOT NULL)", name="confirm_by"),
        CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name="paid"),
        Index("ix_settlement_statement_month", "month", "id"),
        Index("ix_settlement_statement_status", "status", "id"),
    )

    id: Mapped[uid]
    number: Mapped[str] = mapped_column(Text)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    month: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text)
    row_count: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    opening_fen: Mapped[fen]
    goods_fen: Mapped[fen]
    subsidy_fen: Mapped[fen]
    freight_fen: Mapped[fen]
    commission_fen: Mapped[fen]
    refund_fen: Mapped[fen]
    other_fen: Mapped[fen]
    net_fen: Mapped[fen]
    balance_fen: Mapped[fen]
    clearing_fen: Mapped[fen]
    issued_at: Mapped[instant]
    confirm_by: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]

    def take(self, step: Step, *, now: datetime) -> Status:
        """Take a step, the only place where a status is assigned. Raises ``StatementStepNotAllowed``."""
        reached = after(Status(self.status), step)
        self.status = reached.value
        self.confirm_by = None
        self.paid_at = now if reached is Status.PAID else None
        return reached


frozen(StatementRow.metadata.tables["settlement_statement"], but=("status", "confirm_by", "paid_at"))


class MonthRow(Base):
    """A month that was settled, whether anybody was owed anything for it or not."""

    __tablename__ = "settlement_month"

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    settled_at: Mapped[instant]


append_only(MonthRow.metadata.tables["settlement_month"])


class StatedRow(Base):
    """A posting's place on a statement: it stands on one, and stays there."""

    __tablename__ = "settlement_statement_row"

    statement_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_statement.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey("settlement_posting.id"), unique=True)


append_only(StatedRow.metadata.tables["settlement_statement_row"])


class StatementEventRow(Base):
    """One step of a statement. Added, never changed; ``by_account`` is None for the clock and the provider."""

    __tablename__ = "settlement_statement_event"
    __table_args__ = (
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("party", Party), name="party"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_statement.id"), index=True)
    status: Mapped[str] = mapped_column(Text)
    party: Mapped[str] = mapped_column(Text)
    by_account: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[instant]


append_only(StatementEventRow.metadata.tables["settlement_statement_event"])


class PayoutAccountRow(Base):
    """Where a supplier is paid: holder, bank and number sealed. It counts once an operator has compared it with papers.

    A new one is a new row, so that a payout says for ever where it went. Nobody entered what the application named.
    """

    __tablename__ = "settlement_payout_account"
    __table_args__ = (
        CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name="verified"),
        Index("ix_settlement_payout_account_supplier_id", "supplier_id", "id"),
        Index("ix_settlement_payout_account_waiting", "id", postgresql_where=text("verified_at IS NULL")),
    )
    PURPOSE: ClassVar[str] = "settlement.payout_account"

    id: Mapped[uid]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    details_sealed: Mapped[bytes] = mapped_column(BYTEA)
    tail: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[instant]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)


class PayoutRow(Base):
    """An instruction to a licensed provider to split what it holds: so much to the supplier, the rest to the platform.

    A statement has one that did not fail, at most. Where the platform bears more than its commission,
    ``platform_fen`` is negative: so much it pays in. ``waited_s`` is how many seconds the supplier waited, from its
    buyers' payments on, as a mean weighted by what each line brought it.
    """

    __tablename__ = "settlement_payout"
    __table_args__ = (
        CheckConstraint(_one_of("status", PayoutStatus), name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(status = 'instructed') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("(status = 'paid') = (provider_reference IS NOT NULL)", name="provider_reference"),
        CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failure"),
        # Drawn at random; the next draw is another one.
        UniqueConstraint("number", info={"means": Unavailable}),
        Index(
            "uq_settlement_payout_live",
            "statement_id",
            unique=True,
            postgresql_where=text("status <> 'failed'"),
            info={"means": AlreadyPaid},
        ),
        Index("ix_settlement_payout_statement_id", "statement_id"),
        Index("ix_settlement_payout_supplier_id", "supplier_id", "id"),
        Index("ix_settlement_payout_status", "status", "id"),
        Index("ix_settlement_payout_run_id", "run_id"),
        Index("ix_settlement_payout_paid", "settled_at", postgresql_where=text("status = 'paid'")),
    )

    id: Mapped[uid]
    number: Mapped[str] = mapped_column(Text)
    run_id: Mapped[UUID]
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_statement.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_payout_account.id"), index=True)
    amount_fen: Mapped[fen]
    platform_fen: Mapped[fen]
    status: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    provider_reference: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(Text)
    instructed_at: Mapped[instant]
    instructed_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    settled_at: Mapped[datetime | None]
    waited_s: Mapped[int | None] = mapped_column(BigInteger)

    def take(self, step: PayoutStep) -> bool:
        """Take the step; False where the table does not allow it."""
        reached = PAYOUT_TRANSITIONS.get((PayoutStatus(self.status), step))
        if reached is None:
            return False
        self.status = reached.value
        return True


_MOVES = ("status", "provider_reference", "failure", "settled_at", "waited_s")
frozen(PayoutRow.metadata.tables["settlement_payout"], but=_MOVES)


class DraftRow(Base):
    """A payout run or a correction that takes two operators. What was drafted stays; only the second one's word comes.

    A run has the statements it would pay as they were when it was drafted, and its payouts carry its id.
    """

    __tablename__ = "settlement_draft"
    __table_args__ = (
        CheckConstraint(_one_of("kind", DraftKind), name="kind"),
        CheckConstraint(_one_of("status", DraftStatus), name="status"),
        CheckConstraint("(kind = 'adjustment') = (statement_id IS NOT NULL)", name="statement"),
        CheckConstraint("(kind = 'payout_run') = (provider IS NOT NULL)", name="provider"),
        CheckConstraint("amount_fen <> 0 AND (kind = 'adjustment' OR amount_fen > 0)", name="amount"),
        CheckConstraint(
            "(status = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name="decided",
        ),
        CheckConstraint("decided_by <> drafted_by", name="two"),
        CheckConstraint("status <> 'declined' OR decision IS NOT NULL", name="decision"),
        Index(
            "uq_settlement_draft_waiting",
            "statement_id",
            unique=True,
            postgresql_where=text("status = 'waiting'"),
            info={"means": AdjustmentWaits},
        ),
        Index("ix_settlement_draft_statement_id", "statement_id"),
        Index("ix_settlement_draft_status", "status", "id"),
    )

    id: Mapped[uid]
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    statement_id: Mapped[UUID | None] = mapped_column(ForeignKey("settlement_statement.id"))
    month: Mapped[date | None] = mapped_column(Date)
    provider: Mapped[str | None] = mapped_column(Text)
    count: Mapped[int]
    amount_fen: Mapped[fen]
    reason: Mapped[str | None] = mapped_column(Text)
    drafted_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    drafted_at: Mapped[instant]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Text)

    def take(self, step: DraftStep, *, by: UUID, decision: str | None, now: datetime) -> None:
        """Take the step, the only place where a status is assigned. Raises ``DraftStepNotAllowed``."""
        self.status = decided(DraftStatus(self.status), step).value
        self.decided_by, self.decided_at, self.decision = by, now, decision


frozen(DraftRow.metadata.tables["settlement_draft"], but=("status", "decided_by", "decided_at", "decision"))


class DraftedRow(Base):
    """A statement of a drafted run, with what it would be paid, and into which account."""

    __tablename__ = "settlement_drafted"

    draft_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_draft.id"), primary_key=True)
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_statement.id"), primary_key=True, index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_payout_account.id"), index=True)
    amount_fen: Mapped[fen]
    platform_fen: Mapped[fen]


append_only(DraftedRow.metadata.tables["settlement_drafted"])


class FrozenRow(Base):
    """A supplier's order whose money is near its provider's limit, since when that is known; gone once it is split."""

    __tablename__ = "settlement_frozen"

    supplier_order_id: Mapped[uid]
    payment_id: Mapped[UUID]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), index=True)
    held_fen: Mapped[fen]
    frozen_until: Mapped[date] = mapped_column(Date)
    noticed_at: Mapped[instant]


class FrozenLookRow(Base):
    """A day on which somebody looked, and what was near the limit then; ``until`` is the first day of all of it."""

    __tablename__ = "settlement_frozen_look"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    parts: Mapped[int]
    held_fen: Mapped[fen]
    until: Mapped[date | None] = mapped_column(Date)


class MerchantRow(Base):
    """A supplier as a provider that splits payments knows it: the payee of its sales there."""

    __tablename__ = "settlement_merchant"
    __table_args__ = (
        UniqueConstraint("sub_mchid", info={"means": MerchantTaken}),
        CheckConstraint("(prepared_at IS NULL) = (max_ratio_bp IS NULL)", name="prepared"),
        CheckConstraint(f"max_ratio_bp BETWEEN 0 AND {WHOLE_BP}", name="ratio"),
    )

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), primary_key=True)
    sub_mchid: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[instant]
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    max_ratio_bp: Mapped[int | None] = mapped_column(SmallInteger)
    prepared_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]


class SplitRow(Base):
    """A request of a payout to its provider, for one payment. What is asked stays; the answer comes, and ends it."""

    __tablename__ = "settlement_split"
    __table_args__ = (
        CheckConstraint(_one_of("kind", SplitKind), name="kind"),
        CheckConstraint(_one_of("status", SplitStatus), name="status"),
        CheckConstraint("(kind = 'unfreeze') = (amount_fen = 0) AND amount_fen >= 0", name="amount"),
        CheckConstraint("(kind = 'give_back') = (back_of IS NOT NULL)", name="back_of"),
        CheckConstraint("(status IN ('finished', 'closed')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(status = 'closed') = (failure IS NOT NULL)", name="failure"),
        # Drawn at random; the next draw is another one.
        UniqueConstraint("number", info={"means": Unavailable}),
        UniqueConstraint("payout_id", "kind", "transaction", "back_of", postgresql_nulls_not_distinct=True),
        Index("ix_settlement_split_transaction", "transaction"),
        Index("ix_settlement_split_statement_id", "statement_id"),
        Index(
            "ix_settlement_split_open",
            "asked_at",
            "id",
            postgresql_where=text("status IN ('planned', 'processing')"),
        ),
        Index("ix_settlement_split_shared", "sub_mchid", "ended_at", postgresql_where=text("kind = 'share'")),
        Index("ix_settlement_split_back_of", "back_of", postgresql_where=text("back_of IS NOT NULL")),
    )

    id: Mapped[uid]
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_payout.id"))
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("settlement_statement.id"))
    number: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    transaction: Mapped[str] = mapped_column(Text)
    sub_mchid: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[fen]
    back_of: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    provider_reference: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(Text)
    planned_at: Mapped[instant]
    asked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    def take(self, step: SplitStep) -> bool:
        """Take the step; False where the table does not allow it."""
        reached = SPLIT_TRANSITIONS.get((SplitStatus(self.status), step))
        if reached is None:
            return False
        self.status = reached.value
        return True


_ANSWERED = ("status", "provider_reference", "failure", "asked_at", "ended_at")
frozen(SplitRow.metadata.tables["settlement_split"], but=_ANSWERED)
