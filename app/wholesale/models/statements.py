"""Monthly statements of partners, and what they dispute of them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, instant, uid
from app.wholesale.lifecycle import StatementStatus, StatementStep, statement_after
from app.wholesale.models.orders import one_of
from app.wholesale.rules import DisputeKind, InvoiceNoTaken, StatementExists, StatementLineKind


class StatementRow(Base):
    """What a partner owes for a month's receipts: ``goods_fen`` net of returns and corrections, less rebate and fees.

    ``rebate_fen`` is below zero where more went back than came. ``carried_fen`` is what earlier statements came to
    below zero, and lessens this one.

    ``revision`` counts how often it was sent; each has lines of its own, the last ones count. ``code`` is what the
    partner writes into the remittance (附言). ``paid_fen`` may exceed ``payable_fen``: the rest is the partner's.
    """

    __tablename__ = "wholesale_statement"
    __table_args__ = (
        Index("ix_wholesale_statement_invoice_no", "invoice_no", unique=True, info={"means": InvoiceNoTaken}),
        UniqueConstraint("partner_id", "month", info={"means": StatementExists}),
        UniqueConstraint("number"),
        UniqueConstraint("code"),
        CheckConstraint(one_of("status", StatementStatus), name="status"),
        CheckConstraint("payable_fen = goods_fen - rebate_fen - fees_fen - carried_fen", name="payable"),
        CheckConstraint("paid_fen >= 0 AND fees_fen >= 0 AND carried_fen >= 0", name="signs"),
        Index("ix_wholesale_statement_status", "status", "due_on"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("partners_contract.id"), index=True)
    month: Mapped[date] = mapped_column(Date)
    number: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    status: Mapped[str] = mapped_column(Text)
    goods_fen: Mapped[fen]
    rebate_fen: Mapped[fen]
    fees_fen: Mapped[fen]
    carried_fen: Mapped[fen] = mapped_column(server_default=text("0"))
    payable_fen: Mapped[fen]
    paid_fen: Mapped[fen] = mapped_column(server_default=text("0"))
    issued_at: Mapped[instant]
    sent_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(index=True)
    confirmed_by: Mapped[UUID | None]
    invoiced_at: Mapped[datetime | None]
    invoice_no: Mapped[str | None] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    paid_at: Mapped[datetime | None] = mapped_column(index=True)
    reminded_on: Mapped[date | None] = mapped_column(Date)

    def take(self, step: StatementStep) -> None:
        """Take a step, the only place where a status is assigned. Raises ``StatementStepNotAllowed``."""
        self.status = statement_after(StatementStatus(self.status), step).value


class StatementLineRow(Base):
    """A row of a revision of a statement. ``source_id`` is the receipt line, return line, correction or fee it is of.

    That of a rebate is the contract that it was agreed in, that of what is carried over the earlier statement.
    Goods have units and a price. Of a rebate, a fee and what is carried over there is an amount alone, below zero.
    """

    __tablename__ = "wholesale_statement_line"
    __table_args__ = (
        UniqueConstraint("statement_id", "revision", "position"),
        CheckConstraint(one_of("kind", StatementLineKind), name="kind"),
        Index("ix_wholesale_statement_line_source_id", "source_id"),
    )

    id: Mapped[uid]
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_statement.id"))
    revision: Mapped[int] = mapped_column(SmallInteger)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    source_id: Mapped[UUID | None]
    po_no: Mapped[str | None] = mapped_column(Text)
    document_no: Mapped[str | None] = mapped_column(Text)
    on_day: Mapped[date] = mapped_column(Date)
    sku: Mapped[str | None] = mapped_column(Text)
    partner_item_code: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    units: Mapped[int | None]
    unit_price_fen: Mapped[fen | None]
    tax_rate_bp: Mapped[int | None] = mapped_column(SmallInteger)
    amount_fen: Mapped[fen]


append_only(StatementLineRow.metadata.tables["wholesale_statement_line"])


class DisputeRow(Base):
    """What a partner says is wrong with a row (or, without one, with the whole) of a statement, and the decision."""

    __tablename__ = "wholesale_dispute"
    __table_args__ = (
        CheckConstraint(one_of("kind", DisputeKind), name="kind"),
        CheckConstraint("(decided_at IS NULL) = (accepted IS NULL)", name="decided"),
        Index("ix_wholesale_dispute_statement_id", "statement_id", "id"),
    )

    id: Mapped[uid]
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_statement.id"))
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("wholesale_statement_line.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    claimed_units: Mapped[int | None]
    claimed_price_fen: Mapped[fen | None]
    claimed_amount_fen: Mapped[fen | None]
    note: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[instant]
    by_account: Mapped[UUID]
    accepted: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]


class CorrectionRow(Base):
    """What an accepted dispute changes of a line's accepted units and worth: a row of its own, never an overwriting.

    ``units`` and ``amount_fen`` are not above zero; ``unit_price_fen`` is the price of what is left, if it is
    a new one.
    """

    __tablename__ = "wholesale_correction"
    __table_args__ = (
        UniqueConstraint("dispute_id"),
        CheckConstraint("units <> 0 OR amount_fen <> 0", name="says_something"),
        CheckConstraint("units <= 0 AND amount_fen <= 0", name="lessens"),
    )

    id: Mapped[uid]
    dispute_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_dispute.id"))
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"), index=True)
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("wholesale_po_line.id"), index=True)
    receipt_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("wholesale_receipt_line.id"), index=True)
    units: Mapped[int]
    unit_price_fen: Mapped[fen | None]
    amount_fen: Mapped[fen]
    at: Mapped[instant]
    by_account: Mapped[UUID]


append_only(CorrectionRow.metadata.tables["wholesale_correction"])
