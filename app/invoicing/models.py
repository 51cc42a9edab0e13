"""Invoices. What was billed is frozen in ``items``; to whom is sealed, because a title may be a person's name."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, fen, instant, uid
from app.invoicing.lifecycle import Status, Step, after
from app.invoicing.rules import InvoiceExists

_STATUSES = ", ".join(f"'{status.value}'" for status in Status)


class InvoiceRow(Base):
    """A blue or red invoice of one supplier order.

    ``current`` marks the blue one in force, at most one for each supplier order; ``netted`` are the refunds that a
    blue one has deducted already, ``refund_id`` the one that a red one is for.
    """

    __tablename__ = "invoicing_invoice"
    __table_args__ = (
        UniqueConstraint("refund_id"),
        UniqueConstraint("number"),
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("colour IN ('blue', 'red') AND kind IN ('normal', 'special')", name="words"),
        CheckConstraint("(colour = 'red') = (reverses IS NOT NULL)", name="reverses"),
        CheckConstraint("total_fen = amount_fen + tax_fen", name="total"),
        CheckConstraint(
            "CASE colour WHEN 'blue' THEN amount_fen >= 0 AND tax_fen >= 0 ELSE amount_fen <= 0 AND tax_fen <= 0 END",
            name="signs",
        ),
        CheckConstraint("(status = 'issued') = (number IS NOT NULL AND issued_at IS NOT NULL)", name="issued"),
        CheckConstraint("NOT current OR (colour = 'blue' AND status <> 'cancelled')", name="current"),
        Index(
            "uq_invoicing_invoice_current",
            "supplier_order_id",
            unique=True,
            postgresql_where=text("current"),
            info={"means": InvoiceExists},
        ),
        Index("ix_invoicing_invoice_supplier_order_id", "supplier_order_id"),
        Index("ix_invoicing_invoice_buyer_id_id", "buyer_id", "id"),
        Index("ix_invoicing_invoice_supplier_id_id", "supplier_id", "id"),
        Index("ix_invoicing_invoice_status_id", "status", "id"),
    )

    id: Mapped[uid]
    colour: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    current: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    reverses: Mapped[UUID | None] = mapped_column(ForeignKey("invoicing_invoice.id"), index=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders_refund.id"))
    netted: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)), server_default=text("'{}'"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_order.id"), index=True)
    order_number: Mapped[str] = mapped_column(Text)
    supplier_order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_supplier_order.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    buyer_sealed: Mapped[bytes] = mapped_column(BYTEA)
    seller_name: Mapped[str] = mapped_column(Text)
    seller_uscc: Mapped[str] = mapped_column(Text)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    amount_fen: Mapped[fen]
    tax_fen: Mapped[fen]
    total_fen: Mapped[fen]
    remark: Mapped[str] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    sample: Mapped[bool] = mapped_column(server_default=text("false"))
    refusal: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[instant]
    issued_at: Mapped[datetime | None]

    def take(self, step: Step) -> None:
        """Take a step of the lifecycle, the only place where a status is assigned. Raises ``InvoiceStepNotAllowed``."""
        self.status = after(Status(self.status), step).value
        self.current = self.current and self.status != Status.CANCELLED
